"""The drawing of a budget against its path: values for a template, a wide drawing and a narrow one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lms.services.indicators import AE
from lms.services.trajectory import BudgetedYear

#: (name, width, height) of each drawing.
_SIZES = (("wide", 620, 280), ("narrow", 320, 240))
_MARGIN, _FOOT, _HEAD = 12, 34, 30


@dataclass(frozen=True)
class Bar:
    """The budget of a year: a bar, its AI part at its foot, and words over it; ``kind`` is known or projected."""

    kind: str
    left: float
    top: float
    width: float
    height: float
    ai_top: float
    ai_height: float
    middle: float
    label: str
    #: Where the words stand, over the bar and the path.
    label_at: float


@dataclass(frozen=True)
class PathDrawing:
    """One drawing: bars, the path as points of a line, and the years under the axis."""

    name: str
    width: int
    height: int
    bottom: int
    bars: tuple[Bar, ...]
    #: « x,y x,y … » for a polyline.
    path: str
    years: tuple[tuple[float, str], ...]


def path_drawings(years: Sequence[BudgetedYear], words: Callable[[AE], str]) -> list[PathDrawing]:
    """Both drawings; ``words`` says an amount in a few signs."""
    return [_drawing(years, words, *size) for size in _SIZES]


def _drawing(
    years: Sequence[BudgetedYear], words: Callable[[AE], str], name: str, width: int, height: int
) -> PathDrawing:  # fmt: skip
    bottom, slot = height - _FOOT, (width - 2 * _MARGIN) / max(len(years), 1)
    goals = [each.target or 0 for each in years]  # years of a path all have one
    most = max([1, *goals, *(each.budget or 0 for each in years)])

    def tall(cents: int) -> float:
        return round((bottom - _HEAD) * cents / most, 1)

    bars, points, labels = list[Bar](), list[str](), list[tuple[float, str]]()
    for place, (each, goal) in enumerate(zip(years, goals, strict=True)):
        middle = round(_MARGIN + (place + 0.5) * slot, 1)
        points.append(f"{middle},{bottom - tall(goal):.1f}")
        labels.append((middle, str(each.year)))
        if each.amounts is None or each.budget is None:
            continue
        high, ai = tall(each.budget), tall(min(each.amounts.ai_ae, each.budget))
        wide = round(slot * 0.5, 1)
        bars.append(
            Bar(
                kind="projected" if each.projected else "known",
                left=round(middle - wide / 2, 1),
                top=round(bottom - high, 1),
                width=wide,
                height=high,
                ai_top=round(bottom - ai, 1),
                ai_height=ai,
                middle=middle,
                label=words(each.budget),
                label_at=round(max(13, bottom - max(high, tall(goal)) - 10), 1),
            )
        )
    return PathDrawing(name, width, height, bottom, tuple(bars), " ".join(points), tuple(labels))
