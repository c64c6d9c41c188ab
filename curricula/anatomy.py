"""What a question of each type is made of: a bank is checked, written and edited alike whatever its types."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from curricula.model import Option, Question
from curricula.problems import N_

#: What else an option may say, beside its text, its feedback and whether it is right.
#:
#: ``place`` the place it belongs to · ``kind`` the same, none for what belongs nowhere · ``leads`` the place it leads
#: to, none ending the way · ``points`` what choosing it earns, 0 to 100 · ``value`` the number expected · ``accepted``
#: the forms accepted, by language.
Part = Literal["place", "kind", "leads", "points", "value", "accepted"]


@dataclass(frozen=True)
class Setting:
    """Something a question of a type may set, the first word or the lowest number of ``allowed`` where it does not.

    ``label`` and ``help`` tell its authors what it does, ``names`` what each word of ``allowed`` means, in their order:
    messages to be translated. ``otherwise`` is what holds where a question says nothing, when it is not the first one.
    """

    key: str
    allowed: tuple[str, ...] | range
    label: str
    help: str
    names: tuple[str, ...] = ()
    otherwise: str | int | None = None

    @property
    def usual(self) -> str | int:
        """What holds where a question says nothing."""
        return self.allowed[0] if self.otherwise is None else self.otherwise


@dataclass(frozen=True)
class Anatomy:
    """How few and how many of each part a question has, both included.

    ``right`` counts the options that are right; None where no option is right or wrong in itself. ``parts`` are what
    each option says besides, all of them needed; ``may`` what an option may say besides. ``criteria`` count those of a
    rubric: a person marks the work. ``option_name`` and ``place_name`` are what authors call an option and a place of
    it, to be translated.
    """

    options: tuple[int, int] = (2, 8)
    right: tuple[int, int] | None = None
    #: Each option fills a gap of the stem: with one of the places where there are some, else with what is accepted.
    gaps: bool = False
    places: tuple[int, int] = (0, 0)
    parts: frozenset[Part] = frozenset()
    criteria: tuple[int, int] = (0, 0)
    settings: tuple[Setting, ...] = ()
    may: frozenset[Part] = frozenset()
    option_name: str = N_("Option")
    place_name: str = N_("Place")

    def setting(self, key: str) -> Setting | None:
        """The setting of that key, or None."""
        return next((setting for setting in self.settings if setting.key == key), None)

    def says(self, part: Part) -> bool:
        """Whether its options say that; the place they belong to, where some belong nowhere too."""
        said = self.parts | self.may
        return part in said or (part == "place" and "kind" in said)

    def fitted(self, question: Question) -> Question:
        """The question without what one of this type has no use for."""
        return replace(
            question,
            options=tuple(map(self._option, question.options)) if self.options[1] else (),
            places=question.places if self.places[1] else (),
            criteria=question.criteria if self.criteria[1] else (),
            settings=tuple((key, value) for key, value in question.settings if self.setting(key)),
        )

    def _option(self, option: Option) -> Option:
        return replace(
            option,
            correct=option.correct and self.right is not None,
            place=option.place if self.says("place") else "",
            leads=option.leads if self.says("leads") else "",
            points=option.points if self.says("points") else 0,
            value=option.value if self.says("value") else "",
            tolerance=option.tolerance if self.says("value") else "",
            accepted=option.accepted if self.says("accepted") else None,
        )


#: Question type → what a question of it is made of (``assessments.registry.anatomies``).
Types = Mapping[str, Anatomy]
