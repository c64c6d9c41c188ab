"""How often each question of a bank is met: the share of the recent attempts of its module that drew it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.model import Module
from lms.models import Attempt, Enrolment

#: Attempts that are looked back at: enough to tell 1 question in 20 from 1 in 10, read at once.
RECENT = 200


@dataclass(frozen=True)
class Exposure:
    """Share of so many recent ``attempts`` that drew a question, by its key; those never drawn are not named."""

    attempts: int
    shares: Mapping[str, Fraction]


def exposure(session: Session, track_key: str, module_key: str) -> Exposure:
    """The exposure of a module's questions over its last ``RECENT`` attempts, whatever became of them; one query."""
    query = (
        select(Attempt.questions)
        .join(Attempt.enrolment)
        .where(Attempt.module_key == module_key, Enrolment.track_key == track_key)
        .order_by(Attempt.started_at.desc())
        .limit(RECENT)
    )
    drawn = [{item["key"] for item in questions} for questions in session.scalars(query)]
    counts = Counter(key for keys in drawn for key in keys)
    return Exposure(len(drawn), {key: Fraction(count, len(drawn)) for key, count in counts.items()})


def over_exposed(session: Session, track_key: str, module: Module) -> list[str]:
    """Keys of the questions drawn in more than the share of attempts that the module allows, sorted.

    Asks the database nothing where any share is allowed.
    """
    assert module.quiz is not None
    most = module.quiz.exposure
    if most >= 1:
        return []
    return sorted(key for key, share in exposure(session, track_key, module.key).shares.items() if share > most)
