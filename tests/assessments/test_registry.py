"""Question types are found by their file, and two cannot share a key."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import assessments.types
from assessments.registry import anatomies, question_types
from curricula.anatomy import Anatomy

TYPE = """
from assessments.choices import lines
from assessments.model import Sheet
from assessments.type import QuestionType
from curricula.anatomy import Anatomy

TYPE = QuestionType("{key}", "Added", Anatomy(), lambda *_: Sheet("", ()), lambda *_: None, lines)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules are question types too, while the test lasts."""
    monkeypatch.setattr(assessments.types, "__path__", [*assessments.types.__path__, str(tmp_path)])
    question_types.cache_clear()
    yield tmp_path
    question_types.cache_clear()
    anatomies.cache_clear()
    sys.modules.pop("assessments.types.added", None)


def test_the_two_first_types_are_there() -> None:
    assert {"single", "multiple"} <= set(question_types())


def test_a_file_is_a_type(package: Path) -> None:
    (package / "added.py").write_text(TYPE.format(key="added"))
    assert "added" in question_types()


def test_a_key_used_twice_stops_the_start(package: Path) -> None:
    (package / "added.py").write_text(TYPE.format(key="single"))
    with pytest.raises(ValueError, match="« single » is defined twice"):
        question_types()


def test_authors_may_write_a_type_as_soon_as_it_can_be_graded(package: Path) -> None:
    (package / "added.py").write_text(TYPE.format(key="added"))
    anatomies.cache_clear()
    assert anatomies()["added"] == Anatomy()
    assert anatomies().keys() == question_types().keys()
