"""Cells as people fill them: what can be read in one way only is read, the rest is refused with a way out."""

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.cells import LARGEST_CENTS, CellRefused, cents, day, flag, identifier, siret, text

JANUARY = date(2026, 1, 3)
SPACES = st.sampled_from([" ", "\u00a0", "\u202f", "\u2009"])


@pytest.mark.parametrize(
    ("value", "known"),
    [
        (None, ""), ("  Lef\u00e8vre\u00a0", "Lefèvre"), ("Lefe\u0300vre", "Lefèvre"), (42, "42"),
        (Decimal("3.50"), "3.5"), (Decimal("1E+2"), "100"), (True, "VRAI"), (JANUARY, "2026-01-03"),
        ('="00042"', "00042"), ("=SOMME(A1)", "=SOMME(A1)"), ("#12", "#12"), ("E", "E"),
    ],
)  # fmt: skip
def test_texts(value: Any, known: str) -> None:
    assert text(value) == known


@pytest.mark.parametrize("value", ["#REF!", "#VALEUR!", "#N/A", "#DIV/0!", "Err:502", "a\nb", "abc\u202edef", "\0"])
def test_errors_of_formulas_and_invisible_signs_are_refused(value: str) -> None:
    with pytest.raises(CellRefused):
        text(value)


@pytest.mark.parametrize(
    "value",
    [
        JANUARY, datetime.fromisoformat("2026-01-03T12:00"), "2026-01-03",
        "2026-01-03T00:00:00", "03/01/2026", "3/1/2026", "03/01/26",
        "03-01-26", "03.01.2026", "3 janvier 2026", "samedi 3 janv. 2026", "3\u00a0JANVIER\u202f2026", "3 Jan 2026",
        "20260103", 20260103, 46025, "46025", Decimal("46025.5"), "03/01/2026 08:30", "2026/01/03",
    ],
)  # fmt: skip
def test_days(value: Any) -> None:
    assert day(value) == JANUARY


def test_the_first_of_a_month_and_years_of_two_digits() -> None:
    assert day("1er août 2026") == date(2026, 8, 1)
    assert (day("31/12/79"), day("31/12/80")) == (date(2079, 12, 31), date(1980, 12, 31))
    assert day("") is day(None) is None


@pytest.mark.parametrize(
    "value",
    ["01/25/2026", "31/02/2026", "2026", 2026, 12, "janvier 2026", "03/01-2026", "3 foo 2026", "20261301", True, "hier",
     "03/01/026", "2026-1-3-4", 99999, "0003-01-01", "\u0663/01/20267"],
)  # fmt: skip
def test_what_is_no_day_or_several_is_refused(value: Any) -> None:
    with pytest.raises(CellRefused):
        day(value)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_day_is_read_from_every_writing(one: date) -> None:
    for words in (one.isoformat(), f"{one:%d/%m/%Y}", f"{one:%d-%m-%Y}", f"{one.day} {one:%B} {one.year}", one):
        assert day(words) == one


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("1 234,56 €", 123456), ("1\u202f234,56\u00a0€", 123456), ("1234.56", 123456), ("-12", -1200), ("€ 5", 500),
        ("1.234,56", 123456), ("1,234.56", 123456), ("1 234 567", 123456700), ("1,234,567", 123456700), ("12,5", 1250),
        ("(12,00 €)", -1200), ("\u2212 3,10", -310), ("1'234.50", 123450), ("12 EUR", 1200), (Decimal("0.1"), 10),
        (7, 700), (Decimal("0.30000000000000004"), 30), ("0,00", 0), (None, None), ("  ", None), ("+4", 400),
        (Decimal("1234.5600000000001"), 123456),
    ],
)  # fmt: skip
def test_amounts(value: Any, known: int | None) -> None:
    assert cents(value) == known


@pytest.mark.parametrize(
    "value",
    ["1,234", "1.234", "12€50", "1,2,3", "12 34", "1.234.56", "1 234.567,89", "12,345", "0,123", Decimal("0.005"), "k€",
     "1e3", "12 k€", True, "1,", Decimal("1e30"), Decimal("NaN"), JANUARY, "--1", "1-2", "#N/A", "\u0661"],
)  # fmt: skip
def test_an_amount_that_can_be_read_twice_or_not_at_all_is_refused(value: Any) -> None:
    with pytest.raises(CellRefused):
        cents(value)


@given(st.integers(-LARGEST_CENTS, LARGEST_CENTS), SPACES, st.sampled_from(["", " €", "\u202f€", "EUR"]))
def test_an_amount_is_read_from_every_writing(amount: int, space: str, unit: str) -> None:
    sign, (euros, rest) = "-" if amount < 0 else "", divmod(abs(amount), 100)
    grouped = f"{euros:,}"
    for words in (
        f"{sign}{grouped.replace(',', space)},{rest:02}{unit}", f"{sign}{euros}.{rest:02}{unit}",
        f"{sign}{grouped.replace(',', '.')},{rest:02}", f"{sign}{grouped}.{rest:02}", Decimal(amount) / 100,
    ):  # fmt: skip
        assert cents(words) == amount


def test_a_siret_keeps_its_zeros() -> None:
    assert siret(" 012 345 678 90123 ") == "01234567890123"
    assert siret(12345678901234) == "12345678901234"
    assert siret("") is siret(None) is None


@pytest.mark.parametrize(
    "value",
    ["3.21E+13", "3,21E+13", 32100000000000, 1234567890123, Decimal("12345678901234.5"), "1234567890123A", 1.5e13,
     "\u0661" * 14, True],
)  # fmt: skip
def test_a_siret_a_spreadsheet_spoiled_is_refused(value: Any) -> None:
    with pytest.raises(CellRefused):
        siret(value)


def test_numbers_that_name_and_yes_or_no() -> None:
    assert (identifier(42), identifier("00042")) == ("42", "00042")
    with pytest.raises(CellRefused):
        identifier("1,5E+10")
    assert [flag(value) for value in ("Oui", "non", True, 0, "", "X", "FAUX")] == [
        True, False, True, False, None, True, False
    ]  # fmt: skip
    with pytest.raises(CellRefused):
        flag("peut-être")


ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.decimals(), st.dates(), st.text(),
    st.text(st.sampled_from("0123456789 .,-/€()'Ee+\u202f")),
)  # fmt: skip


@given(ANY)
def test_any_cell_is_read_or_explained(value: Any) -> None:
    for read in (text, identifier, siret, day, cents, flag):
        with suppress(CellRefused):
            read(value)
