"""What a person wrote in the studio: their own words given back; erased, the words stay and are nobody's."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from curricula.pieces import lesson_path, text_in, text_piece
from lms.models import (
    Base,
    Certificate,
    Draft,
    DraftChange,
    DraftComment,
    DraftPiece,
    Person,
    StatusList,
    StudioRole,
    utcnow,
)
from lms.services import authorship, drafts, legal_watch, privacy, revisions
from tests.account_in_test import make_person
from tests.tracks_in_test import fixed_tracks

KEY = "decideurs"
PATH = lesson_path("d1", fixed_tracks()[KEY].modules[0].lessons[0].key, "fr")


@pytest.fixture
def people(session: Session) -> tuple[int, int]:
    first = make_person(session, "a@example.org", "author")
    return first, make_person(session, "b@example.org", "author", by=first)


def say(session: Session, draft: Draft, body: str, person: int) -> None:
    row = drafts.piece(session, draft, PATH)
    assert row is not None
    text = text_piece(replace(text_in(row.content), body=body))
    drafts.save(session, draft, PATH, text, row.edition, person, apart=True)


@pytest.fixture
def draft(session: Session, people: tuple[int, int]) -> Draft:
    """A draft in which each wrote in turn, and said something."""
    zoe, bob = people
    found = drafts.begin(session, KEY, zoe)
    for number, person in enumerate((zoe, bob, zoe)):
        say(session, found, f"Mots {number} de {'ab'[person == bob]}.\n", person)
    session.add_all(DraftComment(draft_id=found.id, path=PATH, text=f"Avis {each}", person_id=each) for each in people)
    session.flush()
    legal_watch.changed(session, [KEY], "gdpr", "2026-09", zoe, note="Note de zoé")
    legal_watch.close(session, legal_watch.open_tasks(session, [KEY])[0], "Relu par zoé", zoe)
    return found


def bodies(data: dict[str, Any]) -> list[str]:
    return [line["text"].rpartition("+++\n\n")[2].strip() for line in data["studio"]["changes"]]


def test_ones_own_words_are_given_back_and_nobody_elses(
    session: Session, people: tuple[int, int], draft: Draft
) -> None:
    zoe, bob = people
    data = privacy.taken_out(session, session.get_one(Person, zoe))
    assert bodies(data) == ["Mots 0 de a.", "Mots 2 de a."]
    assert [line["text"] for line in data["studio"]["comments"]] == [f"Avis {zoe}"]
    assert [line["text"] for line in data["studio"]["notes_of_law"]] == ["Note de zoé"] * 3
    assert [line["text"] for line in data["studio"]["reviews_closed"]] == ["Relu par zoé"]
    assert [line["role"] for line in data["studio"]["roles"]] == ["author"]
    assert bodies(privacy.taken_out(session, session.get_one(Person, bob))) == ["Mots 1 de b."]


def test_words_that_were_published_are_given_back_too(session: Session, people: tuple[int, int], draft: Draft) -> None:
    zoe, _bob = people
    original = fixed_tracks()[KEY].modules[0].lessons[0].texts["fr"].body
    row = drafts.piece(session, draft, "track")
    assert row is not None
    drafts.save(session, draft, "track", row.content.replace(b'"2026.1"', b'"2026.2"'), row.edition, zoe)
    say(session, draft, original + "\nPublié par a.\n", zoe)
    published = revisions.publish(session, drafts.folder(session, draft), "written", note="Note", person_id=zoe)
    draft.state, draft.ended_at = "published", published.published_at + timedelta(seconds=1)
    session.execute(delete(DraftPiece).where(DraftPiece.draft_id == draft.id))
    session.flush()
    data = privacy.taken_out(session, session.get_one(Person, zoe))
    assert any(body.endswith("Publié par a.") for body in bodies(data))
    assert [line["text"] for line in data["studio"]["published"]] == ["Note"]


def signed(session: Session, person_id: int) -> list[str]:
    """Every column of the database that still names that person in the studio's tables."""
    return [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        if table.name.startswith(("draft", "review", "studio", "track_rev", "curric"))
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == "person"
        and session.execute(select(table).where(column == person_id).limit(1)).first() is not None
    ]


@pytest.mark.parametrize("certified", [False, True])
def test_erased_the_words_stay_and_are_nobodys(
    session: Session, people: tuple[int, int], draft: Draft, certified: bool
) -> None:
    zoe, bob = people
    if certified:  # then the person's row stays, emptied
        listed = StatusList()
        session.add(listed)
        session.flush()
        session.add(
            Certificate(person_id=zoe, award_key=KEY, number="N", code="C", record={}, status_list_id=listed.id,
                        status_index=0, issued_at=utcnow())
        )  # fmt: skip
        session.flush()
    assert len(signed(session, zoe)) > 5
    before = drafts.folder(session, draft)
    assert privacy.erase(session, session.get_one(Person, zoe)) is certified
    session.expire_all()
    assert signed(session, zoe) == []
    assert drafts.folder(session, draft) == before
    assert len(session.scalars(select(DraftComment)).all()) == 2
    assert {row.person_id for row in session.scalars(select(DraftChange))} == {None, bob}
    assert [row.person_id for row in session.scalars(select(StudioRole))] == [bob]


def test_every_signature_is_known() -> None:
    """A column added to the studio that names a person must be forgotten too."""
    named = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        if table.name.startswith(("draft", "review", "studio", "track_rev", "curric", "institution"))
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
    }
    known = {(column.class_.__tablename__, column.key) for column in authorship.SIGNATURES}
    assert named == known | {("studio_role", "person_id")}
