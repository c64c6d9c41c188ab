"""Rounding and filters, before any format or report."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from lms.tables import Filter, FilterError, hours, rate


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (Fraction(3, 10), "0.30"),
        (Fraction(2, 3), "0.6666"),
        (Fraction(69999, 100000), "0.6999"),
        (Fraction(1), "1.00"),
        (Fraction(0), "0.00"),
        (Fraction(125, 1000), "0.125"),
    ],
)
def test_a_rate_is_never_rounded_up(value: Fraction, printed: str) -> None:
    assert rate(value) == Decimal(printed)
    assert str(rate(value)) == str(Decimal(printed).quantize(Decimal("0.0001"))) or str(rate(value)) == printed


def test_no_rate_is_no_value() -> None:
    assert rate(None) is None


def test_hours_have_two_decimals() -> None:
    assert [str(hours(minutes)) for minutes in (150, 20, 0)] == ["2.50", "0.33", "0.00"]


WHEN = Filter("from", {"fr": "du", "en": "from"}, "date")
STATE = Filter("state", {"fr": "statut", "en": "state"}, "choice", lambda: {"done": {"fr": "fait", "en": "done"}})


@pytest.mark.parametrize(
    "text", ["2026-11-20", "20/11/2026", " 20/11/2026 ", "20/11/26", "20-11-26", "20 novembre 2026"]
)
def test_a_day_is_read_as_files_have_it(text: str) -> None:
    assert WHEN.read(text) == date(2026, 11, 20)


@pytest.mark.parametrize(
    "text", ["31/02/2026", "demain", "2026-13-01", "1/2", "", "31/12/9999", "0001-01-01", "31/12/2200"]
)
def test_a_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        WHEN.read(text)
    assert caught.value.allowed == ("AAAA-MM-JJ", "JJ/MM/AAAA (1900-2100)")


def test_a_choice_is_one_of_its_values() -> None:
    assert STATE.read("done") == "done"
    with pytest.raises(FilterError) as caught:
        STATE.read("undone")
    assert caught.value.allowed == ("done",)
