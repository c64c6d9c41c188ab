"""What the types where options are chosen share."""

from collections.abc import Mapping
from fractions import Fraction

from assessments.model import Choice, DrawnQuestion, Line, Mark, Response, Verdict
from curricula.model import Option, Question

#: The field of a question that has one.
NAME = "choice"


def in_order(question: Question, drawn: DrawnQuestion) -> tuple[Choice, ...]:
    """The options in the order drawn."""
    texts = {option.key: option.text for option in question.options}
    return tuple(Choice(key, texts[key]) for key in drawn.options if key in texts)


def places_in_order(question: Question, drawn: DrawnQuestion) -> tuple[Choice, ...]:
    """The places in the order drawn, or as the question says them."""
    texts = {place.key: place.text for place in question.places}
    return tuple(Choice(key, texts[key]) for key in drawn.places or texts if key in texts)


def chosen(question: Question, response: Response) -> frozenset[str]:
    """The options chosen, those of the question alone."""
    return frozenset(response.get(NAME, ())) & {option.key for option in question.options}


def partly(points: Fraction, parts: Mapping[str, Fraction] | None = None) -> Mark:
    """A mark that says whether everything, part or nothing of the answer is right."""
    return Mark(points, "right" if points == 1 else "partial" if points else "wrong", parts or {})


def lines(question: Question, drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """Each option in the order drawn: whether it was chosen, whether it was right."""
    answer = chosen(question, response)
    options = (question.option(key) for key in drawn.options)
    return tuple(_line(option, option.key in answer) for option in options if option is not None)


def _line(option: Option, taken: bool) -> Line:
    verdict: Verdict | None = (
        ("right" if option.correct else "wrong") if taken else "missed" if option.correct else None
    )
    given, expected = ((option.text,) if said else () for said in (taken, option.correct))
    return Line(option.text, given, expected, verdict, option.feedback)
