"""Pairs: each option has its other half among the places, which may hold halves too many."""

from assessments.choices import places_in_order
from assessments.model import DrawnQuestion, Response, Sheet
from assessments.placing import SCORING, fields, grade, lines
from assessments.type import QuestionType
from curricula.anatomy import Anatomy
from curricula.model import Question
from curricula.problems import N_


def sheet(question: Question, drawn: DrawnQuestion, _response: Response) -> Sheet:
    """The other half of each option, from a list in the order drawn."""
    halves = places_in_order(question, drawn)
    return Sheet(N_("Choose what goes with each."), fields(question, drawn, "pick", halves))


TYPE = QuestionType(
    "matching", N_("Pairs to match"),
    Anatomy(
        options=(2, 8), places=(2, 12), parts=frozenset({"place"}), settings=(SCORING,),
        option_name=N_("First half"), place_name=N_("Other half"),
    ),
    sheet, grade, lines,
    shuffles=frozenset({"places"}),
)  # fmt: skip
