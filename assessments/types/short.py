"""A short text, compared to the answers that are accepted and to the mistakes that are foreseen.

What is typed is compared once normalised (``assessments.words``), to right answers first. One that matches none earns
nothing: no distance is measured, so that an author can always tell why an answer was refused, and accept it by adding a
form.
"""

from fractions import Fraction

from assessments.choices import partly
from assessments.model import DrawnQuestion, Field, Line, Mark, Plain, Response, Sheet, Verdict
from assessments.type import QuestionType
from assessments.words import ACCENTS, CASE, LINE, accepts, first_form, written
from curricula.anatomy import Anatomy
from curricula.model import Option, Question
from curricula.problems import N_

NAME = "answer"


def sheet(_question: Question, _drawn: DrawnQuestion, _response: Response) -> Sheet:
    """One line to write."""
    return Sheet(N_("Answer in a word or a few."), (Field(NAME, "line", most=LINE),))


def grade(question: Question, response: Response) -> Mark:
    """The point for an answer that is accepted."""
    given = written(response.get(NAME, ()))
    if not given:
        return Mark(Fraction(0), "none")
    found = _matched(question, given)
    return partly(Fraction(bool(found and found.correct)))


def lines(question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """The answer that was recognised, with what it teaches; else the first right one."""
    given = written(response.get(NAME, ()))
    right = next((option for option in question.options if option.correct), None)
    shown = _matched(question, given) or right
    if shown is None:
        return ()
    verdict: Verdict = "missed" if not given else "right" if grade(question, response).points else "wrong"
    expected = first_form(right.accepted) if right else ()
    return (Line(shown.text, (Plain(given),) if given else (), expected, verdict, shown.feedback),)


def _matched(question: Question, given: str) -> Option | None:
    """The option that an answer is a form of, right ones first."""
    ordered = sorted(question.options, key=lambda option: not option.correct)
    return next((option for option in ordered if given and accepts(question, option.accepted, given)), None)


TYPE = QuestionType(
    "short", N_("Short text"),
    Anatomy(
        options=(1, 12), right=(1, 12), parts=frozenset({"accepted"}), settings=(ACCENTS, CASE),
        option_name=N_("Foreseen answer"),
    ),
    sheet, grade, lines,
)  # fmt: skip
