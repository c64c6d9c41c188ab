"""Pairs of attempts that share unusually many identical wrong answers: a signal to look at, which proves nothing.

For two attempts, only the questions that *both* answered wrongly tell anything: that they are right together is what
teaching is for, and weak learners miss many. Of two wrong answers to a question, the chance that they are the same when
each was given independently is ``Σ w²``, ``w`` being the share of each wrong answer among all wrong answers to it. The
number of identical ones is then a sum of independent chances (Poisson-binomial); its exact tail, times the number of
pairs compared (Bonferroni), is how surprising the pair is. The statistic is of the family of Harpp and Hogan (1993).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

#: Under so many attempts the shares of wrong answers are not known.
ENOUGH = 30
#: How surprising a pair must be, all pairs counted, and how many identical wrong answers it must share at least.
LEVEL, LEAST = 0.01, 4


@dataclass(frozen=True)
class Pair:
    """Two attempts, by their places: identical wrong answers of so many missed by both, how many chance would give, and
    the probability that any pair at all would share as many."""

    one: int
    other: int
    same: int
    missed: int
    expected: float
    probability: float


def similar(wrong: Sequence[Mapping[str, Hashable]], owners: Sequence[Hashable]) -> tuple[Pair, ...]:
    """The pairs to look at, the most surprising first; none under ``ENOUGH`` attempts.

    ``wrong`` gives the wrong answers of each attempt by question (what was left out is not an answer); ``owners`` says
    whose it is: two attempts of one person are not compared.
    """
    if len(wrong) < ENOUGH:
        return ()
    chances = _chances(wrong)
    pairs = [(a, b) for a, b in combinations(range(len(wrong)), 2) if owners[a] != owners[b]]
    found = []
    for a, b in pairs:
        missed = wrong[a].keys() & wrong[b].keys()
        same = sum(wrong[a][key] == wrong[b][key] for key in missed)
        if same < LEAST:
            continue
        likely = [chances[key] for key in sorted(missed)]
        expected = sum(likely)
        # Below two standard deviations no correction for the number of pairs can leave anything: not worth the sum.
        if same <= expected + 2 * sqrt(sum(chance * (1 - chance) for chance in likely)):
            continue
        probability = min(1.0, tail(likely, same) * len(pairs))
        if probability <= LEVEL:
            found.append(Pair(a, b, same, len(missed), expected, probability))
    return tuple(sorted(found, key=lambda pair: (pair.probability, pair.one, pair.other)))


def tail(chances: Sequence[float], least: int) -> float:
    """The probability that at least so many of these independent events happen."""
    exactly = [1.0]
    for chance in chances:
        exactly = [
            (exactly[n] if n < len(exactly) else 0.0) * (1 - chance) + (exactly[n - 1] * chance if n else 0.0)
            for n in range(len(exactly) + 1)
        ]
    return sum(exactly[least:])


def _chances(wrong: Sequence[Mapping[str, Hashable]]) -> dict[str, float]:
    """For each question, the chance that two independent wrong answers to it are the same."""
    given: dict[str, Counter[Hashable]] = defaultdict(Counter)
    for answers in wrong:
        for key, answer in answers.items():
            given[key][answer] += 1
    return {
        key: sum(count * count for count in counts.values()) / sum(counts.values()) ** 2
        for key, counts in given.items()
    }
