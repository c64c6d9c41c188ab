"""What many attempts say of a test and of each of its questions: classical test theory, figures that decide nothing.

- difficulty: the mean of what the question earned, 0 to 1;
- discrimination: the correlation of what it earned with the mean of the *other* questions of the attempt
  (item-rest; the point-biserial correlation where a question earns all or nothing);
- upper-lower: its mean among the 27 % of attempts with the highest scores less among the 27 % with the lowest (Kelley,
  1939); attempts that tie with the last of a group are of the group;
- reliability: Cronbach's α, which is KR-20 where every question earns all or nothing. Each attempt draws its own
  questions, so it is computed from mean variances and covariances, as Cronbach (1951, Psychometrika 16, 297-334) writes
  it: ``α = m·c / (v + (m - 1)·c)`` for ``m`` questions an attempt, each covariance being that of the attempts that were
  asked both questions (as ``psych::alpha(use = "pairwise")`` does) and weighing as many. Where every attempt was asked
  the same questions this is the classical α exactly;
- error: the standard error of measurement of a score, ``s·√(1 - α)``.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt
from typing import Literal

# Read when numpy is first imported: on a busy machine the threads of its algebra wait for one another, and long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from assessments.analysed import Analysis, Distribution, ItemFigures, OptionUse, Reliability
from assessments.gathered import Cell, Gathered, Item

#: How many scores are told apart in a distribution: 0 to 9, 10 to 19 … 90 to 100 points.
BINS = 10
#: The share of attempts in each group of the upper-lower index.
KELLEY = 0.27
#: Attempts laid out as a table at once.
_BATCH = 4096
#: Below it a difference is the rounding of the machine.
_NOTHING = 1e-12

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def analyse(gathered: Gathered) -> Analysis | None:
    """The figures of these attempts; None without any."""
    if not len(gathered):
        return None
    answers = np.frombuffer(gathered.answers, dtype=np.intc)
    ends: Integers = np.frombuffer(gathered.ends, dtype=np.int64)
    counts: Integers = np.diff(ends, prepend=np.int64(0)).astype(np.int64)
    items = np.array([cell.item for cell in gathered.cells], dtype=np.int32)[answers]
    points = np.array([cell.points for cell in gathered.cells])[answers]
    attempts = np.repeat(np.arange(len(counts)), counts)
    sums: Floats = np.bincount(attempts, weights=points).astype(np.float64)
    met = _Met(gathered, answers, points, attempts, sums, counts, np.round(sums / counts, 9))
    return Analysis(
        len(counts),
        tuple(
            _figures(met, number, where)
            for number, where in enumerate(_by_item(items, len(gathered.items)))
            if len(where)
        ),
        _reliability(met, items),
        _distribution(np.frombuffer(gathered.scores), np.frombuffer(gathered.passed, dtype=np.int8)),
    )


@dataclass(frozen=True)
class _Met:
    """Every answer: the cell it is, what it earned, its attempt; of each attempt the sum, the count and the score."""

    gathered: Gathered
    answers: NDArray[np.intc]
    points: Floats
    attempts: Integers
    sums: Floats
    counts: Integers
    scores: Floats


def _by_item(items: NDArray[np.int32], count: int) -> Iterator[Integers]:
    """Where the answers to each item are."""
    order = np.argsort(items.astype(np.int16) if count < 2**15 else items, kind="stable")
    starts = np.searchsorted(items[order], np.arange(count + 1))
    for first, last in pairwise(starts):
        yield order[first:last]


def _figures(met: _Met, number: int, where: Integers) -> ItemFigures:
    item, points, who = met.gathered.items[number], met.points[where], met.attempts[where]
    scores, others = met.scores[who], met.counts[who] - 1
    several = others > 0
    rest = (met.sums[who] - points)[several] / others[several]
    thirds = _groups(scores, 1 / 3)
    groups = np.ones(len(where), dtype=np.int8) if thirds is None else thirds
    # How often each cell was in each third; those of other items never were.
    table = np.bincount(met.answers[where] * 3 + groups, minlength=3 * len(met.gathered.cells)).reshape(-1, 3)
    ways = [(met.gathered.cells[cell], table[cell]) for cell in np.flatnonzero(table.any(axis=1))]
    low, middle, high = (int(size) for size in table.sum(axis=0))
    return ItemFigures(
        item=item,
        count=len(where),
        exposure=len(where) / len(met.counts),
        difficulty=float(points.mean()),
        discrimination=correlation(points[several], rest),
        upper_lower=_upper_lower(points, _groups(scores, KELLEY)),
        unanswered=sum(int(row.sum()) for cell, row in ways if not cell.answered) / len(where),
        uses=_uses(item, ways, (low, middle, high), parted=thirds is not None),
        thirds=(low, middle, high) if thirds is not None else None,
    )


def correlation(one: Floats, other: Floats) -> float | None:
    """Pearson's r; None where one of them does not vary."""
    if len(one) < 2:
        return None
    one, other = one - one.mean(), other - other.mean()
    square = float(one @ one) * float(other @ other)
    return float(one @ other) / sqrt(square) if square > _NOTHING * len(one) else None


