"""A folder taken apart into what is edited on its own, and put together again."""

import pytest
from hypothesis import given, settings

from curricula.folder import Folder
from curricula.load import read_track
from curricula.model import LessonText, Track
from curricula.pieces import (
    Piece,
    Settings,
    folder_of,
    lesson_path,
    pieces,
    question_in,
    question_path,
    settings_in,
    settings_piece,
    text_in,
    text_piece,
)
from curricula.registry import SHIPPED, discover
from curricula.write import folder_of as written
from curricula.write import questions_lines
from tests.curricula.exchange.question_samples import a_question
from tests.curricula.test_write import tracks


@pytest.mark.parametrize("path", discover(SHIPPED), ids=lambda path: path.name)
def test_a_shipped_track_comes_back_byte_for_byte(path: object) -> None:
    folder = Folder.read(path)  # type: ignore[arg-type]
    assert folder_of(folder.name, pieces(folder)) == folder


@given(tracks())
@settings(max_examples=40, deadline=None)
def test_any_track_comes_back_equal(track: Track) -> None:
    folder = written(track)
    assert folder_of(folder.name, pieces(folder)).files == folder.files


def test_each_thing_is_a_piece_of_its_own() -> None:
    folder = Folder.read(SHIPPED / "decideurs")
    track, problems = read_track(folder)
    assert problems == []
    found = {piece.path: piece.content for piece in pieces(folder)}
    module = track.module("d1")
    assert module is not None
    lesson, question = module.lessons[0], module.questions[0]
    assert text_in(found[lesson_path("d1", lesson.key, "en")]) == lesson.texts["en"]
    assert settings_in(found[lesson_path("d1", lesson.key)]) == Settings(
        lesson.minutes, lesson.objectives, lesson.sources
    )
    assert question_in(found[question_path("d1", question.key)]) == question
    assert "d1/questions.toml" not in found


def test_the_order_of_the_pieces_is_that_of_lessons_and_questions() -> None:
    folder = Folder.read(SHIPPED / "decideurs")
    found = list(pieces(folder))
    lessons = [piece for piece in found if piece.path.startswith("d1/lesson/")]
    others = [piece for piece in found if not piece.path.startswith("d1/lesson/")]
    slugs = list(dict.fromkeys(piece.path.split("/")[2] for piece in lessons))
    turned = [piece for slug in reversed(slugs) for piece in lessons if piece.path.split("/")[2] == slug]
    track, problems = read_track(folder_of("decideurs", [*others, *turned]))
    assert problems == []
    module = track.module("d1")
    assert module is not None
    assert [lesson.key for lesson in module.lessons] == slugs[::-1]


def test_what_is_unfinished_is_still_a_folder() -> None:
    made = folder_of(
        "new",
        [
            Piece("track", b'key = "new"\ntitle = { fr = "Neuf" }\n'),
            Piece("m1/module", b'key = "m1"\norder = 1\n'),
            Piece("m1/lesson/one", settings_piece(Settings())),
            Piece("m1/lesson/one/fr", text_piece(LessonText("Une", (), ""))),
            Piece("m1/files/a.png", b"\x89PNG"),
        ],
    )
    assert sorted(made.files) == ["m1/01-one.fr.md", "m1/files/a.png", "m1/module.toml", "track.toml"]
    track, problems = read_track(made)
    assert track.title == {"fr": "Neuf", "en": ""}
    assert problems


@pytest.mark.timeout(20)
def test_a_long_bank_takes_no_more_than_its_length() -> None:
    some = "\n".join(questions_lines(a_question(f"q{number}") for number in range(2_000))) + "\n"
    found = list(pieces(Folder("t", {"d1/questions.toml": some.encode()})))
    assert len(found) == 2_000
    assert all(piece.question == question_in(piece.content) for piece in found[:20])
