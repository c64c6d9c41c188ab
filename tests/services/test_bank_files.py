"""Files of questions: read once, shown, then added all or none; what is taken out comes back the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curricula.exchange.model import Bank
from curricula.exchange.registry import formats
from curricula.pieces import Piece, piece_of_question, question_path
from lms.app import create_app
from lms.models import BankUpload, Draft, OutboxJob, db, utcnow
from lms.schema import upgrade
from lms.services import agreements, bank, bank_files, drafts, history
from lms.services.bank_files import AT_ONCE, LONGEST, MOST, TooMany
from lms.services.descriptions import described
from lms.services.drafts import Frozen
from lms.worker import Worker
from tests.account_in_test import make_person
from tests.bank_in_test import MODULE, TRACK
from tests.conftest import make_config
from tests.curricula.exchange.question_samples import a_question, banks
from tests.tracks_in_test import fixed_tracks

GIFT = """// Banc
::Note 1:: Qui décide d'envoyer ? {
=L'agent#Oui.
~L'outil#Non.
}

::Essai:: Racontez. {}

// [tag:objective:d1-o2] [tag:difficulty:3]
::d1-q01:: Un modèle cite-t-il ? {
=Non
~Oui
}
"""


@pytest.fixture
def draft(session: Session) -> Draft:
    return drafts.begin(session, TRACK, None)


@pytest.fixture
def person(session: Session) -> int:
    return make_person(session, "ada@example.org")


def send(session: Session, draft: Draft, person: int, content: str | bytes = GIFT, **more: str) -> BankUpload:
    raw = content.encode() if isinstance(content, str) else content
    values = {"name": "banc.gift", "key": "", "language": "fr", **more}
    return bank_files.receive(session, draft, MODULE, person, content=raw, **values)


def test_a_file_is_read_and_nothing_is_added_before_it_is_confirmed(
    session: Session, draft: Draft, person: int
) -> None:
    before = drafts.folder(session, draft)
    upload = send(session, draft, person)
    found = bank_files.found(session, upload)
    assert [each.key for each in found["questions"]] == ["note-1", "d1-q01"]
    assert (found["count"], found["said"], found["notes"][0].item, found["notes"][0].line) == (2, 1, "Essai", 7)
    assert drafts.folder(session, draft) == before
    assert session.scalar(select(BankUpload.content)) == b""


def test_confirmed_questions_join_the_bank_with_what_the_file_does_not_say(
    session: Session, draft: Draft, person: int
) -> None:
    upload = send(session, draft, person)
    added = bank_files.confirm(session, draft, upload, person, objective="d1-o1", source="white-paper", difficulty=1)
    assert added == 2
    first, second = bank.whole(session, draft, MODULE)[-2:]
    assert (first.key, first.objective, first.source, first.difficulty) == ("note-1", "d1-o1", "white-paper", 1)
    assert (second.key, second.objective, second.source, second.difficulty) == ("d1-q01-2", "d1-o2", "white-paper", 3)
    assert bank_files.waiting(session, draft, MODULE, upload.id) is None
    assert [change.before for change in history.changes(session, draft)] == [None, None]


def test_keys_that_change_and_words_that_are_there_are_said(session: Session, draft: Draft, person: int) -> None:
    bank.add(session, draft, MODULE, a_question("there", stem={"fr": "Qui décide d'envoyer ?"}), None)
    questions = bank_files.found(session, send(session, draft, person))["questions"]
    twice = [*questions, replace(questions[0], key="again", stem={"fr": "x" * 300}), replace(questions[0], key="and")]
    notes = bank_files.about(session, draft, MODULE, [*twice, replace(twice[2], key="long")])
    assert [(note.item, dict(note.values)) for note in notes] == [
        ("note-1", {"key": "there"}), ("d1-q01", {"key": "d1-q01-2"}), ("and", {"key": "note-1"}),
        ("long", {"key": "again"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("banc.gift", b"\xff\xfe\x00"),
        ("banc.xml", b"<quiz"),
        ("banc.zip", b"PK\x03\x04"),
        ("banc.exe", b"MZ"),
        ("", b""),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_adds_nothing(
    session: Session, draft: Draft, person: int, name: str, content: bytes
) -> None:
    upload = send(session, draft, person, content, name=name)
    found = bank_files.found(session, upload)
    assert found.get("refusal") or found["count"] == 0
    assert bank_files.confirm(session, draft, upload, person) == 0
    assert len(bank.keys(session, draft, MODULE)) == 15


def test_a_large_file_is_read_by_a_job(app: Flask, session: Session, draft: Draft, person: int) -> None:
    content = GIFT + "// nothing more to say\n" * (AT_ONCE // 20)
    upload = send(session, draft, person, content)
    session.commit()
    assert upload.read_at is None
    Worker(app).drain()
    session.expire_all()
    waiting = bank_files.waiting(session, draft, MODULE, upload.id)
    assert waiting is not None
    assert waiting.read_at is not None
    assert bank_files.found(session, waiting)["count"] == 2
    assert session.scalars(select(OutboxJob).filter_by(kind="read_bank")).one().status == "done"


def test_a_file_sent_again_takes_the_place_of_the_first(session: Session, draft: Draft, person: int) -> None:
    first = send(session, draft, person)
    second = send(session, draft, person)
    assert bank_files.waiting(session, draft, MODULE, second.id) is not None
    assert session.scalar(select(func.count()).select_from(BankUpload)) == 1
    bank_files.read(session, first)  # a job that was still at it
    assert bank_files.waiting(session, draft, "d2", second.id) is None


def test_what_nobody_confirms_is_forgotten(session: Session, draft: Draft, person: int) -> None:
    upload = send(session, draft, person)
    bank_files.sweep(session)
    assert bank_files.waiting(session, draft, MODULE, upload.id) is not None
    upload.at = utcnow() - timedelta(days=1, minutes=1)
    session.flush()
    bank_files.sweep(session)
    assert session.scalar(select(func.count()).select_from(BankUpload)) == 0


def test_too_many_questions_are_refused_whole(session: Session, draft: Draft, person: int) -> None:
    one = "::q:: Quoi ? {=a ~b}\n\n"
    content = (one * (MOST + 1)).encode()
    assert len(content) < AT_ONCE
    upload = send(session, draft, person, content)
    found = bank_files.found(session, upload)
    assert found["count"] == MOST + 1
    with pytest.raises(TooMany):
        bank_files.confirm(session, draft, upload, person)
    assert len(bank.keys(session, draft, MODULE)) == 15


def test_a_text_without_end_is_left_out_and_said(session: Session, draft: Draft, person: int) -> None:
    content = f"::q:: {'x' * (LONGEST + 1)} {{=a ~b}}\n\n::r:: Quoi ? {{=a ~b}}\n"
    found = bank_files.found(session, send(session, draft, person, content))
    assert [each.key for each in found["questions"]] == ["r"]
    assert [note.item for note in found["notes"]] == ["q"]


def test_pages_of_a_document_are_said_not_to_be_questions(session: Session, draft: Draft, person: int) -> None:
    found = bank_files.found(session, send(session, draft, person, "# Une page\n\nDu texte.\n", name="page.md"))
    assert found["count"] == 0
    assert dict(found["notes"][-1].values) == {"count": "1"}


def test_nothing_is_taken_while_the_draft_is_being_read(session: Session, draft: Draft, person: int) -> None:
    upload = send(session, draft, person)
    draft.state = "review"
    session.flush()
    with pytest.raises(Frozen):
        bank_files.confirm(session, draft, upload, person)
    with pytest.raises(Frozen):
        send(session, draft, person)
    assert bank_files.waiting(session, draft, MODULE, upload.id) is not None


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, int, int]]:
    """A draft and a person in one database for every example: making one takes longer than an example."""
    app = create_app(make_config("", tmp_path_factory.mktemp("banks")))
    upgrade(app)
    with app.app_context():
        session = db.session()
        person = make_person(session, "ada@example.org")
        track = replace(fixed_tracks()[TRACK], key="banque", modules=())
        draft = drafts.create(session, track, person)
        session.commit()
        yield session, draft.id, person
        db.session.remove()
        db.engine.dispose()
    app.extensions["outbound"].close()


@settings(max_examples=10)
@given(banks())
@pytest.mark.parametrize("key", ["gift", "markdown", "moodle-xml"])
def test_what_is_taken_out_comes_back_the_same(shared: tuple[Session, int, int], key: str, some: Bank) -> None:
    session, draft_id, person = shared
    draft, form = session.get_one(Draft, draft_id), formats()[key]
    assert form.write is not None
    try:
        if some.questions:
            drafts.add(session, draft, [piece_of_question("one", each) for each in some.questions], None)
        kept = bank.whole(session, draft, "one")
        given = form.write(Bank(some.title, kept, some.language))
        # Markdown names the questions it leaves out: what follows the first paragraph of an option is its feedback.
        named = {note.item for note in given.notes} if key == "markdown" else set()
        kept = tuple(each for each in kept if each.key not in named)
        upload = bank_files.receive(
            session, draft, "two", person, name=f"bank{form.suffixes[0]}", content=given.content, key=key,
            language=some.language,
        )  # fmt: skip
        assert bank_files.confirm(session, draft, upload, person) == len(kept)
        assert bank.whole(session, draft, "two") == kept
        for row in drafts.contents(session, draft, question_path("two", "")):
            assert (row.label, row.words, row.facts) == described(row.path, row.content)
            assert row.agreed == agreements.begun([Piece(row.path, row.content)])[row.path]
    finally:
        session.rollback()
