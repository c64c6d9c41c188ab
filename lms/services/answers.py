"""Answers of an attempt: each is added to the record with its time; the last one kept counts.

What happens to an answer that comes twice, late, out of order or from another tab is told in docs/assessment.md.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, literal_column, select
from sqlalchemy.orm import Session

from assessments.clock import ON_ITS_WAY, is_over
from assessments.model import DrawnQuestion, Response, is_answered
from assessments.registry import question_types
from curricula.model import Question
from lms.models import Answer, Attempt, PracticeRound, utcnow
from lms.models.base import table_of
from lms.models.prepared import Prepared, connection_of
from lms.services import pauses

# Autosave is the hottest write: its statements are made once, and run on the driver's own cursor.
_ATTEMPT, _ANSWER = table_of(Attempt), table_of(Answer)
#: The row is locked so that no answer slips in while the attempt is being submitted.
_OPEN = Prepared(
    select(_ATTEMPT.c.submitted_at, _ATTEMPT.c.due_at, _ATTEMPT.c.pauses)
    .where(_ATTEMPT.c.id == bindparam("attempt"))
    .with_for_update()
)
_MINE = (_ANSWER.c.attempt_id == bindparam("attempt"), _ANSWER.c.question_key == bindparam("question"))
_KEPT = select(func.max(_ANSWER.c.id)).where(*_MINE, _ANSWER.c.standing == literal_column("'kept'"))
_HEARD = select(func.max(_ANSWER.c.turn)).where(*_MINE, _ANSWER.c.page == bindparam("page"))
#: The answer that counts, and how far the page that answers now has been heard.
_LAST = Prepared(
    select(
        _ANSWER.c.id, _ANSWER.c.response, _ANSWER.c.flagged, _ANSWER.c.page, _ANSWER.c.saved_at,
        _HEARD.scalar_subquery().label("heard"),
    ).where(_ANSWER.c.id == _KEPT.scalar_subquery())
)  # fmt: skip
_SHOWN = Prepared(select(_ANSWER.c.response, _ANSWER.c.flagged).where(*_MINE, _ANSWER.c.id == bindparam("shown")))
_INSERT = Prepared(insert(_ANSWER))


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

    ``page`` is empty for a form sent without the script, or on which nothing was changed. ``shown`` is the number of
    the answer (``Answer.id``) that the form was showing, 0 for none, None when it does not say.
    """

    response: Response
    flagged: bool = False
    page: str = ""
    turn: int = 0
    shown: int | None = None


@dataclass(frozen=True)
class Saved:
    """When an answer was saved, what counts now, whether another page had answered meanwhile, and what time is left."""

    at: datetime
    response: Response
    elsewhere: bool = False
    left: timedelta | None = None


def save_answer(
    session: Session, attempt: Attempt, question: Question, sent: Sent, now: datetime | None = None
) -> Saved:
    """Add an answer to the record. Raises ``AnswerRefused``.

    The same answer again adds nothing, nor does a form that says what it was showing. One that a later answer of its
    own page has overtaken is kept in the record and changes nothing. Answering ends a pause.
    """
    if not any(item["key"] == question.key for item in attempt.questions):
        raise AnswerRefused("not_drawn")
    connection, now = connection_of(session), now or utcnow()
    (state,) = _OPEN.rows(connection, {"attempt": attempt.id})
    closed, due_at = state.submitted_at is not None, state.due_at
    if state.pauses and not closed:
        due_at = _out_of_pause(session, attempt, now) or due_at
    late = closed or is_over(due_at, now)
    left = max(due_at - now, timedelta(0)) if due_at else None
    mine = {"attempt": attempt.id, "question": question.key}
    last = next(iter(_LAST.rows(connection, {**mine, "page": sent.page})), None)
    before: Response = read_response(last.response) if last else {}
    settled = question_types()[question.type].settle(question, before, said(sent.response))
    heard = (last.heard or 0) if last and sent.page else 0
    overtaken_later = 0 < heard < sent.turn - 1  # what this page sent before may still come, and must not count
    says_nothing_new = (
        ((settled, sent.flagged) == (before, bool(last and last.flagged)) and not overtaken_later)
        or 0 < sent.turn == heard
        or (last is not None and _unchanged(connection, mine, sent, last.id))
    )
    if says_nothing_new and not late:
        return Saved(last.saved_at if last else now, before, left=left)
    outdated = not late and sent.turn < heard
    values: dict[str, Any] = {
        "attempt_id": attempt.id, "question_key": question.key, "flagged": sent.flagged, "saved_at": now,
        "response": {name: list(held) for name, held in settled.items()}, "page": sent.page, "turn": sent.turn,
        "standing": "late" if late else "outdated" if outdated else "kept",
    }  # fmt: skip
    _INSERT.run(connection, values)
    if late:
        raise AnswerRefused("closed" if closed else "late")
    if outdated:
        return Saved(now, before, left=left)
    unseen = last is not None and sent.shown is not None and last.page != sent.page and last.id != sent.shown
    return Saved(now, settled, unseen, left)


def _out_of_pause(session: Session, attempt: Attempt, now: datetime) -> datetime | None:
    """End the pause that an attempt is in, unless this answer left before it began; gives when its time is up then."""
    pause = pauses.under_way(session, attempt)
    if pause is None or now <= pause.began_at + ON_ITS_WAY:
        return None
    pauses.end(session, attempt, now)
    return attempt.due_at


def _unchanged(connection: Connection, mine: Mapping[str, Any], sent: Sent, last: int) -> bool:
    """Whether a form says just what it was showing, while another page answered: it has changed nothing itself."""
    if sent.page or sent.shown is None or sent.shown == last:
        return False
    if not sent.shown:
        return not said(sent.response) and not sent.flagged
    shown = next(iter(_SHOWN.rows(connection, {**mine, "shown": sent.shown})), None)
    return shown is not None and (read_response(shown.response), shown.flagged) == (said(sent.response), sent.flagged)


def said(response: Response) -> Response:
    """A response without the fields left empty."""
    return {name: values for name, values in response.items() if values}


@dataclass(frozen=True)
class Recorded:
    """The record of an attempt, by question key: what counts (``kept``), the last that came after its end (``late``).

    ``heard``: of each page that answered the last turn kept, by which a browser knows what did arrive.
    """

    kept: Mapping[str, Answer]
    late: Mapping[str, Answer]
    heard: Mapping[str, int]


def recorded(session: Session, attempt_id: uuid.UUID) -> Recorded:
    """What was answered in an attempt; one query."""
    query = select(Answer).where(Answer.attempt_id == attempt_id, Answer.standing != "outdated").order_by(Answer.id)
    rows = session.scalars(query).all()
    kept = [row for row in rows if row.standing == "kept"]
    return Recorded(
        {row.question_key: row for row in kept},
        {row.question_key: row for row in rows if row.standing == "late"},
        {row.page: row.turn for row in kept if row.page},
    )


def answers(session: Session, attempt_id: uuid.UUID) -> Mapping[str, Answer]:
    """What counts of what was answered so far, by question key; one query."""
    return recorded(session, attempt_id).kept


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
