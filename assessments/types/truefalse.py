"""True or false, and why: a verdict, then the reason of it among several, one of them right.

Both right earn the point. The right verdict alone earns what the question says (``VERDICT_ALONE``), by default nothing:
a coin gives it once in two. The right reason of a wrong verdict earns nothing: it was not understood.
"""

from fractions import Fraction

from assessments.choices import in_order, partly
from assessments.model import Choice, DrawnQuestion, Field, Line, Mark, Response, Sheet
from assessments.type import QuestionType
from curricula.anatomy import Anatomy, Setting
from curricula.model import Option, Question
from curricula.problems import N_

VERDICT, REASON = "verdict", "reason"
_VERDICTS = {"true": N_("True"), "false": N_("False")}
STATEMENT = Setting(
    "statement", ("true", "false"), N_("The statement is"), N_("What is to be answered."),
    names=(N_("True"), N_("False")),
)  # fmt: skip
VERDICT_ALONE = Setting(
    "verdict_alone", range(51), N_("The right verdict alone earns (in hundredths)"),
    N_("What is earned when the reason is wrong, 50 at most: chance alone gives the verdict once in two."),
)  # fmt: skip


def sheet(question: Question, drawn: DrawnQuestion, _response: Response) -> Sheet:
    """The verdict, then the reason."""
    verdicts = tuple(Choice(key, text) for key, text in _VERDICTS.items())
    return Sheet(N_("Say whether it is true, then choose the reason."), (
        Field(VERDICT, "one", N_("This statement is…"), verdicts),
        Field(REASON, "one", N_("Because…"), in_order(question, drawn)),
    ))  # fmt: skip


def grade(question: Question, response: Response) -> Mark:
    """The point, what the verdict alone earns, or nothing."""
    verdict, reason = _verdict(response), _reason(question, response)
    if not verdict and reason is None:
        return Mark(Fraction(0), "none")
    if verdict != _statement(question):
        return partly(Fraction(0))
    alone = question.setting(VERDICT_ALONE.key)
    return partly(Fraction(1) if reason and reason.correct else Fraction(alone if isinstance(alone, int) else 0, 100))


def lines(question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """The verdict, explained by the right reason where another one was chosen; then the reason."""
    verdict, reason, right = _verdict(response), _reason(question, response), _right(question)
    statement = _statement(question)
    return (
        Line(
            N_("This statement is…"), (_VERDICTS[verdict],) if verdict else (), (_VERDICTS[statement],),
            "right" if verdict == statement else "wrong" if verdict else "missed",
            right.feedback if right and reason != right else None,
        ),
        Line(
            N_("Because…"), (reason.text,) if reason else (), (right.text,) if right else (),
            "missed" if reason is None else "right" if reason.correct else "wrong",
            reason.feedback if reason else None,
        ),
    )  # fmt: skip


def _verdict(response: Response) -> str:
    said = response.get(VERDICT, ())
    return said[0] if len(said) == 1 and said[0] in _VERDICTS else ""


def _reason(question: Question, response: Response) -> Option | None:
    said = response.get(REASON, ())
    return question.option(said[0]) if len(said) == 1 else None


def _right(question: Question) -> Option | None:
    return next((option for option in question.options if option.correct), None)


def _statement(question: Question) -> str:
    said = question.setting(STATEMENT.key)
    return said if isinstance(said, str) and said in _VERDICTS else str(STATEMENT.usual)


TYPE = QuestionType(
    "truefalse", N_("True or false, and why"),
    Anatomy(right=(1, 1), settings=(STATEMENT, VERDICT_ALONE), option_name=N_("Reason")), sheet, grade, lines,
    shuffles=frozenset({"options"}),
)  # fmt: skip
