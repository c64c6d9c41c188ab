"""Questions made for tests."""

from typing import Any

from assessments.draw import as_written
from assessments.model import Mark, Response
from assessments.registry import question_types
from curricula.model import Option, Question, Spot


def question(
    key: str, objective: str = "o1", kind: str = "single", right: str = "a", options: str = "abcd"
) -> Question:
    """A question whose options are the letters of ``options``, those of ``right`` being right."""
    both = {"fr": key, "en": key}
    made = tuple(Option(letter, both, both, correct=letter in right) for letter in options)
    return Question(key, kind, objective, 1, "source", both, made)


def both(text: str) -> dict[str, str]:
    """The same text in each language."""
    return {"fr": text, "en": text}


def option(key: str, **more: Any) -> Option:
    """An option that says its key, and something about it."""
    return Option(key, both(key), both(f"about {key}"), **more)


def asked(
    kind: str, *options: Option, places: tuple[Spot, ...] = (), stem: str = "?", **settings: str | int
) -> Question:
    """A question of a type, made of that."""
    return Question("q", kind, "o", 1, "s", both(stem), options, places, settings=tuple(settings.items()))


def mark(question: Question, **said: str) -> Mark:
    """What one text in each field earns."""
    found = question_types()[question.type].grade(question, {name: (text,) for name, text in said.items()})
    assert found is not None
    return found


def line_values(question: Question, **said: str) -> list[tuple[Any, ...]]:
    """Each line of the correction: its verdict, what was given, what was expected, its feedback."""
    response: Response = {name: (text,) for name, text in said.items()}
    lines = question_types()[question.type].lines(question, as_written(question), response)
    return [(line.verdict, line.given, line.expected, line.feedback) for line in lines]
