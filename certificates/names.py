"""Holders' names: kept as their owner writes them, refused when they could not be printed true."""

import unicodedata

from certificates import fonts

MAX_LENGTH = 180
#: Room for the name on paper, in points, and how it may be set: lines and size, preferred first.
NAME_ROOM = 520.0
NAME_STEPS = (
    *((1, size) for size in (27.0, 25.0, 23.0, 21.0, 19.0)),
    *((2, size) for size in (23.0, 21.0, 19.0, 17.0)),
    *((3, size) for size in (17.0, 15.0)),
)
NAME_FACE = fonts.SANS_BOLD

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
    if undrawn := fonts.missing(name, NAME_FACE) or marks:
        raise NameRefused("script", undrawn)
    fitted_name(name)
    return name


def fitted_name(name: str) -> fonts.Fitted:
    """``name`` in the lines and at the size it is printed. Raises :class:`NameRefused` (``width``)."""
    try:
        return fonts.fit(name, NAME_FACE, NAME_ROOM, NAME_STEPS)
    except fonts.DoesNotFitError as error:
        raise NameRefused("width") from error
