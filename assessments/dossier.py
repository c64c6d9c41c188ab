"""The dossier of a co-piloted project: how each of its fields is read, and what it lacks to be handed in."""

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from assessments.amounts import cents, day, quantity
from assessments.model import Missing, Response
from assessments.roi import Money, money
from assessments.works import typed
from curricula.problems import N_

#: Rows of the table of costs.
ROWS = range(1, 7)
GOALS = ("less", "more")
AVOIDED, HOURS, HOUR_VALUE = "avoided", "hours", "hour-value"
#: What is compared with itself: the name of the first field, of the second. Shares are in hundredths.
INDICATOR = ("before", "after")
SHARES = (("satisfaction-before", "satisfaction-after"), ("non-take-up-before", "non-take-up-after"))

_AMOUNTS = (*(f"cost-{row}" for row in ROWS), AVOIDED, HOUR_VALUE)
_QUANTITIES = (*INDICATOR, HOURS, *(name for pair in SHARES for name in pair))
_DAYS = ("baseline-day", "after-day")
#: No measure of a project is older: an earlier date is a slip.
_OLDEST = date(2000, 1, 1)

#: What every dossier says, in the order of its page.
_NEEDED = (
    ("indicator", N_("Name the indicator that is measured.")),
    ("unit", N_("Give the unit of the indicator.")),
    ("goal", N_("Say whether the indicator should go down or up.")),
    ("method", N_("Describe how the indicator is measured.")),
    ("baseline-day", N_("Give the date of the baseline.")),
    ("before", N_("Give the value measured before the project.")),
    ("after", N_("Give the value measured after.")),
    ("after-day", N_("Give the date of the measure after.")),
)


def label_name(row: int) -> str:
    """The field that says what a cost is for."""
    return f"cost-{row}-label"


def value(response: Response, name: str) -> Fraction | None:
    """The number that a field says; None where it says none."""
    return _number(typed(response, name))


def accounts(response: Response) -> Money | None:
    """What the project cost and saved; None while no cost is given, or an amount cannot be read or is negative."""
    said = [typed(response, name) for name in (*_AMOUNTS, HOURS)]
    read: list[Any] = [*map(cents, said[:-1]), _number(said[-1])]
    if any(text and (number is None or number < 0) for text, number in zip(said, read, strict=True)):
        return None
    *costs, avoided, hour_value, hours = read
    given = [cost for cost in costs if cost is not None]
    return money(given, avoided or 0, hours or Fraction(0), hour_value or 0) if given else None


def missing(response: Response, today: date) -> tuple[Missing, ...]:
    """What the dossier lacks, and what in it cannot stand, on that day."""
    return tuple(_missing(response, today))


def _number(text: str) -> Fraction | None:
    """A number, perhaps with the sign that stands beside its field."""
    return quantity(text.rstrip(" %hH"))


def _missing(response: Response, today: date) -> Iterator[Missing]:
    for name, what in _NEEDED:
        if not typed(response, name):
            yield Missing(name, what)
    if not any(typed(response, f"cost-{row}") for row in ROWS):
        yield Missing("cost-1", N_("Give one cost at least, with its amount."))
    yield from _unreadable(response)
    yield from _negative(response)
    yield from _dates(response, today)
    yield from _pairs(response)


def _unreadable(response: Response) -> Iterator[Missing]:
    readings: tuple[tuple[tuple[str, ...], Callable[[str], Any], str], ...] = (
        (_AMOUNTS, cents, N_("« %(typed)s » is not an amount in euros. Write it as 12500.50.")),
        (_QUANTITIES, _number, N_("« %(typed)s » is not a number. Write it as 12500.5.")),
        (_DAYS, day, N_("« %(typed)s » is not a date. Write it as 20/11/2026.")),
    )
    for names, read, what in readings:
        for name in names:
            text = typed(response, name)
            if text and read(text) is None:
                yield Missing(name, what, (("typed", text[:40]),), wrong=True)


def _negative(response: Response) -> Iterator[Missing]:
    numbers = {name: cents(typed(response, name)) for name in _AMOUNTS} | {HOURS: value(response, HOURS)}
    for name, number in numbers.items():
        if number is not None and number < 0:
            yield Missing(name, N_("This is below zero: write an amount of zero or more."), wrong=True)
    for pair in SHARES:
        for name in pair:
            share = value(response, name)
            if share is not None and not 0 <= share <= 100:
                yield Missing(name, N_("A percentage goes from 0 to 100."), wrong=True)


def _dates(response: Response, today: date) -> Iterator[Missing]:
    before, after = (day(typed(response, name)) for name in _DAYS)
    for name, moment in zip(_DAYS, (before, after), strict=True):
        if moment and moment > today:
            yield Missing(name, N_("This date is still to come."), wrong=True)
        if moment and moment < _OLDEST:
            yield Missing(name, N_("This date is too far back: check its year."), wrong=True)
    if before and after and after <= before:
        yield Missing("after-day", N_("The measure after is not later than the baseline."), wrong=True)


def _pairs(response: Response) -> Iterator[Missing]:
    """What is only worth something with its other half."""
    for row in ROWS:
        label, amount = (bool(typed(response, name)) for name in (label_name(row), f"cost-{row}"))
        if label and not amount:
            yield Missing(f"cost-{row}", N_("Give the amount of this cost, or remove its label."))
        if amount and not label:
            yield Missing(label_name(row), N_("Say what this cost is for."))
    if typed(response, HOURS) and not typed(response, HOUR_VALUE):
        yield Missing(HOUR_VALUE, N_("Give the value of an hour: the time freed counts by it."))
    if typed(response, HOUR_VALUE) and not typed(response, HOURS):
        yield Missing(HOURS, N_("Give the hours freed, or remove the value of an hour."))
    for pair in SHARES:
        given = [name for name in pair if typed(response, name)]
        if len(given) == 1:
            other = next(name for name in pair if name not in given)
            yield Missing(other, N_("Give both percentages, before and after, or neither."))
