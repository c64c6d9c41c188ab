"""Juries: two trainers of a course at least decide in the end what works are worth; a second one confirms each time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager

from curricula.model import Module, Track
from lms.models import (
    Attempt,
    Confirmation,
    Context,
    Deliberation,
    Enrolment,
    Jury,
    JuryMember,
    Membership,
    Person,
    ResourceLink,
    Work,
)
from lms.services.answers import responses
from lms.services.audit import record as note
from lms.services.cohorts import learns, trained
from lms.services.gradings import record
from lms.services.settling import hold, proposal, tell

#: How many members stand by a decision for it to hold.
QUORUM = 2

DECISIONS = ("admitted", "refused", "deferred")


class JuryRefused(Exception):
    """What was asked of a jury cannot be done. ``reason`` is a stable key.

    ``too_few`` members · ``not_trainer`` of the course · ``closed`` · ``decided`` already, or not ready · ``no_score``
    said · ``below`` the threshold though admitted · ``above`` it though refused · ``same`` member confirms twice ·
    ``replaced`` by another proposal · ``pending`` decisions wait for a second member · ``not_member`` any more.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class NewJury:
    """What a jury is made of: the persons who sit, the one who presides first."""

    track_key: str
    module_key: str
    title: str
    meets_on: date
    members: Sequence[int]
    anonymous: bool = False


