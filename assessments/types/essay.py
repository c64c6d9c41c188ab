"""A text to write, marked by a person with a rubric."""

from datetime import date

from assessments.model import DrawnQuestion, Field, Figure, Line, Missing, Response, Sheet
from assessments.type import QuestionType
from assessments.works import CRITERIA, TEXT, number, text_line, typed, waits, words
from curricula.anatomy import Anatomy, Setting
from curricula.model import Question
from curricula.problems import N_

NAME = "text"
LEAST = Setting(
    "words_least", range(5001), N_("Words at least"), N_("A shorter text cannot be handed in; 0 for no limit.")
)
MOST = Setting("words_most", range(5001), N_("Words at most"), N_("A longer text cannot be handed in; 0 for no limit."))


def limits(question: Question) -> tuple[int, int]:
    """How few and how many words are asked, 0 for no limit."""
    least, most = number(question, LEAST), number(question, MOST)
    return least, most if most >= least else 0


def sheet(question: Question, _drawn: DrawnQuestion, _response: Response) -> Sheet:
    """One text."""
    field = Field(NAME, "text", N_("Your text"), most=TEXT, words=limits(question))
    return Sheet(N_("Write your answer. A person will mark it with the criteria shown on this page."), (field,))


def lines(_question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """The text, and how long it is."""
    return (text_line(N_("Your text"), response, NAME), *computed(_question, response))


def computed(_question: Question, response: Response) -> tuple[Line, ...]:
    """How many words there are."""
    return (Line(N_("Words"), (Figure("number", words(typed(response, NAME))),), (), None),)


def missing(question: Question, response: Response, _today: date) -> tuple[Missing, ...]:
    """A text begun that is too short or too long."""
    count, (least, most) = words(typed(response, NAME)), limits(question)
    if count and count < least:
        what = N_("The text has %(count)s words; %(least)s at least are asked.")
        return (Missing(NAME, what, (("count", count), ("least", least))),)
    if most and count > most:
        what = N_("The text has %(count)s words; %(most)s at most are asked.")
        return (Missing(NAME, what, (("count", count), ("most", most)), wrong=True),)
    return ()


TYPE = QuestionType(
    "essay", N_("Text to write"), Anatomy(options=(0, 0), criteria=CRITERIA, settings=(LEAST, MOST)), sheet, waits,
    lines, missing=missing, computed=computed,
)  # fmt: skip
