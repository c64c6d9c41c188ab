"""Cells of files as people fill them: a text, a day, an amount, a SIRET, yes or no, or why it is none.

A cell that can be read in two ways is refused rather than guessed. An empty one is None, and an empty text.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

#: Marks a message for extraction; whoever shows it translates it.
N_ = str
#: What a cell may hold.
Value = str | int | Decimal | date | datetime | bool | None

#: Characters that turn the direction of writing: a name could then read as another.
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
#: Years of a day that somebody means, in files and forms: others are mistakes, or beyond what calendars count.
YEARS = range(1900, 2101)
#: Days that Excel counts from 1900, of the years 1955 to 2118: other numbers may be anything.
SERIALS = range(20_089, 80_000)
#: No amount of a budget is larger, in cents; the database holds a thousand times more.
LARGEST_CENTS = 10**15

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_ERROR = re.compile(r"#(REF|VALUE|VALEUR|DIV/0|NAME|NOM|NULL|NUL|NUM|NOMBRE) ?[!?]|#N/A|#N/D|#ERROR|Err\s?:\d{3}")
_SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d+)?[eE]\+?\d+")
_ISO = re.compile(r"(\d{4})([-/.]?)(\d{2})\2(\d{2})")
_FRENCH = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{2}|\d{4})")
_WORDS = re.compile(r"(?:[a-z]+ )?(\d{1,2})(?:er)? ([a-z]+) (\d{4})")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$")
_MONTHS = (
    ("janvier", "janv", "january"), ("fevrier", "fevr", "february"), ("mars", "march"), ("avril", "avr", "april"),
    ("mai", "may"), ("juin", "june"), ("juillet", "juil", "july"), ("aout", "august"),
    ("septembre", "sept", "september"), ("octobre", "october"), ("novembre", "november"), ("decembre", "december"),
)  # fmt: skip
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in (*names, names[-1][:3])}
_AMOUNT = re.compile(r"[+-]?\d+(?:[ '.,]\d+)*")
_CURRENCY = re.compile(r"^(€|eur\b|euros?\b)|(€|eur|euros?)$", re.IGNORECASE)
_YES = frozenset({"oui", "o", "yes", "y", "vrai", "true", "1", "x"})
_NO = frozenset({"non", "n", "no", "faux", "false", "0"})


@dataclass(frozen=True)
class Problem:
    """Why a row, or the whole file, was refused. ``what`` and ``fix`` are messages to translate with ``values``.

    ``line`` is the row's, as the file has it, from 1; ``column`` is the heading, empty for a whole row; ``sheet`` is
    empty for a CSV file.
    """

    line: int
    column: str
    what: str
    fix: str
    values: Mapping[str, Any]
    sheet: str = ""


class UnreadableFile(ValueError):
    """The file as a whole cannot be read; ``problem`` says why."""

    def __init__(self, what: str, fix: str, line: int = 1, **values: Any) -> None:
        self.problem = Problem(line, "", what, fix, values)
        super().__init__(what % values if values else what)


class CellRefused(ValueError):
    """A cell that cannot be read: ``what`` is wrong and how to ``fix`` it, messages to translate with ``values``."""

    def __init__(self, what: str, fix: str, **values: Any) -> None:
        self.what, self.fix, self.values = what, fix, values
        super().__init__(what % values if values else what)


@lru_cache(maxsize=4096)
def plain(words: str) -> str:
    """A text without case, accents or punctuation, for comparing names people type."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    kept = "".join(sign if sign.isalnum() else " " for sign in letters if not unicodedata.combining(sign))
    return " ".join(kept.split())


