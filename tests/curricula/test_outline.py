"""The plan of a track: what is written of each lesson, what assesses each objective, unfinished or not."""

from collections import Counter

import pytest

from curricula.folder import Folder
from curricula.model import LANGUAGES, LessonText, Module, Track
from curricula.outline import outline, outline_of
from curricula.pieces import Piece, lesson_path, module_piece, pieces, settings_piece, text_piece, track_piece
from curricula.pieces import Settings as LessonSettings
from curricula.registry import SHIPPED, shipped_tracks


@pytest.mark.parametrize("key", sorted(shipped_tracks()))
def test_the_plan_of_a_shipped_track_counts_what_is_there(key: str) -> None:
    track = shipped_tracks()[key]
    plan = outline_of(track)
    asked = {module.key: Counter(question.objective for question in module.questions) for module in track.modules}
    written = outline(pieces(Folder.read(SHIPPED / key)), asked).modules
    assert [(each.module.key, each.lessons, each.questions) for each in written] == [
        (each.module.key, each.lessons, each.questions) for each in plan.modules
    ]
    assert [each.module.key for each in plan.modules] == [module.key for module in track.modules]
    for each, module in zip(plan.modules, track.modules, strict=True):
        assert [lesson.key for lesson in each.lessons] == [lesson.key for lesson in module.lessons]
        assert all(set(lesson.written.values()) == {"written"} for lesson in each.lessons)
        assert each.questions.total() == len(module.questions)
        assert plan.module(module.key) is each
    assert plan.module("no-such-module") is None


def test_what_is_unfinished_is_said() -> None:
    track = Track(
        key="t", code="T", version="1", title={"fr": "T"}, promise={}, audience={}, licence="", languages=LANGUAGES,
        recommendations=(), modules=(),
    )  # fmt: skip
    module = Module(
        key="t1", code="T1", order=1, status="published", title={}, summary={}, duration_minutes=0,
        recommendations=(), legal=(), objectives=(),
    )  # fmt: skip
    found = [
        Piece("track", track_piece(track)),
        Piece("t1/module", module_piece(module)),
        Piece(lesson_path("t1", "one"), settings_piece(LessonSettings(12))),
        Piece(lesson_path("t1", "one", "fr"), text_piece(LessonText("Un", (), ""))),
        Piece("t1/files/picture.png", b"\x89PNG"),
        Piece("glossary.toml", b""),
        Piece("gone/question/q1", b""),
    ]
    (plan,) = outline(found, {}).modules
    (lesson,) = plan.lessons
    assert lesson.written == {"fr": "empty", "en": "missing"}
    assert lesson.title == {"fr": "Un", "en": ""}
    assert plan.counted_minutes == 12
