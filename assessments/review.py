"""Which questions people should read again, and why: signals that decide nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assessments.analysed import ItemFigures

#: Fewer answers than this say nothing of a question.
ENOUGH = 30
#: A group of fewer attempts than this is not shown: figures are about groups, never about somebody.
LEAST = 5
TOO_EASY, TOO_HARD, WEAK = 0.95, 0.25, 0.10

#: ``few`` answers to say anything · ``key`` may be wrong: those who do well elsewhere miss it · ``weak`` it hardly
#: tells them apart · ``hard`` · ``easy`` · ``unused`` a wrong option that nobody chooses · ``attracts`` a wrong option
#: that the strong choose more than the weak · ``exposed`` met by more attempts than its module allows.
Kind = Literal["few", "key", "weak", "hard", "easy", "unused", "attracts", "exposed"]
#: The gravest first.
ORDER: tuple[Kind, ...] = ("key", "attracts", "hard", "weak", "easy", "unused", "exposed", "few")


@dataclass(frozen=True)
class Signal:
    """Why a question should be read again; ``option`` is the one concerned, where there is one."""

    kind: Kind
    option: str = ""


def signals(figures: ItemFigures, exposure: float = 1.0) -> tuple[Signal, ...]:
    """What to look at in a question, the gravest first; ``exposure`` is the share its module allows (1: any)."""
    found = [Signal("exposed")] if exposure < 1 and figures.exposure > exposure else []
    if figures.count < ENOUGH:
        found.append(Signal("few"))
    else:
        found += _of_answers(figures)
    return tuple(sorted(found, key=lambda signal: (ORDER.index(signal.kind), signal.option)))


def _of_answers(figures: ItemFigures) -> list[Signal]:
    found = []
    if figures.discrimination is not None and figures.discrimination < WEAK:
        found.append(Signal("key" if figures.discrimination < 0 else "weak"))
    if figures.difficulty > TOO_EASY:
        found.append(Signal("easy"))
    if figures.difficulty < TOO_HARD:
        found.append(Signal("hard"))
    for use in figures.uses:
        if use.option not in figures.item.wrong:
            continue
        if use.share == 0:
            found.append(Signal("unused", use.option))
        elif use.by_third is not None and use.by_third[2] > use.by_third[0]:
            found.append(Signal("attracts", use.option))
    return found


def masked(counts: Sequence[int]) -> tuple[int | None, ...]:
    """Counts as they may be shown: None for those of fewer than ``LEAST``.

    Where one alone would be hidden, the next smallest is too: no subtraction gives it back.
    """
    hidden = {place for place, count in enumerate(counts) if 0 < count < LEAST}
    others = sorted((count, place) for place, count in enumerate(counts) if count and place not in hidden)
    if len(hidden) == 1 and others:
        hidden.add(others[0][1])
    return tuple(None if place in hidden else count for place, count in enumerate(counts))
