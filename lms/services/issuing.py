"""From what was earned to a certificate: issued once, however many ask."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.award import Rule
from certificates.model import Facts, ModuleResult
from certificates.names import NameRefused, holder_name
from curricula.model import Track
from lms.models import Attempt, Certificate, Enrolment, Exemption, Person, utcnow
from lms.services.authority import Authority
from lms.services.certificates import enter, one_at_a_time
from lms.services.learning import track_progress
from lms.services.results import award_rule, decision, issued_certificate


class NotIssued(Exception):
    """No certificate can be issued now. ``reason``: ``not_earned``, ``name_missing`` or ``name_<why refused>``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def issue(session: Session, authority: Authority, row: Enrolment, track: Track) -> Certificate:
    """The certificate the enrolment has earned, issued now unless it was before.

    Everything is in the caller's transaction: of concurrent issuers one commits and the others find its
    certificate; after a crash nothing is orphaned. Raises ``NotIssued``.
    """
    known = issued_certificate(session, row.person_id, track.key)
    if known is not None:
        return known
    rule = award_rule(track)
    award = decision(track, track_progress(session, row, track))
    if rule is None or award is None or not award.earned:
        raise NotIssued("not_earned")
    holder = _holder(session.get_one(Person, row.person_id))
    one_at_a_time(session)
    known = issued_certificate(session, row.person_id, track.key)
    if known is not None:
        return known
    now = utcnow()
    facts = _facts(session, row, track, rule, award.modules, holder, now)
    return enter(session, authority, facts, row.person_id, track.key, now, enrolment_id=row.id)


def _holder(person: Person) -> str:
    name = person.certificate_name or person.display_name
    if not name:
        raise NotIssued("name_missing")
    try:
        return holder_name(name)
    except NameRefused as error:
        raise NotIssued(f"name_{error.reason}") from error


def _facts(
    session: Session, row: Enrolment, track: Track, rule: Rule, keys: tuple[str, ...], holder: str, now: datetime
) -> Facts:
    assert track.certificate is not None
    bases = {key: _basis(session, row, key) for key in keys}
    followed = [track.module(key) for key in keys if not bases[key].exempt]
    # The digest of what is stored of each basis proves later what the award rests on.
    digests = [hashlib.sha256(basis.facts.encode()).hexdigest() for basis in bases.values()]
    return Facts(
        kind=rule.kind,
        holder=holder,
        language="en" if session.get_one(Person, row.person_id).language == "en" else "fr",
        title=track.certificate.title,
        track=track.key,
        track_title=track.title,
        track_version=row.track_version,
        modules=tuple(_module_result(track, key, basis) for key, basis in bases.items()),
        minutes=sum(module.duration_minutes for module in followed if module),
        threshold=rule.threshold,
        valid_until=_months_later(now, rule.valid_months) if rule.valid_months else None,
        evidence=(row.track_digest, *digests),
    )


@dataclass(frozen=True)
class _Basis:
    """What a module's part of an award rests on: its score, its moment, and what is stored of it, as text."""

    score: Fraction
    moment: datetime
    facts: str
    exempt: bool


def _basis(session: Session, row: Enrolment, module_key: str) -> _Basis:
    """The best attempt at a module, the first of those; the exemption of the placement test where that is better."""
    attempts = select(Attempt).filter_by(enrolment_id=row.id, module_key=module_key)
    found = []
    for attempt in session.scalars(attempts.where(Attempt.submitted_at.is_not(None)).order_by(Attempt.number)):
        if attempt.score is not None and attempt.submitted_at is not None:
            facts = f"{attempt.id} {attempt.track_version} {attempt.seed} {attempt.score} {attempt.submitted_at}"
            found.append(_Basis(attempt.score, attempt.submitted_at, facts, exempt=False))
    exemption = session.scalars(select(Exemption).filter_by(enrolment_id=row.id, module_key=module_key)).first()
    if exemption is not None:
        facts = f"{exemption.placement_id} {row.track_version} {exemption.score} {exemption.granted_at}"
        found.append(_Basis(exemption.score, exemption.granted_at, facts, exempt=True))
    return max(found, key=lambda basis: basis.score)


def _module_result(track: Track, key: str, basis: _Basis) -> ModuleResult:
    module = track.module(key)
    assert module is not None
    return ModuleResult(module.code, module.title, basis.score, basis.moment.astimezone(UTC).date())


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day that many months later, or the last day of a shorter month."""
    years, month = divmod(moment.month - 1 + months, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=moment.year + years, month=month + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=moment.year + years, month=month + 1)
