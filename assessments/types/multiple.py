"""Multiple choice, by one of three rules of partial credit."""

from fractions import Fraction

from assessments.choices import NAME, chosen, in_order, lines, partly
from assessments.model import DrawnQuestion, Field, Mark, Response, Sheet
from assessments.type import QuestionType
from curricula.anatomy import Anatomy, Setting
from curricula.model import Question
from curricula.problems import N_

#: ``balanced``: (right options chosen - wrong options chosen) / right options, never below nothing; choosing
#: everything earns nothing when wrong options are as many as right ones. ``each``: the share of options rightly chosen
#: or left, nothing where less than half are. ``all``: a point for the right options and no other.
SCORING = Setting(
    "scoring", ("balanced", "each", "all"), N_("Partial credit"),
    N_("What an answer that is right in part earns. Choosing every option never earns the whole point."),
    names=(
        N_("Each right option earns its share, each wrong one costs as much"),
        N_("The share of options rightly chosen or left, nothing below half"),
        N_("Everything or nothing"),
    ),
)  # fmt: skip


def sheet(question: Question, drawn: DrawnQuestion, _response: Response) -> Sheet:
    """Any of the options, in the order drawn."""
    field = Field(NAME, "several", choices=in_order(question, drawn))
    return Sheet(N_("Choose every right answer: there may be several."), (field,))


def grade(question: Question, response: Response) -> Mark:
    """Between 0 and 1, by the rule of the question (``SCORING``)."""
    answer = chosen(question, response)
    if not answer:
        return Mark(Fraction(0), "none")
    right = {option.key for option in question.options if option.correct}
    rule = question.setting(SCORING.key) or SCORING.usual
    if rule == "all":
        points = Fraction(answer == right)
    elif rule == "each":
        settled = Fraction(len(question.options) - len(answer ^ right), len(question.options))
        points = max(Fraction(0), 2 * settled - 1)
    else:
        points = max(Fraction(0), Fraction(len(answer & right) - len(answer - right), max(1, len(right))))
    return partly(points)


TYPE = QuestionType(
    "multiple", N_("Several right answers"), Anatomy(right=(1, 8), settings=(SCORING,)), sheet, grade, lines,
    shuffles=frozenset({"options"}),
)  # fmt: skip
