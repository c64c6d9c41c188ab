"""What changed between two revisions is said part by part: words, questions, rules, law."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from curricula.diff import Change, compare, parts
from curricula.load import load_track
from curricula.model import Track
from tests.curricula.samples import write_track


@pytest.fixture
def track(tmp_path: Path) -> Track:
    return load_track(write_track(tmp_path))


def test_a_track_does_not_differ_from_itself(track: Track) -> None:
    assert compare(track, track) == []
    paths = [part.path for part in parts(track)]
    assert len(paths) == len(set(paths))


def test_the_version_alone_is_no_change(track: Track) -> None:
    assert compare(track, replace(track, version="2027.1", digest="other")) == []


def test_each_kind_of_change_is_said_with_its_place(track: Track) -> None:
    first = track.modules[0]
    assert first.quiz is not None
    question, lesson = first.questions[0], first.lessons[0]
    text = lesson.texts["fr"]
    wrong = replace(question.options[0], correct=not question.options[0].correct)
    changed = replace(
        first,
        quiz=replace(first.quiz, threshold=Fraction(4, 5)),
        questions=(replace(question, options=(wrong, *question.options[1:])), *first.questions[1:]),
        lessons=(replace(lesson, texts={**lesson.texts, "fr": replace(text, body=text.body + "\nUne ligne.\n")}),),
    )
    law = (replace(track.legal[0], in_force_from=date(2027, 12, 2)), *track.legal[1:])
    found = compare(track, replace(track, modules=(changed, *track.modules[1:]), legal=law))
    assert {(change.path, change.kind) for change in found} == {
        (("legal", track.legal[0].key, "in_force_from"), "law"),
        ((first.key, "quiz", "threshold"), "rule"),
        ((first.key, "lesson", lesson.key, "body", "fr"), "text"),
        ((first.key, "question", question.key, "option", wrong.key, "correct"), "question"),
    }
    said = {change.path[-1]: change for change in found}
    assert said["threshold"].after == "80 %"
    assert said["fr"].lines == ["+", "+Une ligne."]


def test_what_came_and_what_went(track: Track) -> None:
    first = track.modules[0]
    fewer = replace(track, modules=(replace(first, questions=first.questions[1:]), *track.modules[1:]))
    gone, come = compare(track, fewer), compare(fewer, track)
    assert gone
    assert all(change.after is None for change in gone)
    assert [(change.path, change.before) for change in gone] == [(change.path, change.after) for change in come]


def test_long_texts_show_their_changed_lines_alone() -> None:
    before = "\n".join(f"line {number}" for number in range(1000))
    change = Change(("d1",), "text", before, before.replace("line 500", "line five hundred"))
    assert change.lines == ["-line 500", "+line five hundred"]
