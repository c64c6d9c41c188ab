"""Forks: a track adapted by another institution, and what the first one publishes afterwards."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.pieces import lesson_path, module_path, question_path, text_in, text_piece, track_in, track_path
from curricula.write import folder_of
from lms.models import AuditEntry, Curriculum, Draft, DraftChange, Institution, TrackRevision
from lms.services import drafts, forks, merging, revisions
from lms.services.drafts import Frozen, Taken
from lms.services.merging import Settled, Unsettled
from tests.account_in_test import make_person
from tests.forks_in_test import KEY, LESSON, OURS, SHIPPED, rewritten, theirs

OTHER = lesson_path("d1", SHIPPED.modules[0].lessons[1].key, "fr")


@pytest.fixture
def school(session: Session) -> Institution:
    row = Institution(name="École de démonstration")
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def author(session: Session) -> int:
    return make_person(session, "zoe@example.org")


@pytest.fixture
def draft(session: Session, school: Institution, author: int) -> Draft:
    return forks.adapt(session, KEY, OURS, author, school.id)


def content(session: Session, draft: Draft, path: str) -> bytes:
    found = drafts.piece(session, draft, path)
    assert found is not None, path
    return found.content


def say(session: Session, draft: Draft, path: str, body: str, person: int) -> None:
    row = drafts.piece(session, draft, path)
    assert row is not None
    drafts.save(session, draft, path, text_piece(replace(text_in(row.content), body=body)), row.edition, person)


def later(session: Session, **bodies: str) -> TrackRevision:
    return revisions.publish(session, folder_of(rewritten(SHIPPED, "2026.2", **bodies)), "imported")


def test_everything_is_copied_but_what_names_it(session: Session, school: Institution, draft: Draft) -> None:
    folder = drafts.folder(session, draft)
    assert folder.name == OURS
    ours = folder_of(replace(SHIPPED, key=OURS, version=forks.FIRST_VERSION))
    assert folder.files == ours.files
    own = session.get_one(Curriculum, OURS)
    assert (own.institution_id, own.upstream_key, own.upstream_digest) == (school.id, KEY, SHIPPED.digest)
    assert session.scalars(select(AuditEntry).filter_by(action="track_adapted")).one().details["upstream"] == KEY
    found = forks.upstream(session, OURS)
    assert found is not None
    assert not found.behind
    assert forks.upstream(session, KEY) is None


def test_a_key_that_is_taken_or_a_track_that_is_not_there(session: Session, draft: Draft, author: int) -> None:
    for key in (KEY, OURS):
        with pytest.raises(Taken):
            forks.adapt(session, KEY, key, author)
    with pytest.raises(LookupError):
        forks.adapt(session, "unknown", "new", author)


@pytest.mark.parametrize(
    ("licence", "may"),
    [
        ("CC-BY-SA-4.0", True), ("CC BY 4.0", True), ("CC0-1.0", True), ("etalab-2.0", True), ("EUPL-1.2", True),
        ("CC-BY-ND-4.0", False), ("cc by-nc-nd 4.0", False), ("Tous droits réservés", False), ("", False),
    ],
)  # fmt: skip
def test_which_licences_let_others_adapt(licence: str, may: bool) -> None:
    assert forks.adaptable(licence) is may


def test_a_licence_without_derivatives_is_respected(session: Session, author: int) -> None:
    closed = replace(SHIPPED, version="2026.2", licence="CC-BY-ND-4.0")
    revisions.publish(session, folder_of(closed), "imported")
    with pytest.raises(forks.NotAdaptable):
        forks.adapt(session, KEY, OURS, author)
    assert session.get(Curriculum, OURS) is None


def test_an_update_under_a_closed_licence_is_not_taken_in(session: Session, draft: Draft, author: int) -> None:
    revisions.publish(session, folder_of(replace(SHIPPED, version="2026.2", licence="CC-BY-ND-4.0")), "imported")
    found = forks.upstream(session, OURS)
    assert found is not None
    with pytest.raises(forks.NotAdaptable):
        forks.take_in(session, draft, found, {}, author)


def test_both_sides_changes_come_together(session: Session, draft: Draft, author: int) -> None:
    say(session, draft, LESSON, "À nous.\n", author)
    later(session, at1=theirs(1))
    found = forks.upstream(session, OURS)
    assert found is not None
    assert found.behind
    merged = forks.take_in(session, draft, found, {}, author)
    assert merged.taken == (OTHER,)
    assert text_in(content(session, draft, LESSON)).body == "À nous.\n"
    assert "De leur part." in text_in(content(session, draft, OTHER)).body
    track = track_in(content(session, draft, track_path()))
    assert (track.key, track.version) == (OURS, forks.FIRST_VERSION)
    taken = forks.upstream(session, OURS)
    assert taken is not None
    assert not taken.behind


def test_what_both_changed_is_asked_and_nothing_is_taken_meanwhile(session: Session, draft: Draft, author: int) -> None:
    say(session, draft, LESSON, "À nous.\n", author)
    later(session, at0=theirs(), at1=theirs(1))
    found = forks.upstream(session, OURS)
    assert found is not None
    with pytest.raises(Unsettled) as asked:
        forks.take_in(session, draft, found, {}, author)
    (conflict,) = asked.value.conflicts
    assert conflict.path == LESSON
    assert "De leur part." not in content(session, draft, OTHER).decode()
    edition = drafts.piece(session, draft, LESSON).edition  # type: ignore[union-attr]
    say(session, draft, LESSON, "Encore à nous.\n", author)  # a colleague writes while somebody chooses
    with pytest.raises(Unsettled):
        forks.take_in(session, draft, found, {LESSON: Settled("theirs", edition)}, author)
    forks.take_in(session, draft, found, {LESSON: Settled("theirs", edition + 1)}, author)
    assert "De leur part." in content(session, draft, LESSON).decode()
    kept = session.scalars(select(DraftChange).filter_by(path=LESSON).order_by(DraftChange.id.desc())).first()
    assert kept is not None
    assert b"Encore" in (kept.before or b""), "what was not kept can be put back"


def test_a_draft_that_is_read_takes_nothing_in(session: Session, draft: Draft, author: int) -> None:
    later(session, at1=theirs(1))
    found = forks.upstream(session, OURS)
    assert found is not None
    draft.state = "review"
    session.flush()
    with pytest.raises(Frozen):
        forks.take_in(session, draft, found, {}, author)


def test_a_discarded_draft_gives_back_what_it_had_taken_in(session: Session, draft: Draft, author: int) -> None:
    row = revisions.publish(session, drafts.folder(session, draft), "written")
    draft.state = "published"
    session.flush()
    second = drafts.begin(session, OURS, author)
    assert second.base_digest == row.digest
    for version in ("2026.2", "2026.3"):
        revisions.publish(session, folder_of(rewritten(SHIPPED, version, at1=theirs(1) + version + "\n")), "imported")
        found = forks.upstream(session, OURS)
        assert found is not None
        forks.take_in(session, second, found, {}, author)
    drafts.discard(session, second, author)
    found = forks.upstream(session, OURS)
    assert found is not None
    assert (found.behind, found.taken.digest) == (True, SHIPPED.digest)


def test_a_draft_catches_up_with_what_was_imported_meanwhile(session: Session, author: int) -> None:
    draft = drafts.begin(session, KEY, author)
    assert merging.catch_up(session, draft, {}, author) is None
    say(session, draft, LESSON, "À nous.\n", author)
    row = later(session, at1=theirs(1))
    assert merging.newer(session, draft) == row
    merged = merging.catch_up(session, draft, {}, author)
    assert merged is not None
    assert merged.taken == (OTHER,)
    assert draft.base_digest == row.digest
    assert merging.newer(session, draft) is None
    assert text_in(content(session, draft, LESSON)).body == "À nous.\n"
    assert track_in(content(session, draft, track_path())).version == "2026.3", "the other took the name it had"


def test_additions_removals_and_order_are_taken_in(session: Session, draft: Draft, author: int) -> None:
    first = SHIPPED.modules[0]
    questions = (first.questions[1], first.questions[0], replace(first.questions[2], key="new"), *first.questions[3:])
    track = replace(SHIPPED, version="2026.2", modules=(replace(first, questions=questions), *SHIPPED.modules[1:]))
    revisions.publish(session, folder_of(track), "imported")
    found = forks.upstream(session, OURS)
    assert found is not None
    forks.take_in(session, draft, found, {}, author)
    assert drafts.folder(session, draft).files == folder_of(replace(track, key=OURS, version="1")).files
    assert drafts.piece(session, draft, question_path("d1", first.questions[2].key)) is None
    assert drafts.piece(session, draft, module_path("d1")) is not None
