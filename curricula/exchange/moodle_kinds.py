"""The types of questions of Moodle XML that are taken, by their names there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange.answers import (
    HALF_RIGHT,
    OTHER_NUMBER,
    PATTERN,
    Answer,
    matching,
    numeric,
    plain,
    short,
    spoken_of,
)
from curricula.exchange.choices import WEIGHTS, Choice, as_question, true_or_false, weighs_as_ours, with_general
from curricula.exchange.labels import Labels
from curricula.exchange.moodle_elements import kind_of, read_text, said_in, weight_of
from curricula.exchange.moodle_text import Texts
from curricula.exchange.safe import Node
from curricula.model import Localized, Question

Remark = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class Asked:
    """What questions of every type say."""

    key: str
    stem: Localized
    general: Localized
    labels: Labels


@dataclass(frozen=True)
class Made:
    """A question, what is left of its general feedback, and (message, values) of what else it lost."""

    question: Question
    general: Localized = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


def _choice(element: Node, texts: Texts, asked: Asked) -> Made:
    single = element.get("type") == "truefalse" or said_in(element.find("single")) not in ("false", "0")
    choices, general = with_general(list(_choices(element, texts)), asked.general)
    question = as_question(
        asked.key, asked.stem, choices, single=single, labels=asked.labels, spoken=texts.languages()
    )  # fmt: skip
    return Made(question, general, () if weighs_as_ours(question, choices) else ((WEIGHTS, {}),))


def _choices(element: Node, texts: Texts) -> Iterator[Choice]:
    kind = kind_of(element.find("questiontext"), "html")
    choices = [
        Choice(read_text(answer, texts, kind), read_text(answer.find("feedback"), texts, kind), weight_of(answer))
        for answer in element.iterfind("answer")
    ]
    if element.get("type") != "truefalse":
        yield from choices
        return
    # « true » and « false » are words of the format, not of a language.
    words = [said_in(answer).lower() for answer in element.iterfind("answer")]
    if sorted(words) == ["false", "true"]:
        said = dict(zip(words, choices, strict=True))
        named = true_or_false(True, said["true"].feedback, said["false"].feedback)
        yield from (
            replace(each, weight=said[word].weight) for each, word in zip(named, ("true", "false"), strict=True)
        )


def _matching(element: Node, texts: Texts, asked: Asked) -> Made:
    kind = kind_of(element.find("questiontext"), "html")
    pairs = [
        (read_text(each, texts, kind), texts.read(said_in(each.find("answer")), "plain"))
        for each in element.iterfind("subquestion")
    ]
    spoken = spoken_of(texts.languages())
    return Made(matching(asked.key, asked.stem, pairs, asked.general, asked.labels, spoken))


def _short(element: Node, texts: Texts, asked: Asked) -> Made:
    answers, general = _answers(element, texts, asked)
    return short_of(answers, general, texts, asked, case=said_in(element.find("usecase")) in ("1", "true"))


def short_of(answers: list[Answer], general: Localized, texts: Texts, asked: Asked, *, case: bool = False) -> Made:
    """A short question, without the answers that stand for many; raises ``NotTaken``."""
    kept = plain(answers)
    remarks: list[Remark] = [(PATTERN, {})] * (len(answers) - len(kept))
    remarks += [(HALF_RIGHT, {"text": each.text}) for each in kept if 0 < each.weight < 0.999]
    spoken = spoken_of(texts.languages())
    return Made(short(asked.key, asked.stem, kept, asked.labels, spoken, case=case), general, tuple(remarks))


def _numeric(element: Node, texts: Texts, asked: Asked) -> Made:
    answers, general = _answers(element, texts, asked)
    units = [
        (said_in(unit.find("multiplier")), said_in(unit.find("unit_name"))) for unit in element.iterfind("units/unit")
    ]
    question = numeric(asked.key, asked.stem, answers, units, asked.labels, spoken_of(texts.languages()))
    return Made(question, general, tuple(other_numbers(answers)))


def other_numbers(answers: list[Answer]) -> Iterator[Remark]:
    """What is said of numbers that are not the right one."""
    for answer in answers:
        said = " / ".join(filter(None, answer.feedback.values()))
        if 0 < answer.weight < 0.999:
            yield HALF_RIGHT, {"text": answer.text}
        if answer.weight < 0.999 and said:
            yield OTHER_NUMBER, {"text": said}


def _answers(element: Node, texts: Texts, asked: Asked) -> tuple[list[Answer], Localized]:
    """(the answers as they are typed, what is left of the general feedback): all take it where none has its own."""
    kind = kind_of(element.find("questiontext"), "html")
    answers = [
        Answer(
            _typed(each),
            read_text(each.find("feedback"), texts, kind),
            weight_of(each),
            said_in(each.find("tolerance")),
        )
        for each in element.iterfind("answer")
    ]
    return shared(answers, asked.general)


def shared(answers: list[Answer], general: Localized) -> tuple[list[Answer], Localized]:
    """(the answers, what is left of the general feedback): all take it where none has its own."""
    if any(any(each.feedback.values()) for each in answers):
        return answers, general
    return [replace(each, feedback=general) for each in answers], {}


def _typed(answer: Element) -> str:
    """An answer as people type it: « text » is not marked up, whatever format it says."""
    text = answer.find("text")
    return ((answer if text is None else text).text or "").strip()


#: Moodle's name of a type → what makes a question of it; raises ``NotTaken``.
KINDS: Mapping[str, Callable[[Node, Texts, Asked], Made]] = {
    "multichoice": _choice, "truefalse": _choice, "matching": _matching, "shortanswer": _short, "numerical": _numeric,
}  # fmt: skip
