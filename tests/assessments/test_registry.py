"""Question types are found by their file, and two cannot share a key."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import assessments.types
from assessments.registry import question_types, right_options

TYPE = """
from fractions import Fraction
from assessments.model import Mark
from assessments.type import QuestionType

TYPE = QuestionType("{key}", "radio", (1, 1), lambda question, response: Mark(Fraction(0), "none"))
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules are question types too, while the test lasts."""
    monkeypatch.setattr(assessments.types, "__path__", [*assessments.types.__path__, str(tmp_path)])
    question_types.cache_clear()
    yield tmp_path
    question_types.cache_clear()
    sys.modules.pop("assessments.types.added", None)


def test_the_two_first_types_are_there() -> None:
    assert {"single", "multiple"} <= set(question_types())


def test_a_file_is_a_type(package: Path) -> None:
    (package / "added.py").write_text(TYPE.format(key="matching"))
    assert "matching" in question_types()


def test_a_key_used_twice_stops_the_start(package: Path) -> None:
    (package / "added.py").write_text(TYPE.format(key="single"))
    with pytest.raises(ValueError, match="« single » is defined twice"):
        question_types()


def test_authors_may_write_a_type_as_soon_as_it_can_be_graded(package: Path) -> None:
    (package / "added.py").write_text(TYPE.format(key="matching"))
    assert right_options()["matching"] == (1, 1)
    assert right_options().keys() == question_types().keys()
