"""Placement on the impact–complexity matrix, whose cells are the places: row by row, the highest impact first."""

from fractions import Fraction

from assessments import placing
from assessments.choices import places_in_order
from assessments.model import DrawnQuestion, Line, Mark, Response, Sheet
from assessments.placing import Worth, fields, value_of
from assessments.type import QuestionType
from curricula.anatomy import Anatomy, Setting
from curricula.model import Option, Question
from curricula.problems import N_

#: Cells in a row, the least complex first.
COLUMNS = Setting(
    "columns", range(2, 5), N_("Columns of the matrix"),
    N_("Cells are written row by row, the highest impact first, the least complex first."),
)  # fmt: skip
#: Hundredths of an option's share that a cell beside the right one earns: above, below, on its left or on its right.
NEAR = Setting(
    "near", range(101), N_("What a cell beside the right one earns"), N_("In hundredths of what the right one does.")
)


def sheet(question: Question, drawn: DrawnQuestion, _response: Response) -> Sheet:
    """The cell of each option."""
    cells = fields(question, drawn, "one", places_in_order(question, drawn))
    return Sheet(N_("Choose the cell of the matrix where each one stands."), cells, "grid", columns(question))


def grade(question: Question, response: Response) -> Mark:
    """The mean of what the options earned: everything in their cell, ``NEAR`` of it beside, nothing elsewhere."""
    return placing.grade(question, response, _worth(question))


def lines(question: Question, drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """Each option: the cell where it was put, the one where it stands."""
    return placing.lines(question, drawn, response, _worth(question))


def columns(question: Question) -> int:
    """How many cells make a row."""
    return int(value_of(question, COLUMNS))


def _worth(question: Question) -> Worth:
    wide, near = columns(question), Fraction(int(value_of(question, NEAR)), 100)
    cells = {place.key: divmod(number, wide) for number, place in enumerate(question.places)}

    def worth(option: Option, place: str) -> Fraction:
        if option.place not in cells:
            return Fraction(0)
        away = sum(abs(one - other) for one, other in zip(cells[option.place], cells[place], strict=True))
        return Fraction(1) if away == 0 else near if away == 1 else Fraction(0)

    return worth


TYPE = QuestionType(
    "matrix", N_("Placement on the impact–complexity matrix"),
    Anatomy(
        options=(1, 9), places=(4, 16), parts=frozenset({"place"}), settings=(COLUMNS, NEAR),
        option_name=N_("Use to place"), place_name=N_("Cell"),
    ),
    sheet, grade, lines,
    shuffles=frozenset({"options"}),
)  # fmt: skip
