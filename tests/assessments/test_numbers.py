"""Numbers are read exactly as French and English write them, and nothing else is taken for a number."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.model import Plain
from assessments.numbers import MOST, Typed, doubtful, parsed, shown, typed, within
from curricula.model import Spot


def unit(key: str, fr: str, en: str = "", factor: str = "") -> Spot:
    return Spot(key, {"fr": fr, "en": en or fr}, factor)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", Fraction(12)),
        ("-12", Fraction(-12)),
        ("\u2212 12", Fraction(-12)),  # a real minus sign, then a space
        ("+3", Fraction(3)),
        ("12,5", Fraction(25, 2)),
        ("12.5", Fraction(25, 2)),
        (",5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("0,1", Fraction(1, 10)),
        ("1 234,5", Fraction(2469, 2)),
        ("1\u202f234,5", Fraction(2469, 2)),
        ("1\u00a0234\u00a0567", Fraction(1234567)),
        ("1,234.5", Fraction(2469, 2)),
        ("1.234,5", Fraction(2469, 2)),
        ("1'234.5", Fraction(2469, 2)),
        ("1.234.567", Fraction(1234567)),
        ("1,234,567", Fraction(1234567)),
        ("1 234.567", Fraction(1234567, 1000)),
        ("1,234", Fraction(1234, 1000)),  # the stated rule: one sign alone is the decimal sign
        ("1.234", Fraction(1234, 1000)),
        ("007", Fraction(7)),
        ("0", Fraction(0)),
        ("-0,0", Fraction(0)),
        # No number.
        ("", None),
        ("-", None),
        (",", None),
        (".", None),
        ("1e3", None),
        ("1E3", None),
        ("1/2", None),
        ("½", None),
        ("10²", None),
        ("0x10", None),
        ("1_000", None),
        ("٣", None),
        ("１２", None),
        ("inf", None),
        ("nan", None),
        ("12 34", None),
        ("1 23", None),
        ("1234 567", None),
        ("1,23,456", None),
        ("1.234,567,8", None),
        ("1,234.567.8", None),
        ("1 234.567,8", None),
        ("1,5 2", None),
        ("--1", None),
        ("1-2", None),
        ("1 ,5", None),
        ("douze", None),
        ("9" * (MOST + 1), None),
    ],
)
def test_a_number_is_read_exactly_or_not_at_all(text: str, value: Fraction | None) -> None:
    assert parsed(text) == value


EURO, THOUSANDS = unit("e", "€"), unit("k", "k€", factor="1000")
UNITS = (EURO, THOUSANDS, unit("d", "jours", "days"), unit("a", "an", "year"), unit("p", "%"), unit("m2", "m²"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("12 €", Typed(Fraction(12), "e")),
        ("€ 12", Typed(Fraction(12), "e")),
        ("€12.50", Typed(Fraction(25, 2), "e")),
        ("12 K€", Typed(Fraction(12), "k")),
        ("1 200 k€", Typed(Fraction(1200), "k")),
        ("3 jour", Typed(Fraction(3), "d")),
        ("3 Days", Typed(Fraction(3), "d")),
        ("1 day", Typed(Fraction(1), "d")),
        ("2 ans", Typed(Fraction(2), "a")),
        ("12,5 %", Typed(Fraction(25, 2), "p")),
        ("12,5\u202f%", Typed(Fraction(25, 2), "p")),
        ("40 m2", Typed(Fraction(40), "m2")),
        ("40 m²", Typed(Fraction(40), "m2")),
        ("12", Typed(Fraction(12))),
        ("12 $", None),
        ("€ 12 €", None),
        ("12 € environ", None),
        ("environ 12", None),
        ("€", None),
        ("12 à 13", None),
    ],
)
def test_a_unit_is_read_before_or_after_the_number(text: str, read: Typed | None) -> None:
    assert typed(text, UNITS) == read


def test_a_unit_that_is_not_offered_makes_no_number_and_percent_alone_is_hundredths() -> None:
    assert typed("12 €") is None
    assert typed("12,5 %") == Typed(Fraction(1, 8))
    assert typed("12 %", (EURO,)) is None


def test_capitals_tell_units_apart_where_only_they_do() -> None:
    units = (unit("mega", "MW"), unit("milli", "mW"))
    assert typed("3 MW", units) == Typed(Fraction(3), "mega")
    assert typed("3 mW", units) == Typed(Fraction(3), "milli")
    assert typed("3 mw", units) is None, "it may be either"


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        ("1,234", True), ("1.234", True), ("-12,500 €", True), ("123.456", True),
        ("0,234", False), ("1234,567", False), ("1,23", False), ("1 234", False), ("1 234,567", False),
        ("1,234.5", False), ("1,234,567", False), ("12", False), ("", False), ("abc", False), (",234", False),
    ],
)  # fmt: skip
def test_a_number_that_may_have_been_meant_in_thousands_is_told(text: str, may_be: bool) -> None:
    assert doubtful(text) is may_be


@pytest.mark.parametrize(
    ("value", "expected", "tolerance", "right"),
    [
        (Fraction(12), "12", "", True),
        (Fraction(12), "12.0", "", True),
        (Fraction(1201, 100), "12", "", False),
        (Fraction(125, 10), "12", "0.5", True),
        (Fraction(1250001, 100000), "12", "0.5", False),
        (Fraction(102), "100", "2%", True),
        (Fraction(98), "100", "2 %", True),
        (Fraction(10201, 100), "100", "2%", False),
        (Fraction(-98), "-100", "2%", True),
        (Fraction(0), "0", "5%", True),
        (Fraction(3, 10), "0.3", "", True),  # floats would say 0.1 + 0.2 is not
        (Fraction(1), "", "", False),
        (Fraction(1), "one", "1", False),
    ],
)
def test_a_number_is_right_within_its_tolerance_both_ends_included(
    value: Fraction, expected: str, tolerance: str, right: bool
) -> None:
    assert within(value, expected, tolerance) is right


def test_a_number_is_shown_as_each_language_writes_it() -> None:
    assert shown("12345.5", {"fr": "heures", "en": "hours"}, "2%") == Plain(
        {"fr": "12\u202f345,5\u00a0heures (±\u00a02\u202f%)", "en": "12,345.5\u00a0hours (±\u00a02\u202f%)"}
    )
    assert shown("-300") == Plain({"fr": "-300", "en": "-300"})
    assert shown("not yet") == Plain({"fr": "not yet", "en": "not yet"})


@given(st.text(max_size=MOST + 5) | st.text(alphabet="0123456789 .,'+-€%k\u202f", max_size=20))
def test_reading_never_fails_and_gives_one_number_or_none(text: str) -> None:
    read = typed(text, UNITS)
    assert read is None or isinstance(read.number, Fraction)
    assert parsed(text) is None or typed(text) == Typed(parsed(text) or Fraction(0))
    assert not doubtful(text) or typed(text, UNITS) is None or abs((read or Typed(Fraction(1))).number) < 1000


@given(st.decimals(-(10**12), 10**12, places=3))
def test_what_is_shown_is_read_back_equal(value: object) -> None:
    said = shown(str(value)).text
    assert not isinstance(said, str)
    for language in ("fr", "en"):
        assert parsed(said[language]) == Fraction(str(value))
