"""The placement test of a track: once for each enrolment, before any attempt; what it exempts from follows at once."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.at_once import answered_at_once
from assessments.model import DrawnQuestion, Response
from assessments.placement import Placed, Step, modules_of, next_question, placed
from curricula.model import Module, Question, Track
from lms.models import Attempt, Enrolment, Exemption, Placement
from lms.models.secrets import new_token
from lms.models.upsert import insert_or_find
from lms.services.answers import drawn_question, read_response, said, stored_question
from lms.services.results import after_result

#: ``none`` the track has no such test · ``open`` it may be begun · ``under_way`` · ``done`` · ``closed`` an
#: assessment was begun before.
State = Literal["none", "open", "under_way", "done", "closed"]


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with the placement test of a track."""

    state: State
    row: Placement | None = None


@dataclass(frozen=True)
class Asked:
    """The question to answer now: its number from 1, its module, what was said of it so far."""

    number: int
    module: Module
    question: Question
    drawn: DrawnQuestion
    response: Response


def standing(session: Session, row: Enrolment, track: Track) -> Standing:
    """Where a learner stands; one query, none where the track has no placement test."""
    if track.placement is None or not modules_of(track):
        return Standing("none")
    attempted = select(Attempt.id).where(Attempt.enrolment_id == Enrolment.id).exists()
    query = select(Placement, attempted).select_from(Enrolment)
    query = query.outerjoin(Placement, Placement.enrolment_id == Enrolment.id).where(Enrolment.id == row.id)
    known, begun = session.execute(query).one()
    if known is not None and known.finished_at is not None:
        return Standing("done", known)
    if begun:
        return Standing("closed", known)
    return Standing("open" if known is None else "under_way", known)


def begin(session: Session, row: Enrolment, track: Track, now: datetime) -> Placement:
    """The test under way, or a new one. Raises ``PermissionError`` when it is done, closed or there is none."""
    stand = standing(session, row, track)
    if stand.row is not None and stand.state == "under_way":
        return stand.row
    if stand.state != "open":
        raise PermissionError(stand.state)
    values: dict[str, Any] = {
        "track_digest": row.track_digest,
        "seed": new_token()[:32],
        "steps": [],
        "started_at": now,
    }
    made = insert_or_find(session, Placement, {"enrolment_id": row.id}, {"id": uuid.uuid4(), **values})
    row.started_at = row.started_at or now
    row.last_at = now
    session.flush()
    return made


def asked(track: Track, row: Placement) -> Asked | None:
    """The question to answer now; None when all is settled. ``track`` is its revision when the test began."""
    done = _steps(row)
    last = row.steps[-1] if row.steps else None
    if last is not None and last["points"] is None:  # a question of several steps, under way
        module = track.module(last["module"])
        question = module.question(last["key"]) if module else None
        if module is None or question is None:
            return None
        return Asked(len(row.steps), module, question, drawn_question(last), read_response(last["response"]))
    found = next_question(track, row.seed, done)
    if found is None:
        return None
    module, drawn = found
    question = module.question(drawn.key)
    assert question is not None
    return Asked(len(row.steps) + 1, module, question, drawn, {})


def answer(
    session: Session, row: Placement, revision: Track, ask: Asked, sent: Response, now: datetime, followed: Track
) -> None:
    """Keep the answer to the question asked now, and end the test when all is settled.

    ``revision`` is that of the track when the test began, ``followed`` the one its learner follows today. Exemptions
    and what they bring about are of the transaction of the last answer.
    """
    response, mark = answered_at_once(ask.question, ask.drawn, ask.response, said(sent))
    step: dict[str, Any] = {
        "module": ask.module.key, **stored_question(ask.drawn),
        "response": {name: list(values) for name, values in response.items()},
        "points": None if mark is None else str(mark.points),
    }  # fmt: skip
    row.steps = [*row.steps[: ask.number - 1], step]
    session.flush()
    if mark is not None and next_question(revision, row.seed, _steps(row)) is None:
        _finish(session, row, revision, now, followed)


def outcome(track: Track, row: Placement) -> tuple[Placed, ...]:
    """Where each module stands after what was answered."""
    return placed(track, _steps(row))


def taken(session: Session, row: Enrolment, *, to_write: bool = False) -> Placement | None:
    """The placement test of an enrolment; ``to_write`` keeps others waiting."""
    query = select(Placement).filter_by(enrolment_id=row.id)
    return session.scalars(query.with_for_update() if to_write else query).first()


def _finish(session: Session, row: Placement, revision: Track, now: datetime, followed: Track) -> None:
    """End a test; where its track allows it, exempt from what it reached, and let what follows follow."""
    # Held meanwhile, as when an attempt is submitted.
    owner = session.get_one(Enrolment, row.enrolment_id, populate_existing=True, with_for_update=True)
    row.finished_at = owner.last_at = now
    if revision.placement is not None and revision.placement.exempts:
        for each in placed(revision, _steps(row)):
            if each.reached:
                values = {"placement_id": row.id, "score": each.score, "granted_at": now}
                insert_or_find(session, Exemption, {"enrolment_id": owner.id, "module_key": each.module.key}, values)
        session.flush()
        after_result(session, owner, followed, now)
    session.flush()


def _steps(row: Placement) -> list[Step]:
    """The questions answered, in order."""
    return [
        Step(step["module"], step["key"], Fraction(step["points"])) for step in row.steps if step["points"] is not None
    ]
