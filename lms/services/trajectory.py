"""The budget against its path: each year's target, gap, growth, earmarking, shortfall and payment rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from lms.models import Unit
from lms.services import indicators as rules
from lms.services.baselines import Reference, in_force, target_of
from lms.services.budget_sums import by_year
from lms.services.budgets import Amounts
from lms.services.indicators import AE, HORIZON


@dataclass(frozen=True)
class BudgetedYear:
    """A fiscal year against the baseline; None where it is not defined, or nothing is known yet.

    ``step`` counts from the reference year; there is a target from 0 to 3. ``projected``: assumed, not entered.
    """

    year: int
    step: int
    target: AE | None
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
    """What a budget is compared with, and years 0 to 3 against it."""

    reference: Reference
    years: tuple[BudgetedYear, ...]

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
    return None if baseline is None else compared(Reference.of(baseline), by_year(session, unit, at))


def compared(reference: Reference, known: Mapping[int, Amounts]) -> Trajectory:
    """Years 0 to 3 by what is known of each year."""
    years = range(reference.reference_year, reference.reference_year + HORIZON + 1)
    return Trajectory(reference, tuple(judged(reference, year, known.get(year)) for year in years))


def year_against(reference: Reference | None, known: Mapping[int, Amounts], year: int) -> BudgetedYear | None:
    """That year of them, even past the path; None before the reference year, or with nothing to compare it with."""
    if reference is None or year < reference.reference_year:
        return None
    return judged(reference, year, known.get(year))


def judged(reference: Reference, year: int, amounts: Amounts | None, *, projected: bool = False) -> BudgetedYear:
    """A year by the formulas of ``lms.services.indicators``; one past the path has neither target nor gap."""
    target, step = target_of(reference, year), year - reference.reference_year
    if amounts is None:
        return BudgetedYear(year, step, target, None)
    four = (reference.base, amounts.ae_opened, reference.ai_base, amounts.ai_ae)
    return BudgetedYear(
        year=year,
        step=step,
        target=target,
        amounts=amounts,
        gap=None if target is None else rules.gap(amounts.ae_opened, target),
        growth=rules.growth(reference.base, amounts.ae_opened),
        earmarking=rules.earmarking(*four),
        shortfall=rules.shortfall(*four),
        payment_rate=rules.payment_rate(amounts.ai_cp, amounts.ai_ae),
        projected=projected,
    )
