"""Where facts stand: the law, the sources, and what to read further; each dated."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from curricula.languages import Localized

#: How sure a fact is: W stands in the white paper, V was seen in a public source, M is still to be checked.
Mark = Literal["W", "V", "M"]
MARKS: tuple[Mark, ...] = ("W", "V", "M")


@dataclass(frozen=True)
class LegalReference:
    """A dated reference to a legal text: law moves, so it is data, never a sentence frozen in code.

    ``checked_on`` is empty where the ``mark`` is M: nobody has looked yet.
    """

    key: str
    reference: str
    title: Localized
    version: str
    checked_on: str
    source: str
    in_force_from: date | None = None
    in_force_to: date | None = None
    note: Localized | None = None
    mark: Mark = "V"


@dataclass(frozen=True)
class Source:
    """Where a fact stands, and how sure it is."""

    key: str
    title: Localized
    mark: Mark
    checked_on: str | None = None
    published_on: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Reading(Source):
    """Something to read further; the ``note`` says what one finds there, and for whom."""

    note: Localized = field(default_factory=dict)
