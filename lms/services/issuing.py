"""From what was earned to a certificate, a label or a statement: issued once, however many ask."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.award import Decision
from certificates.model import Facts, ModuleResult
from certificates.names import NameRefused, holder_name
from certificates.needs import Facts as Known
from certificates.needs import Result
from curricula.model import Module, Track
from lms.models import Certificate, Enrolment, Person, utcnow
from lms.services import awards
from lms.services.audit import record as note
from lms.services.authority import Authority
from lms.services.certificate_life import hold
from lms.services.certificates import enter, one_at_a_time
from lms.services.learning import enrolment
from lms.services.library import Library
from lms.services.reminders import renewal_open


class NotIssued(Exception):
    """No certificate can be issued now.

    ``reason``: ``not_earned``, ``not_valid`` (what was revoked or suspended is not renewed), ``not_yet`` (it is far
    from its end), ``name_unconfirmed`` or ``name_<why refused>``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def unprintable(self) -> bool:
        """Whether the confirmed name is what is in the way: nothing but another one helps."""
        return self.reason.startswith("name_") and self.reason != "name_unconfirmed"


def issue(
    session: Session, authority: Authority, row: Enrolment, track: Track, award_key: str | None = None,
    cycle: int | None = None,
) -> Certificate:  # fmt: skip
    """What the enrolment has earned (the track's certificate without ``award_key``), issued now unless it was before.

    The cycle after the last one renews it near its end, once what that asks for was done; without ``cycle`` the last
    one is given.
    Everything is in the caller's transaction: of concurrent issuers one commits and the others find its
    certificate; after a crash nothing is orphaned. Raises ``NotIssued``.
    """
    key = award_key or track.key
    known = _issued(session, row.person_id, key, cycle)
    if known is not None:
        return known
    award = awards.award(session, row.person_id, track, key)
    if award is None:
        raise NotIssued("not_earned")
    previous = award.issued
    decision = award.renewal if previous is not None else award.decision
    if decision is None or not decision.earned or cycle not in (None, _next(previous)):
        raise NotIssued("not_earned")
    holder = _holder(session.get_one(Person, row.person_id))
    one_at_a_time(session)
    known = _issued(session, row.person_id, key, cycle)
    if known is not None:
        return known
    if previous is not None:
        hold(session, previous)  # what suspends or revokes it meanwhile comes before or waits
        if previous.status != "valid":
            raise NotIssued("not_valid")
        if not renewal_open(previous, utcnow()):
            raise NotIssued("not_yet")
    now = utcnow()
    facts = _facts(session, row, track, decision, award.facts, holder, now)
    made = enter(
        session, authority, facts, row.person_id, key, now, enrolment_id=row.id, cycle=_next(previous),
        previous=previous,
    )  # fmt: skip
    if previous is not None:
        note(session, "certificate_renewed", previous.number, row.person_id, by=made.number)
    awards.promise_earned(session, row.person_id, Library(session), key)
    return made


def _next(previous: Certificate | None) -> int:
    return previous.cycle + 1 if previous is not None else 1


def _issued(session: Session, person_id: int, award_key: str, cycle: int | None) -> Certificate | None:
    """The certificate of that cycle, of the last one without it, in its last edition."""
    query = select(Certificate).filter_by(person_id=person_id, award_key=award_key)
    if cycle is not None:
        query = query.filter_by(cycle=cycle)
    return session.scalars(query.order_by(Certificate.cycle.desc(), Certificate.edition.desc())).first()


def _holder(person: Person) -> str:
    if not person.certificate_name:  # what a platform says of a name is not yet what its bearer wants printed
        raise NotIssued("name_unconfirmed")
    try:
        return holder_name(person.certificate_name)
    except NameRefused as error:
        raise NotIssued(f"name_{error.reason}") from error


def _facts(
    session: Session, row: Enrolment, track: Track, decision: Decision, known: Known, holder: str, now: datetime
) -> Facts:
    rule = decision.rule
    counted = list(_counted(session, row.person_id, track, decision, known))
    # The digest of what is stored of each evidence proves later what the award rests on.
    digests = [hashlib.sha256(each.stored.encode()).hexdigest() for each in decision.evidence]
    return Facts(
        kind=rule.kind,
        holder=holder,
        language="en" if session.get_one(Person, row.person_id).language == "en" else "fr",
        title=rule.title,
        mention=decision.mention,
        track=track.key,
        track_title=track.title,
        track_version=row.track_version,
        modules=tuple(_module_results(counted)),
        minutes=sum(_minutes(module, result) for _track, module, result in counted),
        threshold=rule.threshold,
        valid_until=_months_later(now, rule.valid_months) if rule.valid_months else None,
        # The revision comes first: it names the rule that was applied, whatever it says later.
        evidence=(row.track_digest, *digests),
    )


def _counted(
    session: Session, person_id: int, track: Track, decision: Decision, known: Known
) -> Iterator[tuple[Track, Module, Result]]:  # fmt: skip
    """Each module the award rests on, of any track, with its best result; what was read whole counts as whole."""
    tracks: dict[str, Track | None] = {track.key: track}
    for name in decision.modules:
        of, _slash, key = name.partition("/")
        if of not in tracks:
            other = enrolment(session, person_id, of)
            tracks[of] = Library(session).followed(of, other.track_digest) if other else None
        found = tracks[of]
        module = found.module(key) if found else None
        read = (each.evidence[0] for each in decision.conditions if name in each.modules)
        if found is not None and module is not None:
            yield found, module, known.best(name) or Result(Fraction(1), next(read))


def _module_results(counted: list[tuple[Track, Module, Result]]) -> Iterator[ModuleResult]:
    """As a certificate says them; a code that two tracks have says which one it is of."""
    codes = [module.code for _track, module, _result in counted]
    for track, module, result in counted:
        code = module.code if codes.count(module.code) == 1 else f"{track.key}-{module.code}"
        yield ModuleResult(code, module.title, result.value, result.evidence.at.astimezone(UTC).date())


def _minutes(module: Module, result: Result) -> int:
    """The time followed in a module: nothing where one was exempt, its lessons where they alone were read."""
    if result.evidence.kind == "exemption":
        return 0
    if result.evidence.kind == "lessons":
        return min(module.duration_minutes, sum(lesson.minutes for lesson in module.lessons))
    return module.duration_minutes


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day that many months later, or the last day of a shorter month."""
    years, month = divmod(moment.month - 1 + months, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=moment.year + years, month=month + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=moment.year + years, month=month + 1)
