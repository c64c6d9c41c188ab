"""What a question of each type is made of: a bank is checked, written and edited alike whatever its types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: What else an option may say, beside its text, its feedback and whether it is right.
#:
#: ``place`` the place it belongs to · ``kind`` the same, none for what belongs nowhere · ``leads`` the place it leads
#: to, none ending the way · ``points`` what choosing it earns, 0 to 100 · ``value`` the number expected · ``accepted``
#: the forms accepted, by language.
Part = Literal["place", "kind", "leads", "points", "value", "accepted"]


@dataclass(frozen=True)
class Setting:
    """Something a question of a type may set, the first word or the lowest number of ``allowed`` where it does not."""

    key: str
    allowed: tuple[str, ...] | range

    @property
    def usual(self) -> str | int:
        """What holds where a question says nothing."""
        return self.allowed[0]


@dataclass(frozen=True)
class Anatomy:
    """How few and how many of each part a question has, both included.

    ``right`` counts the options that are right; None where no option is right or wrong in itself. ``parts`` are what
    each option says besides, all of them needed. ``criteria`` count those of a rubric: a person marks the work.
    """

    options: tuple[int, int] = (2, 8)
    right: tuple[int, int] | None = None
    places: tuple[int, int] = (0, 0)
    parts: frozenset[Part] = frozenset()
    criteria: tuple[int, int] = (0, 0)
    settings: tuple[Setting, ...] = ()

    def setting(self, key: str) -> Setting | None:
        """The setting of that key, or None."""
        return next((setting for setting in self.settings if setting.key == key), None)


#: Question type → what a question of it is made of (``assessments.registry.anatomies``).
Types = Mapping[str, Anatomy]
