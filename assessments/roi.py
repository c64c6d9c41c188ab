"""What a project brought, from its dossier: return on investment and indicators; exact, amounts in cents.

Return on investment = (avoided costs + value of the time freed - total cost) / total cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Money:
    """What a project cost and saved, in cents. ``freed`` is the time freed, valued."""

    cost: int
    avoided: int
    freed: Fraction

    @property
    def net(self) -> Fraction:
        """What it brought once its cost is paid."""
        return self.avoided + self.freed - self.cost

    @property
    def roi(self) -> Fraction | None:
        """The return on investment; not defined, None, where nothing was spent."""
        return self.net / self.cost if self.cost else None


def money(costs: Sequence[int], avoided: int = 0, hours: Fraction = Fraction(0), hour_value: int = 0) -> Money:
    """The accounts of a project: its costs, what it avoided, the hours it freed and what one is worth."""
    return Money(sum(costs), avoided, hours * hour_value)


def change(before: Fraction, after: Fraction) -> Fraction | None:
    """By which share of its first value an indicator changed; not defined, None, where it began at zero."""
    return (after - before) / abs(before) if before else None


def gain(before: Fraction, after: Fraction, goal: str) -> Fraction | None:
    """The same as progress: above zero where it went the way it should, ``less`` or ``more``."""
    moved = change(before, after)
    return -moved if moved is not None and goal == "less" else moved
