"""What a question type is: a module of ``assessments.types`` with a ``TYPE`` of this shape."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from assessments.model import DrawnQuestion, Field, Line, Mark, Missing, Response, Sheet
from curricula.anatomy import Anatomy
from curricula.model import Question


def newest(_question: Question, _kept: Response, sent: Response) -> Response:
    """The answer that was sent last."""
    return sent


def nothing_missing(_question: Question, _response: Response, _today: date) -> tuple[Missing, ...]:
    """Nothing: an answer may always be handed in."""
    return ()


def nothing_computed(_question: Question, _response: Response) -> tuple[Line, ...]:
    """Nothing."""
    return ()


@dataclass(frozen=True)
class QuestionType:
    """One way of asking.

    ``name`` is what authors call it (to be translated). ``sheet`` gives how a question is answered, given what was
    answered so far (``every_field``: all the fields there are, where that changes them); ``grade`` marks a response,
    deterministically: None for what a person marks; ``lines`` gives its correction. ``settle`` gives what is kept when
    an answer follows another. ``missing`` says what an answer lacks to be handed in on that day; ``computed`` what
    follows from it and is shown while it is written, giving away nothing of what is right. ``shuffles`` says what is
    shown in another order to each learner.
    """

    key: str
    name: str
    anatomy: Anatomy
    sheet: Callable[[Question, DrawnQuestion, Response], Sheet]
    grade: Callable[[Question, Response], Mark | None]
    lines: Callable[[Question, DrawnQuestion, Response], tuple[Line, ...]]
    shuffles: frozenset[Literal["options", "places"]] = frozenset()
    settle: Callable[[Question, Response, Response], Response] = newest
    every_field: Callable[[Question, DrawnQuestion], tuple[Field, ...]] | None = None
    missing: Callable[[Question, Response, date], tuple[Missing, ...]] = nothing_missing
    computed: Callable[[Question, Response], tuple[Line, ...]] = nothing_computed

    def fields(self, question: Question, drawn: DrawnQuestion) -> tuple[Field, ...]:
        """Every field that an answer may say, whatever was answered so far."""
        found = self.every_field or (lambda asked, shown: self.sheet(asked, shown, {}).fields)
        return found(question, drawn)

    @property
    def by_person(self) -> bool:
        """Whether a person marks it, with a rubric."""
        return self.anatomy.criteria[1] > 0
