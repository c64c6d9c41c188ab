"""The texts of a piece, taken out and put back: nothing else changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.folder import Folder
from curricula.model import LANGUAGES, LessonText, Track
from curricula.pieces import (
    Piece,
    lesson_path,
    pieces,
    question_in,
    question_path,
    text_in,
    text_piece,
    track_path,
)
from curricula.registry import SHIPPED, discover
from curricula.texts import language_of, texts_in, texts_of, unit_of, with_texts
from curricula.write import folder_of
from tests.curricula.test_write import tracks

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(str.strip)


def found(key: str) -> dict[str, bytes]:
    return {piece.path: piece.content for piece in pieces(Folder.read(SHIPPED / key))}


@pytest.mark.parametrize("path", discover(SHIPPED), ids=lambda path: path.name)
def test_a_shipped_track_keeps_every_byte(path: object) -> None:
    for piece in pieces(Folder.read(path)):  # type: ignore[arg-type]
        assert with_texts(piece.path, piece.content, texts_in(piece.path, piece.content)) == piece.content


@given(tracks(), WORDS)
@settings(max_examples=8)
def test_texts_are_put_back_and_nothing_else_moves(track: Track, word: str) -> None:
    for piece in pieces(folder_of(track)):
        before = texts_in(piece.path, piece.content)
        assert with_texts(piece.path, piece.content, before) == piece.content
        other = {
            name: {language: f"{word} {name} {language}".strip() for language in text} for name, text in before.items()
        }
        if language_of(piece.path):
            other = {name: text for name, text in before.items() if name == "able"}  # any text: below
        made = with_texts(piece.path, piece.content, other)
        assert texts_in(piece.path, made) == {**before, **other}
        assert with_texts(piece.path, made, before) == piece.content


@given(WORDS, st.lists(WORDS.filter(bool)), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_lesson_takes_any_text(title: str, able: list[str], body: str) -> None:
    path, empty = lesson_path("m1", "one", "en"), text_piece(LessonText("", (), ""))
    said = {"title": {"en": title}, "able": {"en": "\n".join(able)}, "body": {"en": body}}
    made = texts_in(path, with_texts(path, empty, said))
    assert made["title"]["en"] == " ".join(title.split())
    assert made["able"]["en"].split() == " ".join(able).split()
    assert made["body"]["en"].split() == body.split()


def test_texts_are_named_by_the_way_to_them() -> None:
    contents = found("decideurs")
    path = question_path("d1", "d1-q01")
    question = question_in(contents[path])
    texts = texts_of({path: contents[path]})
    assert texts["stem"] == question.stem
    first = question.options[0]
    assert texts[f"options/{first.key}/feedback"] == first.feedback
    assert {"title", "promise", "certificate/title"} <= texts_of({"track": contents["track"]}).keys()


def test_a_lesson_is_one_unit_of_two_pieces() -> None:
    contents = found("decideurs")
    french = next(path for path in contents if path.startswith("d1/lesson/") and path.endswith("/fr"))
    english = french.removesuffix("fr") + "en"
    assert unit_of(french) == unit_of(english) == french.removesuffix("/fr")
    assert (language_of(french), language_of(unit_of(french))) == ("fr", "")
    texts = texts_of({french: contents[french], english: contents[english]})
    assert texts["body"] == {
        language: text_in(contents[path]).body.strip() for language, path in (("fr", french), ("en", english))
    }
    assert texts_of({french: contents[french]})["title"]["en"] == ""


def test_what_has_one_key_twice_keeps_both_apart() -> None:
    objective = '[[objectives]]\nkey = "o"\ntext = {{ fr = "{}" }}\n'
    content = f'key = "m1"\n{objective.format("un")}{objective.format("deux")}'.encode()
    texts = texts_of({"m1/module": content})
    assert (texts["objectives/o/text"]["fr"], texts["objectives/o~2/text"]["fr"]) == ("un", "deux")
    made = with_texts("m1/module", content, {"objectives/o~2/text": {"en": "two"}})
    assert texts_of({"m1/module": made})["objectives/o~2/text"] == {"fr": "deux", "en": "two"}


@pytest.mark.parametrize("path", ["framework.toml", "glossary.toml", track_path()])
def test_what_cannot_be_read_has_no_text(path: str) -> None:
    assert texts_in(path, b"= no TOML") == {}


def test_images_and_settings_have_none() -> None:
    for piece in (Piece("m1/files/a.png", b"\x89PNG"), Piece("m1/lesson/one", b"minutes = 20\n")):
        assert texts_in(piece.path, piece.content) == {}
        assert with_texts(piece.path, piece.content, {"title": dict.fromkeys(LANGUAGES, "x")}) == piece.content
