"""What is said of a test and of each of its questions: :mod:`assessments.analysis` computes it, and says how."""

from dataclasses import dataclass
from typing import Literal

from assessments.gathered import Item


@dataclass(frozen=True)
class OptionUse:
    """How an option was used: the share of all that chose it, and of each third of the attempts by score, the lowest
    first; None where the scores do not part in thirds. ``thirds`` counts the attempts of each."""

    option: str
    share: float
    by_third: tuple[float, float, float] | None


@dataclass(frozen=True)
class ItemFigures:
    """What is known of an item; None where it cannot be computed. ``exposure`` is the share of attempts that met it."""

    item: Item
    count: int
    exposure: float
    difficulty: float
    discrimination: float | None
    upper_lower: float | None
    unanswered: float
    uses: tuple[OptionUse, ...]
    #: How many attempts each third holds.
    thirds: tuple[int, int, int] | None


@dataclass(frozen=True)
class Reliability:
    """Cronbach's α (``kr20`` where all or nothing is earned) of ``length`` questions, and the error of a score.

    ``complete`` says whether every attempt was asked the same questions.
    """

    value: float | None
    name: Literal["alpha", "kr20"]
    length: float
    complete: bool
    error: float | None


@dataclass(frozen=True)
class Distribution:
    """How scores are spread: how many attempts in each tenth, the quartiles, the mean, the share that passed."""

    bins: tuple[int, ...]
    quartiles: tuple[float, float, float]
    mean: float
    passed: float


@dataclass(frozen=True)
class Analysis:
    """The figures of a number of attempts, items in the order they were met."""

    attempts: int
    items: tuple[ItemFigures, ...]
    reliability: Reliability
    distribution: Distribution
