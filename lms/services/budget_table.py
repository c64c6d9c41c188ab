"""Every unit's budget at once, with what its years are compared with: read in three queries, or from a closing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.services import baselines, budget_sums
from lms.services.baselines import Reference
from lms.services.budgets import Amounts


@dataclass(frozen=True)
class BudgetTable:
    """``years``: unit → year → its budget, all under it included. ``WHOLE`` is the whole institution."""

    years: Mapping[int, Mapping[int, Amounts]] = field(default_factory=dict)
    references: Mapping[int, Reference] = field(default_factory=dict)

    def of(self, units: Iterable[int]) -> tuple[dict[int, Amounts], Reference | None]:
        """(year → the budget of those units together, what it is compared with: several have nothing in common)."""
        asked = tuple(units)
        years: dict[int, Amounts] = {}
        for unit_id in asked:
            for year, amounts in self.years.get(unit_id, {}).items():
                years[year] = years.get(year, Amounts()) + amounts
        return years, self.references.get(asked[0]) if len(asked) == 1 else None

    def as_kept(self) -> dict[str, Any]:
        """The table as a closing keeps it: lists, in the order of the fields; closings of before are read for ever."""
        return {
            "budgets": {
                str(unit): {str(year): list(vars(amounts).values()) for year, amounts in years.items()}
                for unit, years in self.years.items()
            },
            "references": {
                str(unit): [
                    each.reference_year, each.base, each.ai_base, each.path,
                    {str(year): cents for year, cents in each.custom.items()},
                ]
                for unit, each in self.references.items()
            },
        }  # fmt: skip

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> "BudgetTable":
        """What ``as_kept`` gave, read again."""
        return cls(
            {
                int(unit): {int(year): Amounts(*amounts) for year, amounts in years.items()}
                for unit, years in kept.get("budgets", {}).items()
            },
            {
                int(unit): Reference(year, base, ai_base, path, {int(each): cents for each, cents in custom.items()})
                for unit, (year, base, ai_base, path, custom) in kept.get("references", {}).items()
            },
        )


def budget_table(session: Session, at: datetime | None = None) -> BudgetTable:
    """What is known now, or was at that moment."""
    return BudgetTable(budget_sums.of_every_unit(session, at), baselines.of_every_unit(session, at))
