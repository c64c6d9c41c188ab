"""The legal watch: what a text of law touches, and the modules to read again when it changes."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.model import Track
from curricula.pieces import module_in, module_path, module_piece
from curricula.write import folder_of
from lms.models import AuditEntry, Certificate, Curriculum, Institution, ReviewTask, StatusList
from lms.services import drafts, legal_watch, revisions, studio
from tests.account_in_test import make_person
from tests.learner_in_test import course, joins, learner, statements
from tests.tracks_in_test import fixed_tracks

KEY, COPY = "decideurs", "cadres"
SHIPPED = fixed_tracks()[KEY]
LAW, VERSION = "ai-act-26", "2026-09-30"
CITING = ["d1", "d2", "d3"]


@pytest.fixture
def author(session: Session) -> int:
    return make_person(session, "zoe@example.org", "author", track_key=KEY)


def with_law(track: Track, law: str = VERSION, version: str = "2026.2", **changes: object) -> Track:
    """A later revision that refers to another version of that text."""
    legal = tuple(replace(each, version=law) if each.key == LAW else each for each in track.legal)
    return replace(track, version=version, legal=legal, **changes)  # type: ignore[arg-type]


def publish(session: Session, track: Track) -> None:
    revisions.publish(session, folder_of(track), "imported")


@pytest.fixture
def copy(session: Session) -> Track:
    """A second track of this institution that cites the same law."""
    track = replace(SHIPPED, key=COPY)
    publish(session, track)
    return track


def tasks(session: Session, *keys: str, closed: bool = False) -> list[tuple[str, str, str]]:
    rows = session.scalars(select(ReviewTask).order_by(ReviewTask.track_key, ReviewTask.module_key))
    return [
        (row.track_key, row.module_key, row.legal_version)
        for row in rows
        if row.track_key in keys and (row.closed_at is not None) is closed
    ]


def certificate(session: Session, person_id: int, digest: str, number: str) -> None:
    listed = StatusList()
    session.add(listed)
    session.flush()
    row = Certificate(
        person_id=person_id, award_key=KEY, number=number, code=number, record={"evidence": [digest, "0" * 64]},
        status_list_id=listed.id, status_index=0,
    )  # fmt: skip
    session.add(row)
    session.flush()


def test_who_is_touched_is_counted_by_revision(session: Session) -> None:
    first, second = (learner(session, number) for number in (1, 2))
    here, there = course(session, 1), course(session, 2)
    joins(session, first.person_id, here)
    joins(session, first.person_id, there)
    joins(session, second.person_id, here)
    joins(session, second.person_id, course(session, 3, track_key="another"))
    certificate(session, first.person_id, SHIPPED.digest, "N-1")
    publish(session, with_law(SHIPPED))
    learner(session, 3)
    second.track_digest = folder_of(with_law(SHIPPED)).digest
    session.flush()
    found = legal_watch.touched(session, [KEY], LAW, [KEY])
    numbers = [(each.reference.version, each.learners, each.cohorts, each.certificates) for each in found]
    assert numbers == [(VERSION, 1, 1, 0), ("2024-07-12", 2, 2, 1)]
    assert [each.current for each in found] == [True, False]
    assert [[module.key for module in each.modules] for each in found] == [CITING, CITING]
    assert legal_watch.touched(session, [KEY], "unknown", [KEY]) == []
    assert legal_watch.touched(session, [], LAW, []) == []


def test_a_draft_counts_for_what_it_cites(session: Session, author: int) -> None:
    draft = drafts.begin(session, KEY, author)
    row = drafts.piece(session, draft, module_path("d4"))
    assert row is not None
    module = module_in(row.content)
    drafts.save(session, draft, row.path, module_piece(replace(module, legal=(*module.legal, LAW))), 1, author)
    found = legal_watch.touched(session, [KEY], LAW, [KEY])
    assert [(each.draft, [module.key for module in each.modules]) for each in found] == [
        (False, CITING), (True, [*CITING, "d4"]),
    ]  # fmt: skip
    assert [each.draft for each in legal_watch.touched(session, [KEY], LAW, [])] == [False], "drafts of others are not"
    assert legal_watch.changed(session, [KEY], LAW, VERSION, author) == 4


def test_a_change_opens_one_task_a_module_once(session: Session, author: int, copy: Track) -> None:
    keys = [KEY, COPY]
    opened = legal_watch.changed(
        session, keys, LAW, VERSION, author, note="Le délai change.", in_force_from=date(2026, 12, 1)
    )
    assert opened == 6
    assert tasks(session, *keys) == [(key, module, VERSION) for key in sorted(keys) for module in CITING]
    first = legal_watch.open_tasks(session, [KEY])[0]
    assert (first.note, first.in_force_from, first.opened_by) == ("Le délai change.", date(2026, 12, 1), author)
    legal_watch.close(session, first, "Rien à changer.", author)
    assert legal_watch.changed(session, keys, LAW, VERSION, author) == 0, "closed is not opened again"
    assert legal_watch.changed(session, keys, LAW, "2024-07-12", author) == 0, "they carry it already"
    assert legal_watch.changed(session, keys, LAW, "2027", author) == 6
    lines = session.scalars(select(AuditEntry).filter_by(action="law_changed").order_by(AuditEntry.id)).all()
    assert [line.details["tasks"] for line in lines] == [6, 0, 0, 6]


def test_a_task_is_closed_once_with_a_word(session: Session, author: int) -> None:
    legal_watch.changed(session, [KEY], LAW, VERSION, author)
    row = legal_watch.open_tasks(session, [KEY])[0]
    legal_watch.close(session, row, "Relu : rien à changer.", author)
    closed_at = row.closed_at
    legal_watch.close(session, row, "Autre chose", None)
    assert (row.outcome, row.closed_by, row.closed_at) == ("Relu : rien à changer.", author, closed_at)
    assert len(legal_watch.open_tasks(session, [KEY])) == 2


@pytest.mark.parametrize("carried", [VERSION, "2026-10"])
def test_a_revision_that_carries_the_new_text_closes_its_tasks(session: Session, author: int, carried: str) -> None:
    legal_watch.changed(session, [KEY], LAW, VERSION, author)
    publish(session, replace(SHIPPED, version="2026.1.1", code="E"))
    assert len(tasks(session, KEY)) == 3, "another change answers nothing"
    publish(session, with_law(SHIPPED, carried))
    assert tasks(session, KEY) == []
    assert tasks(session, KEY, closed=True) == [(KEY, module, VERSION) for module in CITING]


def test_a_module_that_no_longer_cites_it_is_not_to_be_read_again(session: Session, author: int) -> None:
    legal_watch.changed(session, [KEY], LAW, VERSION, author)
    first = SHIPPED.modules[0]
    silent = replace(first, legal=tuple(key for key in first.legal if key != LAW))
    publish(session, replace(SHIPPED, version="2026.2", modules=(silent, *SHIPPED.modules[1:])))
    assert tasks(session, KEY) == [(KEY, module, VERSION) for module in CITING[1:]]


def test_a_publication_has_the_other_tracks_read_again(session: Session, copy: Track) -> None:
    publish(session, with_law(SHIPPED))
    assert tasks(session, KEY, COPY) == [(COPY, module, VERSION) for module in CITING]
    publish(session, with_law(copy))
    assert tasks(session, KEY, COPY) == [], "the other carries it by now"


def test_another_institution_is_not_disturbed(session: Session, copy: Track) -> None:
    school = Institution(name="École de démonstration")
    session.add(school)
    session.flush()
    session.add(Curriculum(track_key=COPY, institution_id=school.id))
    session.flush()
    publish(session, with_law(SHIPPED))
    assert tasks(session, KEY, COPY) == []


def test_what_one_may_count_ends_at_ones_institution(session: Session, author: int, copy: Track) -> None:
    assert legal_watch.scope(session, studio.grants(session, author)) == [COPY, KEY]
    school = Institution(name="École de démonstration")
    session.add(school)
    session.flush()
    session.add(Curriculum(track_key=COPY, institution_id=school.id))
    session.flush()
    assert legal_watch.scope(session, studio.grants(session, author)) == [KEY]
    stranger = make_person(session, "b@example.org")
    assert legal_watch.scope(session, studio.grants(session, stranger)) == []
    studio.grant(session, stranger, ["reviewer"], institution_id=school.id)
    assert legal_watch.scope(session, studio.grants(session, stranger)) == [COPY]


def test_reading_asks_the_database_as_often_for_many_tracks_as_for_one(session: Session, author: int) -> None:
    def asked() -> int:
        keys = legal_watch.scope(session, studio.grants(session, author))
        legal_watch.touched(session, keys, LAW, keys)  # each revision is read once in the life of a process
        with statements() as heard:
            legal_watch.touched(session, keys, LAW, keys)
        return len([text for text in heard if text.startswith("SELECT")])

    alone = asked()
    for number in range(4):
        publish(session, replace(SHIPPED, key=f"copy-{number}"))
        drafts.begin(session, f"copy-{number}", author)
    session.commit()
    assert asked() == alone <= 6


def test_a_draft_that_cannot_be_read_cites_nothing(session: Session, author: int) -> None:
    draft = drafts.begin(session, KEY, author)
    for path in ("track", module_path("d1")):
        row = drafts.piece(session, draft, path)
        assert row is not None
        row.content = b"key ="
    session.flush()
    assert [each.draft for each in legal_watch.touched(session, [KEY], LAW, [KEY])] == [False]


def test_nothing_is_opened_where_nothing_was_before(session: Session, copy: Track) -> None:
    """A track published for the first time changes no reference, whatever version it has."""
    legal_watch.published(session, None, with_law(SHIPPED), None, datetime(2026, 11, 26, tzinfo=UTC))
    assert tasks(session, KEY, COPY) == []
