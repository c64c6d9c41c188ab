"""Revisions of tracks: published once, never changed; learners stay on theirs or are moved with their progress."""

from dataclasses import replace
from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.folder import Folder
from curricula.model import Module, Track
from curricula.problems import CurriculumError
from curricula.write import folder_of
from lms.models import AuditEntry, Enrolment, TrackRevision
from lms.services import attempts, learning, library, revisions
from lms.services.library import Library
from lms.services.revisions import NotPublishable, move, publish, publish_shipped
from tests.learner_in_test import learner, take
from tests.tracks_in_test import FOLDER as TRACKS
from tests.tracks_in_test import fixed_tracks

KEY = "decideurs"


@pytest.fixture
def shipped() -> Track:
    return fixed_tracks()[KEY]


def later(track: Track, version: str = "2026.2", **more: object) -> Track:
    """A later revision: d1 is passed with more."""
    first = track.modules[0]
    assert first.quiz is not None
    harder = replace(first, quiz=replace(first.quiz, threshold=Fraction(95, 100)), **more)  # type: ignore[arg-type]
    return replace(track, version=version, modules=(harder, *track.modules[1:]))


def published(session: Session, track: Track) -> TrackRevision:
    return publish(session, folder_of(track), "imported", note="Seuil relevé")


def test_the_tracks_of_the_release_are_published_at_first(session: Session, shipped: Track) -> None:
    known = Library(session)
    assert list(known) == list(fixed_tracks())
    assert known[KEY] == shipped
    (row,) = revisions.revisions(session, KEY)
    assert (row.version, row.digest, row.origin) == (shipped.version, shipped.digest, "shipped")


def test_a_revision_is_current_at_once_and_the_others_stay_as_they_were(session: Session, shipped: Track) -> None:
    row = published(session, later(shipped))
    known = Library(session)
    assert known[KEY].version == "2026.2"
    assert known[KEY].digest == row.digest
    assert known.revision(KEY, shipped.digest) == shipped
    assert [each.version for each in revisions.revisions(session, KEY)] == ["2026.2", shipped.version]
    entry = session.scalars(select(AuditEntry).filter_by(action="track_published")).one()
    assert entry.details == {"version": "2026.2", "digest": row.digest}


