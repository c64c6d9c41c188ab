"""Drawings as plain values: shapes and places, which ``templates/hr/charts.html`` writes as SVG.

Each drawing comes wide and narrow; the page shows the one there is room for. Colours are classes of the style sheet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal


@dataclass(frozen=True)
class Shape:
    """``line`` from (x, y) to (x2, y2) · ``path`` through ``points`` · ``dot`` · ``box`` of x2 by y2 · ``text``."""

    kind: Literal["line", "path", "dot", "box", "text"]
    name: str
    x: float = 0
    y: float = 0
    x2: float = 0
    y2: float = 0
    points: str = ""
    said: str = ""
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True)
class Drawing:
    """One SVG: its size, and its shapes in the order they are drawn."""

    size: Literal["wide", "narrow"]
    width: int
    height: int
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Series:
    """Values in the order of the horizontal axis, None where there is none yet; ``name`` is its class."""

    name: Literal["goal", "real"]
    values: Sequence[int | None]


def lines(
    labels: Sequence[str], series: Sequence[Series], say: Callable[[int], str], *, short: Callable[[int], str]
) -> tuple[Drawing, Drawing]:
    """Series over a few moments, on an axis that ``say`` labels (``short`` where there is little room)."""
    return (
        _lines("wide", 620, 340, (84, 30), labels, series, say),
        _lines("narrow", 310, 240, (46, 16), labels, series, short),
    )


def gauge(value: Fraction, inside: str, above: str, ends: tuple[str, str]) -> Drawing:
    """How much of a whole is reached: 1 fills it, more or less than nothing is cut."""
    width, reached = 400, float(min(max(value, Fraction(0)), Fraction(1))) * 400
    shapes = [Shape("box", "trackbar", 0, 24, width, 30)]
    if reached < width:
        shapes.append(Shape("box", "lack", round(reached, 1), 25, round(width - reached - 1, 1), 28))
    shapes.append(Shape("box", "fill", 0, 24, round(reached, 1), 30))
    if reached > 9 * len(inside):
        shapes.append(Shape("text", "inside", 10, 44, said=inside))
    anchor: Literal["start", "middle", "end"] = "start" if reached < 40 else "end" if reached > width - 40 else "middle"
    shapes.append(Shape("text", "strong", round(reached, 1), 16, said=above, anchor=anchor))
    shapes += [Shape("text", "soft", 0, 76, said=ends[0]), Shape("text", "soft", width, 76, said=ends[1], anchor="end")]
    return Drawing("wide", width, 84, tuple(shapes))


def steps(least: int, most: int, count: int) -> list[int]:
    """Round values from below the least to above the most, ``count`` intervals at most, for an axis."""
    if most <= least:
        most = least + 1
    size = 1
    while True:
        for factor in (1, 2, 5):
            step = factor * size
            first, last = floor(least / step), ceil(most / step)
            if last - first <= count:
                return [place * step for place in range(first, last + 1)]
        size *= 10


def _lines(
    size: Literal["wide", "narrow"], width: int, height: int, margins: tuple[int, int], labels: Sequence[str],
    series: Sequence[Series], say: Callable[[int], str],
) -> Drawing:  # fmt: skip
    left, right = margins
    top, bottom = 24, height - 40
    known = [value for each in series for value in each.values if value is not None]
    marks = steps(min(known), max(known), 5) if known else [0, 1]
    room = max(len(labels) - 1, 1)

    def across(place: int) -> float:
        return round(left + (width - left - right) * place / room, 1)

    def up(value: int) -> float:
        return round(bottom - (bottom - top) * (value - marks[0]) / (marks[-1] - marks[0]), 1)

    shapes = []
    for place, mark in enumerate(marks):
        shapes.append(Shape("line", "grid" if place else "axis", left, up(mark), width - right, up(mark)))
        shapes.append(Shape("text", "soft", left - 8, up(mark) + 4, said=say(mark), anchor="end"))
    for place, label in enumerate(labels):
        anchor: Literal["middle", "end"] = "end" if place == room else "middle"
        shapes.append(Shape("text", "soft", across(place) + (right if place == room else 0), bottom + 24, said=label,
                            anchor=anchor))  # fmt: skip
    for each in series:
        dots = [(across(place), up(value)) for place, value in enumerate(each.values) if value is not None]
        if len(dots) > 1:
            shapes.append(Shape("path", each.name, points=" ".join(f"{x},{y}" for x, y in dots)))
        shapes += [Shape("dot", f"{each.name}-dot", x, y, x2=5) for x, y in dots]
    return Drawing(size, width, height, tuple(shapes))
