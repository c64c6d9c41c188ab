"""How scores are spread, drawn by the server: a wide drawing and a narrow one, of which the page shows one."""

from collections.abc import Sequence
from fractions import Fraction

from markupsafe import Markup, escape

#: (name, width, height, how many points between two labels) of each drawing.
_SIZES = (("wide", 620, 260, 10), ("narrow", 310, 210, 20))
_MARGIN, _FOOT, _HEAD = 14, 34, 24


def score_chart(bins: Sequence[int | None], threshold: Fraction, title: str, description: str) -> Markup:
    """Both drawings; a count that is None is too small to be shown, and is drawn as such."""
    return Markup("").join(_drawing(bins, threshold, title, description, *size) for size in _SIZES)


def _drawing(
    bins: Sequence[int | None], threshold: Fraction, title: str, description: str, name: str, width: int, height: int,
    every: int,
) -> Markup:  # fmt: skip
    bottom, room = height - _FOOT, width - 2 * _MARGIN
    step, most = room / len(bins), max([count for count in bins if count] or [1])
    parts = [
        Markup('<svg class="{0}" viewBox="0 0 {1} {2}" role="img" aria-labelledby="{0}-title {0}-desc">').format(
            name, width, height
        ),
        Markup('<title id="{0}-title">{1}</title><desc id="{0}-desc">{2}</desc>').format(
            name, escape(title), escape(description)
        ),
    ]
    for place, count in enumerate(bins):
        if count == 0:
            continue
        tall = (bottom - _HEAD) * (count / most if count else 0.04)
        bar = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
        left = _MARGIN + place * step
        parts.append(bar.format("fill" if count else "lack", left + 2, bottom - tall, step - 4, tall))
        if count:
            middle = left + step / 2
            parts.append(_text(middle, bottom - tall - 5, str(count)))
    parts.append(_line("axis", _MARGIN, width - _MARGIN, bottom, bottom))
    labels = range(0, 101, every)
    parts += [_text(_MARGIN + room * points / 100, bottom + 20, str(points), "soft") for points in labels]
    goal = _MARGIN + room * float(threshold)
    parts.append(_line("goal", goal, goal, _HEAD - 16, bottom))
    return Markup("").join(parts) + Markup("</svg>")


def _line(name: str, left: float, right: float, top: float, bottom: float) -> Markup:
    line = Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    return line.format(name, left, right, top, bottom)


def _text(left: float, top: float, said: str, name: str = "") -> Markup:
    text = Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>')
    return text.format(name, left, top, said)
