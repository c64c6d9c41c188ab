"""What the types where each option is put in a place share: one field an option, named by its key."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Literal

from assessments.choices import partly
from assessments.model import Choice, DrawnQuestion, Field, Line, Mark, Response, Verdict
from curricula.anatomy import Setting
from curricula.model import Localized, Option, Question
from curricula.problems import N_

#: ``each``: the share of options in their place. ``all``: a point when every option is, nothing otherwise.
SCORING = Setting(
    "scoring", ("each", "all"), N_("Partial credit"), N_("What some options in their place earn."),
    (N_("The share of options in their place"), N_("Everything or nothing")),
)  # fmt: skip

#: What an option is worth in a place, 0 to 1.
Worth = Callable[[Option, str], Fraction]


def in_its_place(option: Option, place: str) -> Fraction:
    """Everything in the right place, nothing elsewhere."""
    return Fraction(option.place == place)


def value_of(question: Question, setting: Setting) -> str | int:
    """What a question sets; the usual where it says nothing, or what is not allowed."""
    said = question.setting(setting.key)
    return said if said is not None and said in setting.allowed else setting.usual


def shown(question: Question, drawn: DrawnQuestion) -> Iterator[Option]:
    """The options in the order drawn."""
    return (option for key in drawn.options if (option := question.option(key)) is not None)


def fields(
    question: Question, drawn: DrawnQuestion, kind: Literal["one", "pick"], choices: tuple[Choice, ...]
) -> tuple[Field, ...]:
    """One field for each option, in the order drawn."""
    return tuple(Field(option.key, kind, option.text, choices) for option in shown(question, drawn))


def said(question: Question, response: Response) -> dict[str, str]:
    """Option → what was said of it, where something was."""
    values = {option.key: (*response.get(option.key, ()), "")[0] for option in question.options}
    return {key: value for key, value in values.items() if value}


def placed(question: Question, response: Response) -> dict[str, str]:
    """Option → the place it was put in, those of the question alone."""
    return {key: place for key, place in said(question, response).items() if question.place(place)}


def grade(question: Question, response: Response, worth: Worth = in_its_place) -> Mark:
    """The mean of what the options are worth where they were put, or all of it or nothing (``SCORING``)."""
    answer = placed(question, response)
    if not answer:
        return Mark(Fraction(0), "none")
    earned = {option.key: _earned(option, answer, worth) for option in question.options}
    if value_of(question, SCORING) == "all":
        return partly(Fraction(all(each == 1 for each in earned.values())))
    parts = {key: each / len(earned) for key, each in earned.items()}
    return partly(sum(parts.values(), Fraction(0)), parts)


def lines(
    question: Question, drawn: DrawnQuestion, response: Response, worth: Worth = in_its_place
) -> tuple[Line, ...]:
    """Each option in the order drawn: where it was put, where it belongs."""
    answer = placed(question, response)
    return tuple(
        Line(
            option.text, place_text(question, answer.get(option.key, "")), place_text(question, option.place),
            verdict(_earned(option, answer, worth)) if option.key in answer else "missed", option.feedback,
        )
        for option in shown(question, drawn)
    )  # fmt: skip


def verdict(earned: Fraction) -> Verdict:
    """What is said of something that earned that much."""
    return "right" if earned == 1 else "partial" if earned > 0 else "wrong"


def place_text(question: Question, key: str) -> tuple[Localized, ...]:
    """The text of a place; nothing where there is no such place."""
    place = question.place(key)
    return (place.text,) if place else ()


def _earned(option: Option, answer: dict[str, str], worth: Worth) -> Fraction:
    return worth(option, answer[option.key]) if option.key in answer else Fraction(0)
