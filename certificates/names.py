"""Holders' names: kept as their owner writes them, refused when they could not be printed true."""

import unicodedata
from collections.abc import Iterable

from certificates import fonts

MAX_LENGTH = 180
#: Room for the name on paper, in points, and how it may be set: lines and size, preferred first.
NAME_ROOM = 520.0
NAME_STEPS = (
    *((1, size) for size in (27.0, 25.0, 23.0, 21.0, 19.0)),
    *((2, size) for size in (23.0, 21.0, 19.0, 17.0)),
    *((3, size) for size in (17.0, 15.0)),
)
#: The faces of names, preferred first: one draws a name whole, or it is not drawn.
NAME_FACES = (fonts.SANS_BOLD, fonts.ARABIC, fonts.HEBREW)

#: Categories no name is made of: controls, formats (bidi overrides, zero widths), surrogates, private use,
#: unassigned, line and paragraph separators.
_REFUSED = {"Cc": "control", "Cf": "invisible", "Cs": "control", "Co": "control", "Cn": "control"}
_REFUSED |= {"Zl": "control", "Zp": "control"}
#: Letters that draw nothing, and so hide in a name: Hangul fillers and the like.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")


class NameRefused(ValueError):
    """A name that cannot be certified.

    ``reason`` is one of: ``empty``, ``long`` (over 180 characters), ``control``, ``invisible`` (bidi overrides
    and zero widths), ``script`` (no embedded font draws ``characters``: ask for a transliteration), ``width``
    (a word of it is wider than the paper even reduced: ask for a form with spaces).
    """

    def __init__(self, reason: str, characters: str = "") -> None:
        super().__init__(f"name refused: {reason}")
        self.reason = reason
        self.characters = characters


def holder_name(text: str) -> str:
    """The name to certify: NFC, single spaces, none around. Raises :class:`NameRefused`."""
    for char in text:
        if reason := _REFUSED.get(unicodedata.category(char)):
            raise NameRefused(reason, char)
        if char in _BLANK_LETTERS:
            raise NameRefused("invisible", char)
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise NameRefused("empty")
    if len(name) > MAX_LENGTH:
        raise NameRefused("long")
    marks = "".join(char for char in name if unicodedata.combining(char))
    # A mark that NFC left apart would be drawn beside its letter, not on it.
    if marks:
        raise NameRefused("script", marks)
    fitted_name(name)
    return name


def name_face(name: str) -> fonts.Face:
    """The first face that draws every letter of ``name``. Raises :class:`NameRefused` (``script``)."""
    undrawn = {face: fonts.missing(name, face) for face in NAME_FACES}
    for face, letters in undrawn.items():
        if not letters:
            return face
    # What no face knows is to be written otherwise; a mixture that none draws whole, as a whole.
    nowhere = set.intersection(*(set(letters) for letters in undrawn.values()))
    raise NameRefused("script", "".join(sorted(nowhere)) or undrawn[NAME_FACES[0]])


def fitted_name(name: str, room: float = NAME_ROOM, steps: Iterable[tuple[int, float]] = NAME_STEPS) -> fonts.Fitted:
    """``name`` in the lines and at the size it is set. Raises :class:`NameRefused` (``script``, ``width``)."""
    try:
        return fonts.fit(name, name_face(name), room, steps)
    except fonts.DoesNotFitError as error:
        raise NameRefused("width") from error
