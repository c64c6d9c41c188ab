"""Values of an assessment: what was drawn, what was answered, what it is worth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from curricula.model import Localized

#: What a learner answered to one question: the values of each field of its sheet, by the name of the field.
Response = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Plain:
    """Words shown as they are, marks and all: what a learner wrote, or what is accepted, in each language."""

    text: Localized | str


@dataclass(frozen=True)
class Figure:
    """A value, shown in the reader's way: an amount in cents, a share of one, a number, a day."""

    kind: Literal["euros", "share", "number", "day"]
    value: Fraction | int | date


#: A text of the question in each language, a message of ours to be translated, or words or a value shown as they are.
Said = Localized | str | Plain | Figure

#: Why a question is worth what it is: everything right, part of it, nothing of it, no answer; ``marked`` by a person
#: with a rubric; ``withdrawn`` from the assessment after the fact, its point being given.
Reason = Literal["right", "partial", "wrong", "none", "marked", "withdrawn"]


def is_answered(response: Response) -> bool:
    """Whether anything at all was answered."""
    return any(value.strip() for values in response.values() for value in values)


@dataclass(frozen=True)
class DrawnQuestion:
    """A question as shown in one attempt: its key, the order of its options and of its places, and its revision.

    ``revision`` names what it said when it was drawn (``assessments.draw.revision_of``).
    """

    key: str
    options: tuple[str, ...]
    places: tuple[str, ...] = ()
    revision: str = ""


@dataclass(frozen=True)
class Choice:
    """One of the values a field takes."""

    key: str
    text: Said


@dataclass(frozen=True)
class Field:
    """One thing to answer.

    ``one`` or ``several`` of its choices, in view · ``pick`` one of a list · ``line`` or ``text`` to write, of ``most``
    characters · ``number``, perhaps with a unit among its choices (field ``<name>.unit``) · ``day`` · ``files``,
    ``most`` of them at most, of so many ``megabytes`` each.

    ``section`` begins a group of fields; ``number`` tells apart fields of the same label. ``words`` are how few and how
    many a text has, 0 for no limit.
    """

    name: str
    kind: Literal["one", "several", "pick", "line", "text", "number", "day", "files"]
    label: Said | None = None
    choices: tuple[Choice, ...] = ()
    most: int = 0
    help: Said | None = None
    required: bool = False
    section: Said | None = None
    number: int = 0
    words: tuple[int, int] = (0, 0)
    megabytes: int = 0


@dataclass(frozen=True)
class Missing:
    """Something that a work lacks to be handed in: the field, and what to do (a message to be translated, its values).

    ``wrong`` says that something is there and cannot stand.
    """

    field: str
    what: str
    values: tuple[tuple[str, str | int], ...] = ()
    wrong: bool = False


@dataclass(frozen=True)
class Told:
    """Something that was already settled in this question: what happened, what was decided."""

    text: Said
    decided: Said | None = None


@dataclass(frozen=True)
class Sheet:
    """How a question is answered: an instruction, then fields.

    ``layout``: ``rows`` one below the other · ``order`` the ranks of things, one below the other · ``prose`` the
    sentences of a text, in order: choices, or one field each · ``gaps`` fields in the stem, where it says ``[[name]]``
    · ``grid`` choices in rows of ``columns``, as a matrix. ``goes_on``: what is answered is settled for good, and leads
    to what is asked next: nothing is sent before the learner says so.
    """

    instruction: str
    fields: tuple[Field, ...]
    layout: Literal["rows", "order", "prose", "gaps", "grid"] = "rows"
    columns: int = 0
    told: tuple[Told, ...] = ()
    goes_on: bool = False


@dataclass(frozen=True)
class Mark:
    """What one question is worth, 0 to 1, and why; ``parts`` is what each of its options earned, where they count."""

    points: Fraction
    reason: Reason
    parts: Mapping[str, Fraction] = field(default_factory=dict)


Verdict = Literal["right", "partial", "wrong", "missed"]


@dataclass(frozen=True)
class Line:
    """One thing of a question once corrected.

    ``given`` is what was answered, ``expected`` what was right; ``verdict`` is None where nothing had to be done and
    nothing was.
    """

    text: Said
    given: tuple[Said, ...]
    expected: tuple[Said, ...]
    verdict: Verdict | None
    feedback: Localized | None = None


@dataclass(frozen=True)
class Score:
    """The mean of the marks, exact; ``marks`` by question key explains every point.

    ``waiting`` are the questions that a person has still to mark: they are worth nothing yet.
    """

    value: Fraction
    marks: Mapping[str, Mark]
    waiting: tuple[str, ...] = ()
