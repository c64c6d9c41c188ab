"""Grades an attempt: deterministic, exact, every point explained."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from assessments.model import DrawnQuestion, Mark, Response, Score
from assessments.registry import question_types
from curricula.model import Question


def grade(
    drawn: Sequence[DrawnQuestion],
    bank: Mapping[str, Question],
    responses: Mapping[str, Response],
    given: Mapping[str, Mark] | None = None,
) -> Score:
    """The score of the drawn questions, each worth the same; a question without response earns nothing.

    Responses to questions that were not drawn count for nothing. ``given`` are marks that stand whatever the response:
    those of persons, and of questions withdrawn after the fact.
    """
    marks: dict[str, Mark] = {}
    waiting = []
    for item in drawn:
        question = bank[item.key]
        mark = (given or {}).get(item.key) or question_types()[question.type].grade(
            question, responses.get(item.key, {})
        )
        if mark is None:
            waiting.append(item.key)
        else:
            marks[item.key] = mark
    total = sum((mark.points for mark in marks.values()), Fraction(0))
    count = len(marks) + len(waiting)
    return Score(total / count if count else Fraction(0), marks, tuple(waiting))
