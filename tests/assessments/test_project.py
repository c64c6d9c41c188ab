"""The dossier of a project: what was typed is read exactly, what is missing is said, what it brought is computed."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.amounts import cents, day, quantity
from assessments.dossier import accounts, missing
from assessments.model import Figure, Response
from assessments.registry import question_types
from assessments.roi import Money, change, gain, money
from assessments.works import latest_day, words
from tests.works_in_test import SAMPLES, question_of

TODAY = date(2026, 11, 20)
SAID = json.loads((SAMPLES / "project.json").read_text())["right"]
WHOLE: Response = {name: tuple(values) for name, values in SAID.items()}


def but(**changes: str) -> Response:
    """The whole dossier, but for some fields (« _ » for « - »); nothing takes one away."""
    said = {name.replace("_", "-"): value for name, value in changes.items()}
    return {**{name: values for name, values in WHOLE.items() if name not in said},
            **{name: (value,) for name, value in said.items() if value}}  # fmt: skip


def lacks(response: Response) -> dict[str, str]:
    return {each.field: each.what % dict(each.values) for each in missing(response, TODAY)}


# Return on investment


def test_the_return_on_investment_is_exact() -> None:
    """By hand: costs 12 500,50 + 3 499,50 = 16 000 €; avoided 6 000 €; 420 h × 32,50 € = 13 650 €.

    (6 000 + 13 650 - 16 000) / 16 000 = 3 650 / 16 000 = 73/320, 22.8125 %.
    """
    found = accounts(WHOLE)
    assert found == Money(1_600_000, 600_000, Fraction(1_365_000))
    assert found.net == 365_000
    assert found.roi == Fraction(73, 320)
    shown = {
        str(line.text): line.given[0] for line in question_types()["project"].computed(question_of("project"), WHOLE)
    }
    assert shown["Total cost"] == Figure("euros", 1_600_000)
    assert shown["Return on investment: net gain / total cost"] == Figure("share", Fraction(73, 320))
    # The delay went from 18 to 13.5 days: a quarter less, which is progress; two percentages, each in its way.
    assert shown["Progress of the indicator"] == Figure("share", Fraction(1, 4))
    assert shown["Satisfaction, in points"] == Figure("number", Fraction(15, 2))
    assert shown["Fall of non-take-up, in points"] == Figure("number", 3)


def test_it_is_not_defined_where_nothing_was_spent() -> None:
    assert money([0, 0], 50_000).roi is None
    free = {name: values for name, values in but(cost_1="0").items() if not name.startswith("cost-2")}
    lines = question_types()["project"].computed(question_of("project"), free)
    assert "Not defined: the total cost is zero." in {line.given[0] for line in lines}
    assert lacks(free) == {}


def test_a_loss_is_below_zero() -> None:
    assert money([100_000], 25_000, Fraction(1), 2_500).roi == Fraction(-29, 40)


@pytest.mark.parametrize("typed", ["douze", "12,500", "-5", "1 2", "12.345"])
def test_nothing_is_computed_from_an_amount_that_cannot_be_read(typed: str) -> None:
    assert accounts(but(cost_1=typed)) is None
    assert "cost-1" in lacks(but(cost_1=typed))


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=6),
    st.integers(0, 10**9),
    st.integers(0, 10**5),
    st.integers(0, 10**5),
)
def test_what_it_brings_once_paid_is_its_share_of_the_cost(
    costs: list[int], avoided: int, hours: int, worth: int
) -> None:
    found = money(costs, avoided, Fraction(hours, 4), worth)
    assert found == money(list(reversed(costs)), avoided, Fraction(hours, 4), worth)
    if found.roi is None:
        assert sum(costs) == 0
    else:
        assert found.roi >= -1
        assert found.cost * (1 + found.roi) == avoided + found.freed


def test_progress_has_its_direction() -> None:
    assert change(Fraction(20), Fraction(15)) == Fraction(-1, 4)
    assert gain(Fraction(20), Fraction(15), "less") == Fraction(1, 4)
    assert gain(Fraction(20), Fraction(15), "more") == Fraction(-1, 4)
    assert gain(Fraction(-4), Fraction(-2), "more") == Fraction(1, 2)
    assert gain(Fraction(0), Fraction(5), "more") is None


# What is typed


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("12 500,50", 1_250_050), ("12\u202f500,50\u00a0€", 1_250_050), ("12500.5", 1_250_050),
        ("12,500.50", 1_250_050), ("12.500,50", 1_250_050), ("0", 0), ("0,07", 7), ("−3,20 EUR", -320),
        ("1 250 000", 125_000_000), ("900 euros", 90_000),
        ("12,500", None), ("12.500", None), ("1 25", None), ("1e3", None), ("", None), ("€", None), ("12,505", None),
        ("١٢", None), ("9" * 40, None), ("1,2,3", None), ("12 500,50,50", None), ("--3", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_to_the_cent_or_not_at_all(typed: str, amount: int | None) -> None:
    assert cents(typed) == amount


@given(st.integers(-(10**10), 10**10))
def test_amounts_are_read_as_they_are_written_in_both_languages(amount: int) -> None:
    whole, rest = divmod(abs(amount), 100)
    sign = "-" if amount < 0 else ""
    for grouped, point in (
        (f"{whole:,}".replace(",", "\u202f"), ","),
        (f"{whole:,}", "."),
        (str(whole), ","),
        (str(whole), "."),
    ):
        assert cents(f"{sign}{grouped}{point}{rest:02}") == amount
        assert quantity(f"{sign}{grouped}{point}{rest:02}") == Fraction(amount, 100)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_is_none(text: str) -> None:
    assert (quantity(text) is None) or quantity(text) is not None
    amount = cents(text)
    assert amount is None or isinstance(amount, int)
    day(text)


def test_a_day_is_picked_or_typed() -> None:
    assert day("2026-11-20") == day("20/11/2026") == day(" 20/11/2026 ") == TODAY
    assert day("31/02/2026") is day("2026") is day("11/20/2026") is day("") is None


def test_it_is_today_as_soon_as_somewhere() -> None:
    """In Nouméa the 21st has begun at 14:00 UTC of the 20th: a measure of that day is no measure to come."""
    assert latest_day(datetime(2026, 11, 20, 14, 0, tzinfo=UTC)) == date(2026, 11, 21)


# What is missing


def test_a_whole_dossier_lacks_nothing() -> None:
    assert lacks(WHOLE) == {}


def test_an_empty_one_says_everything_it_needs() -> None:
    assert set(lacks({})) == {
        "indicator", "unit", "goal", "method", "baseline-day", "before", "after", "after-day", "cost-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field", "what"),
    [
        ({"method": " "}, "method", "how the indicator is measured"),
        ({"baseline_day": ""}, "baseline-day", "date of the baseline"),
        ({"after": ""}, "after", "measured after"),
        ({"before": "beaucoup"}, "before", "« beaucoup » is not a number"),
        ({"after_day": "le 4 mai"}, "after-day", "is not a date"),
        ({"after_day": "2026-03-01"}, "after-day", "not later than the baseline"),
        ({"after_day": "2026-03-02"}, "after-day", "not later than the baseline"),
        ({"after_day": "2026-11-21"}, "after-day", "still to come"),
        ({"baseline_day": "0202-03-02"}, "baseline-day", "too far back"),
        ({"avoided": "-6 000"}, "avoided", "below zero"),
        ({"hours": "-1"}, "hours", "below zero"),
        ({"hour_value": ""}, "hour-value", "value of an hour"),
        ({"hours": ""}, "hours", "hours freed"),
        ({"cost_2": ""}, "cost-2", "amount of this cost"),
        ({"cost_1_label": ""}, "cost-1-label", "what this cost is for"),
        ({"satisfaction_after": ""}, "satisfaction-after", "both percentages"),
        ({"non_take_up_before": "134"}, "non-take-up-before", "from 0 to 100"),
    ],
)
def test_what_is_missing_or_cannot_stand_is_said_where_it_is(changes: dict[str, str], field: str, what: str) -> None:
    found = lacks(but(**changes))
    assert set(found) == {field}
    assert what in found[field]


@given(st.dictionaries(st.sampled_from([*WHOLE, "cost-6"]), st.text(max_size=20).map(lambda text: (text,))))
def test_whatever_is_typed_it_can_be_said(said: Mapping[str, tuple[str, ...]]) -> None:
    for each in missing(said, TODAY):
        assert each.what % dict(each.values)
    question = question_of("project")
    assert question_types()["project"].computed(question, said)


# Essays and portfolios


def test_words_are_counted_as_word_processors_do() -> None:
    assert words("L’IA, aujourd’hui : trois mots ; et « deux » autres –") == 7
    assert words("") == 0


def test_an_essay_of_the_wrong_length_cannot_be_handed_in() -> None:
    kind, question = question_types()["essay"], question_of("essay")
    assert [
        len(kind.missing(question, {"text": (text,)}, TODAY)) for text in ("", "un deux", "un " * 5, "un " * 401)
    ] == [0, 1, 0, 1]


def test_a_portfolio_needs_a_whole_piece_for_each_competency() -> None:
    kind, question = question_types()["portfolio"], question_of("portfolio")
    said = {
        name: tuple(values) for name, values in json.loads((SAMPLES / "portfolio.json").read_text())["right"].items()
    }
    assert kind.missing(question, said, TODAY) == ()
    assert {each.field for each in kind.missing(question, {"steer-title": ("Note",)}, TODAY)} == {
        "lead-title", "steer-context", "steer-shows", "steer-reflection",
    }  # fmt: skip


@pytest.mark.parametrize("key", ["deposit", "project", "portfolio"])
def test_what_is_typed_later_leaves_the_files_there(key: str) -> None:
    kind, question = question_types()[key], question_of(key)
    said = {name: tuple(values) for name, values in json.loads((SAMPLES / f"{key}.json").read_text())["right"].items()}
    files = {name: values for name, values in said.items() if "/" in values[0]}
    assert files
    assert kind.settle(question, said, {"note": ("plus tard",)}) == {"note": ("plus tard",), **files}
