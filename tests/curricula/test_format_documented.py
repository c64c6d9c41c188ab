"""Whoever adds a type of question, or something that a question or an assessment says, documents it."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from assessments.registry import question_types
from curricula.model import Criterion, CriterionLevel, Option, Question, QuizRules, Spot
from curricula.write import questions_lines
from tests.rich_type_in_test import a_rich_question

FORMAT = (Path(__file__).parents[2] / "docs/curriculum-format.md").read_text("utf-8")
QUESTIONS = FORMAT[FORMAT.index("## questions.toml") :]


@pytest.mark.parametrize("key", sorted(question_types()))
def test_every_type_has_its_line_which_names_its_settings(key: str) -> None:
    line = re.search(rf"^\| `{key}` \|.*$", QUESTIONS, re.MULTILINE)
    assert line is not None, f"add a line for « {key} » to the table of docs/curriculum-format.md"
    for setting in question_types()[key].anatomy.settings:
        assert f"`{setting.key}`" in line[0], setting.key


@pytest.mark.parametrize("key", sorted(question_types()))
def test_the_words_of_a_setting_have_names(key: str) -> None:
    for setting in question_types()[key].anatomy.settings:
        if not isinstance(setting.allowed, range):
            assert len(setting.names) == len(setting.allowed), setting.key
        assert setting.label
        assert setting.help


@pytest.mark.parametrize("part", [Question, Spot, Option, Criterion, CriterionLevel])
def test_every_field_of_a_question_is_shown(part: type) -> None:
    held = {field.name for field in fields(part)} - {"options", "places", "criteria", "levels"}
    assert [name for name in held if not re.search(rf"^{name}(\.fr)? = ", QUESTIONS, re.MULTILINE)] == []


def test_every_rule_of_an_assessment_is_shown() -> None:
    quiz = FORMAT[FORMAT.index("[quiz]") : FORMAT.index("[[objectives]]")]
    assert [each.name for each in fields(QuizRules) if f"\n{each.name} = " not in quiz] == []


def test_a_part_is_written_in_the_order_that_is_shown() -> None:
    whole = a_rich_question(Question("q", "rich", "o1", 2, "s1", {"fr": "?", "en": "?"}, ()))
    written = [line.partition(" = ")[0] for line in questions_lines([whole]) if line]
    shown = [line.partition(" = ")[0] for line in QUESTIONS[QUESTIONS.index("[[questions.places]]") :].splitlines()]
    option = written[written.index("[[questions.options]]") + 1 :][:9]
    there = [name for name in shown[shown.index("[[questions.options]]") + 1 :][:11] if name in option]
    assert there == [name for name in option if name in there]