def text(value: Value) -> str:
    """The text of any cell, trimmed, with ordinary spaces. Raises ``CellRefused``."""
    if isinstance(value, str):
        return _words(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "VRAI" if value else "FAUX"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value.is_finite() else str(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def identifier(value: Value) -> str:
    """The text of a number that names something; one a spreadsheet rounded is refused. Raises ``CellRefused``."""
    words = text(value)
    if _SCIENTIFIC.fullmatch(words):
        raise CellRefused(
            N_("« %(value)s »: a spreadsheet turned this cell into a number and lost its last digits."),
            N_("Set the column to the format Text, enter the value again, and export."),
            value=words[:50],
        )
    return words


def siret(value: Value) -> str | None:
    """The 14 digits of a SIRET, as text. Raises ``CellRefused``."""
    words = identifier(value).replace(" ", "")
    if not words:
        return None
    if not (words.isascii() and words.isdigit()):
        raise CellRefused(
            N_("« %(value)s » is not a SIRET: it has something else than digits."),
            N_("Write the 14 digits, or leave the cell empty."),
            value=words[:50],
        )
    if len(words) != 14:
        raise CellRefused(
            N_("A SIRET has 14 digits and this one %(count)s; a spreadsheet removes the zeros it begins with."),
            N_("Set the column to the format Text, enter the SIRET again, and export."),
            count=len(words),
        )
    if words.endswith("00000"):  # no establishment has this number, but a rounded one ends so
        raise CellRefused(
            N_("« %(value)s » is not a SIRET: a spreadsheet lost its last digits."),
            N_("Set the column to the format Text, enter the SIRET again, and export."),
            value=words,
        )
    return words


def day(value: Value) -> date | None:
    """A day: typed, 2026-01-03, 03/01/2026, 03-01-26, 3 janvier 2026, or Excel's number. Raises ``CellRefused``."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    words = text(value)
    if not words:
        return None
    bare = _TIME.sub("", words)
    if found := _ISO.fullmatch(bare):
        return _date(words, int(found[1]), int(found[3]), int(found[4]))
    if found := _FRENCH.fullmatch(bare):
        year = int(found[4])
        if len(found[4]) == 2:
            year += 2000 if year < 80 else 1900
        return _date(words, year, int(found[3]), int(found[1]))
    if found := _WORDS.fullmatch(plain(bare)):
        return _date(words, int(found[3]), _MONTH.get(found[2], 0), int(found[1]))
    number = words.split(".")[0]  # the part after the point is the time of the day
    if number.isascii() and number.isdigit() and len(number) == 5 and int(number) in SERIALS:
        return date(1899, 12, 30) + timedelta(days=int(number))
    raise _not_a_day(words)


def cents(value: Value) -> int | None:
    """An amount of euros in cents: « 1 234,56 € », 1234.56, -12, (12,00), a number. Raises ``CellRefused``."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return _whole_cents(Decimal(value), str(value))
    words = text(value)
    if not words:
        return None
    bare = words.replace("\u2212", "-").replace("\u2019", "'")
    bare = _CURRENCY.sub("", bare).strip()
    if bare.startswith("(") and bare.endswith(")"):  # accountants' way to say less than nothing
        bare = "-" + _CURRENCY.sub("", bare[1:-1]).strip()
    bare = re.sub(r"^([+-])\s+", r"\1", " ".join(bare.split()))
    if not (bare.isascii() and _AMOUNT.fullmatch(bare)):
        raise CellRefused(
            N_("« %(value)s » is not an amount."), N_("Write it in euros, as in 1234,56."), value=words[:50]
        )
    return _whole_cents(Decimal(_with_point(bare, words)), words)


def flag(value: Value) -> bool | None:
    """Yes or no: oui, non, vrai, faux, 1, 0, x. Raises ``CellRefused``."""
    words = text(value)
    if not words:
        return None
    known = plain(words)
    if known not in _YES | _NO:
        raise CellRefused(N_("« %(value)s » is neither yes nor no."), N_("Write oui or non."), value=words[:50])
    return known in _YES


def _words(value: str) -> str:
    words = value.strip()
    if len(words) > 3 and words.startswith('="') and words.endswith('"'):  # how a CSV tells Excel to keep zeros
        words = words[2:-1].strip()
    if not words.isascii():
        words = _SPACES.sub(" ", unicodedata.normalize("NFC", words)).strip()
    if not words.isprintable() and (_CONTROLS.search(words) or not BIDI.isdisjoint(words)):
        raise CellRefused(
            N_("The cell holds invisible characters: a line break, a tab, or signs that turn the writing."),
            N_("Type the cell again in your spreadsheet."),
        )
    if words[:1] in "#E" and _ERROR.fullmatch(words):
        raise CellRefused(
            N_("The formula of this cell gives an error: %(value)s."),
            N_("Mend the formula, or put its value in its place."),
            value=words,
        )
    return words


def _date(words: str, year: int, month: int, of_month: int) -> date:
    if year in YEARS:
        try:
            return date(year, month, of_month)
        except ValueError:
            pass
    raise _not_a_day(words)


def _not_a_day(words: str) -> CellRefused:
    return CellRefused(
        N_("« %(value)s » is not a date, or can be read as several."),
        N_("Write it day first, as in 31/01/2026, or year first, as in 2026-01-31."),
        value=words[:50],
    )


def _with_point(bare: str, words: str) -> str:
    """The digits of an amount with a decimal point; the last sign is decimal unless it groups thousands."""
    sign, digits = ("-", bare[1:]) if bare.startswith("-") else ("", bare.lstrip("+"))
    groups = re.split(r"[ '.,]", digits)
    marks = re.findall(r"[ '.,]", digits)
    decimals = ""
    # The last mark is the decimal one when it is a point or a comma that appears once.
    if marks and marks[-1] in ".," and marks.count(marks[-1]) == 1:
        decimals = groups.pop()
        mark = marks.pop()
        if not marks and len(decimals) == 3 and len(groups[0]) <= 3 and groups[0] != "0":
            raise CellRefused(
                N_("« %(value)s » can be read in two ways: thousands, or three decimals."),
                N_("Write the amount without separator of thousands, with two decimals after « %(mark)s »."),
                value=words[:50],
                mark=mark,
            )
    if len(set(marks)) > 1 or (marks and (len(groups[0]) > 3 or any(len(group) != 3 for group in groups[1:]))):
        raise CellRefused(
            N_("« %(value)s » is not an amount: its digits are not grouped by three."),
            N_("Write it in euros, as in 1234,56."),
            value=words[:50],
        )
    return f"{sign}{''.join(groups)}.{decimals or '0'}"


def _whole_cents(euros: Decimal, words: str) -> int:
    """Euros as cents; what a spreadsheet's arithmetic adds beyond the billionth of a euro is noise, not money."""
    if not euros.is_finite() or abs(euros) * 100 > LARGEST_CENTS:
        raise CellRefused(
            N_("« %(value)s » is too large for an amount."), N_("Write it in euros, as in 1234,56."), value=words[:50]
        )
    exact = (euros * 100).quantize(Decimal("0.0000001"))
    whole = exact.to_integral_value()
    if exact != whole:
        raise CellRefused(
            N_("« %(value)s » has parts of a cent."), N_("Round the amount to two decimals."), value=words[:50]
        )
    return int(whole)
