"""What awards ask for, what is known of somebody, and whether the one meets the other, with what it rests on.

Modules are named « track/module ».
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import chain
from typing import Literal, Protocol

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Evidence:
    """What a part of a decision rests on. ``reference`` names it to people: an attempt, a certificate's number.

    ``stored`` is what is kept of it, as text: its digest goes into the certificate.
    """

    kind: Literal["attempt", "exemption", "lessons", "jury", "certificate"]
    reference: str
    at: datetime
    stored: str


@dataclass(frozen=True)
class Result:
    """What was obtained once: a score between 0 and 1, or the members of a jury that accepted a work."""

    value: Fraction
    evidence: Evidence


@dataclass(frozen=True)
class Facts:
    """What is known of somebody.

    ``results`` are every score obtained in each module; ``read`` when each lesson of each was read to its end;
    ``accepted`` the juries that accepted a work in each; ``held`` the valid certificates, by key of their award.
    """

    results: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    read: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    accepted: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    held: Mapping[str, Evidence] = field(default_factory=dict)

    def best(self, module: str, since: datetime | None = None) -> Result | None:
        """The best result in a module, the first of those, among those obtained after ``since``."""
        found = (each for each in self.results.get(module, ()) if since is None or each.evidence.at > since)
        return max(found, key=lambda each: each.value, default=None)


@dataclass(frozen=True)
class Condition:
    """A need, whether it is met, and what was had on which evidence.

    ``have`` is a number in the unit of the need (``None``: nothing yet); ``parts`` the conditions of each group of a
    :class:`SomeOf`, by its key; ``modules`` those that the award rests on once it is met.
    """

    need: "Need"
    met: bool
    have: Fraction | None = None
    evidence: tuple[Evidence, ...] = ()
    parts: Mapping[str, tuple["Condition", ...]] = field(default_factory=dict)
    modules: tuple[str, ...] = ()


class Need(Protocol):
    """Something an award asks for."""

    def look(self, facts: Facts) -> Condition:
        """Whether it is met by what is known."""


@dataclass(frozen=True)
class Passed:
    """A module, at a score between 0 and 1."""

    module: str
    threshold: Fraction

    def look(self, facts: Facts) -> Condition:
        """Scores are fractions: somebody exactly at the threshold has passed."""
        best = facts.best(self.module)
        met = best is not None and best.value >= self.threshold
        evidence = (best.evidence,) if best else ()
        return Condition(self, met, best.value if best else None, evidence, modules=(self.module,))


@dataclass(frozen=True)
class Followed:
    """Every lesson of a module, read to its end."""

    module: str
    lessons: tuple[str, ...]

    def look(self, facts: Facts) -> Condition:
        """What was had is the number of those lessons that were read."""
        known = facts.read.get(self.module, {})
        read = {lesson: known[lesson] for lesson in self.lessons if lesson in known}
        if not read:
            return Condition(self, met=False, modules=(self.module,))
        told = ", ".join(f"{lesson} {at}" for lesson, at in read.items())
        evidence = Evidence("lessons", self.module, max(read.values()), f"{self.module} {told}")
        met = len(read) == len(self.lessons)
        return Condition(self, met, Fraction(len(read)), (evidence,), modules=(self.module,))


@dataclass(frozen=True)
class Accepted:
    """A work in a module, accepted by a jury of so many members at least."""

    module: str
    members: int

    def look(self, facts: Facts) -> Condition:
        """What was had is the members of the largest jury that accepted one."""
        found = max(facts.accepted.get(self.module, ()), key=lambda each: each.value, default=None)
        met = found is not None and found.value >= self.members
        evidence = (found.evidence,) if found else ()
        return Condition(self, met, found.value if found else None, evidence, modules=(self.module,))


@dataclass(frozen=True)
class Holds:
    """The valid certificate of another award."""

    award: str

    def look(self, facts: Facts) -> Condition:
        """It rests on that certificate, whatever it asked for itself."""
        held = facts.held.get(self.award)
        return Condition(self, held is not None, evidence=(held,) if held else ())


@dataclass(frozen=True)
class Group:
    """Needs that go together under a key; met, they give the award a ``mention``, if they have one."""

    key: str
    needs: tuple[Need, ...]
    mention: Texts | None = None


@dataclass(frozen=True)
class SomeOf:
    """So many of several groups: branches of a track, or ways to a label."""

    what: Literal["branch", "way"]
    needed: int
    groups: tuple[Group, ...]

    def look(self, facts: Facts) -> Condition:
        """What was had is how many groups are met; the award rests on all of those."""
        parts = {group.key: tuple(need.look(facts) for need in group.needs) for group in self.groups}
        whole = [conditions for conditions in parts.values() if all(each.met for each in conditions)]
        every = list(chain.from_iterable(whole))
        return Condition(
            self, len(whole) >= self.needed, Fraction(len(whole)),
            tuple(chain.from_iterable(each.evidence for each in every)), parts,
            tuple(chain.from_iterable(each.modules for each in every)),
        )  # fmt: skip

    def mentions(self, condition: Condition) -> tuple[Texts, ...]:
        """The mentions of the groups that are met."""
        met = (group for group in self.groups if all(each.met for each in condition.parts[group.key]))
        return tuple(group.mention for group in met if group.mention)


@dataclass(frozen=True)
class Refreshed:
    """So many minutes among modules of a known duration, passed after the last certificate was issued."""

    modules: Mapping[str, int]
    minutes: int
    threshold: Fraction
    since: datetime

    def look(self, facts: Facts) -> Condition:
        """What was had is the minutes of the modules passed since."""
        found = {module: facts.best(module, self.since) for module in self.modules}
        passed = {module: best for module, best in found.items() if best and best.value >= self.threshold}
        have = sum(self.modules[module] for module in passed)
        evidence = tuple(best.evidence for best in passed.values())
        return Condition(self, have >= self.minutes, Fraction(have), evidence, modules=tuple(passed))
