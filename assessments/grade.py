"""Grades an attempt: deterministic, exact, every point explained."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from assessments.model import DrawnQuestion, Response, Score
from assessments.registry import question_types
from curricula.model import Question


def grade(drawn: Sequence[DrawnQuestion], bank: Mapping[str, Question], responses: Mapping[str, Response]) -> Score:
    """The score of the drawn questions, each worth the same; a question without response earns nothing.

    Responses to questions that were not drawn, and options that were not shown, count for nothing.
    """
    marks = {}
    for item in drawn:
        question = bank[item.key]
        response = tuple(key for key in responses.get(item.key, ()) if key in item.options)
        marks[item.key] = question_types()[question.type].grade(question, response)
    total = sum((mark.points for mark in marks.values()), Fraction(0))
    return Score(total / len(marks) if marks else Fraction(0), marks)
