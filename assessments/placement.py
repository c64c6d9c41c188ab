"""The placement test: which question comes next, when a module is settled, what follows.

Module after module, the first question is of difficulty 2; the next one is a step harder after a right answer, a step
easier after a wrong one, the same after one partly right. A module is settled as soon as no further answer could change
on which side of the threshold it stands. Its score is the mean of what was asked about it.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from assessments.draw import as_shown
from assessments.model import DrawnQuestion
from assessments.registry import anatomies
from curricula.model import Module, PlacementRules, Question, Track
from curricula.placement import placed_modules, placed_questions

#: Difficulty of the first question about a module, and the easiest and the hardest there are.
FIRST, EASIEST, HARDEST = 2, 1, 3


@dataclass(frozen=True)
class Step:
    """A question that was answered about a module, and the points it earned."""

    module: str
    question: str
    points: Fraction


@dataclass(frozen=True)
class Placed:
    """Where a module stands: so many questions were ``asked``; ``reached`` is None until it is settled."""

    module: Module
    asked: int
    score: Fraction
    reached: bool | None


def modules_of(track: Track) -> tuple[Module, ...]:
    """The modules that the placement test of a track asks about, in order; none without such a test."""
    return placed_modules(track, anatomies()) if track.placement else ()


def placed(track: Track, steps: Sequence[Step]) -> tuple[Placed, ...]:
    """Where each module stands after those steps."""
    rules = track.placement
    assert rules is not None
    found = []
    for module in modules_of(track):
        points = [step.points for step in steps if step.module == module.key]
        score = sum(points, Fraction(0)) / len(points) if points else Fraction(0)
        found.append(Placed(module, len(points), score, _reached(rules, points)))
    return tuple(found)


def next_question(track: Track, seed: str, steps: Sequence[Step]) -> tuple[Module, DrawnQuestion] | None:
    """The question that comes after those steps, the same for the same arguments; None when all is settled."""
    stand = next((each for each in placed(track, steps) if each.reached is None), None)
    if stand is None:
        return None
    module = stand.module
    done = [step for step in steps if step.module == module.key]
    bank = {question.key: question for question in placed_questions(module, anatomies())}
    # Whatever the number of questions before, the draw about a module depends on its own alone.
    rng = random.Random(f"{seed} {module.key} {len(done)}")  # nosec B311 # noqa: S311 - reproducible on purpose
    return module, as_shown(_chosen(bank, done, rng), rng)


def _chosen(bank: Mapping[str, Question], done: Sequence[Step], rng: random.Random) -> Question:
    """A question not asked yet, as near as can be to the difficulty wanted, of an objective asked about the least."""
    asked = [bank[step.question].objective for step in done if step.question in bank]
    wanted = _difficulty(done)
    left = [question for key, question in bank.items() if key not in {step.question for step in done}]
    rng.shuffle(left)
    return min(left, key=lambda each: (abs(each.difficulty - wanted), each.difficulty, asked.count(each.objective)))


def _difficulty(done: Sequence[Step]) -> int:
    level = FIRST
    for step in done:
        level += 1 if step.points == 1 else -1 if step.points == 0 else 0
        level = min(HARDEST, max(EASIEST, level))
    return level


def _reached(rules: PlacementRules, points: Sequence[Fraction]) -> bool | None:
    """Whether the threshold is reached whatever comes, cannot be any more, or may still be."""
    earned, left = sum(points, Fraction(0)), rules.questions - len(points)
    needed = rules.threshold * rules.questions
    if earned >= needed:
        return True
    return False if earned + left < needed else None
