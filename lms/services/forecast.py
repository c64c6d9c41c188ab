"""What comes if things go on so, with every assumption said; and what more training would change: pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from lms.services.budgets import MOST, Amounts
from lms.services.imputation import shares
from lms.services.indicators import AE, CP, HORIZON, coverage
from lms.services.trajectory import BudgetedYear, Trajectory, judged


@dataclass(frozen=True)
class Assumptions:
    """What a forecast rests on. ``growth`` a year; ``earmarking`` the share of the rise over B₀ that goes to AI (None:
    AI commitments stay as they are); ``payment_rate`` None: no payment is foreseen.

    ``given``: the growth was typed, else it is carried on from ``since`` (a year; None: none is known, and it is zero).
    """

    growth: Fraction
    earmarking: Fraction | None
    payment_rate: Fraction | None
    given: bool
    since: int | None = None


@dataclass(frozen=True)
class Forecast:
    """Years 0 to 3, those to come projected from the last one known under ``assumptions``."""

    trajectory: Trajectory
    assumptions: Assumptions


@dataclass(frozen=True)
class Wish:
    """More agents to train: how many, at which cost each, from which year to which one, within the budget or added."""

    agents: int
    cost: CP
    first: int
    last: int
    added: bool = False

    def __post_init__(self) -> None:
        if self.agents < 0 or self.cost < 0 or self.agents * self.cost > MOST or self.last < self.first:
            raise ValueError("no such wish")


@dataclass(frozen=True)
class Answer:
    """What a wish changes: ``cost`` of it all in cents, ``people`` trained more by year, the years ``after`` it.

    ``trained`` of ``population`` agents are trained before and after; those who remain bound what can be added.
    """

    cost: AE
    people: Mapping[int, int]
    after: Trajectory
    population: int
    trained: tuple[int, int]

    @property
    def coverage(self) -> tuple[Fraction | None, Fraction | None]:
        """Coverage before and after."""
        before, after = self.trained
        return coverage(before, self.population), coverage(after, self.population)


def forecast(known: Trajectory, growth: Fraction | None = None) -> Forecast | None:
    """Carry the last known year on to year 3, at its own growth or at one that is given; None when no year is known.

    The last growth is that of the last two known years, a year; with one known year alone the budget stays as it is.
    """
    years = known.known
    if not years:
        return None
    last = years[-1]
    assert last.amounts is not None
    carried, since = _last_growth(years)
    assumed = Assumptions(
        growth=carried if growth is None else growth,
        earmarking=last.earmarking,
        payment_rate=last.payment_rate,
        given=growth is not None,
        since=since,
    )
    projected = {
        year: _projected(known, last.amounts, assumed, year - last.year)
        for year in range(last.year + 1, known.reference.reference_year + HORIZON + 1)
    }
    return Forecast(_with(known, projected, projected), assumed)


def simulate(before: Trajectory, wish: Wish, population: int, trained: int) -> Answer:
    """What training more agents changes, year by year.

    People are spread equally over the years, the first ones having those left over, and never more than are still to
    train count for coverage. The money is committed and paid the year they are trained: within the budget AI takes a
    larger part of it, ``added`` makes the budget as much larger.
    """
    years = range(wish.first, wish.last + 1)
    people = dict(zip(years, shares(wish.agents, len(years)), strict=True))
    changed = {}
    for each in before.years:
        if each.amounts is None or not people.get(each.year):
            continue
        more = people[each.year] * wish.cost
        amounts = replace(each.amounts, ai_ae=AE(each.amounts.ai_ae + more), ai_cp=CP(each.amounts.ai_cp + more))
        if wish.added:
            opened = {"ae_opened": AE(amounts.ae_opened + more), "cp_opened": CP(amounts.cp_opened + more)}
            amounts = replace(amounts, **opened)  # type: ignore[arg-type]
        changed[each.year] = amounts
    guessed = {each.year for each in before.years if each.projected}
    after = min(population, trained + wish.agents) if trained <= population else trained
    return Answer(AE(wish.agents * wish.cost), people, _with(before, changed, guessed), population, (trained, after))


def _last_growth(years: tuple[BudgetedYear, ...]) -> tuple[Fraction, int | None]:
    """The growth a year from the last but one known year to the last, and from when; zero and None if there is none."""
    if len(years) < 2 or not years[-2].budget or years[-1].budget is None:
        return Fraction(0), None
    before, last = years[-2], years[-1]
    rise = Fraction(years[-1].budget - years[-2].budget, years[-2].budget)
    return rise / (last.year - before.year), before.year


def _projected(known: Trajectory, last: Amounts, assumed: Assumptions, steps: int) -> Amounts:
    """So many years after the last known one. What is committed and paid of the whole is not foreseen."""
    budget = AE(round(last.ae_opened * max(Fraction(0), 1 + assumed.growth) ** steps))
    ai = Fraction(last.ai_ae)
    if assumed.earmarking is not None and budget > known.reference.base:
        ai = known.reference.ai_base + assumed.earmarking * (budget - known.reference.base)
    committed = AE(round(min(max(ai, Fraction(0)), Fraction(budget))))  # no more for AI than there is
    paid = CP(0) if assumed.payment_rate is None else CP(round(assumed.payment_rate * committed))
    return Amounts(ae_opened=budget, ai_ae=committed, ai_cp=paid)


def _with(known: Trajectory, changed: Mapping[int, Amounts], guessed: Iterable[int]) -> Trajectory:
    """The same years, some with other amounts."""
    projected = set(guessed)
    years = tuple(
        judged(known.reference, each.year, changed.get(each.year, each.amounts), projected=each.year in projected)
        for each in known.years
    )
    return Trajectory(known.reference, years)
