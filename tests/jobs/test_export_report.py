"""Files that a worker makes: whole or not there, begun again after a death, for whom they are for, and no longer."""

import csv
import hashlib
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.config import Config
from lms.i18n import ZONE
from lms.jobs import export_report
from lms.models import AuditEntry, ExportRun, HrScope, LocalAccount, OutboxJob, Person, SavedExport, Unit, utcnow
from lms.reports import reports
from lms.services import accounts, exporting, privacy
from lms.services.exporting import Order, TooManyWaiting, next_time
from lms.services.organisation import Scope
from lms.tables import Row, TooManyRows
from lms.worker import Worker
from tests.account_in_test import make_person
from tests.learner_in_test import learner, together
from tests.sftp_in_test import sftp_server

ORDER = Order("completions", "csv", {}, "fr", "training")


class Killed(BaseException):
    """What no job survives."""


@pytest.fixture
def officer(session: Session) -> int:
    """HR of the whole institution, and three learners."""
    number = make_person(session, "rh@example.org", account="hr", name="Zoé Lefèvre")
    for each in (1, 2, 3):
        learner(session, each)
    session.commit()
    return number


def work(app: Flask, **settings: Any) -> Worker:
    """A worker of a service with these settings, that has done what is due."""
    if settings:
        app.extensions["mpia"] = replace(app.extensions["mpia"], **settings)
    worker = Worker(app)
    worker.drain()
    return worker


def asked(session: Session, officer: int, **changes: Any) -> ExportRun:
    run = exporting.ask(session, officer, replace(ORDER, **changes))
    session.commit()
    return run


def files(config: Config) -> list[str]:
    return [path.name for path in config.exports.iterdir()] if config.exports.exists() else []


def fresh(session: Session, run: ExportRun) -> ExportRun:
    session.rollback()
    session.refresh(run)
    return run


def test_a_file_is_made_noted_and_journaled(app: Flask, session: Session, config: Config, officer: int) -> None:
    run = asked(session, officer, filters={"status": "enrolled"})
    work(app)
    fresh(session, run)
    assert (run.state, run.error) == ("done", None)
    path = config.exports / str(run.file)
    content = path.read_bytes()
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert (run.rows, run.size, run.sha256) == (len(rows), len(content), hashlib.sha256(content).hexdigest())
    assert {row["nom"] for row in rows} == {"Martin 1", "Martin 2", "Martin 3"}
    assert {row["Auteur de l'extraction"] for row in rows} == {"Zoé Lefèvre"}
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert run.expires_at is not None
    assert timedelta(days=6) < run.expires_at - utcnow() < timedelta(days=8)
    entry = session.scalars(select(AuditEntry).filter_by(action="hr.export")).one()
    assert (entry.person_id, entry.target, entry.details["purpose"]) == (officer, "completions.csv", "training")


def test_it_holds_what_its_owner_sees_that_day(app: Flask, session: Session, config: Config, officer: int) -> None:
    unit = Unit(code="J", name="Justice", path="1.")
    session.add(unit)
    session.flush()
    run = asked(session, officer)
    session.add(HrScope(person_id=officer, unit_id=unit.id))
    session.commit()
    work(app)
    assert (fresh(session, run).state, run.rows) == ("done", 0), "nobody of that unit"
    assert run.scope == {"paths": ["1."], "platform_id": None}
    assert exporting.seen_by(run, Scope(("1.",)))
    assert exporting.seen_by(run, Scope())
    assert not exporting.seen_by(run, Scope(("1.2.",)))
    assert not exporting.seen_by(run, Scope(("2.",)))
    assert not exporting.seen_by(run, Scope(None, 7))
    run.scope = {"paths": None, "platform_id": None}
    assert not exporting.seen_by(run, Scope(("1.",)))


