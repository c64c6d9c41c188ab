"""Certificates are found by the words of their holders' names, however these are typed."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import Certificate, CertificateWord, OutboxJob, Person, utcnow
from lms.services import certificate_words
from lms.services.authority import open_authority
from lms.services.certificate_search import Asked, search
from lms.services.certificate_words import BATCH, keep_more, words_of
from lms.services.privacy import erase
from tests.issued_in_test import issue, settle
from tests.learner_in_test import count


@pytest.fixture
def row(session: Session, app: Flask) -> Certificate:
    """A certificate whose holder has many words."""
    found = issue(session, open_authority(app.extensions["mpia"]))
    session.execute(sa.delete(CertificateWord))
    renamed(session, found, "Zoé Jean-Pierre O’Neil Lefèvre-Œuvrard")
    certificate_words.keep(session, [found])
    session.commit()
    return found


def renamed(session: Session, row: Certificate, name: str) -> None:
    row.record = {**row.record, "holder": name}
    session.flush()


def found(session: Session, words: str) -> bool:
    rows, total = search(session, sa.true(), Asked(words), utcnow())
    assert len(rows) == total
    session.commit()
    return total == 1


ASKED = [
    ("lefevre", True), ("LEFÈVRE", True), ("Zoé Lef", True), ("lef zo", True), ("pierre", True), ("jean-p", True),
    ("o'neil", True), ("O’Neil", True), ("neil", True), ("oeuv", True), ("  zoe  ", True), ("évre", False),
    ("zoe martin", False), ("zo%", False), ("zo_", False), ("\\", False), ("\U0010ffff", False), ("x" * 5000, False),
]  # fmt: skip


@pytest.mark.parametrize(("words", "there"), ASKED)
def test_a_word_is_found_by_how_it_begins(session: Session, row: Certificate, words: str, there: bool) -> None:
    assert found(session, words) is there


def test_numbers_and_codes_are_found_too(session: Session, row: Certificate) -> None:
    for words in (row.number, row.number.lower(), row.number[:9], row.code, row.code.lower()):
        assert found(session, words), words


def test_those_of_the_release_before_are_found_before_their_words_are_kept_and_after(
    session: Session, row: Certificate, app: Flask
) -> None:
    session.execute(sa.delete(CertificateWord))
    row.words_kept = None
    session.commit()
    assert found(session, "Lefèvre")
    assert found(session, row.number[:9])
    assert not found(session, "martin")
    certificate_words.promise_due(session)
    certificate_words.promise_due(session)
    assert count(session, OutboxJob, OutboxJob.kind == "keep_words") == 1
    session.commit()
    settle(app)
    session.expire_all()
    kept = set(session.scalars(sa.select(CertificateWord.word)))
    assert kept == words_of(row) >= {"zoe", "jean-pierre", "pierre", "o'neil", "neil", row.number.lower()}
    session.commit()
    assert found(session, "lefevre")
    assert keep_more(session) == 0
    certificate_words.promise_due(session)
    assert count(session, OutboxJob, OutboxJob.kind == "keep_words", OutboxJob.status == "pending") == 0


def test_whoever_is_erased_is_found_by_name_no_more(session: Session, row: Certificate) -> None:
    assert erase(session, session.get_one(Person, row.person_id))
    session.commit()
    assert count(session, CertificateWord) == 0
    assert keep_more(session) == 0, "nor is their name kept again"
    assert not found(session, "lefevre")
    assert found(session, row.code)


def test_a_name_of_any_length_is_kept(session: Session, row: Certificate) -> None:
    renamed(session, row, " ".join(["é" * 200, "-" * 50, "’", "a-" * 100]))
    session.execute(sa.delete(CertificateWord))
    certificate_words.keep(session, [row])
    session.commit()
    assert found(session, "é" * 150)
    assert BATCH > 1
