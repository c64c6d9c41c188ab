"""A text with gaps, each filled with words typed or picked from a list.

Where the question has places, they are the list; else what is typed is compared to the forms accepted
(``assessments.words``). Each gap earns its share, or all of them the point together.
"""

from fractions import Fraction

from assessments.choices import partly, places_in_order
from assessments.model import DrawnQuestion, Field, Line, Mark, Plain, Response, Said, Sheet, Verdict
from assessments.type import QuestionType
from assessments.words import ACCENTS, CASE, LINE, accepts, first_form, written
from curricula.anatomy import Anatomy, Setting
from curricula.model import Option, Question
from curricula.problems import N_

SCORING = Setting(
    "scoring", ("each", "all"), N_("Partial credit"), N_("What some gaps rightly filled earn."),
    names=(N_("The share of gaps rightly filled"), N_("Everything or nothing")),
)  # fmt: skip


def sheet(question: Question, drawn: DrawnQuestion, _response: Response) -> Sheet:
    """A field in each gap of the stem."""
    picked = places_in_order(question, drawn)
    if picked:
        fields = tuple(Field(gap.key, "pick", gap.text, picked) for gap in question.options)
        return Sheet(N_("Choose what goes in each gap."), fields, "gaps")
    fields = tuple(Field(gap.key, "line", gap.text, most=LINE) for gap in question.options)
    return Sheet(N_("Fill in each gap, in a word or a few."), fields, "gaps")


def grade(question: Question, response: Response) -> Mark:
    """The share of gaps rightly filled; with ``all``, the point or nothing."""
    given = {gap.key: _given(question, gap, response) for gap in question.options}
    if not any(given.values()):
        return Mark(Fraction(0), "none")
    right = [gap.key for gap in question.options if _right(question, gap, given[gap.key])]
    if question.setting(SCORING.key) == "all" and len(right) < len(given):
        return partly(Fraction(0))
    share = Fraction(1, len(given))
    return partly(share * len(right), {key: share for key in given if key in right})


def lines(question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """Each gap: how it was filled, how it is."""
    return tuple(_line(question, gap, _given(question, gap, response)) for gap in question.options)


def _line(question: Question, gap: Option, given: str) -> Line:
    said: tuple[Said, ...] = ()
    if question.places:
        said = tuple(place.text for place in question.places if place.key == given)
        expected: tuple[Said, ...] = tuple(place.text for place in question.places if place.key == gap.place)
    else:
        said, expected = (Plain(given),) if given else (), first_form(gap.accepted)
    verdict: Verdict = "missed" if not given else "right" if _right(question, gap, given) else "wrong"
    return Line(gap.text, said, expected, verdict, gap.feedback)


def _given(question: Question, gap: Option, response: Response) -> str:
    """What fills a gap: the words typed, or the key of a place of the question."""
    said = written(response.get(gap.key, ()))
    return said if not question.places or question.place(said) else ""


def _right(question: Question, gap: Option, given: str) -> bool:
    if question.places:
        return bool(given) and given == gap.place
    return accepts(question, gap.accepted, given)


TYPE = QuestionType(
    "cloze", N_("Text with gaps"),
    Anatomy(
        options=(1, 12), gaps=True, places=(0, 12), may=frozenset({"place", "accepted"}),
        settings=(SCORING, ACCENTS, CASE), option_name=N_("Gap"), place_name=N_("Words to choose from"),
    ),
    sheet, grade, lines, shuffles=frozenset({"places"}),
)  # fmt: skip
