"""Budget and training indicators (FIELD.md, « Budget indicators », recommendation 4), as pure functions.

Money is integer cents and never mixes AE (autorisations d'engagement: what may be committed) with CP (crédits de
paiement: what may be paid): the type checker tells them apart. Ratios are exact fractions; a ratio whose
denominator is nothing is None, never zero. Every rounding is to the cent, half to even.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NewType

#: Version of these definitions, printed in every exported file; changes with any formula or rounding.
INDICATORS_VERSION = "2026.1"

#: Years between the reference year and the year whose budget must be the double (« B₃ »).
HORIZON = 3

#: Cents of commitments (autorisations d'engagement).
AE = NewType("AE", int)
#: Cents of payments (crédits de paiement).
CP = NewType("CP", int)

PathKind = Literal["linear", "geometric"]


def target(base: AE) -> AE:
    """Target of year 3, B₃ = 2·B₀, in cents. Source: FIELD, « Target »."""
    return AE(2 * base)


def linear_path(base: AE, year: int) -> AE:
    """B_t = B₀·(1 + t/3), in cents, half to even. Source: FIELD, « Linear path », the default."""
    _check(base, year)
    return AE(round(Fraction(base * (HORIZON + year), HORIZON)))


def geometric_path(base: AE, year: int) -> AE:
    """B_t = B₀·2^(t/3), in cents. Source: FIELD, « Geometric path ».

    B_t is the cube root of the integer B₀³·2^t: integer arithmetic finds the nearest cent exactly. No tie exists,
    because an odd number of half cents has an odd cube, and 8·B₀³·2^t is even.
    """
    _check(base, year)
    radicand = base**HORIZON * 2**year
    below = _cube_root(radicand)
    return AE(below + 1 if 8 * radicand > (2 * below + 1) ** 3 else below)


def path(kind: PathKind, base: AE, year: int) -> AE:
    """The target of a year on the chosen path, in cents."""
    return linear_path(base, year) if kind == "linear" else geometric_path(base, year)


def growth(base: AE, budget: AE) -> Fraction | None:
    """(B_t − B₀)/B₀, a ratio; None without reference budget. Source: FIELD, « Growth »."""
    return _ratio(budget - base, base)


def gap(budget: AE, goal: AE) -> AE:
    """Écart: B_t − target_t, in cents, negative below the path. Source: FIELD, « Gap »."""
    return AE(budget - goal)


def earmarking(base: AE, budget: AE, ai_base: AE, ai: AE) -> Fraction | None:
    """Fléchage: (IA_t − IA₀)/(B_t − B₀), a ratio; None if B_t ≤ B₀. Source: FIELD, « Earmarking ».

    IA₀ is what keeps training that existed, and is only relabelled, from passing the 100 % rule.
    """
    return _ratio(ai - ai_base, budget - base) if budget > base else None


def shortfall(base: AE, budget: AE, ai_base: AE, ai: AE) -> AE:
    """What AI lacks of the rise: max(0, (B_t − B₀) − (IA_t − IA₀)), in cents. Source: FIELD, « Shortfall »."""
    return AE(max(0, (budget - base) - (ai - ai_base)))


def payment_rate(paid: CP, committed: AE) -> Fraction | None:
    """CP paid / AE committed, a ratio; None when nothing is committed. Source: FIELD, « Payment rate »."""
    return _ratio(paid, committed)


def coverage(trained: int, population: int) -> Fraction | None:
    """Distinct trained agents of P / P, a ratio. Source: FIELD, « Coverage »."""
    return _ratio(trained, population)


def completion(completed: int, enrolled: int) -> Fraction | None:
    """Completed / enrolled, a ratio. Source: FIELD, « Completion »."""
    return _ratio(completed, enrolled)


def success(certified: int, presented: int) -> Fraction | None:
    """Certified / presented, a ratio. Source: FIELD, « Success »."""
    return _ratio(certified, presented)


def certification(certified: int, trained: int) -> Fraction | None:
    """Certified / trained, a ratio. Source: FIELD, « Certification rate »."""
    return _ratio(certified, trained)


def cost_per_person(ai_paid: CP, people: int) -> CP | None:
    """IA CP / trained, or IA CP / certified, in cents, half to even; None for nobody. Source: FIELD, « Cost »."""
    cost = _ratio(ai_paid, people)
    return None if cost is None else CP(round(cost))


def hours_per_person(hours: Fraction, people: int) -> Fraction | None:
    """Σ hours / trained, or Σ hours / P, in hours; None for nobody. Source: FIELD, « Hours »."""
    return _ratio(hours, people)


@dataclass(frozen=True)
class YearFacts:
    """What a year's indicators are computed from. ``year`` counts from the reference year; people are distinct.

    ``base`` B₀, ``budget`` B_t, ``ai_base`` IA₀ and ``ai`` IA_t are AE; ``ai_paid`` is the CP paid for AI
    training; ``population`` is P, as declared. Raises ``ValueError`` for a negative amount or number.
    """

    year: int
    base: AE
    budget: AE
    ai_base: AE
    ai: AE
    ai_paid: CP
    population: int
    enrolled: int
    completed: int
    trained: int
    presented: int
    certified: int
    hours: Fraction

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0:
                raise ValueError(f"{name} cannot be negative: {value}.")


@dataclass(frozen=True)
class Indicators:
    """Every indicator of a year under ``version`` of the definitions; None where one is not defined."""

    version: str
    path: PathKind
    target: AE
    path_target: AE
    growth: Fraction | None
    gap: AE
    earmarking: Fraction | None
    shortfall: AE
    payment_rate: Fraction | None
    coverage: Fraction | None
    completion: Fraction | None
    success: Fraction | None
    certification: Fraction | None
    cost_per_trained: CP | None
    cost_per_certified: CP | None
    hours_per_trained: Fraction | None
    hours_per_agent: Fraction | None


def indicators(facts: YearFacts, kind: PathKind = "linear") -> Indicators:
    """Every indicator of the year, the gap being measured on the chosen path."""
    goal = path(kind, facts.base, facts.year)
    amounts = (facts.base, facts.budget, facts.ai_base, facts.ai)
    return Indicators(
        version=INDICATORS_VERSION,
        path=kind,
        target=target(facts.base),
        path_target=goal,
        growth=growth(facts.base, facts.budget),
        gap=gap(facts.budget, goal),
        earmarking=earmarking(*amounts),
        shortfall=shortfall(*amounts),
        payment_rate=payment_rate(facts.ai_paid, facts.ai),
        coverage=coverage(facts.trained, facts.population),
        completion=completion(facts.completed, facts.enrolled),
        success=success(facts.certified, facts.presented),
        certification=certification(facts.certified, facts.trained),
        cost_per_trained=cost_per_person(facts.ai_paid, facts.trained),
        cost_per_certified=cost_per_person(facts.ai_paid, facts.certified),
        hours_per_trained=hours_per_person(facts.hours, facts.trained),
        hours_per_agent=hours_per_person(facts.hours, facts.population),
    )


def _check(base: AE, year: int) -> None:
    if base < 0:
        raise ValueError(f"A budget cannot be negative: {base}.")
    if not 0 <= year <= HORIZON:
        raise ValueError(f"The path goes from year 0 to year {HORIZON}: {year} is outside it.")


def _ratio(part: int | Fraction, whole: int) -> Fraction | None:
    return Fraction(part) / whole if whole else None


def _cube_root(number: int) -> int:
    """The largest integer whose cube does not exceed ``number``, by Newton's method on integers."""
    if number == 0:
        return 0
    root = 1 << -(-number.bit_length() // 3)
    while True:
        closer = (2 * root + number // root**2) // 3
        if closer >= root:
            return root
        root = closer