def _groups(scores: Floats, share: float) -> NDArray[np.int8] | None:
    """0 for each score of the lowest ``share``, 2 for the highest, 1 between; None where both ends are one score."""
    size = ceil(share * len(scores) - _NOTHING)
    ranked = np.partition(scores, [size - 1, len(scores) - size])
    low, high = ranked[size - 1], ranked[len(scores) - size]
    if low >= high:
        return None
    groups = np.ones(len(scores), dtype=np.int8)
    groups[scores >= high], groups[scores <= low] = 2, 0
    return groups


def _upper_lower(points: Floats, groups: NDArray[np.int8] | None) -> float | None:
    return None if groups is None else float(points[groups == 2].mean() - points[groups == 0].mean())


def _uses(
    item: Item, ways: Sequence[tuple[Cell, Integers]], sizes: tuple[int, int, int], *, parted: bool
) -> tuple[OptionUse, ...]:
    """How often each option was chosen, by whom; ``ways`` says how often each cell was, in each third."""
    used = {option: np.zeros(3, dtype=np.int64) for option in item.options}
    for cell, row in ways:
        for option in cell.chosen:
            if option in used:
                used[option] += row
    found = []
    for option, row in used.items():
        low, middle, high = (int(count) / size if size else 0.0 for count, size in zip(row, sizes, strict=True))
        found.append(OptionUse(option, int(row.sum()) / sum(sizes), (low, middle, high) if parted else None))
    return tuple(found)


def _reliability(met: _Met, items: NDArray[np.int32]) -> Reliability:
    size, attempts = len(met.gathered.items), len(met.counts)
    both, sums, products = (np.zeros((size, size)) for _ in range(3))
    ends = np.cumsum(met.counts)
    for first in range(0, attempts, _BATCH):
        last = min(first + _BATCH, attempts)
        part = slice(ends[first] - met.counts[first], ends[last - 1])
        place = met.attempts[part] - first, items[part]
        asked, earned = (np.zeros((last - first, size)) for _ in range(2))
        asked[place], earned[place] = 1, met.points[part]
        both += asked.T @ asked
        sums += earned.T @ asked
        products += earned.T @ earned
    with np.errstate(divide="ignore", invalid="ignore"):
        covariances = (products - sums * sums.T / both) / (both - 1)
    known = both >= 2
    own, pairs = np.eye(size, dtype=bool) & known, np.triu(known, 1)
    length, complete = float(met.counts.mean()), bool((both == attempts).all())
    name: Literal["alpha", "kr20"] = "kr20" if np.isin(met.points, (0, 1)).all() else "alpha"
    value = None
    if pairs.any():
        variance, covariance = (np.average(covariances[each], weights=both[each]) for each in (own, pairs))
        whole = variance + (length - 1) * covariance
        value = float(length * covariance / whole) if whole > _NOTHING else None
    spread = float(met.scores.std(ddof=1)) if attempts > 1 else 0.0
    error = spread * sqrt(1 - max(0.0, min(1.0, value))) if value is not None else None
    return Reliability(value, name, length, complete, error)


def _distribution(scores: Floats, passed: NDArray[np.int8]) -> Distribution:
    tenths = np.minimum(BINS - 1, np.floor(scores * BINS + 1e-9)).astype(np.int64)
    low, median, high = (float(value) for value in np.quantile(scores, (0.25, 0.5, 0.75)))
    bins = tuple(int(count) for count in np.bincount(tenths, minlength=BINS))
    return Distribution(bins, (low, median, high), float(scores.mean()), float(passed.mean()))
