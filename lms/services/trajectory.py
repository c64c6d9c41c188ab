"""The budget against its path: each year's target, gap, growth, earmarking, shortfall and payment rate."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from lms.models import Baseline, Unit
from lms.services import indicators as rules
from lms.services.baselines import in_force, target_of
from lms.services.budgets import Amounts, by_year
from lms.services.indicators import AE, HORIZON


@dataclass(frozen=True)
class BudgetedYear:
    """A fiscal year against the baseline; None where it is not defined, or nothing is known yet.

    ``step`` counts from the reference year. ``projected``: assumed, not entered.
    """

    year: int
    step: int
    target: AE
    amounts: Amounts | None
    gap: AE | None = None
    growth: Fraction | None = None
    earmarking: Fraction | None = None
    shortfall: AE | None = None
    payment_rate: Fraction | None = None
    projected: bool = False

    @property
    def budget(self) -> AE | None:
        """B_t: the commitments opened."""
        return None if self.amounts is None else self.amounts.ae_opened


@dataclass(frozen=True)
class Trajectory:
    """A baseline, and years 0 to 3 against it."""

    baseline: Baseline
    years: tuple[BudgetedYear, ...]

    @property
    def base(self) -> AE:
        """B₀."""
        return AE(self.baseline.base)

    @property
    def ai_base(self) -> AE:
        """IA₀."""
        return AE(self.baseline.ai_base)

    @property
    def known(self) -> tuple[BudgetedYear, ...]:
        """The years something is entered for."""
        return tuple(each for each in self.years if each.amounts is not None and not each.projected)

    def year(self, year: int) -> BudgetedYear | None:
        """That fiscal year, if it is one of the four."""
        return next((each for each in self.years if each.year == year), None)


def trajectory(session: Session, unit: Unit | None = None, at: datetime | None = None) -> Trajectory | None:
    """Years 0 to 3 of a unit with all under it, as known now or at that date; None without an approved baseline."""
    baseline = in_force(session, unit, at)
    if baseline is None:
        return None
    first = baseline.reference_year
    years = range(first, first + HORIZON + 1)
    known = by_year(session, unit, at, years)
    return Trajectory(baseline, tuple(judged(baseline, year, known.get(year)) for year in years))


def judged(baseline: Baseline, year: int, amounts: Amounts | None, *, projected: bool = False) -> BudgetedYear:
    """A year of that baseline by the formulas of ``lms.services.indicators``; ``year`` is one of its four."""
    target = target_of(baseline, year)
    assert target is not None
    step = year - baseline.reference_year
    if amounts is None:
        return BudgetedYear(year, step, target, None)
    base, ai_base = AE(baseline.base), AE(baseline.ai_base)
    four = (base, amounts.ae_opened, ai_base, amounts.ai_ae)
    return BudgetedYear(
        year=year,
        step=step,
        target=target,
        amounts=amounts,
        gap=rules.gap(amounts.ae_opened, target),
        growth=rules.growth(base, amounts.ae_opened),
        earmarking=rules.earmarking(*four),
        shortfall=rules.shortfall(*four),
        payment_rate=rules.payment_rate(amounts.ai_cp, amounts.ai_ae),
        projected=projected,
    )
