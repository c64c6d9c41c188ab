"""What each rule of retention lets go (``…_due``: a query of keys, the oldest first), and how it goes (``remove_…``).

Every query says by itself what must stay, so that a purge stopped anywhere, or run twice at once, takes no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from certificates.sign.keys import Keys
from lms import journal_removal
from lms.models import (
    Agent,
    AgentMatch,
    AgentState,
    Answer,
    Appeal,
    Attempt,
    AuditEntry,
    AuditHead,
    AuditLink,
    Certificate,
    Correction,
    Deposit,
    Enrolment,
    ErasureRequest,
    ExportRun,
    Grading,
    HrScope,
    ImportChange,
    ImportFile,
    ImportRun,
    LocalAccount,
    Marking,
    Membership,
    OutboxJob,
    Pause,
    Person,
    Placement,
    PracticeRound,
    StudioRole,
    WebSession,
    Work,
)
from lms.models.base import table_of
from lms.services.chain_head import signed_start
from lms.services.figures import touch
from lms.services.organisation import HELD
from lms.services.privacy import erase

#: A step of a placement that still says what was answered, in JSON as it is stored.
_ANSWERED = '"response": {"'
_LINK = table_of(AuditLink)


@dataclass(frozen=True)
class Cut:
    """Now, before when things may go, and the keys that sign where the journal begins (None: nothing is removed)."""

    now: datetime
    before: datetime
    keys: Keys | None = None


def attempts_due(cut: Cut) -> Select[Any]:
    """Attempts whose last result is old enough, and about which nobody has anything left to decide."""
    return (
        select(Attempt.id)
        .where(Attempt.submitted_at < cut.before, Attempt.emptied_at.is_(None))
        .where(~exists().where(Grading.attempt_id == Attempt.id, Grading.graded_at >= cut.before))
        .where(~exists().where(Work.attempt_id == Attempt.id, Work.state != "done"))
        .where(~exists().where(Appeal.attempt_id == Attempt.id, or_(
            Appeal.state == "open", Appeal.decided_at >= cut.before
        )))
        .order_by(Attempt.submitted_at, Attempt.id)
    )  # fmt: skip


def empty_attempts(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take what was answered, handed in, remarked and pleaded; the result stays: when, which points, passed or not."""
    for model in (Answer, Deposit, Pause):
        session.execute(delete(model).where(model.attempt_id.in_(ids)))
    # Nobody looks a second time at what is no longer there.
    session.execute(delete(Marking).where(Marking.attempt_id.in_(ids), Marking.done_at.is_(None)))
    session.execute(update(Work).where(Work.attempt_id.in_(ids)).values(sampled=False))
    session.execute(update(Marking).where(Marking.attempt_id.in_(ids)).values(comment="", reason=""))
    session.execute(update(Appeal).where(Appeal.attempt_id.in_(ids)).values(text="", answer=""))
    for row in session.scalars(select(Grading).where(Grading.attempt_id.in_(ids))):
        row.marks = {key: {name: mark[name] for name in mark if name != "response"} for key, mark in row.marks.items()}
    session.execute(update(Attempt).where(Attempt.id.in_(ids)).values(emptied_at=cut.now))


def abandoned_due(cut: Cut) -> Select[Any]:
    """Attempts that were begun, never handed in, and left alone since; one with a time limit is closed by its clock."""
    return (
        select(Attempt.id)
        .where(Attempt.submitted_at.is_(None), Attempt.due_at.is_(None), Attempt.started_at < cut.before)
        .where(~exists().where(Answer.attempt_id == Attempt.id, Answer.saved_at >= cut.before))
        .where(~exists().where(Deposit.attempt_id == Attempt.id, Deposit.added_at >= cut.before))
        .order_by(Attempt.started_at, Attempt.id)
    )


