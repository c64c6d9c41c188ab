"""What a copy of somebody's data tells of their assessments: all of it, each thing once it may be seen.

The copy goes to the person, whoever makes it: it tells no more than their pages would. Until an attempt is submitted
and its correction is shown, how it was drawn and marked is held back, and its answers are called what pages call them
(``lms.questions.shown_key``); until it has a result, what persons found; until it is finished, a placement test; until
it is decided, what a member of a jury proposes. What is held back is named, and until when.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, select
from sqlalchemy.orm import Session, joinedload

from curricula.model import Module
from lms.models import Answer, Attempt, Deliberation, Grading, Marking, Placement
from lms.questions import shown_key
from lms.services.answers import drawn_questions
from lms.services.library import Library
from lms.services.plain_rows import plain_row
from lms.services.sittings import answers_shown

#: What says how an attempt was drawn, and what each answer was worth.
DRAW = ("seed", "questions", "put_last", "marks")


def assessed(session: Session, enrolments: Select[int], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """The attempts of these enrolments, their answers and what was found of them, placement tests; ``held_back``."""
    query = select(Attempt).where(Attempt.enrolment_id.in_(enrolments)).options(joinedload(Attempt.enrolment))
    attempts = session.scalars(query.order_by(Attempt.started_at)).all()
    mine = select(Attempt.id).where(Attempt.enrolment_id.in_(enrolments)).scalar_subquery()
    modules = {attempt.id: module for attempt, module in _modules(session, attempts)}
    waits = {each.id: until for each in attempts if (until := _until(session, each, modules[each.id], now))}
    settled = {each.id for each in attempts if each.score is not None}
    placements = session.scalars(select(Placement).where(Placement.enrolment_id.in_(enrolments))).all()
    begun = {attempt.enrolment_id for attempt in attempts}  # a test that an attempt closed is never gone on with
    open_tests = {row.id for row in placements if row.finished_at is None and row.enrolment_id not in begun}
    markings = session.scalars(select(Marking).where(Marking.attempt_id.in_(mine), Marking.done_at.is_not(None)))
    return {
        "attempts": [_attempt(row, DRAW if row.id in waits else ()) for row in attempts],
        "answers": _answers(session, mine, {row.id: (row, modules[row.id]) for row in attempts if row.id in waits}),
        "placements": [plain_row(row, ("seed", "steps") if row.id in open_tests else ()) for row in placements],
        "results": [
            plain_row(row, ("by_id", "marks") if row.attempt_id in waits else ("by_id",))
            for row in session.scalars(select(Grading).where(Grading.attempt_id.in_(mine)))
            if row.attempt_id in settled or row.cause == "submitted"
        ],
        "jury": [
            plain_row(row, ("member_id",))
            for row in session.scalars(select(Deliberation).where(Deliberation.attempt_id.in_(mine)))
            if row.decided_at is not None
        ],
        "markings": [plain_row(row, ("marker_id",)) for row in markings if row.attempt_id in settled],
        "held_back": [
            *({"attempt": str(key), "what": "draw, marks", "until": until} for key, until in waits.items()),
            *(
                {"attempt": str(row.id), "what": "markings, results, jury", "until": "it has a result"}
                for row in attempts
                if row.submitted_at is not None and row.id not in settled
            ),
            *({"placement": str(key), "what": "questions, answers", "until": "it is finished"} for key in open_tests),
        ],
    }


def _modules(session: Session, attempts: Sequence[Attempt]) -> list[tuple[Attempt, Module | None]]:
    """Each attempt with its module, in the revision it began in; None where that is gone."""
    tracks = Library(session)
    followed = [(each, tracks.followed(each.enrolment.track_key, each.track_digest)) for each in attempts]
    return [(each, track.module(each.module_key) if track else None) for each, track in followed]


def _until(session: Session, attempt: Attempt, module: Module | None, now: datetime) -> str | None:
    """Until when its draw and marks are held back; None when they may be told."""
    if attempt.submitted_at is None:
        return "it is submitted"
    if module is None or module.quiz is None or answers_shown(session, attempt, module.quiz, now):
        return None
    return "its sitting is over" if module.quiz.correction == "closed" else "always: its correction is never shown"


def _attempt(row: Attempt, leave: tuple[str, ...]) -> dict[str, Any]:
    told = plain_row(row, leave)
    if row.score is None and told.get("marks"):  # as gradings.told_marks
        told["marks"] = {key: mark for key, mark in told["marks"].items() if mark["reason"] != "marked"}
    return told


def _answers(
    session: Session, mine: ScalarSelect[Any], waiting: Mapping[UUID, tuple[Attempt, Module | None]]
) -> list[dict[str, Any]]:
    """Every answer; those of attempts that wait as their pages call what they hold."""
    rows = session.scalars(select(Answer).where(Answer.attempt_id.in_(mine)).order_by(Answer.id))
    return [
        {**plain_row(row, ("response",)), "response": _as_shown(row, *waiting[row.attempt_id])}
        if row.attempt_id in waiting
        else plain_row(row)
        for row in rows
    ]


def _as_shown(row: Answer, attempt: Attempt, module: Module | None) -> dict[str, Any]:
    drawn = next((each for each in drawn_questions(attempt) if each.key == row.question_key), None)
    question = module.question(row.question_key) if module else None
    if question is None or drawn is None:  # withdrawn since: no page calls it anything
        return {}
    return {
        shown_key(question, drawn, "options", name): [shown_key(question, drawn, "places", each) for each in values]
        for name, values in row.response.items()
    }
