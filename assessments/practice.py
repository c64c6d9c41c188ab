"""What a round of practice asks: what was got wrong comes back first."""

import random
from collections.abc import Iterable, Sequence

from assessments.draw import as_shown
from assessments.model import DrawnQuestion
from assessments.registry import anatomies
from curricula.model import Module, Question
from curricula.placement import placed_questions

#: Questions of a round, at most.
ROUND = 10


def practised(module: Module) -> tuple[Question, ...]:
    """The questions that can be practised: those not kept for the assessment, and not marked by a person."""
    return placed_questions(module, anatomies())


def next_round(bank: Sequence[Question], answered: Iterable[tuple[str, bool]], seed: str) -> tuple[DrawnQuestion, ...]:
    """The questions of a round, the same for the same arguments.

    ``answered``: (key, whether it was wholly right) of every answer so far, the first one first. Questions whose last
    answer was not right come first, the one answered longest ago before the others; then those never asked; then those
    answered right, the longest ago first.
    """
    last: dict[str, tuple[int, bool]] = {key: (place, right) for place, (key, right) in enumerate(answered)}

    def order(question: Question) -> tuple[int, int]:
        if question.key not in last:
            return (1, 0)
        place, right = last[question.key]
        return (2 if right else 0, place)

    rng = random.Random(seed)  # nosec B311 # noqa: S311 - reproducible on purpose; nothing secret depends on it
    shuffled = list(bank)
    rng.shuffle(shuffled)
    chosen = sorted(shuffled, key=order)[:ROUND]
    rng.shuffle(chosen)
    return tuple(as_shown(question, rng) for question in chosen)