@dataclass(frozen=True)
class Candidate:
    """A work before a jury: what was last proposed about it, and who stands by that."""

    attempt: Attempt
    person: Person
    work: Work
    said: Deliberation | None
    confirmed: tuple[JuryMember, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether the jury has decided; a work that was deferred may come back."""
        return self.said is not None and self.said.decided_at is not None

    @property
    def elsewhere(self) -> bool:
        """Whether another jury decided: what was proposed here waits for nobody any more."""
        return not self.decided and self.work.state == "done"

    @property
    def waits(self) -> bool:
        """Whether what was proposed waits for a second member."""
        return self.said is not None and not self.decided and not self.elsewhere


def trainers(session: Session, context_id: int) -> Sequence[Person]:
    """The trainers of a course, by name."""
    query = select(Person).join(Membership, Membership.person_id == Person.id)
    wanted = (Membership.context_id == context_id, Membership.role == "trainer", Membership.left_at.is_(None))
    return session.scalars(query.where(*wanted).order_by(Person.family_name, Person.full_name, Person.id)).all()


def create(session: Session, context: Context, new: NewJury, person_id: int) -> Jury:
    """Make a jury of trainers of that course. Raises ``JuryRefused``."""
    known = _named(session, context.id, new)
    jury = Jury(
        context_id=context.id, track_key=new.track_key, module_key=new.module_key, title=new.title,
        meets_on=new.meets_on, anonymous=new.anonymous, created_by=person_id,
    )  # fmt: skip
    session.add(jury)
    session.flush()
    for place, (member, name) in enumerate(known.items()):
        session.add(JuryMember(jury_id=jury.id, person_id=member, name=name, president=place == 0))
    session.flush()
    note(session, "jury_made", f"jury:{jury.id}", person_id, members=len(known), module=new.module_key)
    return jury


def change(session: Session, jury: Jury, new: NewJury, person_id: int) -> None:
    """Another day, title or composition. Whoever took part in a decision stays. Raises ``JuryRefused``."""
    _hold_open(session, jury)
    known = _named(session, jury.context_id, new)
    decided = select(Confirmation.member_id).join(JuryMember).where(JuryMember.jury_id == jury.id)
    stays = set(session.scalars(decided))  # whoever proposed is the first to confirm
    kept: dict[int | None, JuryMember] = {}
    for seat in members(session, jury, again=True):
        if seat.person_id in known or seat.id in stays:
            kept[seat.person_id] = seat
        else:
            session.delete(seat)
    for member, name in known.items():
        if member not in kept:
            kept[member] = JuryMember(jury_id=jury.id, person_id=member, name=name)
            session.add(kept[member])
    for person, seat in kept.items():
        seat.president = person == new.members[0]
    jury.title, jury.meets_on, jury.anonymous = new.title, new.meets_on, new.anonymous
    session.flush()
    note(session, "jury_changed", f"jury:{jury.id}", person_id, members=len(kept))


def _hold_open(session: Session, jury: Jury, member: JuryMember | None = None) -> None:
    """Keep others from changing, closing or deciding in a jury, read again as it is now, until the commit.

    Raises ``JuryRefused`` once it is closed, or ``member`` sits there no more.
    """
    session.refresh(jury, with_for_update=True)
    if jury.closed_at is not None:
        raise JuryRefused("closed")
    if member is not None and session.scalar(select(JuryMember.id).where(JuryMember.id == member.id)) is None:
        raise JuryRefused("not_member")


def _named(session: Session, context_id: int, new: NewJury) -> dict[int, str]:
    """The name of each person who is to sit, the one who presides first. Raises ``JuryRefused``."""
    known = {person.id: person.display_name for person in trainers(session, context_id)}
    if any(member not in known for member in new.members):
        raise JuryRefused("not_trainer")
    if len(set(new.members)) < QUORUM:
        raise JuryRefused("too_few")
    return {member: known[member] for member in new.members}


def juries_of(session: Session, person_id: int) -> Sequence[Jury]:
    """The juries that person sits in, in courses they train, the last one first; two queries."""
    query = select(Jury).join(Jury.context).options(contains_eager(Jury.context))
    return session.scalars(query.where(_sits(person_id)).order_by(Jury.meets_on.desc(), Jury.id.desc())).all()


def seat(session: Session, jury_id: int, person_id: int) -> tuple[Jury, JuryMember] | None:
    """The jury and the seat of that person, who still trains its course; None for anybody else."""
    query = select(Jury, JuryMember).join(JuryMember, JuryMember.jury_id == Jury.id)
    row = session.execute(query.where(Jury.id == jury_id, JuryMember.person_id == person_id, _sits(person_id))).first()
    return (row[0], row[1]) if row else None


def members(session: Session, jury: Jury, *, again: bool = False) -> Sequence[JuryMember]:
    """Who sits, the president first; read ``again`` where they were before others were kept waiting."""
    query = select(JuryMember).filter_by(jury_id=jury.id).order_by(JuryMember.president.desc(), JuryMember.name)
    return session.scalars(query.execution_options(populate_existing=again)).all()


def candidates(session: Session, jury: Jury) -> list[Candidate]:
    """The works before a jury: those that are ready, and those it has said something of; four queries.

    Nobody sits for their own work.
    """
    seats = {member.id: member for member in members(session, jury)}
    learner, own = aliased(Membership), [member.person_id for member in seats.values()]
    said: dict[object, Deliberation] = {}
    for row in session.scalars(select(Deliberation).filter_by(jury_id=jury.id).order_by(Deliberation.id)):
        said[row.attempt_id] = row
    query = select(Work).join(Work.attempt).join(Attempt.enrolment).join(Enrolment.person)
    here = exists().where(
        learner.context_id == jury.context_id,
        learner.person_id == Enrolment.person_id,
        learns(learner),
        or_(learner.left_at.is_(None), Attempt.submitted_at <= learner.left_at),
    )
    wanted = (
        Enrolment.track_key == jury.track_key, Attempt.module_key == jury.module_key, here,
        Enrolment.person_id.not_in([number for number in own if number is not None]),
        (Work.state == "jury") | Work.attempt_id.in_(said),
    )  # fmt: skip
    shown = contains_eager(Work.attempt).contains_eager(Attempt.enrolment).contains_eager(Enrolment.person)
    works = session.scalars(
        query.options(shown).where(*wanted).order_by(Person.family_name, Person.full_name, Work.attempt_id)
    ).all()
    stand: dict[int, list[JuryMember]] = {}
    asked = select(Confirmation).where(Confirmation.deliberation_id.in_([row.id for row in said.values()]))
    for each in session.scalars(asked.order_by(Confirmation.confirmed_at)):
        stand.setdefault(each.deliberation_id, []).append(seats[each.member_id])
    return [_candidate(work, said.get(work.attempt_id), stand) for work in works]


def propose(
    session: Session, jury: Jury, member: JuryMember, attempt: Attempt, module: Module, decision: str,
    score: Fraction | None, reason: str, now: datetime,
) -> Deliberation:  # fmt: skip
    """Write what the jury decides about a work, for another member to confirm. Raises ``JuryRefused``."""
    _hold_open(session, jury, member)
    work = hold(session, attempt)
    assert module.quiz is not None
    if work is None or work.state != "jury":
        raise JuryRefused("decided")
    if decision != "deferred" and score is None:
        raise JuryRefused("no_score")
    if decision == "deferred":
        score = None
    elif score is not None and (score >= module.quiz.threshold) != (decision == "admitted"):
        raise JuryRefused("below" if decision == "admitted" else "above")
    row = Deliberation(
        jury_id=jury.id, attempt_id=attempt.id, decision=decision, reason=reason, member_id=member.id,
        proposed=proposal(session, attempt, module).value, score=score, proposed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(Confirmation(deliberation_id=row.id, member_id=member.id, confirmed_at=now))
    session.flush()
    note(session, "jury_proposed", f"attempt:{attempt.id}", member.person_id, jury=jury.id, decision=decision)
    return row


def confirm(
    session: Session, jury: Jury, member: JuryMember, attempt: Attempt, track: Track, module: Module, number: int,
    now: datetime,
) -> bool:  # fmt: skip
    """Stand by what another member wrote; True once it is decided, and the result given. Raises ``JuryRefused``."""
    _hold_open(session, jury, member)
    work = hold(session, attempt)
    query = select(Deliberation).filter_by(jury_id=jury.id, attempt_id=attempt.id).order_by(Deliberation.id.desc())
    row = session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None or row.id != number:
        raise JuryRefused("replaced")
    if row.decided_at is not None or work is None or work.state != "jury":
        raise JuryRefused("decided")
    if session.get(Confirmation, (row.id, member.id)) is not None:
        raise JuryRefused("same")
    session.add(Confirmation(deliberation_id=row.id, member_id=member.id, confirmed_at=now))
    session.flush()
    note(session, "jury_confirmed", f"attempt:{attempt.id}", member.person_id, jury=jury.id, decision=row.decision)
    count = select(func.count()).select_from(Confirmation).filter_by(deliberation_id=row.id)
    if (session.scalar(count) or 0) < QUORUM:
        return False
    row.decided_at = now
    if row.score is not None:
        score = replace(proposal(session, attempt, module), value=row.score, waiting=())
        counts = attempt.score is None or row.score >= attempt.score  # an appeal that comes back lowers nothing
        said = responses(session, attempt.id)
        record(session, attempt, module, score, said, now, cause="jury", reason=row.reason, counts=counts)
        work.state, work.done_at = "done", now
        tell(session, attempt, track, now)
    session.flush()
    return True


def close(session: Session, jury: Jury, person_id: int, now: datetime) -> None:
    """Make the minutes final, once. Raises ``JuryRefused`` while a decision waits for a second member."""
    if jury.closed_at is not None:
        return
    _hold_open(session, jury)
    if any(each.waits for each in candidates(session, jury)):
        raise JuryRefused("pending")
    jury.closed_at = now
    note(session, "jury_closed", f"jury:{jury.id}", person_id)
    session.flush()


def _candidate(work: Work, said: Deliberation | None, stand: dict[int, list[JuryMember]]) -> Candidate:
    attempt = work.attempt
    return Candidate(attempt, attempt.enrolment.person, work, said, tuple(stand.get(said.id, ())) if said else ())


def _sits(person_id: int) -> ColumnElement[bool]:
    """Whether that person sits in a ``Jury``, and trains its course still."""
    member, me = aliased(JuryMember), aliased(Membership)
    sits = exists().where(member.jury_id == Jury.id, member.person_id == person_id)
    trains = (me.person_id == person_id, me.role == "trainer", me.left_at.is_(None))
    return sits & exists().where(me.context_id == Jury.context_id, *trains)


def places(session: Session, person_id: int) -> list[tuple[Context, frozenset[str]]]:
    """The courses that person trains, each with the tracks placed there (none placed: every track); two queries."""
    contexts = session.scalars(trained(person_id).order_by(Context.title, Context.id)).all()
    query = select(ResourceLink.context_id, ResourceLink.track_key).where(
        ResourceLink.context_id.in_([context.id for context in contexts]), ResourceLink.track_key.is_not(None)
    )
    placed: dict[int, set[str]] = {}
    for number, key in session.execute(query.distinct()).tuples():
        placed.setdefault(number, set()).add(key or "")
    return [(context, frozenset(placed.get(context.id, ()))) for context in contexts]
