"""The competencies a learner has reached in a track: from their best attempts, and what they are exempted from."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.competencies import CompetencyReached, competencies
from curricula.progress import TrackProgress
from lms.models import Attempt, Enrolment


def reached(session: Session, row: Enrolment, state: TrackProgress) -> tuple[CompetencyReached, ...]:
    """What a learner has reached, for their progress; one query, none where the track has no framework."""
    if state.track.framework is None:
        return ()
    query = select(Attempt.module_key, Attempt.score, Attempt.marks).where(
        Attempt.enrolment_id == row.id, Attempt.score.is_not(None)
    )
    return reached_by(session.execute(query.order_by(Attempt.number)).tuples(), state)


def reached_by(
    attempts: Iterable[tuple[str, Fraction | None, Mapping[str, Any] | None]], state: TrackProgress
) -> tuple[CompetencyReached, ...]:
    """The same from (module, score, marks as stored) of each attempt; the first of the best ones counts."""
    best: dict[str, tuple[Fraction, Mapping[str, Any]]] = {}
    for module, score, marks in attempts:
        if score is not None and (module not in best or score > best[module][0]):
            best[module] = (score, marks or {})
    earned = {
        module: {key: Fraction(mark["points"]) for key, mark in marks.items()}
        for module, (_score, marks) in best.items()
    }
    exempt = {step.module.key: step.best for step in state.modules if step.exempt and step.best is not None}
    return competencies(state.track, earned, exempt)
