"""What a question is made of, whatever its type: frozen values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curricula.languages import Localized

#: Where a stem has a gap: « [[key]] », the key of the option that fills it.
GAP = re.compile(r"\[\[([a-z0-9-]+)\]\]")


@dataclass(frozen=True)
class Option:
    """One thing that a question has the learner decide about; each carries feedback that teaches.

    What it is depends on the type of the question (``curricula.anatomy``): an option to choose, an item to place, a gap
    to fill, a sentence that may be wrong, a decision that leads on.
    """

    key: str
    text: Localized
    feedback: Localized
    correct: bool = False
    misconception: str = ""
    #: The key of the place it belongs to.
    place: str = ""
    #: The key of the place it leads to; none ends the way.
    leads: str = ""
    #: What choosing it earns, 0 to 100.
    points: int = 0
    #: The number expected, and how far from it one may be: « 12.5 »; « 0.1 » or « 2% ».
    value: str = ""
    tolerance: str = ""
    #: The forms accepted in each language, « | » between them; the first is shown as the answer.
    accepted: Localized | None = None


@dataclass(frozen=True)
class Spot:
    """Where options go: a category, the other half of a pair, a cell, a scene; for a number, a unit of that factor."""

    key: str
    text: Localized
    #: How many of the first unit make one of this one: « 1000 ».
    factor: str = ""


@dataclass(frozen=True)
class CriterionLevel:
    """A level of a criterion, by what one sees in the work, and what it earns, 0 to 100."""

    key: str
    text: Localized
    points: int


@dataclass(frozen=True)
class Criterion:
    """What a person looks at in a work; ``weight`` is its share against the other criteria."""

    key: str
    title: Localized
    weight: int
    levels: tuple[CriterionLevel, ...]

    def level(self, key: str) -> CriterionLevel | None:
        """The level of that key, or None."""
        return next((level for level in self.levels if level.key == key), None)


@dataclass(frozen=True)
class Question:
    """A question of a bank. ``type`` names a plug-in of ``assessments.types``, ``settings`` what it may set.

    A ``reserved`` question is kept for the assessment: practice never shows it. One that is ``instead`` of another is
    asked of those who need another form of it, and of nobody else.
    """

    key: str
    type: str
    objective: str
    difficulty: int
    source: str
    stem: Localized
    options: tuple[Option, ...]
    places: tuple[Spot, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    settings: tuple[tuple[str, str | int], ...] = ()
    reserved: bool = False
    instead: str = ""

    def texts(self, *, feedback: bool = True) -> Iterator[Localized]:
        """Everything it says to a person, with or without the feedback of its options."""
        yield self.stem
        yield from (place.text for place in self.places)
        for option in self.options:
            yield option.text
            if option.accepted is not None:
                yield option.accepted
            if feedback:
                yield option.feedback
        for criterion in self.criteria:
            yield criterion.title
            yield from (level.text for level in criterion.levels)

    def option(self, key: str) -> Option | None:
        """The option of that key, or None."""
        return next((option for option in self.options if option.key == key), None)

    def place(self, key: str) -> Spot | None:
        """The place of that key, or None."""
        return next((place for place in self.places if place.key == key), None)

    def setting(self, key: str) -> str | int | None:
        """What it sets under that key; None where it says nothing."""
        return dict(self.settings).get(key)
