"""From draft to published: each act once, by who may, all of it or nothing."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curricula.folder import Folder
from curricula.pieces import text_in, text_piece, track_in, track_piece
from curricula.write import folder_of
from lms.models import AuditEntry, Curriculum, Draft, DraftChange, DraftPiece, TrackRevision
from lms.services import drafts, following, history, reviews, revisions
from lms.services.library import Library
from tests.account_in_test import make_person
from tests.learner_in_test import learner, together
from tests.tracks_in_test import fixed_tracks

KEY = "decideurs"


@pytest.fixture
def people(session: Session) -> tuple[int, int]:
    made = make_person(session, "a@example.org"), make_person(session, "b@example.org")
    session.commit()
    return made


@pytest.fixture
def approved(session: Session, people: tuple[int, int]) -> Draft:
    """A draft with a version and a code of its own, sent by one and approved by the other, committed."""
    draft = drafts.begin(session, KEY, people[0])
    row = drafts.piece(session, draft, "track")
    assert row is not None
    named = track_piece(replace(track_in(row.content), version="2099.1", code="DP"))
    drafts.save(session, draft, "track", named, row.edition, people[0])
    reviews.send(session, draft, people[0], "Relisez.")
    reviews.approve(session, draft, people[1])
    session.commit()
    return draft


def test_it_is_published_with_its_history_and_without_its_pieces(
    session: Session, approved: Draft, people: tuple[int, int]
) -> None:
    before = drafts.folder(session, approved)
    row, moved = reviews.publish(session, approved, people[1], "Neuf.")
    assert moved == 0
    assert Folder.unpacked(row.content) == before
    assert (row.note, row.published_by, row.origin) == ("Neuf.", people[1], "written")
    assert (approved.state, approved.ended_at) == ("published", row.published_at)
    assert session.scalar(select(func.count()).select_from(DraftPiece)) == 0
    assert session.scalar(select(func.count()).select_from(DraftChange)) == 1
    ((line,), more) = history.lines(session, approved)
    assert not more
    assert line.after is not None
    assert track_in(line.after).version == "2099.1"
    acts = session.scalars(select(AuditEntry.action).filter_by(target=f"track:{KEY}").order_by(AuditEntry.id)).all()
    assert acts == ["draft_begun", "draft_sent", "draft_approved", "track_published", "draft_published"]
    assert Library(session)[KEY].version == "2099.1"


def test_two_clicks_publish_once(app: Flask, session: Session, approved: Draft, people: tuple[int, int]) -> None:
    number = approved.id
    session.rollback()

    def click(own: Session) -> bool:
        try:
            reviews.publish(own, own.get_one(Draft, number), people[1], "Neuf.")
        except reviews.NotNow:
            own.rollback()
            return False
        own.commit()
        return True

    assert sorted(together(app, [click, click])) == [False, True]
    assert session.scalar(select(func.count()).select_from(TrackRevision).filter_by(track_key=KEY)) == 2


def test_what_fails_at_the_last_step_leaves_the_draft(
    session: Session, approved: Draft, people: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drafts.folder(session, approved)

    def crash(*_values: object, **_more: object) -> int:
        raise RuntimeError

    monkeypatch.setattr(revisions, "move", crash)
    with pytest.raises(RuntimeError):
        reviews.publish(session, approved, people[1], "Neuf.", moving=True)
    session.rollback()
    assert approved.state == "approved"
    assert drafts.folder(session, approved) == before
    assert session.scalar(select(func.count()).select_from(TrackRevision).filter_by(track_key=KEY)) == 1


def test_acts_out_of_turn_change_nothing(session: Session, approved: Draft, people: tuple[int, int]) -> None:
    for act in (
        lambda: reviews.send(session, approved, people[0]),
        lambda: reviews.approve(session, approved, people[1]),
        lambda: reviews.comment(session, replace_state(approved, "published"), "", "x", people[0]),
    ):
        with pytest.raises(reviews.NotNow):
            act()
    approved.state = "approved"
    with pytest.raises(reviews.SamePerson):
        reviews.send_back(session, approved, people[0], "Non.")
    reviews.send_back(session, approved, people[1], "La séquence 2 est à revoir.")
    assert approved.state == "draft"
    assert [row.text for row in reviews.comments(session, approved, "")] == ["Relisez.", "La séquence 2 est à revoir."]
    assert reviews.open_comments(session, approved) == 2
    with pytest.raises(reviews.NotNow):
        reviews.publish(session, approved, people[1], "Neuf.")


def replace_state(draft: Draft, state: str) -> Draft:
    draft.state = state
    return draft


def test_a_draft_whose_base_is_no_longer_current_is_refused(
    session: Session, approved: Draft, people: tuple[int, int]
) -> None:
    newer = revisions.publish(session, folder_of(replace(fixed_tracks()[KEY], version="2050.1")), "imported")
    with pytest.raises(reviews.Outdated) as refused:
        reviews.publish(session, approved, people[1], "Neuf.")
    assert refused.value.current is newer
    reviews.take_back(session, approved, people[0])
    with pytest.raises(reviews.Outdated):
        reviews.send(session, approved, people[0])
    again = reviews.begin_again(session, approved, people[0])
    assert (again.base_digest, approved.state) == (newer.digest, "discarded")


def test_a_draft_that_changed_nothing_is_not_published(session: Session, people: tuple[int, int]) -> None:
    draft = drafts.begin(session, KEY, people[0])
    reviews.send(session, draft, people[0])
    reviews.approve(session, draft, people[1])
    with pytest.raises(reviews.Unchanged):
        reviews.publish(session, draft, people[1], "Rien.")


def test_what_blocks_is_not_sent(session: Session, people: tuple[int, int]) -> None:
    draft = drafts.begin(session, KEY, people[0])
    path = next(row.path for row in drafts.listed(session, draft, "d1/lesson/") if row.path.endswith("/en"))
    row = drafts.piece(session, draft, path)
    assert row is not None
    drafts.save(session, draft, path, text_piece(replace(text_in(row.content), body="")), row.edition, people[0])
    with pytest.raises(reviews.Blocked) as refused:
        reviews.send(session, draft, people[0])
    assert refused.value.report.blocks == 1
    assert draft.state == "draft"


def test_learners_are_counted_moved_and_told_what_they_lose(
    session: Session, approved: Draft, people: tuple[int, int]
) -> None:
    rows = [learner(session, number) for number in (1, 2)]
    rows[1].completed_at = rows[1].enrolled_at
    session.flush()
    numbers = following.following(session, KEY)
    assert numbers == {fixed_tracks()[KEY].digest: following.Following(2, 1)}
    after = replace(fixed_tracks()[KEY], modules=fixed_tracks()[KEY].modules[1:], digest="x")
    ((version, count, lost),) = following.losses(session, after, numbers)
    assert (version, count.unfinished, [module.key for module in lost.modules]) == (
        fixed_tracks()[KEY].version, 1, ["d1"],
    )  # fmt: skip
    row, moved = reviews.publish(session, approved, people[1], "Neuf.", moving=True)
    assert moved == 1
    assert following.following(session, KEY)[row.digest] == following.Following(1, 1)
    entry = session.scalars(select(AuditEntry).filter_by(action="learners_moved")).one()
    assert entry.person_id == people[1]
    assert following.certificates(session, KEY) == {}


def test_a_track_is_withdrawn_and_opened_again(session: Session, people: tuple[int, int]) -> None:
    assert following.retire(session, KEY, people[0])
    assert not following.retire(session, KEY, people[0])
    assert Library(session).retired == {KEY}
    assert KEY in Library(session)
    assert following.retire(session, KEY, people[0], retired=False)
    assert Library(session).retired == set()
    assert session.get_one(Curriculum, KEY).retired_at is None


def test_history_says_what_each_change_made(session: Session, people: tuple[int, int]) -> None:
    draft = drafts.begin(session, KEY, people[0])
    path = next(row.path for row in drafts.listed(session, draft, "d1/lesson/") if row.path.endswith("/fr"))
    bodies = []
    for number, person in enumerate((people[0], people[1], people[0])):
        row = drafts.piece(session, draft, path)
        assert row is not None
        bodies.append(text_in(row.content).body)
        text = text_piece(replace(text_in(row.content), body=f"Texte {number}.\n"))
        drafts.save(session, draft, path, text, row.edition, person)
    found, _more = history.lines(session, draft, path)
    said = [(text_in(line.change.before or b"").body, text_in(line.after or b"").body) for line in found]
    assert said == [("Texte 1.\n", "Texte 2.\n"), ("Texte 0.\n", "Texte 1.\n"), (bodies[0], "Texte 0.\n")]
    drafts.remove(session, draft, path, people[0])
    assert history.lines(session, draft, path)[0][0].after is None
    assert history.changed(session, draft, 0) is None
