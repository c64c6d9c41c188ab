"""Numbers as people type them, in French or in English, read exactly.

« 1 234,5 », « 1234.5 », « 1,234.5 », « 1.234,5 », « 12,5 % », « € 12 » and « 12 km » are read; « 1e3 », « 1/2 » and
« about 12 » are not. Of a comma and a point, the last one is the decimal sign. A sign that comes several times parts
thousands. One comma or one point alone is the decimal sign, even before three digits: « 1,234 » is read as 1.234 in
either language, and ``doubtful`` lets the page say so at once.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from assessments.model import Plain
from curricula.lacking import number
from curricula.model import Localized, Spot

#: No quantity takes more characters to write.
MOST = 60
_DIGITS = frozenset("0123456789")
_NUMERIC = _DIGITS | frozenset("+-., '")
_SIGNS = {**dict.fromkeys(map(ord, "−–‒﹣－"), "-"), **dict.fromkeys(map(ord, "’‘ʼ"), "'")}
#: What parts thousands and what begins decimals.
_MARKS = {"fr": ("\u202f", ","), "en": (",", ".")}
#: A word that long may take the « s » of its plural.
_PLURAL = 3


@dataclass(frozen=True)
class Typed:
    """A number that was typed, and the key of the unit typed with it; ``unit`` is empty where none was."""

    number: Fraction
    unit: str = ""


def typed(text: str, units: Sequence[Spot] = ()) -> Typed | None:
    """What was typed in the field of a number, with perhaps one of the units before or after; None for no number.

    Where no unit is offered, « 12,5 % » is 0.125.
    """
    before, middle, after = _parted(text)
    value, unit = parsed(middle), before or after
    if value is None or (before and after):
        return None
    if not unit:
        return Typed(value)
    if unit == "%" and not units:
        return Typed(value / 100)
    key = _unit(unit, units)
    return None if key is None else Typed(value, key)


def parsed(text: str) -> Fraction | None:
    """The number that a text is, and nothing else; None where it is none."""
    text = _plain(text)
    sign = -1 if text.startswith("-") else 1
    text = text[1:].lstrip() if text[:1] in ("+", "-") else text
    whole, decimals = _halves(text)
    groups = _groups(whole)
    if groups is None or not _DIGITS.issuperset(decimals) or not (groups or decimals):
        return None
    return sign * Fraction(f"{groups or '0'}.{decimals or '0'}")


def doubtful(text: str) -> bool:
    """Whether a number may have been meant a thousand times larger: « 1,234 », « 12.500 »."""
    middle = _plain(_parted(text)[1]).lstrip("+- ")
    whole, decimals = _halves(middle)
    return (
        len(whole) + 1 + len(decimals) == len(middle) and len(decimals) == 3 and _DIGITS.issuperset(whole + decimals)
        and 1 <= len(whole) <= 3 and whole[0] != "0"
    )  # fmt: skip


def within(value: Fraction, expected: str, tolerance: str) -> bool:
    """Whether a number is the one expected, by no more than the tolerance: a number, or a share of it in percent."""
    right = number(expected)
    if right is None:
        return False
    near = number(tolerance.removesuffix("%").strip() or "0") or Fraction(0)
    return abs(value - right) <= (near * abs(right) / 100 if tolerance.endswith("%") else near)


def shown(value: str, unit: Localized | None = None, tolerance: str = "") -> Plain:
    """A number of a question with its unit and how far from it one may be, as each language writes them."""
    texts = {}
    for language in _MARKS:
        said = _marked(value, language)
        name = (unit or {}).get(language, "")
        said = f"{said}\u00a0{name}" if name else said
        near = tolerance.removesuffix("%").strip()
        near = _marked(near, language) + ("\u202f%" if tolerance.endswith("%") else "")
        texts[language] = f"{said} (±\u00a0{near})" if tolerance else said
    return Plain(texts)


def _plain(text: str) -> str:
    """Without the spaces around, any space inside being an ordinary one; nothing for what is too long."""
    if len(text) > MOST:
        return ""
    return "".join(" " if sign.isspace() else sign for sign in text.translate(_SIGNS)).strip()


def _parted(text: str) -> tuple[str, str, str]:
    """What stands before the number, the number, what stands after it."""
    text = _plain(text)
    begins = next((at for at, sign in enumerate(text) if sign in _DIGITS or sign in "+-.,"), len(text))
    ends = next((at for at in range(begins, len(text)) if text[at] not in _NUMERIC), len(text))
    return text[:begins].strip(), text[begins:ends].strip(), text[ends:].strip()


def _halves(text: str) -> tuple[str, str]:
    """What stands before the decimal sign and what stands after it."""
    points, commas = text.count("."), text.count(",")
    if points and commas:
        sign = max(".,", key=text.rfind)
    elif points + commas == 1:
        sign = "." if points else ","
    else:
        return text, ""
    whole, _sign, decimals = text.rpartition(sign)
    return whole, decimals


def _groups(text: str) -> str | None:
    """The digits of a whole number, perhaps in groups of three that one same sign parts; None for anything else."""
    signs = {sign for sign in text if sign not in _DIGITS}
    if not signs:
        return text
    if len(signs) > 1 or not signs <= set(" .,'"):
        return None
    first, *others = text.split(signs.pop())
    whole = 1 <= len(first) <= 3 and all(len(group) == 3 for group in others)
    return first + "".join(others) if whole else None


def _unit(text: str, units: Sequence[Spot]) -> str | None:
    """The key of the unit that a text says, in either language; capitals decide only where two units differ by them."""
    for alike in (_as_is, _in_small, _in_singular):
        keys = {unit.key for unit in units for name in unit.text.values() if name and alike(name) == alike(text)}
        if len(keys) == 1:
            return keys.pop()
    return None


def _as_is(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _in_small(text: str) -> str:
    return _as_is(text).casefold()


def _in_singular(text: str) -> str:
    small = _in_small(text)
    return small.removesuffix("s") if len(small) >= _PLURAL else small


def _marked(value: str, language: str) -> str:
    """A number of a question as a language writes it: « 12345.5 » is « 12 345,5 »; what is no number stays."""
    if number(value) is None:
        return value
    thousands, decimal = _MARKS[language]
    sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
    whole, _point, decimals = digits.partition(".")
    return sign + f"{int(whole):,}".replace(",", thousands) + (decimal + decimals if decimals else "")
