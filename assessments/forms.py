"""Parallel forms: a bank parted into several, alike in objectives and difficulties, that share no question."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from assessments.shares import shares
from curricula.model import Question

Cell = tuple[str, int]
K = TypeVar("K")


def parallel_forms(bank: Sequence[Question], count: int) -> tuple[tuple[Question, ...], ...]:
    """The bank in ``count`` forms, the same for the same bank.

    Two forms differ by one question at most: in all, in each objective, in each difficulty, and in each difficulty of
    an objective.
    """
    piles: dict[Cell, list[Question]] = defaultdict(list)
    for question in sorted(bank, key=lambda question: question.key):
        piles[question.objective, question.difficulty].append(question)
    forms: list[tuple[Question, ...]] = []
    for left in range(count, 0, -1):
        taken = _even_share(Counter({cell: len(pile) for cell, pile in piles.items()}), left)
        forms.append(tuple(piles[cell].pop() for cell in sorted(taken) for _each in range(taken[cell])))
    return tuple(forms)


def _even_share(sizes: Counter[Cell], among: int) -> Mapping[Cell, int]:
    """How many of each cell make one form of so many that are alike.

    An even share of a whole table exists whatever its sizes: each cell, each row, each column and the table divided
    and rounded, down or up.
    """
    whole = Counter({cell: size // among for cell, size in sizes.items()})
    rest = Counter({cell: size % among for cell, size in sizes.items()})
    found = shares(
        rest.total() // among,
        _rounded(((objective, size) for (objective, _level), size in rest.items()), among),
        _rounded(((level, size) for (_objective, level), size in rest.items()), among),
        _rounded(rest.items(), among),
    )
    return whole + Counter(found)


def _rounded(sizes: Iterable[tuple[K, int]], among: int) -> dict[K, list[int]]:
    """What taking costs: a gain up to the share rounded down, nothing up to the share rounded up, a loss beyond."""
    totals: Counter[K] = Counter()
    for key, size in sizes:
        totals[key] += size
    costs = {}
    for key, total in totals.items():
        low, high = total // among, -(-total // among)
        costs[key] = [-1] * low + [0] * (high - low) + [1] * (total - high)
    return costs
