"""Appeals: a learner asks once for a result to be looked at again; somebody who did not mark it answers.

An appeal never lowers a result, and both results stay in the record.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, contains_eager

from assessments.rubric import points, whole
from curricula.model import Module, Track
from lms.models import Appeal, Attempt, Enrolment, Grading, Marking
from lms.models.upsert import insert_new
from lms.services.audit import record as note
from lms.services.gradings import stored_marks
from lms.services.marking import Judged
from lms.services.settling import conclude, hold, settled_by_question
from lms.services.works import judges


class AppealRefused(Exception):
    """What was asked of an appeal cannot be done. ``reason`` is a stable key.

    ``already`` made · ``too_late`` · ``no_result`` yet · ``answered`` already · ``marked_it``: who decides must not
    have marked the work · ``unchanged``: accepted, yet no point changes · ``incomplete`` a criterion has no level.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def appeal_of(session: Session, attempt: Attempt) -> Appeal | None:
    """The appeal made about an attempt."""
    return session.scalars(select(Appeal).filter_by(attempt_id=attempt.id)).first()


def open_until(session: Session, attempt: Attempt, days: int) -> datetime | None:
    """Until when an appeal can be made: so many days after the result that counts; None without result."""
    if attempt.score is None:
        return None
    query = select(func.max(Grading.graded_at)).where(Grading.attempt_id == attempt.id, Grading.counts)
    known = session.scalar(query) or attempt.submitted_at
    return known + timedelta(days=days) if known else None


def ask(session: Session, attempt: Attempt, text: str, days: int, now: datetime) -> None:
    """Make an appeal about one's own attempt; made twice at once, the first one stands. Raises ``AppealRefused``."""
    until = open_until(session, attempt, days)
    if appeal_of(session, attempt) is not None:
        raise AppealRefused("already")
    if until is None:
        raise AppealRefused("no_result")
    if now > until:
        raise AppealRefused("too_late")
    values = {"text": text, "asked_at": now, "state": "open", "answer": ""}
    if insert_new(session, Appeal, {"attempt_id": attempt.id}, values) is None:
        raise AppealRefused("already")  # in another tab, at the same moment
    note(session, "appeal_made", f"attempt:{attempt.id}", attempt.enrolment.person_id)


def appeal_to_judge(session: Session, number: int, person_id: int) -> Appeal | None:
    """The appeal of that number if that person judges the work, with its attempt, enrolment and learner."""
    query = select(Appeal).join(Appeal.attempt).join(Attempt.enrolment).join(Enrolment.person)
    shown = contains_eager(Appeal.attempt).contains_eager(Attempt.enrolment).contains_eager(Enrolment.person)
    return session.scalars(query.options(shown).where(Appeal.id == number, judges(person_id))).first()


def marked_by(session: Session, attempt: Attempt, person_id: int) -> bool:
    """Whether that person marked the attempt."""
    query = select(exists().where(Marking.attempt_id == attempt.id, Marking.marker_id == person_id))
    return bool(session.scalar(query))


def reject(session: Session, appeal: Appeal, person_id: int, answer: str, now: datetime) -> None:
    """Leave the result as it is, and say why. Raises ``AppealRefused``."""
    _hold(session, appeal, person_id)
    _answer(session, appeal, "rejected", person_id, answer, now)


def accept(
    session: Session, appeal: Appeal, track: Track, module: Module, person_id: int, answer: str,
    judged: Mapping[str, Judged], given: Collection[str], now: datetime,
) -> None:  # fmt: skip
    """Mark again and say why: levels of the answers that persons mark, whole points ``given`` to others.

    The result is regraded; where a jury decides, the work goes back to it. Raises ``AppealRefused``.
    """
    _hold(session, appeal, person_id)
    attempt = appeal.attempt
    assert module.quiz is not None
    stands = {key: mark.points for key, mark in stored_marks(attempt).items()}
    before = settled_by_question(session, attempt, module, module.quiz.markers)
    rows = []
    for key, said in judged.items():
        question = module.question(key)
        if question is None or key not in before:
            continue
        if not whole(question.criteria, said.levels):
            raise AppealRefused("incomplete")
        worth = points(question.criteria, said.levels)
        if worth > before[key].points:
            rows.append(_marking(appeal, key, person_id, said, worth, answer, now))
    lacking = (key for key in given if key not in before and stands.get(key, Fraction(1)) < 1)
    rows += [_marking(appeal, key, person_id, Judged(), Fraction(1), answer, now) for key in lacking]
    if not rows:
        raise AppealRefused("unchanged")
    session.add_all(rows)
    session.flush()
    _answer(session, appeal, "accepted", person_id, answer, now)
    conclude(session, attempt, track, module, now, cause="appeal", reason=answer, by_id=person_id)
    work = hold(session, attempt) if module.quiz.jury else None
    if work is not None:
        work.state, work.done_at = "jury", None
    session.flush()


def _hold(session: Session, appeal: Appeal, person_id: int) -> None:
    """Let nobody else answer until the transaction ends."""
    hold(session, appeal.attempt)
    session.refresh(appeal, ["state"])
    if appeal.state != "open":
        raise AppealRefused("answered")
    if marked_by(session, appeal.attempt, person_id):
        raise AppealRefused("marked_it")


def _marking(
    appeal: Appeal, key: str, person_id: int, said: Judged, worth: Fraction, reason: str, now: datetime
) -> Marking:
    return Marking(
        attempt_id=appeal.attempt_id, question_key=key, part="appeal", marker_id=person_id, levels=dict(said.levels),
        comment=said.comment, reason=reason, points=worth, assigned_at=now, done_at=now,
    )  # fmt: skip


def _answer(session: Session, appeal: Appeal, state: str, person_id: int, answer: str, now: datetime) -> None:
    appeal.state, appeal.answer, appeal.decided_by, appeal.decided_at = state, answer, person_id, now
    note(session, f"appeal_{state}", f"attempt:{appeal.attempt_id}", person_id)
    session.flush()
