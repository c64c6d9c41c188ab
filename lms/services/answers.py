"""Answers of an attempt: each is added to the record with its time; the last one kept counts.

What happens to an answer that comes twice, late, out of order or from another tab is told in docs/assessment.md.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from assessments.model import DrawnQuestion, Response, is_answered
from assessments.registry import question_types
from curricula.model import Question
from lms.models import Answer, Attempt, PracticeRound, utcnow
from lms.models.base import table_of

#: An answer sent when the time was up is on its way for so long at most: it is kept as if in time.
ON_ITS_WAY = timedelta(seconds=15)

# Autosave is the hottest write: its statements are made once, and run free of the ORM.
_ATTEMPT, _ANSWER = table_of(Attempt), table_of(Answer)
_OPEN = (
    select(_ATTEMPT.c.submitted_at, _ATTEMPT.c.due_at).where(_ATTEMPT.c.id == bindparam("attempt")).with_for_update()
)
_LAST = (
    select(_ANSWER.c.response, _ANSWER.c.flagged, _ANSWER.c.page, _ANSWER.c.turn, _ANSWER.c.saved_at)
    .where(
        _ANSWER.c.attempt_id == bindparam("attempt"),
        _ANSWER.c.question_key == bindparam("question"),
        _ANSWER.c.standing == "kept",
    )
    .order_by(_ANSWER.c.id.desc())
    .limit(1)
)


class AnswerRefused(Exception):
    """An answer does not count. ``reason``: ``closed`` the attempt was submitted · ``not_drawn`` · ``late``.

    A ``late`` answer is in the record all the same, if the caller commits.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Sent:
    """What a page sends: the answer to a question, and which page says so for which time (``turn``, from 1).

    ``page`` is empty for a form sent without the script.
    """

    response: Response
    flagged: bool = False
    page: str = ""
    turn: int = 0


@dataclass(frozen=True)
class Saved:
    """When an answer was saved, what counts now, and whether another page had answered meanwhile."""

    at: datetime
    response: Response
    elsewhere: bool = False


def save_answer(session: Session, attempt: Attempt, question: Question, sent: Sent) -> Saved:
    """Add an answer to the record. Raises ``AnswerRefused``.

    The same answer again adds nothing. One that a later answer of its own page has overtaken is kept in the record and
    changes nothing.
    """
    if not any(item["key"] == question.key for item in attempt.questions):
        raise AnswerRefused("not_drawn")
    connection, now = session.connection(), utcnow()
    # The row is locked so that no answer slips in while the attempt is being submitted.
    state = connection.execute(_OPEN, {"attempt": attempt.id}).one()
    last = connection.execute(_LAST, {"attempt": attempt.id, "question": question.key}).first()
    before: Response = read_response(last.response) if last else {}
    settled = question_types()[question.type].settle(question, before, said(sent.response))
    late = state.submitted_at is not None or (state.due_at is not None and now > state.due_at + ON_ITS_WAY)
    outdated = bool(last and sent.page and last.page == sent.page and sent.turn < last.turn)
    if not late and not outdated and (settled, sent.flagged) == (before, bool(last and last.flagged)):
        return Saved(last.saved_at if last else now, settled)
    standing = "late" if late else "outdated" if outdated else "kept"
    values: dict[str, Any] = {
        "attempt_id": attempt.id, "question_key": question.key, "flagged": sent.flagged, "saved_at": now,
        "response": {name: list(held) for name, held in settled.items()}, "page": sent.page, "turn": sent.turn,
        "standing": standing,
    }  # fmt: skip
    connection.execute(insert(_ANSWER), values)
    if late:
        raise AnswerRefused("closed" if state.submitted_at is not None else "late")
    if outdated:
        return Saved(now, before)
    return Saved(now, settled, elsewhere=bool(last and sent.page and last.page and last.page != sent.page))


def said(response: Response) -> Response:
    """A response without the fields left empty."""
    return {name: values for name, values in response.items() if values}


def answers(session: Session, attempt_id: uuid.UUID) -> dict[str, Answer]:
    """What counts of what was answered so far, by question key; one query."""
    query = select(Answer).where(Answer.attempt_id == attempt_id, Answer.standing == "kept").order_by(Answer.id)
    return {row.question_key: row for row in session.scalars(query)}


def responses(session: Session, attempt_id: uuid.UUID) -> dict[str, Response]:
    """The same, as what is graded."""
    return {key: read_response(row.response) for key, row in answers(session, attempt_id).items()}


def read_response(stored: Mapping[str, Any]) -> Response:
    """A response as it was stored."""
    return {name: tuple(values) for name, values in stored.items()}


def answered(row: Answer | None) -> bool:
    """Whether an answer says anything."""
    return row is not None and is_answered(row.response)


def drawn_questions(attempt: Attempt | PracticeRound) -> tuple[DrawnQuestion, ...]:
    """The questions of an attempt, or of a round of practice, in the order shown."""
    return tuple(map(drawn_question, attempt.questions))


def drawn_question(item: Mapping[str, Any]) -> DrawnQuestion:
    """A drawn question as it was stored."""
    return DrawnQuestion(item["key"], tuple(item["options"]), tuple(item.get("places", ())), item.get("revision", ""))


def stored_question(item: DrawnQuestion) -> dict[str, Any]:
    """A drawn question as it is stored."""
    return {
        "key": item.key, "options": list(item.options), "places": list(item.places), "revision": item.revision,
    }  # fmt: skip


def next_open(attempt: Attempt, kept: Mapping[str, Answer]) -> int:
    """The number of the first question without answer, or of the first one."""
    for number, item in enumerate(attempt.questions, start=1):
        if not answered(kept.get(item["key"])):
            return number
    return 1
