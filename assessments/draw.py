"""Draws questions from a bank: seeded, spread over the objectives, reproducible from the attempt."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

from assessments.model import DrawnQuestion
from curricula.model import Question


def draw(bank: Sequence[Question], count: int, seed: str, seen: Iterable[str] = ()) -> tuple[DrawnQuestion, ...]:
    """``count`` questions of the bank in a random order, the same for the same arguments.

    Each objective gets as equal a share as possible; inside an objective, questions not yet ``seen`` by the
    learner come first, and difficulties alternate. Raises ``ValueError`` when the bank is too small.
    """
    if count > len(bank):
        raise ValueError(f"{count} questions asked of a bank of {len(bank)}.")
    rng = random.Random(seed)  # noqa: S311 - reproducible on purpose; nothing secret depends on it
    chosen: list[Question] = []
    piles = _piles(bank, frozenset(seen), rng)
    while len(chosen) < count:
        for pile in piles:
            if pile and len(chosen) < count:
                chosen.append(pile.pop())
    rng.shuffle(chosen)
    return tuple(DrawnQuestion(question.key, _shuffled(question, rng)) for question in chosen)


def _piles(bank: Sequence[Question], seen: frozenset[str], rng: random.Random) -> list[list[Question]]:
    by_objective: dict[str, list[Question]] = defaultdict(list)
    for question in bank:
        by_objective[question.objective].append(question)
    piles = [_ordered(by_objective[key], seen, rng) for key in sorted(by_objective)]
    rng.shuffle(piles)
    return piles


def _ordered(questions: list[Question], seen: frozenset[str], rng: random.Random) -> list[Question]:
    rng.shuffle(questions)
    ranks: dict[int, int] = defaultdict(int)
    order: dict[str, tuple[bool, int]] = {}
    for question in sorted(questions, key=lambda question: question.key in seen):
        order[question.key] = (question.key in seen, ranks[question.difficulty])
        ranks[question.difficulty] += 1
    # Popped from the end: unseen first, then one of each difficulty before a second of any.
    return sorted(questions, key=lambda question: order[question.key], reverse=True)


def _shuffled(question: Question, rng: random.Random) -> tuple[str, ...]:
    keys = [option.key for option in question.options]
    rng.shuffle(keys)
    return tuple(keys)
