"""Values of an assessment: what was drawn, what was answered, what it is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

#: Keys chosen by the learner for one question.
Response = tuple[str, ...]


@dataclass(frozen=True)
class DrawnQuestion:
    """A question as shown in one attempt: its key and the order of its options."""

    key: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Mark:
    """What one question is worth, 0 to 1, and why. ``reason`` is a stable key: right, wrong, partial, none."""

    points: Fraction
    reason: str


@dataclass(frozen=True)
class Score:
    """The mean of the marks, exact; ``marks`` by question key explains every point."""

    value: Fraction
    marks: Mapping[str, Mark]
