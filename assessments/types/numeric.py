"""Numbers, each with a tolerance; with units, where the question has places.

The value expected is in the first unit. Any unit offered will do, as long as the quantity is right: 1.5 hours is 90
minutes. Where several units are offered, a number that would be right in one of them, given in another or in none,
earns half of its share: the sum was done, the unit was not; ``UNIT`` may ask for it instead. A unit typed in the field
counts before one chosen beside it.
"""

from dataclasses import dataclass
from fractions import Fraction

from assessments.choices import partly
from assessments.model import Choice, DrawnQuestion, Field, Line, Mark, Plain, Response, Said, Sheet, Verdict
from assessments.numbers import MOST, Typed, shown, typed, within
from assessments.type import QuestionType
from assessments.words import written
from curricula.anatomy import Anatomy, Setting
from curricula.lacking import number
from curricula.model import Option, Question, Spot
from curricula.problems import N_

UNIT = Setting(
    "unit", ("half", "needed"), N_("The right number without the right unit"),
    N_("It matters where several units are offered."),
    names=(N_("Earns half"), N_("Earns nothing")),
)  # fmt: skip


@dataclass(frozen=True)
class _Answer:
    """What one line was answered: as it was written, as it is read, and the unit that goes with it, if any."""

    text: str
    read: Typed | None
    unit: Spot | None


def sheet(question: Question, _drawn: DrawnQuestion, _response: Response) -> Sheet:
    """A number for each line, with the units to choose from."""
    units = tuple(Choice(unit.key, unit.text) for unit in question.places)
    fields = tuple(Field(line.key, "number", line.text, units, MOST) for line in question.options)
    several = len(question.places) > 1
    return Sheet(N_("Write a number, and choose its unit.") if several else N_("Write a number."), fields)


def grade(question: Question, response: Response) -> Mark:
    """The share of lines that are right; half of it for the right number without its unit."""
    answers = {line.key: _answer(question, line, response) for line in question.options}
    if not any(answer.text for answer in answers.values()):
        return Mark(Fraction(0), "none")
    earned = {line.key: _worth(question, line, answers[line.key]) for line in question.options}
    parts = {key: worth / len(earned) for key, worth in earned.items() if worth}
    return partly(sum(parts.values(), Fraction(0)), parts)


def lines(question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """Each line: the number given, the one expected and how far from it one may be."""
    return tuple(_line(question, line, _answer(question, line, response)) for line in question.options)


def _line(question: Question, line: Option, answer: _Answer) -> Line:
    first = question.places[0].text if question.places else None
    expected: tuple[Said, ...] = (shown(line.value, first, line.tolerance),) if line.value else ()
    worth = _worth(question, line, answer)
    verdict: Verdict = "missed" if not answer.text else "right" if worth == 1 else "partial" if worth else "wrong"
    return Line(line.text, _given(answer), expected, verdict, line.feedback)


def _given(answer: _Answer) -> tuple[Said, ...]:
    if not answer.text:
        return ()
    if answer.unit is None or (answer.read and answer.read.unit):
        return (Plain(answer.text),)
    return (Plain({language: f"{answer.text} {name}" for language, name in answer.unit.text.items()}),)


def _answer(question: Question, line: Option, response: Response) -> _Answer:
    text = written(response.get(line.key, ()))
    read = typed(text, question.places)
    beside = response.get(f"{line.key}.unit", ())
    said = (read.unit if read else "") or (beside[0] if beside else "")
    only = question.places[0] if len(question.places) == 1 else None
    return _Answer(text, read, question.place(said) or only)


def _worth(question: Question, line: Option, answer: _Answer) -> Fraction:
    """What a line earns of its share: all, half or nothing."""
    if answer.read is None:
        return Fraction(0)
    if not question.places:
        return Fraction(within(answer.read.number, line.value, line.tolerance))
    right = [unit for unit in question.places if _right(line, answer.read.number, unit)]
    if answer.unit in right:
        return Fraction(1)
    return Fraction(1, 2) if right and question.setting(UNIT.key) != UNIT.allowed[1] else Fraction(0)


def _right(line: Option, value: Fraction, unit: Spot) -> bool:
    return within(value * (number(unit.factor or "1") or 1), line.value, line.tolerance)


TYPE = QuestionType(
    "numeric", N_("Numbers"),
    Anatomy(
        options=(1, 8), places=(0, 8), parts=frozenset({"value"}), settings=(UNIT,), option_name=N_("Line"),
        place_name=N_("Unit"),
    ),
    sheet, grade, lines,
)  # fmt: skip
