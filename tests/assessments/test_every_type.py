"""What holds of every type of question, shown on its sample: ``questions/<type>.toml``, answered in ``<type>.json``.

``right`` earns everything and ``wrong`` nothing; ``partly`` gives answers by what they earn. A type that a person marks
gives ``right`` alone: an answer that is whole.
"""

import json
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.draw import as_shown, as_written
from assessments.model import Response, Sheet
from assessments.registry import anatomies, question_types
from assessments.type import QuestionType
from curricula.bank import read_bank
from curricula.lacking import lacking
from curricula.model import LANGUAGES, Question
from curricula.problems import Place, Problem
from curricula.write import questions_lines, whole

HERE = Path(__file__).parent / "questions"
TYPES = sorted(question_types())
PERSON = [key for key in TYPES if question_types()[key].by_person]
MACHINE = [key for key in TYPES if key not in PERSON]


def sample(key: str) -> tuple[QuestionType, Question, dict[str, Any]]:
    """A type, a question of it, and how it is answered."""
    problems: list[Problem] = []
    (question,) = read_bank(Place.of(key, (HERE / f"{key}.toml").read_bytes()), problems)
    assert problems == []
    return question_types()[key], question, json.loads((HERE / f"{key}.json").read_text())


def response(said: dict[str, list[str]]) -> Response:
    return {name: tuple(values) for name, values in said.items()}


def sheet(kind: QuestionType, question: Question, said: Response) -> Sheet:
    return kind.sheet(question, as_written(question), said)


@pytest.mark.parametrize("key", TYPES)
def test_its_sample_lacks_nothing_and_is_written_as_it_is_read(key: str) -> None:
    _kind, question, _said = sample(key)
    assert question.type == key
    assert list(lacking(question, anatomies()[key])) == []
    assert read_bank(Place.of(key, whole(questions_lines([question]))), []) == (question,)


@pytest.mark.parametrize("key", MACHINE)
def test_it_marks_from_nothing_to_everything(key: str) -> None:
    kind, question, said = sample(key)
    marks = {name: kind.grade(question, response(said[name])) for name in ("right", "wrong")}
    none = kind.grade(question, {})
    assert marks["right"] is not None
    assert marks["wrong"] is not None
    assert none is not None
    assert (marks["right"].points, marks["right"].reason) == (1, "right")
    assert (marks["wrong"].points, marks["wrong"].reason) == (0, "wrong")
    assert (none.points, none.reason) == (0, "none")
    for points, answer in said.get("partly", {}).items():
        mark = kind.grade(question, response(answer))
        assert mark is not None
        assert (mark.points, mark.reason) == (Fraction(points), "partial"), answer


@pytest.mark.parametrize("key", PERSON)
def test_what_a_person_marks_waits_for_them(key: str) -> None:
    kind, question, said = sample(key)
    assert kind.grade(question, response(said["right"])) is None
    empty = kind.grade(question, {})
    assert empty is None or (empty.points, empty.reason) == (0, "none")
    assert question.criteria


@pytest.mark.parametrize("key", TYPES)
def test_its_sheet_takes_what_its_sample_answers(key: str) -> None:
    kind, question, said = sample(key)
    known: set[str] = set()
    seen: Response = {}
    for _step in range(20):  # a way of several steps shows them one after the other
        fields = sheet(kind, question, seen).fields
        known |= {field.name for field in fields} | {f"{field.name}.unit" for field in fields if field.choices}
        for field in fields:
            if field.name in said["right"] and field.kind in ("one", "several", "pick"):
                assert set(said["right"][field.name]) <= {choice.key for choice in field.choices}
        step = {name: tuple(values) for name, values in said["right"].items() if name in known}
        if step == seen:
            break
        seen = kind.settle(question, seen, step)
    assert set(said["right"]) <= known


@pytest.mark.parametrize("key", TYPES)
def test_its_correction_says_what_was_right(key: str) -> None:
    kind, question, said = sample(key)
    drawn = as_shown(question, random.Random(1))
    lines = kind.lines(question, drawn, response(said["right"]))
    assert {line.verdict for line in lines} <= {"right", None}
    if key in MACHINE:
        assert "right" in {line.verdict for line in lines}
        assert not {line.verdict for line in kind.lines(question, drawn, response(said["wrong"]))} <= {"right", None}
        feedback = [line.feedback for line in lines if line.feedback]
        assert feedback, "every option's feedback teaches"
        assert all(text.get(language) for text in feedback for language in LANGUAGES)


@pytest.mark.parametrize("key", TYPES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_answered_it_holds(key: str, data: st.DataObject) -> None:
    kind, question, _said = sample(key)
    drawn = as_shown(question, random.Random(data.draw(st.integers(0, 9))))
    said: Response = {}
    for _step in range(data.draw(st.integers(1, 4))):
        sent: dict[str, tuple[str, ...]] = {}
        for field in kind.sheet(question, drawn, said).fields:
            offered = st.sampled_from([choice.key for choice in field.choices] or ["?"])
            values = st.lists(offered | st.text(max_size=12), max_size=4) if field.choices else st.lists(
                st.text(max_size=30), max_size=1
            )  # fmt: skip
            sent[field.name] = tuple(data.draw(values))
        said = kind.settle(question, said, sent)
    mark = kind.grade(question, said)
    assert mark == kind.grade(question, dict(reversed(said.items()))), "nothing but what was answered counts"
    if mark is not None:
        assert 0 <= mark.points <= 1
        assert mark.reason in ("none", "right" if mark.points == 1 else "partial" if mark.points else "wrong")
        assert sum(mark.parts.values(), Fraction(0)) in (0, mark.points), "the parts make the whole"
    kind.lines(question, drawn, said)


@pytest.mark.parametrize("key", TYPES)
def test_one_that_is_being_written_can_be_seen(key: str) -> None:
    kind, question, said = sample(key)
    empty = dict.fromkeys(LANGUAGES, "")
    for unfinished in (
        replace(question, options=(), places=(), criteria=(), settings=()),
        replace(question, options=question.options[:1], places=question.places[:1]),
        replace(question, stem=empty, options=tuple(
            replace(each, text=empty, feedback=empty, place="", leads="", value="", accepted=None)
            for each in question.options
        )),
        replace(question, places=()),
        replace(question, options=()),
    ):  # fmt: skip
        drawn = as_written(unfinished)
        for answer in ({}, response(said["right"])):
            kind.sheet(unfinished, drawn, answer)
            kind.lines(unfinished, drawn, answer)
            kind.grade(unfinished, answer)
