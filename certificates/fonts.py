"""The faces embedded in certificates: where they are, what they can draw, how wide a text is in them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import arabic_reshaper
import font_caladea
import font_source_sans_pro
import fontpkg_arimo
import fontpkg_noto_sans_arabic
from xhtml2pdf.bidi import get_display

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont

SANS_DIRECTORY = Path(font_source_sans_pro.__file__).parent / "files"
SERIF_DIRECTORY = Path(font_caladea.__file__).parent / "files"
_ARABIC_DIRECTORY = fontpkg_noto_sans_arabic.ROOT / "files"
_HEBREW_DIRECTORY = fontpkg_arimo.ROOT / "files"

_ARABIC_LETTER = re.compile(r"[\u0620-\u06ff\u0750-\u077f]")
#: Where a line may break: after spaces, and only if that is not enough after hyphens too.
_PIECES = (re.compile(r"[^ ]+ *| +"), re.compile(r"[^ -]*-+|[^ -]+ *| +"))


@dataclass(frozen=True)
class Face:
    """One weight and slope of a family, as CSS names them."""

    family: str
    path: Path
    weight: str = "normal"
    style: str = "normal"


#: Draws everything that varies, holders' names first: Latin, Greek and Cyrillic.
SANS = Face("Source Sans Pro", SANS_DIRECTORY / "SourceSansPro-Regular.ttf")
SANS_BOLD = Face("Source Sans Pro", SANS_DIRECTORY / "SourceSansPro-Semibold.ttf", weight="bold")
#: Draws titles only; it knows Latin alone.
SERIF = Face("Caladea", SERIF_DIRECTORY / "Caladea-Regular.ttf")
SERIF_BOLD = Face("Caladea", SERIF_DIRECTORY / "Caladea-Bold.ttf", weight="bold")
#: Draw names written from right to left, and the Latin beside them.
ARABIC = Face("Noto Sans Arabic", _ARABIC_DIRECTORY / "NotoSansArabic[wdth,wght].ttf")
HEBREW = Face("Arimo", _HEBREW_DIRECTORY / "Arimo[wght].ttf")
FACES = (SANS, SANS_BOLD, SERIF, SERIF_BOLD, ARABIC, HEBREW)


class DoesNotFitError(ValueError):
    """The text does not fit its place at the smallest legible size."""


@dataclass(frozen=True)
class Fitted:
    """A text cut into lines that all fit, and the size in points they are set at."""

    lines: tuple[str, ...]
    size: float


@cache
def metrics(face: Face) -> "TTFont":
    """The parsed face, read once a process."""
    from reportlab.pdfbase.ttfonts import TTFont  # once something is measured: docs/adr/0056

    return TTFont(face.path.stem, str(face.path))


def missing(text: str, face: Face) -> str:
    """The characters of ``text`` that ``face`` has no glyph for; white space is drawn without one."""
    glyphs = metrics(face).face.charToGlyph
    return "".join(sorted({char for char in joined(text) if not char.isspace() and ord(char) not in glyphs}))


def joined(text: str) -> str:
    """``text`` with Arabic letters in the forms they take beside each other, still in reading order."""
    shaped: str = arabic_reshaper.reshape(text) if _ARABIC_LETTER.search(text) else text
    return shaped


def as_drawn(line: str) -> str:
    """The signs of one line from left to right, as the renderer of the paper places them too."""
    placed: str = get_display(joined(line))
    return placed


def width(text: str, face: Face, size: float) -> float:
    """The width of ``text`` in points at ``size`` points, as the renderer will measure it."""
    measured: float = metrics(face).stringWidth(joined(text), size)
    return measured


def fit(text: str, face: Face, room: float, steps: Iterable[tuple[int, float]]) -> Fitted:
    """Set ``text`` in lines of ``room`` points, at the first of ``steps`` that holds it.

    A step is a number of lines and a size in points: shrink first, wrap next. Lines break at spaces and after
    hyphens, never inside a word: a broken name is a wrong name. Raises :class:`DoesNotFitError`.
    """
    for count, size in steps:
        for pattern in _PIECES:
            pieces = pattern.findall(text)
            lines = _broken(pieces, face, room, size)
            if lines and len(lines) <= count:
                return Fitted(_evened(pieces, face, room, size, len(lines)), size)
    raise DoesNotFitError(text)


def _broken(pieces: list[str], face: Face, room: float, size: float) -> tuple[str, ...]:
    """The pieces in as few lines as they allow; nothing when one alone is too wide."""
    lines: list[str] = []
    for piece in pieces:
        if width(piece.rstrip(), face, size) > room:
            return ()
        if lines and width((lines[-1] + piece).rstrip(), face, size) <= room:
            lines[-1] += piece
        else:
            lines.append(piece)
    return tuple(line.rstrip() for line in lines)


def _evened(pieces: list[str], face: Face, room: float, size: float, count: int) -> tuple[str, ...]:
    """The pieces in ``count`` lines as even as possible: a last line of one short word looks like an accident."""
    target = width("".join(pieces), face, size) / count
    while target < room:
        lines = _broken(pieces, face, target, size)
        if len(lines) == count:
            return lines
        target += size / 2
    return _broken(pieces, face, room, size)
