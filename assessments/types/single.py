"""Single choice: one right option; a point for it, nothing otherwise."""

from fractions import Fraction

from assessments.choices import NAME, chosen, in_order, lines
from assessments.model import DrawnQuestion, Field, Mark, Response, Sheet
from assessments.type import QuestionType
from curricula.anatomy import Anatomy
from curricula.model import Question
from curricula.problems import N_


def sheet(question: Question, drawn: DrawnQuestion, _response: Response) -> Sheet:
    """One of the options, in the order drawn."""
    return Sheet(N_("Choose one answer."), (Field(NAME, "one", choices=in_order(question, drawn)),))


def grade(question: Question, response: Response) -> Mark:
    """A point when the chosen option is the right one."""
    answer = chosen(question, response)
    if not answer:
        return Mark(Fraction(0), "none")
    right = {option.key for option in question.options if option.correct}
    return Mark(Fraction(1), "right") if answer == right else Mark(Fraction(0), "wrong")


TYPE = QuestionType(
    "single", N_("One right answer"), Anatomy(right=(1, 1)), sheet, grade, lines, shuffles=frozenset({"options"})
)
