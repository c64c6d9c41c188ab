"""Multiple choice: right choices earn, wrong choices cost as much, never below nothing."""

from fractions import Fraction

from assessments.model import Mark, Response
from assessments.type import QuestionType
from curricula.model import Question


def grade(question: Question, response: Response) -> Mark:
    """(right options chosen - wrong options chosen) / right options, between 0 and 1.

    Choosing everything earns nothing when wrong options are as many as right ones.
    """
    chosen = set(response)
    if not chosen:
        return Mark(Fraction(0), "none")
    right = {option.key for option in question.options if option.correct}
    points = max(Fraction(0), Fraction(len(chosen & right) - len(chosen - right), len(right)))
    return Mark(points, "right" if points == 1 else "partial" if points else "wrong")


TYPE = QuestionType("multiple", "checkbox", (1, 8), grade)
