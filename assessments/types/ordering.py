"""Things to put in order: the options are written in the right one, and shown in another."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

from assessments.choices import partly
from assessments.model import Choice, DrawnQuestion, Line, Mark, Response, Sheet, Verdict
from assessments.placing import fields, said, value_of
from assessments.type import QuestionType
from curricula.anatomy import Anatomy, Setting
from curricula.model import LANGUAGES, Localized, Question
from curricula.problems import N_

#: ``pairs``: (pairs of options in the right order - pairs in the other) / all pairs, never below nothing; two options
#: of the same rank, or one without rank, are in neither. ``all``: a point for the right order, nothing otherwise.
SCORING = Setting(
    "scoring", ("pairs", "all"), N_("Partial credit"), N_("What an order that is right in part earns."),
    (N_("Pairs in order, less those that are not"), N_("Everything or nothing")),
)  # fmt: skip


def sheet(question: Question, drawn: DrawnQuestion, response: Response) -> Sheet:
    """The rank of each option. Those that have one come first, by it; the others in the order drawn."""
    given, last = ranks(question, response), len(question.options)
    choices = tuple(Choice(str(rank), _number(rank)) for rank in range(1, last + 1))
    items = sorted(fields(question, drawn, "pick", choices), key=lambda field: given.get(field.name, last + 1))
    return Sheet(N_("Give each one its rank, 1 being the first."), tuple(items), "order")


def grade(question: Question, response: Response) -> Mark:
    """Between 0 and 1, by the rule of the question (``SCORING``)."""
    if not ranks(question, response):
        return Mark(Fraction(0), "none")
    pairs = [order for _one, _other, order in _pairs(question, response)]
    if value_of(question, SCORING) == "all":
        return partly(Fraction(all(order == 1 for order in pairs)))
    return partly(max(Fraction(0), Fraction(sum(pairs), max(1, len(pairs)))))


def lines(question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """Each option in the right order: the rank it was given, its own."""
    given = ranks(question, response)
    in_order = {key for one, other, order in _pairs(question, response) if order == 1 for key in (one, other)}
    by_pairs = value_of(question, SCORING) == "pairs"

    def verdict(key: str, rank: int) -> Verdict:
        if key not in given:
            return "missed"
        return "right" if given[key] == rank else "partial" if by_pairs and key in in_order else "wrong"

    return tuple(
        Line(
            option.text, (_number(given[option.key]),) if option.key in given else (), (_number(rank),),
            verdict(option.key, rank), option.feedback,
        )
        for rank, option in enumerate(question.options, start=1)
    )  # fmt: skip


def ranks(question: Question, response: Response) -> dict[str, int]:
    """Option → the rank it was given, where it is one."""
    known = {str(rank): rank for rank in range(1, len(question.options) + 1)}
    return {key: known[value] for key, value in said(question, response).items() if value in known}


def _pairs(question: Question, response: Response) -> Iterator[tuple[str, str, int]]:
    """(an option, one that follows it, 1 when they were ranked so, -1 when the other way, 0 when neither)."""
    given = ranks(question, response)
    for one, other in combinations([option.key for option in question.options], 2):
        told = one in given and other in given
        yield one, other, (given[one] < given[other]) - (given[one] > given[other]) if told else 0


def _number(rank: int) -> Localized:
    return dict.fromkeys(LANGUAGES, str(rank))


TYPE = QuestionType(
    "ordering",
    N_("Things to put in order"),
    Anatomy(options=(2, 9), settings=(SCORING,), option_name=N_("Step, in the right order")),
    sheet,
    grade,
    lines,
    shuffles=frozenset({"options"}),
)