def test_other_processes_see_it_soon(session: Session, shipped: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Library(session)
    session.add(
        TrackRevision(
            track_key=KEY, version="2026.2", digest=folder_of(later(shipped)).digest,
            content=folder_of(later(shipped)).packed(), origin="imported",
        )
    )  # fmt: skip
    session.flush()
    assert Library(session)[KEY] == known[KEY] == shipped
    monkeypatch.setattr(library, "FRESH", 0.0)
    assert Library(session)[KEY].version == "2026.2"


def test_the_same_content_is_published_once(session: Session, shipped: Track) -> None:
    first = published(session, later(shipped))
    assert published(session, later(shipped)) is first
    assert len(revisions.revisions(session, KEY)) == 2


def test_a_version_names_one_content(session: Session, shipped: Track) -> None:
    with pytest.raises(NotPublishable) as caught:
        published(session, later(shipped, shipped.version))
    assert caught.value.version == shipped.version
    assert len(revisions.revisions(session, KEY)) == 1


def test_what_cannot_be_read_or_is_blocked_is_not_published(session: Session, shipped: Track) -> None:
    folder = folder_of(later(shipped))
    broken = Folder(folder.name, {**folder.files, "d1/module.toml": b"key ="})
    with pytest.raises(CurriculumError):
        publish(session, broken, "imported")
    first = shipped.modules[0]
    untaught = tuple(replace(lesson, objectives=()) for lesson in first.lessons)
    with pytest.raises(NotPublishable) as caught:
        published(session, later(shipped, lessons=untaught))
    assert {finding.path[:2] for finding in caught.value.findings} == {("d1", "objective")}
    assert len(revisions.revisions(session, KEY)) == 1


def module_of(track: Track | None, key: str = "d1") -> Module:
    assert track is not None
    found = track.module(key)
    assert found is not None
    return found


def test_a_learner_stays_on_their_revision(session: Session, shipped: Track) -> None:
    row = session.get_one(Enrolment, learner(session, 1).id)
    take(session, row, module_of(shipped))
    published(session, later(shipped))
    known = Library(session)
    assert known.followed(KEY, row.track_digest) == shipped
    state = learning.progresses(session, [row], known)[row.id]
    assert state.track.version == shipped.version
    newcomer = session.get_one(Enrolment, learner(session, 2).id)
    learning.enrol(session, newcomer.person_id, known[KEY])
    assert (row.track_version, row.track_digest) == (shipped.version, shipped.digest)


def test_those_who_have_not_finished_are_moved_with_their_progress(session: Session, shipped: Track) -> None:
    going, done = (session.get_one(Enrolment, learner(session, number).id) for number in (1, 2))
    take(session, going, module_of(shipped))
    learning.open_lesson(
        session, going, module_of(shipped, "d2"), module_of(shipped, "d2").lessons[0], going.enrolled_at
    )
    learning.read_lesson(session, going, module_of(shipped, "d2"), module_of(shipped, "d2").lessons[0])
    for key in ("d1", "d2"):
        take(session, done, module_of(shipped, key))
    session.flush()
    assert done.completed_at is not None
    row = published(session, later(shipped))
    known = Library(session)
    assert move(session, row) == 1
    session.expire_all()
    assert (going.track_version, done.track_version) == ("2026.2", shipped.version)
    states = learning.progresses(session, [going, done], known)
    moved = states[going.id]
    assert moved.track == known[KEY]
    assert {step.module.key: len(step.read) for step in moved.modules if step.read} == {"d2": 1}
    assert attempts.standing(session, going, module_of(known[KEY])).best is not None
    assert states[done.id].completed
    assert move(session, row, unfinished_only=False) == 1
    entries = session.scalars(select(AuditEntry).filter_by(action="learners_moved")).all()
    assert [entry.details["learners"] for entry in entries] == [1, 1]


def test_a_revision_nobody_published_here_is_the_current_one(session: Session, shipped: Track) -> None:
    known = Library(session)
    assert known.revision(KEY, "0" * 64) is None
    assert known.followed(KEY, "0" * 64) == shipped
    assert known.followed("unknown", "0" * 64) is None


def test_a_release_never_takes_the_place_of_an_institutions_own(session: Session, shipped: Track) -> None:
    published(session, later(shipped))
    assert publish_shipped(session, [Folder.read(TRACKS / KEY)]) == []
    assert Library(session)[KEY].version == "2026.2"


def test_a_release_brings_its_new_content_even_under_the_same_version(session: Session, shipped: Track) -> None:
    new = folder_of(later(shipped, shipped.version))
    assert publish_shipped(session, [new]) == [KEY]
    assert publish_shipped(session, [new]) == []
    assert Library(session)[KEY].digest == new.digest


def test_an_earlier_release_put_back_publishes_nothing_again(session: Session, shipped: Track) -> None:
    new = folder_of(later(shipped))
    assert publish_shipped(session, [new]) == [KEY]
    assert publish_shipped(session, [Folder.read(TRACKS / KEY)]) == []
    assert Library(session)[KEY].digest == new.digest


def test_a_revision_is_named_by_its_version_or_its_digest(session: Session, shipped: Track) -> None:
    row = published(session, later(shipped))
    assert revisions.named(session, KEY) == row
    assert revisions.named(session, KEY, shipped.version).digest == shipped.digest  # type: ignore[union-attr]
    assert revisions.named(session, KEY, row.digest[:8]) == row
    assert revisions.named(session, KEY, row.digest[:3]) is None
    assert revisions.named(session, KEY, "2019.1") is None
    assert revisions.named(session, "unknown") is None


def test_a_folder_is_packed_and_unpacked_without_loss(shipped: Track) -> None:
    folder = folder_of(shipped)
    assert Folder.unpacked(folder.packed()) == folder
    assert folder.packed() == folder.packed()
