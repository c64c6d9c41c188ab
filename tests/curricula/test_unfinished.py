"""What a question lacks is said where it is to be put right."""

from dataclasses import replace
from typing import Any

import pytest

from assessments.registry import anatomies
from curricula.model import Option, Question
from curricula.registry import shipped_tracks
from curricula.unfinished import alone, in_module

WHOLE = Question(
    "q", "single", "o1", 2, "s1", {"fr": "Quoi ?", "en": "What?"},
    (
        Option("a", {"fr": "Oui", "en": "Yes"}, {"fr": "Bien.", "en": "Well."}, correct=True),
        Option("b", {"fr": "Non", "en": "No"}, {"fr": "Relisez.", "en": "Read again."}, misconception="size is truth"),
    ),
)  # fmt: skip


def found(question: Question) -> set[tuple[tuple[str, ...], str]]:
    return {(each.path, each.weight) for each in alone(question, anatomies())}


def test_nothing_is_missing_in_what_is_shipped() -> None:
    for track in shipped_tracks().values():
        for module in track.published_modules:
            objectives = [each.key for each in module.objectives]
            sources = [each.key for each in module.sources]
            for question in module.questions:
                assert not [each for each in alone(question, anatomies()) if each.weight == "blocking"]
                assert list(in_module(question, objectives, sources)) == []


def options(**second: object) -> tuple[Option, ...]:
    """The options, the second one being changed."""
    return (WHOLE.options[0], replace(WHOLE.options[1], **second))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"type": "riddle"}, ("type",)),
        ({"options": ()}, ("option",)),
        ({"options": WHOLE.options[1:]}, ("option",)),
        ({"options": WHOLE.options * 5}, ("option",)),
        ({"options": options(correct=True)}, ("option",)),
        ({"type": "multiple", "options": options()[1:] * 2}, ("option",)),
        ({"stem": {"fr": "Quoi ?"}}, ("stem", "en")),
        ({"options": options(text={"en": "No"})}, ("option", "b", "text", "fr")),
        ({"options": options(feedback={})}, ("option", "b", "feedback", "en")),
    ],
)
def test_each_lack_leads_to_its_field(changes: dict[str, Any], path: tuple[str, ...]) -> None:
    assert found(WHOLE) == set()
    assert (path, "blocking") in found(replace(WHOLE, **changes))


def test_a_misconception_is_only_advised() -> None:
    silent = replace(WHOLE, options=(WHOLE.options[0], replace(WHOLE.options[1], misconception="")))
    assert found(silent) == {(("option", "b", "misconception"), "advice")}


def test_what_the_module_does_not_know_is_said() -> None:
    paths = [each.path for each in in_module(WHOLE, ["o2"], [])]
    assert paths == [("objective",), ("source",)]
    assert list(in_module(WHOLE, ["o1"], ["s1"])) == []
