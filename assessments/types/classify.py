"""Items to sort into categories: the risk classes of the AI Act, what may be pasted in a tool."""

from assessments.choices import places_in_order
from assessments.model import DrawnQuestion, Response, Sheet
from assessments.placing import SCORING, fields, grade, lines
from assessments.type import QuestionType
from curricula.anatomy import Anatomy
from curricula.model import Question
from curricula.problems import N_

#: Categories beyond which they are in a list, instead of in view beside each item.
IN_VIEW = 4


def sheet(question: Question, drawn: DrawnQuestion, _response: Response) -> Sheet:
    """The category of each item. Categories keep their order, which often says something; items do not."""
    categories = places_in_order(question, drawn)
    items = fields(question, drawn, "one" if len(categories) <= IN_VIEW else "pick", categories)
    return Sheet(N_("Choose the category of each item."), items)


TYPE = QuestionType(
    "classify", N_("Items to sort into categories"),
    Anatomy(
        options=(2, 12), places=(2, 8), parts=frozenset({"place"}), settings=(SCORING,),
        option_name=N_("Item to sort"), place_name=N_("Category"),
    ),
    sheet, grade, lines,
    shuffles=frozenset({"options"}),
)  # fmt: skip
