"""What a question type is: a module of ``assessments.types`` with a ``TYPE`` of this shape."""

from dataclasses import dataclass
from typing import Literal, Protocol

from assessments.model import Mark, Response
from curricula.model import Question


class Grade(Protocol):
    """Marks a response to a question, deterministically."""

    def __call__(self, question: Question, response: Response) -> Mark: ...


@dataclass(frozen=True)
class QuestionType:
    """One way of asking.

    ``control`` names the form control; ``right_options`` how few and how many options may be right, both included.
    """

    key: str
    control: Literal["radio", "checkbox"]
    right_options: tuple[int, int]
    grade: Grade
