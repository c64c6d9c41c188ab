"""From what somebody did to an award: a rule is data made of needs, a decision says of each whether it is met, and why.

Whatever the award, deciding is looking at each need of its rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import chain

from certificates.model import Kind
from certificates.needs import Condition, Evidence, Facts, Need, Refreshed, SomeOf, Texts

#: How long before its end a certificate may be renewed: six months.
RENEWAL = timedelta(days=183)


@dataclass(frozen=True)
class Refresher:
    """What renewing asks for besides the rule itself: minutes among modules of a known duration.

    ``late``: only what was passed once renewing is open counts; else whatever was since the last issue.
    """

    modules: Mapping[str, int]
    minutes: int
    late: bool = False


@dataclass(frozen=True)
class Rule:
    """What an award asks for: every one of its ``needs``.

    ``threshold`` is the one it prints; ``valid_months`` how long the certificate holds, ``None`` for ever; without a
    ``refresher`` it cannot be renewed.
    """

    key: str
    kind: Kind
    title: Texts
    needs: tuple[Need, ...]
    threshold: Fraction
    valid_months: int | None = None
    refresher: Refresher | None = None

    def __post_init__(self) -> None:
        """Refuse a rule that everyone or no one would satisfy. Raises ValueError."""
        if not self.needs or any(self.needs.count(need) > 1 for need in self.needs):
            raise ValueError(f"rule {self.key}: its needs must be listed, each once")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"rule {self.key}: the threshold lies between 0 and 1")
        if self.valid_months is not None and self.valid_months < 1:
            raise ValueError(f"rule {self.key}: validity is at least one month")
        groups = (group for need in self.needs if isinstance(need, SomeOf) for group in need.groups)
        if not all(group.needs for group in groups):
            raise ValueError(f"rule {self.key}: a group asks for something")


@dataclass(frozen=True)
class Decision:
    """Whether an award is earned, and why: one condition a need, in the rule's order."""

    rule: Rule
    conditions: tuple[Condition, ...]

    @property
    def earned(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> tuple[Condition, ...]:
        """The conditions still to meet."""
        return tuple(condition for condition in self.conditions if not condition.met)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules the award rests on, each once."""
        return tuple(dict.fromkeys(chain.from_iterable(each.modules for each in self.conditions)))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What it rests on, each once."""
        return tuple(dict.fromkeys(chain.from_iterable(each.evidence for each in self.conditions)))

    @property
    def mention(self) -> Texts | None:
        """What the award says beside its title, in each language of it; None where nothing is: « Santé »."""
        asked = ((each.need, each) for each in self.conditions)
        said = [texts for need, each in asked if isinstance(need, SomeOf) for texts in need.mentions(each)]
        told = {
            language: ", ".join(filter(None, (each.get(language) for each in said))) for language in self.rule.title
        }
        return {language: text for language, text in told.items() if text} or None


def decide(rule: Rule, facts: Facts, since: datetime | None = None) -> Decision:
    """Apply ``rule`` to what is known.

    ``since`` is when the certificate to renew was issued: its refresher is then needed too. Raises ValueError for a
    rule that has none.
    """
    needs = rule.needs
    if since is not None:
        if rule.refresher is None:
            raise ValueError(f"rule {rule.key}: it cannot be renewed")
        again = rule.refresher
        needs = (*needs, Refreshed(again.modules, again.minutes, rule.threshold, since))
    return Decision(rule, tuple(need.look(facts) for need in needs))
