"""What a work is worth by a rubric: each criterion at a level, weighed against the others; exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from curricula.model import Criterion

#: Criterion → level: what somebody found of a work.
Chosen = Mapping[str, str]


def points(criteria: Sequence[Criterion], chosen: Chosen) -> Fraction:
    """What a work is worth, 0 to 1: the points of the levels chosen, each by the weight of its criterion.

    A criterion without a level, or with one it does not have, earns nothing. Without criteria nothing is earned.
    """
    weights = sum(criterion.weight for criterion in criteria)
    earned = sum(criterion.weight * _points(criterion, chosen) for criterion in criteria)
    return Fraction(earned, 100 * weights) if weights else Fraction(0)


def whole(criteria: Sequence[Criterion], chosen: Chosen) -> bool:
    """Whether every criterion has a level of its own."""
    return bool(criteria) and not undecided(criteria, chosen)


def undecided(criteria: Sequence[Criterion], chosen: Chosen) -> tuple[Criterion, ...]:
    """The criteria that have no level yet, or one they do not have."""
    return tuple(criterion for criterion in criteria if criterion.level(chosen.get(criterion.key, "")) is None)


def share(criterion: Criterion, criteria: Sequence[Criterion]) -> Fraction:
    """The part of the whole that a criterion counts for."""
    weights = sum(each.weight for each in criteria)
    return Fraction(criterion.weight, weights) if weights else Fraction(0)


@dataclass(frozen=True)
class Gap:
    """How far two markers are from each other.

    ``share`` is the difference of their points, 0 to 1; ``criteria`` those that differ, with what each difference is
    worth, the greatest first.
    """

    share: Fraction
    criteria: tuple[tuple[Criterion, Fraction], ...]


def gap(criteria: Sequence[Criterion], one: Chosen, other: Chosen) -> Gap:
    """The differences between what two markers found of the same work."""
    weights = sum(criterion.weight for criterion in criteria)
    differing = [
        (
            criterion,
            Fraction(criterion.weight * abs(_points(criterion, one) - _points(criterion, other)), 100 * weights),
        )
        for criterion in criteria
        if one.get(criterion.key) != other.get(criterion.key)
    ]
    differing.sort(key=lambda pair: -pair[1])
    return Gap(abs(points(criteria, one) - points(criteria, other)), tuple(differing))


def _points(criterion: Criterion, chosen: Chosen) -> int:
    level = criterion.level(chosen.get(criterion.key, ""))
    return level.points if level else 0
