"""Errors to find in a text, whose sentences are the options, in order; the places are the kinds of errors.

A sentence without place is sound. Where there are several kinds, the one of each error is to be named too.
"""

from fractions import Fraction

from assessments.choices import NAME, chosen, in_order, partly, places_in_order
from assessments.model import Choice, DrawnQuestion, Field, Line, Mark, Response, Said, Sheet, Verdict
from assessments.placing import fields, place_text, said, shown, verdict
from assessments.type import QuestionType
from curricula.anatomy import Anatomy
from curricula.model import Option, Question
from curricula.problems import N_

#: What is said of a sentence that is sound: no place has this key.
SOUND = "-"
NOTHING = N_("Nothing to report")


def sheet(question: Question, drawn: DrawnQuestion, _response: Response) -> Sheet:
    """The sentences to tick; where there are several kinds of errors, what is to be said of each."""
    if _one_kind(question):
        field = Field(NAME, "several", choices=in_order(question, drawn))
        return Sheet(N_("Tick each part of the text where there is an error."), (field,), "prose")
    kinds = (Choice(SOUND, NOTHING), *places_in_order(question, drawn))
    instruction = N_("Read the text, then say what is wrong with each of its parts, if anything is.")
    return Sheet(instruction, fields(question, drawn, "pick", kinds), "prose")


def grade(question: Question, response: Response) -> Mark:
    """(errors found - sound sentences accused) / errors, never below nothing. An error of another kind counts half."""
    answer = reported(question, response)
    if not answer:
        return Mark(Fraction(0), "none")
    count = sum(_is_error(question, option) for option in question.options)
    if not count:  # while it is being written
        return Mark(Fraction(0), "wrong")
    parts = {
        option.key: _earned(question, option, answer.get(option.key, SOUND)) / count for option in question.options
    }
    earned = sum(parts.values(), Fraction(0))
    return partly(earned, parts) if earned >= 0 else partly(Fraction(0))


def lines(question: Question, drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """Each sentence in order: what was said of it, what there was to say."""
    answer, ticked = reported(question, response), _one_kind(question)

    def line(option: Option) -> Line:
        # A sentence that is not ticked is said to be sound as soon as another one is ticked.
        told = answer.get(option.key) or (SOUND if ticked and answer else "")
        given: tuple[Said, ...] = (NOTHING,) if told == SOUND else place_text(question, told)
        right: tuple[Said, ...] = place_text(question, option.place) or (NOTHING,)
        return Line(option.text, given, right, _verdict(question, option, told, ticked), option.feedback)

    return tuple(line(option) for option in shown(question, drawn))


def reported(question: Question, response: Response) -> dict[str, str]:
    """Option → what was said of it, a kind of error or ``SOUND``, where something was."""
    if _one_kind(question):
        return {key: place.key for place in question.places for key in chosen(question, response)}
    known = {SOUND, *(place.key for place in question.places)}
    return {key: value for key, value in said(question, response).items() if value in known}


def _verdict(question: Question, option: Option, told: str, ticked: bool) -> Verdict | None:
    if told not in ("", SOUND):
        return verdict(_earned(question, option, told))
    if _is_error(question, option):
        return "missed"
    return "right" if told and not ticked else None


def _earned(question: Question, option: Option, told: str) -> Fraction:
    if not _is_error(question, option):
        return Fraction(0 if told == SOUND else -1)
    return Fraction(0) if told == SOUND else Fraction(1) if told == option.place else Fraction(1, 2)


def _is_error(question: Question, option: Option) -> bool:
    return question.place(option.place) is not None


def _one_kind(question: Question) -> bool:
    return len(question.places) <= 1


TYPE = QuestionType(
    "errors", N_("Errors to find in a text"),
    Anatomy(
        options=(2, 20), places=(1, 6), parts=frozenset({"kind"}), option_name=N_("Sentence of the text"),
        place_name=N_("Kind of error"),
    ),
    sheet, grade, lines,
)  # fmt: skip
