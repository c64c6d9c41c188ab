"""Drafts: begun from what is published, written piece by piece, by several people, without losing anything."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.folder import Folder
from curricula.model import LANGUAGES, LessonText, Track
from curricula.pieces import (
    Piece,
    lesson_path,
    module_path,
    question_path,
    text_in,
    text_piece,
    track_in,
    track_path,
)
from lms.models import AuditEntry, Curriculum, Draft, DraftPiece
from lms.services import drafts, history
from lms.services.drafts import Conflict, Frozen, Taken
from tests.account_in_test import make_person
from tests.learner_in_test import together
from tests.tracks_in_test import FOLDER as TRACKS

KEY = "decideurs"


@pytest.fixture
def people(session: Session) -> tuple[int, int]:
    return make_person(session, "a@example.org"), make_person(session, "b@example.org")


@pytest.fixture
def draft(session: Session, people: tuple[int, int]) -> Draft:
    return drafts.begin(session, KEY, people[0])


@pytest.fixture
def path(session: Session, draft: Draft) -> str:
    """The first lesson's French text."""
    return next(row.path for row in drafts.listed(session, draft, "d1/lesson/") if row.path.endswith("/fr"))


def empty(key: str = "neuf") -> Track:
    return Track(
        key=key, code="N", version="1", title={"fr": "Neuf"}, promise={}, audience={}, licence="CC-BY-SA-4.0",
        languages=LANGUAGES, recommendations=(), modules=(),
    )  # fmt: skip


def written(session: Session, draft: Draft, path: str) -> str:
    found = drafts.piece(session, draft, path)
    assert found is not None
    return found.content.decode()


def say(session: Session, draft: Draft, path: str, body: str, person: int, edition: int = 0) -> DraftPiece:
    row = drafts.piece(session, draft, path)
    assert row is not None
    text = replace(text_in(row.content), body=body + "\n")
    return drafts.save(session, draft, path, text_piece(text), edition or row.edition, person)


def test_a_draft_begins_as_what_is_published_under_its_next_version(session: Session, draft: Draft) -> None:
    shipped = Folder.read(TRACKS / KEY)
    made = drafts.folder(session, draft)
    assert {path for path in shipped.files if made.files[path] != shipped.files[path]} == {"track.toml"}
    assert made.files["track.toml"] == shipped.files["track.toml"].replace(b'"2026.1"', b'"2026.2"')
    assert drafts.begin(session, KEY, None) is draft
    assert draft.base_digest == Folder.read(TRACKS / KEY).digest
    assert session.scalars(select(AuditEntry).filter_by(action="draft_begun")).one().target == f"track:{KEY}"


def test_what_was_never_published_cannot_be_begun(session: Session) -> None:
    with pytest.raises(LookupError):
        drafts.begin(session, "unknown", None)


def test_a_new_track_takes_a_key_that_names_none(session: Session, draft: Draft) -> None:
    made = drafts.create(session, empty(), draft.began_by)
    assert track_in(written(session, made, track_path()).encode()).title == {"fr": "Neuf", "en": ""}
    for key in ("neuf", KEY, "new"):
        with pytest.raises(Taken):
            drafts.create(session, empty(key), None)
    drafts.discard(session, made, None)
    assert drafts.open_draft(session, "neuf") is None
    assert session.get(Curriculum, "neuf") is None
    assert drafts.create(session, empty(), None).base_digest is None


def test_who_begin_at_once_write_in_one_draft(app: Flask, session: Session, people: tuple[int, int]) -> None:
    session.commit()

    def begin(own: Session) -> int:
        found = drafts.begin(own, KEY, people[0])
        own.commit()
        return found.id

    assert len(set(together(app, [begin] * 4))) == 1
    assert session.scalars(select(AuditEntry.action).filter_by(action="draft_begun")).all() == ["draft_begun"]


def test_of_who_take_a_key_at_once_one_has_it(app: Flask, session: Session) -> None:
    def create(own: Session) -> str:
        try:
            drafts.create(own, empty(), None)
        except Taken:
            own.rollback()
            return "taken"
        own.commit()
        return "made"

    assert sorted(together(app, [create] * 4)) == ["made", "taken", "taken", "taken"]


def test_a_save_is_one_more_edition_and_the_same_words_are_none(
    session: Session, draft: Draft, path: str, people: tuple[int, int]
) -> None:
    row = say(session, draft, path, "Nouveau.", people[0])
    assert (row.edition, row.edited_by) == (2, people[0])
    assert say(session, draft, path, "Nouveau.", people[1], edition=1).edition == 2
    files = drafts.folder(session, draft).files
    (name,) = (name for name in files if name.endswith(f"-{path.split('/')[2]}.fr.md"))
    assert b"Nouveau." in files[name]


