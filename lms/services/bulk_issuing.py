"""Certificates issued together for the learners of a course: who has earned one, and the run that issues them.

A run goes on learner by learner, a transaction each: whoever dies between two leaves nothing half done, and the row of
the learner and their certificate are written together. Issuing itself is ``issuing.issue``: what exists is found.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, insert, select
from sqlalchemy.orm import Session, joinedload

from certificates.formats import RenderError
from certificates.names import NameRefused, holder_name
from certificates.needs import Passed
from certificates.rules import rules
from curricula.model import Track
from lms.models import Certificate, Context, Enrolment, IssuingRow, IssuingRun, Membership, Person, utcnow
from lms.models.base import table_of
from lms.services.audit import record
from lms.services.authority import Authority
from lms.services.awards import Award, award_of_each
from lms.services.issuing import NotIssued, issue
from lms.services.library import Library
from lms.services.outbox import promise
from lms.services.results import issued_certificate

#: Learners looked at together.
PIECE = 500


class NothingToIssue(Exception):
    """Nobody in the course has earned a certificate that they do not hold, with a name to print."""


@dataclass(frozen=True)
class Candidate:
    """A learner who holds no certificate of the track.

    ``why`` is None when one can be issued; else ``never`` opened the track, ``not_earned``, or the reason their name
    cannot be printed (``name_unconfirmed``, ``name_<why>``). ``missing`` are the codes of the modules not passed yet.
    """

    person: Person
    why: str | None
    missing: tuple[str, ...] = ()


@dataclass
class Candidates:
    """Everybody in a course, for one track."""

    ready: list[Candidate] = field(default_factory=list)
    lacking: list[Candidate] = field(default_factory=list)
    held: int = 0


def candidates(session: Session, context_id: int, track: Track, tracks: Library) -> Candidates:
    """Who of a course can be given the track's certificate now, who cannot and why; those who left are not counted."""
    found, rows = Candidates(), _learners(session, context_id, track.key)
    for start in range(0, len(rows), PIECE):
        piece = rows[start : start + PIECE]
        decided = _decided(session, [row.Enrolment for row in piece if row.Enrolment and not row.holds], tracks)
        for row in piece:
            if row.holds:
                found.held += 1
                continue
            each = _candidate(row.Person, decided.get(row.Person.id), tracks, began=row.Enrolment is not None)
            (found.lacking if each.why else found.ready).append(each)
    return found


def ask(session: Session, context: Context, track: Track, tracks: Library, person_id: int) -> IssuingRun:
    """Promise the certificate of each learner who can be given one; the run under way when there is one.

    Raises ``NothingToIssue``.
    """
    session.get_one(Context, context.id, with_for_update=True)  # asked twice at once, it is one run
    known = latest(session, context.id, track.key)
    if known is not None and known.finished_at is None:
        return known
    ready = candidates(session, context.id, track, tracks).ready
    if not ready:
        raise NothingToIssue
    run = IssuingRun(context_id=context.id, track_key=track.key, asked_by=person_id)
    session.add(run)
    session.flush()
    rows = [{"run_id": run.id, "person_id": each.person.id, "state": "waiting"} for each in ready]
    session.connection().execute(insert(table_of(IssuingRow)), rows)
    promise(session, "issue_run", f"run:{run.id}", {"run_id": run.id})
    record(session, "certificates_asked", f"course:{context.id}", person_id, track=track.key, count=len(rows))
    return run


def step(session: Session, run_id: int, authority: Authority, tracks: Library, now: datetime | None = None) -> bool:
    """Issue the next one, or note why it cannot be; whether there may be more. Commit after each."""
    run = session.get(IssuingRun, run_id)
    if run is None or run.finished_at is not None:
        return False
    waiting = select(IssuingRow).filter_by(run_id=run_id, state="waiting").order_by(IssuingRow.id).limit(1)
    row = session.scalars(waiting.with_for_update()).first()
    if row is None:
        # None to take, for another worker has just done the one that this one waited for: there may be more.
        if session.scalar(select(exists().where(IssuingRow.run_id == run_id, IssuingRow.state == "waiting"))):
            return True
        run.finished_at = now or utcnow()
        return False
    try:
        with session.begin_nested():  # of what cannot be drawn nothing stays, but that it could not
            _issue(session, row, run.track_key, authority, tracks)
    except (NotIssued, NameRefused) as error:
        row.state, row.reason = "refused", error.reason if isinstance(error, NotIssued) else f"name_{error.reason}"
    except RenderError:
        row.state, row.reason = "refused", "drawing"
    session.flush()
    session.expunge_all()  # a long run keeps nothing of what it is done with
    return True


