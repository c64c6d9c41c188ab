"""The database layer: UTC moments, exact fractions, and SQLite writers that neither deadlock nor starve."""

import threading
import time
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from lms.models import Attempt, Base, Enrolment, Person, db, writing
from lms.models.database import begin_reading, end_reading


def make_person(session: Session, subject: str = "someone") -> Person:
    person = Person(subject=subject, email=f"{subject}@example.org")
    session.add(person)
    session.flush()
    return person


def test_moments_come_back_in_utc(session: Session) -> None:
    person = make_person(session)
    row = Enrolment(person_id=person.id, track_key="t", track_version="1", track_digest="d")
    row.started_at = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    session.add(row)
    session.commit()
    session.expire_all()
    assert row.started_at == datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    assert row.started_at.tzinfo is UTC


def test_a_moment_without_zone_is_refused(session: Session) -> None:
    person = make_person(session)
    person.created_at = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(StatementError):
        session.flush()


def test_scores_stay_exact(session: Session) -> None:
    person = make_person(session)
    row = Enrolment(person_id=person.id, track_key="t", track_version="1", track_digest="d")
    session.add(row)
    session.flush()
    attempt = Attempt(
        enrolment_id=row.id, module_key="m", number=1, track_version="1", track_digest="x",
            seed="s", questions=[],
        submitted_at=datetime.now(UTC), score=Fraction(1, 3), passed=False,
    )  # fmt: skip
    session.add(attempt)
    session.commit()
    session.expire_all()
    assert attempt.score == Fraction(1, 3)


def test_the_migrations_make_the_tables_of_the_models(session: Session) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(session.connection(), opts={"compare_type": False})
    assert compare_metadata(context, Base.metadata) == []


def test_a_page_that_reads_may_not_write(session: Session) -> None:
    token = begin_reading()
    try:
        session.add(Person(subject="x", email="x@example.org"))
        with pytest.raises(RuntimeError, match="only reads"):
            session.flush()
        session.rollback()
        with writing(session):
            make_person(session)
            session.commit()
    finally:
        end_reading(token)
    assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 1


def test_concurrent_writers_all_end(app: Flask, session: Session) -> None:
    """Readers that turn into writers, from many threads: each gets its turn, none is refused or left waiting."""
    person_id = make_person(session).id
    session.commit()
    waits: list[float] = []
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with app.app_context():
                for turn in range(15):
                    began = time.monotonic()
                    token = begin_reading()
                    db.session.get(Person, person_id)
                    with writing(db.session()):
                        row = Enrolment(
                            person_id=person_id, track_key=f"{number}-{turn}", track_version="1", track_digest="d"
                        )
                        db.session.add(row)
                        db.session.commit()
                    end_reading(token)
                    waits.append(time.monotonic() - began)
                db.session.remove()
        except BaseException as error:  # noqa: BLE001 - reported by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert session.scalar(sa.select(sa.func.count()).select_from(Enrolment)) == 8 * 15
    assert max(waits) < 15  # far below the 20 s after which SQLite would report « locked »


def test_sqlite_is_in_wal_with_foreign_keys(tmp_path: Path, sqlite_template: Path) -> None:
    from lms.app import create_app
    from tests.conftest import make_config

    app = create_app(make_config(f"sqlite:///{sqlite_template}", tmp_path))
    with app.app_context():
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1
        db.engine.dispose()
    app.extensions["outbound"].close()