def test_two_people_do_not_write_over_each_other(
    session: Session, draft: Draft, path: str, people: tuple[int, int]
) -> None:
    say(session, draft, path, "De l'une.", people[0])
    with pytest.raises(Conflict) as refused:
        say(session, draft, path, "De l'autre.", people[1], edition=1)
    assert refused.value.piece is not None
    assert text_in(refused.value.piece.content).body == "De l'une.\n"
    assert text_in(written(session, draft, path).encode()).body == "De l'une.\n"


def test_what_is_removed_meanwhile_is_a_conflict_too(session: Session, draft: Draft, path: str) -> None:
    drafts.remove(session, draft, path.removesuffix("/fr"), None)
    with pytest.raises(Conflict) as refused:
        drafts.save(session, draft, path, b"+++\n+++\n", 1, None)
    assert refused.value.piece is None


@pytest.mark.parametrize("state", ["review", "approved", "published"])
def test_what_is_being_read_is_not_written(session: Session, draft: Draft, path: str, state: str) -> None:
    before = written(session, draft, path)
    draft.state = state
    session.flush()
    for attempt in (
        lambda: say(session, draft, path, "Non.", 0),
        lambda: drafts.add(session, draft, [Piece("d1/question/zz", b"")], None),
        lambda: drafts.remove(session, draft, path, None),
        lambda: drafts.move(session, draft, path.removesuffix("/fr"), 1, None),
    ):
        with pytest.raises(Frozen):
            attempt()
    assert written(session, draft, path) == before


def test_a_stretch_of_work_is_one_change_that_can_be_undone(
    session: Session, draft: Draft, path: str, people: tuple[int, int]
) -> None:
    first = written(session, draft, path)
    for word in ("Un.", "Deux.", "Trois."):
        say(session, draft, path, word, people[0])
    say(session, draft, path, "D'une autre.", people[1])
    hers, his = history.changes(session, draft, path)
    assert (hers.person_id, his.person_id) == (people[1], people[0])
    assert his.before is not None
    assert his.before.decode() == first
    drafts.restore(session, draft, hers, people[0])
    assert text_in(written(session, draft, path).encode()).body == "Trois.\n"
    drafts.restore(session, draft, his, people[0])
    assert written(session, draft, path) == first
    assert len(history.changes(session, draft, path)) == 4


def test_a_module_goes_and_comes_back_whole(session: Session, draft: Draft, people: tuple[int, int]) -> None:
    before = drafts.folder(session, draft)
    gone = drafts.remove(session, draft, module_path("d1"), people[0])
    assert gone > 20
    assert not any(path.startswith("d1/") for path in drafts.folder(session, draft).files)
    for change in history.changes(session, draft):
        drafts.restore(session, draft, change, people[0])
    assert drafts.folder(session, draft) == before


def test_lessons_and_questions_change_places(session: Session, draft: Draft) -> None:
    def order(kind: str) -> list[str]:
        rows = drafts.listed(session, draft, f"d1/{kind}/")
        return [row.path for row in rows if row.path.count("/") == 2]

    for kind in ("lesson", "question"):
        first, second, *others = order(kind)
        assert drafts.move(session, draft, first, -1, None) is False
        assert drafts.move(session, draft, first, 1, None) is True
        assert order(kind) == [second, first, *others]
        assert drafts.move(session, draft, others[-1], 1, None) is False


def test_pieces_are_added_all_or_none(session: Session, draft: Draft) -> None:
    taken = drafts.listed(session, draft, "d1/question/")[0].path
    content = text_piece(LessonText("T", (), ""))
    for found in ([Piece("d1/lesson/new/fr", content), Piece(taken, b"")], [Piece("d1/x", b""), Piece("d1/x", b"")]):
        with pytest.raises(Taken):
            drafts.add(session, draft, found, None)
    assert drafts.piece(session, draft, "d1/lesson/new/fr") is None
    drafts.add(session, draft, [Piece("d1/lesson/new/fr", content)], None)
    (change,) = history.changes(session, draft)
    assert change.before is None
    drafts.restore(session, draft, change, None)
    assert drafts.piece(session, draft, "d1/lesson/new/fr") is None


def test_lists_show_labels_and_search_words_without_contents(session: Session, draft: Draft) -> None:
    row = drafts.listed(session, draft, question_path("d1", ""))[0]
    assert set(row.label) == set(LANGUAGES)
    assert row.words == row.words.lower()
    assert row.path.rpartition("/")[2] in row.words
    title = drafts.listed(session, draft, lesson_path("d1", ""))[1].label
    assert title.keys() <= set(LANGUAGES)


def test_adding_nothing_changes_nothing(session: Session, draft: Draft) -> None:
    before = drafts.folder(session, draft)
    drafts.add(session, draft, [], None)
    assert (drafts.folder(session, draft), history.changes(session, draft)) == (before, [])