def run_of(session: Session, context_id: int, run_id: int) -> IssuingRun | None:
    """That run, if it is of that course."""
    return session.scalars(select(IssuingRun).filter_by(id=run_id, context_id=context_id)).first()


def latest(session: Session, context_id: int, track_key: str) -> IssuingRun | None:
    """The last run of a track in a course."""
    query = select(IssuingRun).filter_by(context_id=context_id, track_key=track_key)
    return session.scalars(query.order_by(IssuingRun.id.desc()).limit(1)).first()


def counts(session: Session, run_id: int) -> Counter[str]:
    """How many rows of a run are in each state."""
    query = select(IssuingRow.state, func.count()).filter_by(run_id=run_id).group_by(IssuingRow.state)
    return Counter(dict(session.execute(query).tuples().all()))


def rows_of(session: Session, run_id: int) -> Sequence[IssuingRow]:
    """Each learner of a run with their certificate, those refused first, then by name."""
    query = select(IssuingRow).filter_by(run_id=run_id).join(IssuingRow.person)
    query = query.options(joinedload(IssuingRow.person), joinedload(IssuingRow.certificate))
    refused = (IssuingRow.state != "refused").label("done")
    return session.scalars(query.order_by(refused, func.lower(Person.family_name), Person.id)).all()


def _issue(session: Session, row: IssuingRow, track_key: str, authority: Authority, tracks: Library) -> None:
    enrolment = session.scalars(select(Enrolment).filter_by(person_id=row.person_id, track_key=track_key)).first()
    track = tracks.followed(track_key, enrolment.track_digest) if enrolment else None
    if enrolment is None or track is None:
        raise NotIssued("gone")
    before = issued_certificate(session, row.person_id, track_key)
    certificate = issue(session, authority, enrolment, track)
    row.state, row.certificate_id = "held" if before is not None else "issued", certificate.id


def _learners(session: Session, context_id: int, track_key: str) -> Sequence[Any]:
    own = and_(Enrolment.person_id == Membership.person_id, Enrolment.track_key == track_key)
    holds = exists().where(Certificate.person_id == Membership.person_id, Certificate.award_key == track_key)
    query = (
        select(Person, Enrolment, holds.label("holds"))
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(Enrolment, own)
        .where(Membership.context_id == context_id, Membership.role == "learner", Membership.left_at.is_(None))
        .order_by(func.lower(Person.family_name), func.lower(Person.given_name), Person.id)
    )
    return session.execute(query).all()


def _decided(session: Session, rows: Sequence[Enrolment], tracks: Library) -> dict[int, Award]:
    """How each stands with the certificate of the track, in the revision they follow."""
    wanted = {}
    for row in rows:
        track = tracks.followed(row.track_key, row.track_digest)
        for rule in rules(track) if track else ():
            if rule.key == row.track_key:
                wanted[row.person_id] = rule
    return award_of_each(session, wanted)


def _candidate(person: Person, award: Award | None, tracks: Library, *, began: bool) -> Candidate:
    if not began:
        return Candidate(person, "never")
    if award is None or not award.decision.earned:
        needs = [condition.need for condition in award.decision.missing] if award else []
        names = [need.module.partition("/") for need in needs if isinstance(need, Passed)]
        parts = (tracks[key].module(module) for key, _sign, module in names if key in tracks)
        return Candidate(person, "not_earned", tuple(part.code for part in parts if part))
    return Candidate(person, _name_refused(person))


def _name_refused(person: Person) -> str | None:
    if not person.certificate_name:
        return "name_unconfirmed"
    try:
        holder_name(person.certificate_name)
    except NameRefused as error:
        return f"name_{error.reason}"
    return None