def test_after_a_death_it_is_begun_again_whole(
    app: Flask, session: Session, config: Config, officer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, report = asked(session, officer), reports()["completions"]
    monkeypatch.setattr(export_report, "TOLD", -1.0)

    def dying(*arguments: Any) -> Generator[Row, None, None]:
        rows = report.rows(*arguments)
        yield next(rows)
        raise Killed

    monkeypatch.setattr("lms.services.extractions.STEP", 1)
    monkeypatch.setitem(reports(), "completions", replace(report, rows=dying))
    with pytest.raises(Killed):
        work(app)
    assert fresh(session, run).state == "running"
    assert run.rows > 0, "its progress was shown"
    left = config.exports / "1-dead.csv.part"
    left.write_bytes(b"half a file")
    monkeypatch.setitem(reports(), "completions", report)
    session.query(OutboxJob).update({"leased_until": utcnow() - timedelta(seconds=1)})
    session.commit()
    work(app)
    assert fresh(session, run).state == "done"
    assert run.file is not None
    assert len((config.exports / run.file).read_bytes().splitlines()) == run.rows + 1
    exporting.sweep(session, config.exports, utcnow() + timedelta(days=2))
    assert files(config) == [run.file], "what the dead one left is taken away"


def test_one_given_up_while_it_is_made_leaves_nothing(
    app: Flask, session: Session, config: Config, officer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, report = asked(session, officer), reports()["completions"]
    monkeypatch.setattr(export_report, "TOLD", -1.0)
    monkeypatch.setattr("lms.services.extractions.STEP", 1)
    wanted = exporting.note

    def cancelled(own: Session, run_id: int, rows: int) -> bool:
        exporting.remove(own, own.get_one(ExportRun, run_id), config.exports, utcnow())
        return wanted(own, run_id, rows)

    monkeypatch.setattr(exporting, "note", cancelled)
    work(app)
    assert (fresh(session, run).state, run.file, files(config)) == ("cancelled", None, [])
    assert report.key == run.report


def test_one_given_up_as_its_file_is_finished_leaves_no_file(
    app: Flask, session: Session, config: Config, officer: int
) -> None:
    run = asked(session, officer)
    assert (run.state, run.file) == ("waiting", None)  # as the page of its owner shows it
    session.commit()
    work(app)
    assert len(files(config)) == 1
    exporting.remove(session, run, config.exports, utcnow())
    session.commit()
    assert (fresh(session, run).state, run.file, files(config)) == ("expired", None, [])


def test_one_given_up_while_it_is_delivered_stays_given_up(
    app: Flask, session: Session, config: Config, officer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, finish = asked(session, officer), exporting.finish

    def given_up(own: Session, row: ExportRun, *more: Any) -> None:
        def give_up(other: Session) -> None:
            exporting.remove(other, other.get_one(ExportRun, row.id), config.exports, utcnow())
            other.commit()

        own.commit()
        together(app, [give_up])
        finish(own, row, *more)

    monkeypatch.setattr(exporting, "finish", given_up)
    work(app)
    assert (fresh(session, run).state, run.file, files(config)) == ("cancelled", None, [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"filters": {"status": "gone"}}, "filters"),
        ({"format": "xlsx"}, "more rows"),
        ({"report": "gone"}, "no longer exists"),
    ],
)
def test_what_cannot_be_made_says_why(
    app: Flask, session: Session, config: Config, officer: int, monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any], says: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("lms.exports.xlsx.SHEET_LINES", 2)
    run = asked(session, officer, **changes)
    work(app)
    assert fresh(session, run).state == "failed"
    assert says in str(run.error)
    assert files(config) == []
    assert issubclass(TooManyRows, ValueError)


def test_nothing_is_made_for_who_lost_the_role(app: Flask, session: Session, config: Config, officer: int) -> None:
    run = asked(session, officer)
    session.query(LocalAccount).update({"roles": ["learner"]})
    session.commit()
    work(app)
    assert fresh(session, run).state == "failed"
    assert "role" in str(run.error)
    assert files(config) == []
    assert session.scalars(select(AuditEntry).filter_by(action="hr.export")).first() is None


def test_a_closed_account_exports_nothing_more(
    app: Flask, session: Session, config: Config, officer: int, tmp_path: Path
) -> None:
    now, folder = utcnow(), tmp_path / "drop"
    made = asked(session, officer, place="folder")
    work(app, export_folder=folder)
    assert fresh(session, made).state == "delivering"  # the folder is not there yet
    folder.mkdir()
    session.query(OutboxJob).update({"due_at": utcnow()})
    exporting.save(session, officer, "Chaque jour", ORDER, "daily", now)
    run = asked(session, officer)
    (account,) = session.query(LocalAccount)
    accounts.close(session, account)
    session.commit()
    work(app, export_folder=folder)
    assert [fresh(session, each).state for each in (run, made)] == ["failed", "failed"]
    assert "role" in str(run.error)
    assert (made.file, files(config), list(folder.iterdir())) == (None, [], [])
    later = now + timedelta(days=2)
    assert exporting.promise_due(session, later) == 0
    accounts.reopen(session, account)
    assert exporting.promise_due(session, later) == 0, "its day is over"
    assert exporting.promise_due(session, later + timedelta(days=1)) == 1


def test_a_file_is_taken_away_on_its_day(app: Flask, session: Session, config: Config, officer: int) -> None:
    run = asked(session, officer)
    work(app)
    exporting.sweep(session, config.exports, utcnow() + timedelta(days=6))
    assert fresh(session, run).state == "done"
    exporting.sweep(session, config.exports, utcnow() + timedelta(days=8))
    assert (run.state, run.file, files(config)) == ("expired", None, [])
    exporting.sweep(session, config.exports, utcnow() + timedelta(days=400))
    assert session.scalars(select(ExportRun.id)).all() == []


def test_files_out_of_reach_stop_nothing_else(
    app: Flask, session: Session, config: Config, officer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked(session, officer)
    work(app)
    session.execute(update(ExportRun).values(expires_at=utcnow()))
    session.commit()

    def refused(*_given: Any, **_named: Any) -> None:
        raise PermissionError

    for of, state in (("unlink", "done"), ("iterdir", "expired")):
        with monkeypatch.context() as patch:
            patch.setattr(Path, of, refused)
            Worker(app).upkeep()
        assert fresh(session, run).state == state
        session.commit()
    assert files(config) == []


def test_a_folder_is_delivered_to(app: Flask, session: Session, config: Config, officer: int, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    run = asked(session, officer, place="folder")
    work(app, export_folder=folder)
    assert (fresh(session, run).state, run.error) == ("delivering", "The folder of exports cannot be written in.")
    folder.mkdir()
    session.query(OutboxJob).update({"due_at": utcnow()})
    session.commit()
    work(app)
    assert fresh(session, run).state == "done"
    assert [path.name for path in folder.iterdir()] == [run.delivered_as]
    assert hashlib.sha256((folder / str(run.delivered_as)).read_bytes()).hexdigest() == run.sha256
    assert (run.file, files(config)) == (None, []), "it is not kept here too"


def test_who_sees_less_before_it_is_delivered_has_it_made_of_what_they_see(
    app: Flask, session: Session, config: Config, officer: int, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    run = asked(session, officer, place="folder")
    work(app, export_folder=folder)
    assert (fresh(session, run).state, run.rows > 0) == ("delivering", True)  # the folder is not there yet
    unit = Unit(code="J", name="Justice", path="1.")
    session.add(unit)
    session.flush()
    session.add(HrScope(person_id=officer, unit_id=unit.id))
    folder.mkdir()
    session.query(OutboxJob).update({"due_at": utcnow()})
    session.commit()
    work(app)
    assert (fresh(session, run).state, run.rows, run.scope["paths"]) == ("done", 0, ["1."])
    (file,) = folder.iterdir()
    assert (hashlib.sha256(file.read_bytes()).hexdigest(), files(config)) == (run.sha256, [])


def test_a_server_is_delivered_to(app: Flask, session: Session, config: Config, officer: int, tmp_path: Path) -> None:
    with sftp_server(tmp_path) as server:
        run = asked(session, officer, place="sftp", format="ods")
        work(app, **server.settings("/nowhere"))
        assert fresh(session, run).error == "The folder of the SFTP server cannot be written in."
        job = session.scalars(select(OutboxJob).filter_by(kind="export_report")).one()
        assert (run.state, job.status, job.cause) == ("delivering", "failed", "folder"), "an administrator must act"
        made = run.sha256
        job.status, job.due_at = "pending", utcnow()
        session.commit()
        work(app, **server.settings())
        assert (fresh(session, run).state, run.sha256) == ("done", made), "it was not made again"
        (there,) = (server.root / "drop").iterdir()
        assert there.name == run.delivered_as
        assert hashlib.sha256(there.read_bytes()).hexdigest() == made


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(["daily", "weekly", "monthly"]))
def test_days_come_round(now: datetime, schedule: str) -> None:
    following = next_time(schedule, now)
    assert following is not None
    local = following.astimezone(ZONE)
    assert (
        now
        < following
        <= now + {"daily": timedelta(days=2), "weekly": timedelta(8), "monthly": timedelta(32)}[schedule]
    )
    assert (local.hour, local.minute) == (5, 0)
    assert schedule != "weekly" or local.weekday() == 0
    assert schedule != "monthly" or local.day == 1
    assert next_time("none", now) is None


def test_a_saved_export_makes_itself_once_on_its_day(
    app: Flask, session: Session, config: Config, officer: int
) -> None:
    now = utcnow()
    saved = exporting.save(session, officer, "Chaque jour", ORDER, "daily", now)
    session.commit()
    assert exporting.promise_due(session, now) == 0
    tomorrow = now + timedelta(days=1, hours=1)
    assert [exporting.promise_due(session, tomorrow) for _ in range(2)] == [1, 0]
    assert saved.next_at is not None
    assert saved.next_at > tomorrow
    session.commit()
    assert exporting.promise_due(session, tomorrow + timedelta(days=2)) == 0, "the last one is still waiting"
    session.commit()
    work(app)
    run = session.scalars(select(ExportRun)).one()
    assert (fresh(session, run).state, run.saved_id) == ("done", saved.id)
    session.delete(session.get_one(SavedExport, saved.id))
    session.commit()
    assert fresh(session, run).saved_id is None


def test_a_file_that_another_worker_takes_meanwhile_stops_no_sweep(
    session: Session, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.exports.mkdir(parents=True)
    left = config.exports / "left.csv.part"
    left.write_bytes(b"of a worker that died")
    listed = [config.exports / "renamed-meanwhile.csv.part", left]
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter(listed) if folder == config.exports else iter(()))
    exporting.sweep(session, config.exports, utcnow() + timedelta(days=2))
    assert not left.exists()


def test_who_is_erased_leaves_no_file(app: Flask, session: Session, config: Config, officer: int) -> None:
    exporting.save(session, officer, "Chaque jour", ORDER, "daily", utcnow())
    asked(session, officer)
    work(app)
    session.rollback()
    person = session.get_one(Person, officer)
    told = privacy.taken_out(session, person)
    assert [row["report"] for row in told["exports"] + told["exports_saved"]] == ["completions"] * 2
    privacy.erase(session, person)
    exporting.sweep(session, config.exports, utcnow() + timedelta(days=2))
    assert files(config) == []
    assert session.scalars(select(SavedExport.id)).all() == session.scalars(select(ExportRun.id)).all() == []


def test_nobody_fills_the_queue(session: Session, officer: int) -> None:
    for _ in range(exporting.MOST_WAITING):
        exporting.ask(session, officer, ORDER)
    with pytest.raises(TooManyWaiting):
        exporting.ask(session, officer, ORDER)
