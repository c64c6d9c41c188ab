"""Draws questions from a bank: seeded, spread over objectives and difficulties, reproducible from the attempt."""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from assessments.forms import parallel_forms
from assessments.model import DrawnQuestion
from assessments.registry import question_types
from assessments.shares import Impossible, shares
from curricula.model import Module, Question
from curricula.write import questions_lines


def redraw(module: Module, seed: str, put_last: Mapping[str, object]) -> tuple[DrawnQuestion, ...]:
    """The questions of an attempt at a module's assessment, from what the attempt holds: the same each time.

    ``put_last``: ``seen`` and ``exposed`` are keys of questions; ``form`` is the number of the parallel form, from 1,
    where there are several. Raises ``ValueError`` for rules the bank cannot keep, which validation refuses.
    """
    quiz, bank = module.quiz, module.assessed_questions
    if quiz is None:
        raise ValueError(f"{module.key} has no assessment.")
    if quiz.forms > 1:
        bank = parallel_forms(bank, quiz.forms)[int(str(put_last["form"])) - 1]
    seen, exposed = (frozenset(map(str, _listed(put_last.get(name)))) for name in ("seen", "exposed"))
    return draw(bank, quiz.questions, seed, seen, exposed=exposed, difficulties=quiz.difficulties)


def first_form(seed: str, forms: int) -> int:
    """The parallel form that a learner begins with; the others follow in turn."""
    return 1 + random.Random(f"form {seed}").randrange(forms)  # nosec B311 # noqa: S311 - reproducible on purpose


def draw(
    bank: Sequence[Question],
    count: int,
    seed: str,
    seen: Iterable[str] = (),
    *,
    exposed: Iterable[str] = (),
    difficulties: Sequence[int] = (),
) -> tuple[DrawnQuestion, ...]:
    """``count`` questions of the bank in a random order, the same for the same arguments.

    Each objective gets as equal a share as possible. ``difficulties`` are how many questions of difficulty 1, 2 and 3
    there must be; without them, difficulties alternate inside an objective. New questions come first, then those
    ``exposed`` to too many learners, then those ``seen`` by this one. Raises ``ValueError`` when the bank is too small.
    """
    if count > len(bank):
        raise ValueError(f"{count} questions asked of a bank of {len(bank)}.")
    rng = random.Random(seed)  # nosec B311 # noqa: S311 - reproducible on purpose; nothing secret depends on it
    known, spread = frozenset(seen), frozenset(exposed)
    ranks = {question.key: 2 * (question.key in known) + (question.key in spread) for question in bank}
    chosen = _exactly(bank, difficulties, ranks, rng) if difficulties else _alternating(bank, count, ranks, rng)
    rng.shuffle(chosen)
    return tuple(as_shown(question, rng) for question in chosen)


def _alternating(bank: Sequence[Question], count: int, ranks: Mapping[str, int], rng: random.Random) -> list[Question]:
    chosen: list[Question] = []
    piles = _piles(bank, ranks, rng)
    while len(chosen) < count:
        for pile in piles:
            if pile and len(chosen) < count:
                chosen.append(pile.pop())
    return chosen


def _exactly(
    bank: Sequence[Question], wanted: Sequence[int], ranks: Mapping[str, int], rng: random.Random
) -> list[Question]:
    """So many of each difficulty. Equal shares of the objectives weigh more than new questions, these than the rest."""
    shuffled = list(bank)
    rng.shuffle(shuffled)
    piles: dict[tuple[str, int], list[Question]] = defaultdict(list)
    for question in sorted(shuffled, key=lambda question: ranks[question.key]):
        piles[question.objective, question.difficulty].append(question)
    count = sum(wanted)
    # A question seen costs more than any number of exposed ones; a share less equal more than any number of both.
    weights = (0, 1, count + 1, count + 2)
    unequal = (count + 2) ** 2
    sizes = Counter(question.objective for question in shuffled)
    rows = {objective: [unequal * (2 * place + 1) for place in range(size)] for objective, size in sizes.items()}
    columns = {level: [0] * number for level, number in enumerate(wanted, start=1)}
    costs = {
        cell: [weights[ranks[question.key]] for question in pile] for cell, pile in piles.items() if cell[1] in columns
    }
    try:
        taken = shares(count, rows, columns, costs)
    except Impossible:
        held = Counter(question.difficulty for question in bank)
        lacking = ", ".join(f"{number} of difficulty {level} asked of {held[level]}" for level, number in
                            enumerate(wanted, start=1) if number > held[level])  # fmt: skip
        raise ValueError(f"The bank is too small: {lacking}.") from None
    return [question for cell, number in taken.items() for question in piles[cell][:number]]


def _listed(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()


def with_other_forms(drawn: Sequence[DrawnQuestion], bank: Sequence[Question], seed: str) -> tuple[DrawnQuestion, ...]:
    """The same draw for who needs other forms of questions: one that is ``instead`` of a drawn one takes its place."""
    rng = random.Random(f"{seed}: other forms")  # nosec B311 # noqa: S311 - as above
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


def _piles(bank: Sequence[Question], ranks: Mapping[str, int], rng: random.Random) -> list[list[Question]]:
    by_objective: dict[str, list[Question]] = defaultdict(list)
    for question in bank:
        by_objective[question.objective].append(question)
    piles = [_ordered(by_objective[key], ranks, rng) for key in sorted(by_objective)]
    rng.shuffle(piles)
    return piles


def _ordered(questions: list[Question], ranks: Mapping[str, int], rng: random.Random) -> list[Question]:
    rng.shuffle(questions)
    turns: dict[int, int] = defaultdict(int)
    order: dict[str, tuple[int, int]] = {}
    for question in sorted(questions, key=lambda question: ranks[question.key]):
        order[question.key] = (ranks[question.key], turns[question.difficulty])
        turns[question.difficulty] += 1
    # Popped from the end: new ones first, then one of each difficulty before a second of any.
    return sorted(questions, key=lambda question: order[question.key], reverse=True)
