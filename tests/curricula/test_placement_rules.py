"""The rules of a placement test: read, written, compared, kept in pieces, checked against the banks."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from assessments.registry import anatomies
from curricula.diff import compare
from curricula.load import load_track, track_of
from curricula.model import PlacementRules
from curricula.pieces import folder_of as joined
from curricula.pieces import pieces
from curricula.write import folder_of
from tests.curricula.samples import rewrite, told, write_track

RULES = "[placement]\nquestions = 1\nthreshold = 70\nexempts = true\n\n[certificate]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small track, with a placement test."""
    found = write_track(tmp_path)
    rewrite(found, "track.toml", "[certificate]", RULES)
    return found


def test_it_is_read_and_written_as_it_is(folder: Path) -> None:
    track = load_track(folder, anatomies())
    assert track.placement == PlacementRules(1, Fraction(7, 10), exempts=True)
    for rules in (track.placement, replace(track.placement, exempts=False), None):
        other = replace(track, placement=rules)
        assert track_of(folder_of(other), anatomies()) == other
        assert track_of(joined(track.key, pieces(folder_of(other))), anatomies()) == other


def test_a_change_of_it_is_told(folder: Path) -> None:
    track = load_track(folder, anatomies())
    assert track.placement is not None
    other = replace(track, placement=replace(track.placement, questions=2, exempts=False))
    assert {(change.path, change.before, change.after) for change in compare(track, other)} == {
        (("placement", "questions"), "1", "2"),
        (("placement", "exempts"), "True", None),
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("track.toml", "questions = 1", "questions = 6", "from 1 to 5"),
        ("track.toml", "questions = 1", "questions = 3", "asks 3 questions about « m1 », which has 2 for it"),
        ("track.toml", "threshold = 70\nexempts", "threshold = 49\nexempts", "exempts from 49% on, where 50% are"),
        ("track.toml", "threshold = 50\nvalid", "threshold = 71\nvalid", "exempts from 70% on, where 71% are"),
        ("m1/module.toml", "threshold = 50", "threshold = 80", "exempts from 70% on, where 80% are"),
        ("track.toml", "exempts = true", 'exempts = "yes"', "« exempts » is not of the right form"),
        ("track.toml", "exempts = true", "exempted = true", "« exempted » is not a field"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, file: str, old: str, new: str, said: str) -> None:
    rewrite(folder, file, old, new)
    assert said in "\n".join(told(folder))


def test_a_threshold_below_the_others_may_say_what_to_skim(folder: Path) -> None:
    rewrite(folder, "track.toml", "threshold = 70\nexempts = true", "threshold = 40")
    assert load_track(folder, anatomies()).placement == PlacementRules(1, Fraction(2, 5))


def test_without_a_question_to_ask_there_is_no_test(folder: Path) -> None:
    text = (folder / "m1/questions.toml").read_text("utf-8")
    (folder / "m1/questions.toml").write_text(text.replace("stem", "reserved = true\nstem", 1), "utf-8")
    rewrite(folder, "m1/questions.toml", "stem = ", "reserved = true\nstem = ")
    assert "The placement test has no question to ask" in "\n".join(told(folder))


def test_no_module_hides_its_page(folder: Path) -> None:
    (folder / "m2").rename(folder / "placement")
    rewrite(folder, "placement/module.toml", 'key = "m2"', 'key = "placement"')
    assert "« placement » cannot name a module" in "\n".join(told(folder))
