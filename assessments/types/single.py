"""Single choice: one right option; a point for it, nothing otherwise."""

from fractions import Fraction

from assessments.model import Mark, Response
from assessments.type import QuestionType
from curricula.model import Question


def grade(question: Question, response: Response) -> Mark:
    """A point when the chosen option is the right one."""
    if not response:
        return Mark(Fraction(0), "none")
    right = {option.key for option in question.options if option.correct}
    return Mark(Fraction(1), "right") if set(response) == right else Mark(Fraction(0), "wrong")


TYPE = QuestionType("single", "radio", (1, 1), grade)