def remove_abandoned(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take them whole: they have no result."""
    del cut
    session.execute(delete(Attempt).where(Attempt.id.in_(ids)))


def practice_due(cut: Cut) -> Select[Any]:
    """Rounds of practice, which count for nothing."""
    return select(PracticeRound.id).where(PracticeRound.started_at < cut.before).order_by(PracticeRound.started_at)


def remove_practice(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take them whole."""
    del cut
    session.execute(delete(PracticeRound).where(PracticeRound.id.in_(ids)))


def placements_due(cut: Cut) -> Select[Any]:
    """Placement tests that still hold what was answered."""
    ended = func.coalesce(Placement.finished_at, Placement.started_at)
    told = cast(Placement.steps, Text).contains(_ANSWERED, autoescape=True)
    return select(Placement.id).where(ended < cut.before, told).order_by(ended)


def empty_placements(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take what was answered; the points stay, which an exemption rests on."""
    del cut
    for row in session.scalars(select(Placement).where(Placement.id.in_(ids))):
        row.steps = [{**step, "response": {}} for step in row.steps]


def completions_due(cut: Cut) -> Select[Any]:
    """Tracks followed that nothing happened to since, with no appeal open and no certificate of theirs in force."""
    mine = Attempt.enrolment_id == Enrolment.id
    late = func.coalesce(Attempt.submitted_at, Attempt.started_at) >= cut.before
    in_force = and_(
        Certificate.status.in_(("valid", "suspended")),
        or_(Certificate.valid_until.is_(None), Certificate.valid_until >= cut.now),
    )
    return (
        select(Enrolment.id)
        .where(Enrolment.enrolled_at < cut.before, func.coalesce(Enrolment.last_at, Enrolment.enrolled_at) < cut.before)
        .where(func.coalesce(Enrolment.completed_at, Enrolment.enrolled_at) < cut.before)
        .where(~exists().where(mine, late))
        .where(~exists().where(mine, Appeal.attempt_id == Attempt.id, Appeal.state == "open"))
        .where(~exists().where(mine, Work.attempt_id == Attempt.id, Work.state != "done"))
        .where(~exists().where(_rests(), in_force))
        .order_by(Enrolment.enrolled_at, Enrolment.id)
    )


def remove_completions(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take the whole of what was done in a track; the figures of now count without it, closings stay."""
    del cut
    for person_id in session.scalars(select(Enrolment.person_id).where(Enrolment.id.in_(ids)).distinct()).all():
        touch(session, person_id=person_id)
    session.execute(delete(Enrolment).where(Enrolment.id.in_(ids)))


def certificates_due(cut: Cut) -> Select[Any]:
    """Certificates long past their validity, whatever their status: without an end they stay, for lists to tell it.

    One whose track is still kept stays with it, or it would be issued again.
    """
    return (
        select(Certificate.id)
        .where(Certificate.valid_until < cut.before, ~exists().where(_rests()))
        .where(~exists().where(
            Correction.certificate_id == Certificate.id, Correction.state.in_(("open", "accepted"))
        ))
        .order_by(Certificate.valid_until, Certificate.id)
    )  # fmt: skip


def remove_certificates(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take certificate, files and history; the one that came after no longer names it."""
    del cut
    for person_id in session.scalars(select(Certificate.person_id).where(Certificate.id.in_(ids)).distinct()).all():
        touch(session, person_id=person_id)
    session.execute(update(Certificate).where(Certificate.previous_id.in_(ids)).values(previous_id=None))
    session.execute(delete(Certificate).where(Certificate.id.in_(ids)))


def people_due(cut: Cut) -> Select[Any]:
    """People of whom nothing is left, who did not come since and have neither an account nor a role of their own."""
    seen = or_(Membership.last_seen_at >= cut.before, Membership.roster_at >= cut.before)
    query = select(Person.id).where(Person.created_at < cut.before)
    for model in (Enrolment, Certificate, LocalAccount, StudioRole, HrScope):
        query = query.where(~exists().where(model.person_id == Person.id))
    query = query.where(~exists().where(Membership.person_id == Person.id, seen))
    query = query.where(~exists().where(WebSession.person_id == Person.id, WebSession.expires_at >= cut.now))
    return query.order_by(Person.id)


def remove_people(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Erase them, as they could have asked."""
    del cut
    for person in session.scalars(select(Person).where(Person.id.in_(ids))).all():
        erase(session, person)


def agents_due(cut: Cut) -> Select[Any]:
    """Agents who left long ago, are nobody whose training is kept, and whom no import to be undone would bring back."""
    held = (AgentMatch.agent_id == Agent.id, AgentMatch.state.in_(HELD))
    last = (
        select(func.max(ImportRun.id))
        .where(ImportRun.kind == "agents", ImportRun.undone_at.is_(None), ImportRun.settled_at.is_(None))
        .scalar_subquery()
    )
    query = select(Agent.id).where(Agent.left_at < cut.before)
    for model in (Enrolment, Certificate):
        query = query.where(~exists().where(*held, model.person_id == AgentMatch.person_id))
    moved = or_(AgentState.import_id == last, AgentState.closed_by == last)
    return query.where(~exists().where(AgentState.agent_id == Agent.id, moved)).order_by(Agent.id)


def remove_agents(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take them with their states and matches; closings stay."""
    del cut
    touch(session, agents=ids)
    session.execute(delete(Agent).where(Agent.id.in_(ids)))


def journal_due(cut: Cut) -> Select[Any]:
    """The first lines of the chain, up to one that is too young; never the last one, and none while a fault is open."""
    young = (
        select(func.min(AuditLink.position))
        .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
        .where(or_(AuditEntry.id.is_(None), AuditEntry.at >= cut.before))
        .scalar_subquery()
    )
    head = select(AuditHead.position).where(AuditHead.fault.is_(None)).scalar_subquery()
    end = func.coalesce(young, head)
    return (
        select(AuditLink.position)
        .where(AuditLink.position < head, AuditLink.position < end)
        .order_by(AuditLink.position)
    )


def remove_journal(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take lines and links, and sign where the chain begins from then on."""
    assert cut.keys is not None
    head = session.scalars(select(AuditHead).with_for_update()).one()
    last = max(ids)
    head.start = signed_start(
        cut.keys, last, session.execute(select(_LINK.c.hash).where(_LINK.c.position == last)).scalar_one(), cut.now
    )
    session.flush()
    journal_removal.remove(session, last)


def exports_due(cut: Cut) -> Select[Any]:
    """Files that HR asked for and that are no longer here; the journal has its own time."""
    over = ExportRun.state.in_(("done", "failed", "cancelled", "expired"))
    gone = (ExportRun.finished_at < cut.before, over, ExportRun.file.is_(None))
    return select(ExportRun.id).where(*gone).order_by(ExportRun.id)


def remove_exports(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take what was asked."""
    del cut
    session.execute(delete(ExportRun).where(ExportRun.id.in_(ids)))


def requests_due(cut: Cut) -> Select[Any]:
    """Requests to be erased that were answered or withdrawn."""
    return select(ErasureRequest.id).where(ErasureRequest.decided_at < cut.before).order_by(ErasureRequest.id)


def remove_requests(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take them with their words."""
    del cut
    session.execute(delete(ErasureRequest).where(ErasureRequest.id.in_(ids)))


def changes_due(cut: Cut) -> Select[Any]:
    """What undoing HR's files needs, of those too old for it: the values that agents, units and lines had before."""
    old = select(ImportRun.id).where(ImportRun.created_at < cut.before)
    return select(ImportChange.id).where(ImportChange.run_id.in_(old)).order_by(ImportChange.id)


def remove_changes(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take them; their files, which stay as lines, cannot be undone any more, not even in part."""
    runs = select(ImportChange.run_id).where(ImportChange.id.in_(ids))
    own = (ImportRun.id.in_(runs), ImportRun.settled_at.is_(None))
    session.execute(update(ImportRun).where(*own).values(settled_at=cut.now))
    session.execute(delete(ImportChange).where(ImportChange.id.in_(ids)))


def files_due(cut: Cut) -> Select[Any]:
    """Files of HR taken in so long ago: their names, and what became of each of their rows."""
    old = select(ImportRun.id).where(ImportRun.created_at < cut.before)
    return select(ImportFile.id).where(ImportFile.run_id.in_(old)).order_by(ImportFile.id)


def remove_files(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Take them; what each one did in all stays as a line."""
    del cut
    session.execute(delete(ImportFile).where(ImportFile.id.in_(ids)))


def jobs_due(cut: Cut) -> Select[Any]:
    """Deliveries that were made."""
    done: tuple[ColumnElement[bool], ...] = (OutboxJob.status == "done", OutboxJob.finished_at < cut.before)
    return select(OutboxJob.id).where(*done).order_by(OutboxJob.finished_at, OutboxJob.id)


def remove_jobs(session: Session, cut: Cut, ids: Sequence[Any]) -> None:
    """Forget them; asked again, they would be made again."""
    del cut
    session.execute(delete(OutboxJob).where(OutboxJob.id.in_(ids)))


def _rests() -> ColumnElement[bool]:
    """Whether a certificate rests on a track followed: it, one of its modules, or its attendance."""
    of_track = or_(
        Certificate.award_key == Enrolment.track_key, Certificate.award_key.startswith(Enrolment.track_key + "/")
    )
    return and_(Certificate.person_id == Enrolment.person_id, or_(Certificate.enrolment_id == Enrolment.id, of_track))
