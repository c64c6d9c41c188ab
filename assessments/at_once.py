"""Answering and being told at once, as practice and the placement test do."""

from assessments.model import DrawnQuestion, Mark, Response
from assessments.registry import question_types
from curricula.model import Question


def answered_at_once(
    question: Question, drawn: DrawnQuestion, before: Response, sent: Response
) -> tuple[Response, Mark | None]:
    """What an answer says now, after what it said ``before``, and what it is worth.

    The mark is None while the question goes on: it then asks something that it did not ask yet.
    """
    kind = question_types()[question.type]
    now = kind.settle(question, before, sent)
    asked, asks = ({field.name for field in kind.sheet(question, drawn, response).fields} for response in (before, now))
    goes_on = bool(asks - asked) and now != before
    return now, None if goes_on else kind.grade(question, now)
