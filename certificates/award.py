"""From scores to an award: the rule, the decision and its reasons, condition by condition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain

from certificates.model import Kind


@dataclass(frozen=True)
class Rule:
    """What an award asks for.

    ``threshold`` is the least score, between 0 and 1, accepted in each of ``modules`` (codes);
    ``valid_months`` is how long the certificate holds, ``None`` for ever. An attendance rule normally has a
    threshold of 0: having a result is what counts. ``branches`` are groups of modules by key, of which so many,
    ``branches_needed``, are to be passed whole beside ``modules``.
    """

    key: str
    kind: Kind
    modules: tuple[str, ...]
    threshold: Fraction
    valid_months: int | None
    branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    branches_needed: int = 0

    def __post_init__(self) -> None:
        """Refuse a rule that everyone or no one would satisfy. Raises ValueError."""
        if not self.modules or len(set(self.modules)) != len(self.modules):
            raise ValueError(f"rule {self.key}: modules must be listed, each once")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"rule {self.key}: the threshold lies between 0 and 1")
        if self.valid_months is not None and self.valid_months < 1:
            raise ValueError(f"rule {self.key}: validity is at least one month")
        if not all(self.branches.values()):
            raise ValueError(f"rule {self.key}: a branch has a module")


@dataclass(frozen=True)
class Condition:
    """One module's part of a decision: the score obtained (``None``: no result yet) and the score needed."""

    module: str
    met: bool
    have: Fraction | None
    need: Fraction


@dataclass(frozen=True)
class BranchCondition:
    """So many branches are needed; ``passed`` are the modules of each branch passed whole, by its key."""

    needed: int
    passed: Mapping[str, tuple[str, ...]]

    @property
    def met(self) -> bool:
        return len(self.passed) >= self.needed


@dataclass(frozen=True)
class Decision:
    """Whether the award is earned, and why: one condition a module, in the rule's order, then that on branches."""

    earned: bool
    conditions: tuple[Condition, ...]
    branches: BranchCondition | None = None

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules the award rests on, each once: those of the rule, then those of the branches passed."""
        chosen = self.branches.passed.values() if self.branches else ()
        return tuple(dict.fromkeys([*(each.module for each in self.conditions), *chain.from_iterable(chosen)]))

    @property
    def missing(self) -> tuple[Condition, ...]:
        """The conditions still to meet."""
        return tuple(condition for condition in self.conditions if not condition.met)


def decide(rule: Rule, results: Mapping[str, Fraction]) -> Decision:
    """Apply ``rule`` to the best score of each module.

    ``results`` maps module codes to exact scores between 0 and 1; modules the rule does not name are ignored.
    Scores are fractions, so a learner exactly at the threshold always passes.
    """
    conditions = tuple(
        Condition(
            module=module,
            met=(have := results.get(module)) is not None and have >= rule.threshold,
            have=have,
            need=rule.threshold,
        )
        for module in rule.modules
    )
    earned = all(condition.met for condition in conditions)
    if not rule.branches_needed:
        return Decision(earned, conditions)
    passed = {
        key: modules
        for key, modules in rule.branches.items()
        if all(module in results and results[module] >= rule.threshold for module in modules)
    }
    branches = BranchCondition(rule.branches_needed, passed)
    return Decision(earned and branches.met, conditions, branches)
