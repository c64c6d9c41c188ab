"""Draws questions from a bank: seeded, spread over the objectives, reproducible from the attempt."""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

from assessments.model import DrawnQuestion
from assessments.registry import question_types
from curricula.model import Question
from curricula.write import questions_lines


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
    return tuple(as_shown(question, rng) for question in chosen)


def with_other_forms(drawn: Sequence[DrawnQuestion], bank: Sequence[Question], seed: str) -> tuple[DrawnQuestion, ...]:
    """The same draw for who needs other forms of questions: one that is ``instead`` of a drawn one takes its place."""
    rng = random.Random(f"{seed}: other forms")  # noqa: S311 - as above
    others = {question.instead: question for question in bank if question.instead}
    return tuple(as_shown(others[item.key], rng) if item.key in others else item for item in drawn)


def as_shown(question: Question, rng: random.Random) -> DrawnQuestion:
    """The question as one learner sees it: shuffled is what its type shows in another order each time."""
    shuffled = question_types()[question.type].shuffles if question.type in question_types() else frozenset()
    options, places = [option.key for option in question.options], [place.key for place in question.places]
    for name, keys in (("options", options), ("places", places)):
        if name in shuffled:
            rng.shuffle(keys)
    return DrawnQuestion(question.key, tuple(options), tuple(places), revision_of(question))


def as_written(question: Question) -> DrawnQuestion:
    """The question in the order it is written in."""
    options, places = (tuple(each.key for each in held) for held in (question.options, question.places))
    return DrawnQuestion(question.key, options, places)


def revision_of(question: Question) -> str:
    """What names what a question says: 16 hexadecimal digits of the SHA-256 of how it is written."""
    return hashlib.sha256("\n".join(questions_lines([question])).encode()).hexdigest()[:16]


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
