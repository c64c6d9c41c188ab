"""Reports read in a real standby that streams from a real PostgreSQL: late, stopped, started again; nothing else is."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from lms import replica
from lms.app import create_app
from lms.doctor import beside
from lms.doctor.examination import examine
from lms.models import Agent, db
from lms.replica import Replica, reporting, reporting_engine
from lms.reports import reports
from tests.conftest import Browser, make_config
from tests.doctor.test_doctor_settings import says
from tests.faults.standby_in_test import Pair, followed
from tests.learner_in_test import learner
from tests.platform_in_test import PlatformInTest, hr_officer
from tests.postgresql_in_test import Server
from tests.programs_in_test import bearer, token

EXPORT = "/hr/export/completions.csv?purpose=audit"


def ended(app: Flask) -> None:
    """Give back what an application holds."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        found = replica.replica()
        if found is not None:
            found.engine.dispose()
    app.extensions["outbound"].close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with followed(tmp_path_factory.mktemp("pair")) as both:
        yield both


@pytest.fixture
def app(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The service with its replica, which it asks again at once when it was away, and takes however late it is."""
    monkeypatch.setattr(replica, "AGAIN", 0.0)
    monkeypatch.setattr(replica, "LATEST", 1e9)
    more = {"open_data": True, "open_data_contact": "donnees@example.org"}
    application = create_app(make_config(pair.url, tmp_path, replica_url=pair.replica_url, **more))
    application.test_client_class = Browser
    yield application
    ended(application)


@contextlib.contextmanager
def asked(app: Flask) -> Iterator[list[str]]:
    """What the replica is asked meanwhile, besides how it is: statements, and « begin » of each transaction."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "pg_is_in_recovery" in statement:
            found.remove("begin")
        else:
            found.append(statement)

    def begun(_connection: Any) -> None:  # a file may be made by the driver itself (COPY)
        found.append("begin")

    engine = app.extensions["replica"].engine
    sa.event.listen(engine, "before_cursor_execute", note)
    sa.event.listen(engine, "begin", begun)
    yield found
    sa.event.remove(engine, "before_cursor_execute", note)
    sa.event.remove(engine, "begin", begun)


def test_reports_are_read_there_and_whoever_asks_is_known_here(app: Flask, pair: Pair) -> None:
    with pair.paused():
        client = PlatformInTest(app).launched(**hr_officer())  # whom the replica has never heard of
        with app.app_context():
            secret = token(db.session())
        exported = [f"/hr/export/{key}.csv?purpose=audit" for key in reports()]
        for path in (*exported, "/hr/", "/hr/gaps", "/open-data", "/api/v1/agents", "/api/v1/indicators"):
            with asked(app) as found:
                assert client.get(path, headers=bearer(secret)).status_code == 200, path
            assert found, path
            assert not [each for each in found if "web_session" in each or "api_token" in each], path
        for path in ("/hr/budget", "/hr/exports", "/learn/", f"/api/v1/certificates/{UUID(int=0)}"):
            with asked(app) as found:
                assert client.get(path, headers=bearer(secret)).status_code in {200, 403, 404}, path
            assert not found, path


def test_one_that_is_late_is_left_until_it_has_caught_up(
    app: Flask, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pair.paused():
        with app.app_context():
            learner(db.session(), "who came late")
        pair.received()
        assert "who came late" not in read(app)
        monkeypatch.setattr(replica, "LATEST", 0.0)
        with capture_logs() as logs:
            assert "who came late" in read(app)
            assert "who came late" in read(app)
        assert [(line["event"], line["what"], line["cause"]) for line in logs if "what" in line] == [
            ("away", "replica", "late")
        ]
        assert figure(app, "mpia_replica_away") == 1
        assert figure(app, "mpia_replica_lag_seconds") > 0
        says(doctor(app), "bad", "late", "pg_stat_wal_receiver")
    monkeypatch.setattr(replica, "LATEST", 1e9)
    with asked(app) as found:
        assert "who came late" in read(app)
    assert found
    assert figure(app, "mpia_replica_away") == 0

    def seen_whole() -> bool:
        assert "who came late" in read(app)
        return figure(app, "mpia_replica_lag_seconds") == 0 and " 0 s late" in doctor(app).said

    # The server writes now and then by itself: what the standby has just received makes it late for an instant.
    pair.until(seen_whole, "it is no longer late")
    assert doctor(app).state == "ok"


def test_one_that_dies_is_done_without_and_used_again(app: Flask, pair: Pair) -> None:
    client = PlatformInTest(app, "dies").launched(**hr_officer())
    pair.caught_up()
    assert client.get("/hr/").status_code == 200
    pair.kill()
    with capture_logs() as logs:
        assert [client.get(path).status_code for path in ("/hr/", EXPORT, "/hr/gaps")] == [200, 200, 200]
    assert [line["what"] for line in logs if line["event"] == "away"] == ["replica"]
    assert figure(app, "mpia_replica_away") == 1
    says(doctor(app), "bad", "Reports are read in the database", "LMS_REPLICA_URL")
    pair.start()
    with asked(app) as found, capture_logs() as logs:
        assert client.get("/hr/").status_code == 200
    assert found
    assert [line["what"] for line in logs if line["event"] == "back"] == ["replica"]


def test_nothing_is_written_there(app: Flask, pair: Pair) -> None:
    with app.test_request_context():
        session = reporting()
        assert session is not db.session()
        assert reporting() is session
        session.add(Agent(number="X", family_name="X", given_name="X", branch="FPE", category="A", siret="0" * 14))
        with pytest.raises(DBAPIError, match="read-only"):
            session.flush()
        session.rollback()


def test_a_server_that_is_no_replica_of_ours_is_not_read(app: Flask, pair: Pair, postgresql: Server) -> None:
    with app.app_context():
        alone = Replica(pair.url)
        assert not alone.near()
        (said,) = beside.replica(db.session(), app.extensions["mpia"], alone)
        says(said, "bad", "follows no other", "pg_basebackup")
        foreign = Replica(postgresql.template)
        assert beside._another(db.session(), foreign)
        assert not beside._another(db.session(), app.extensions["replica"])
        for each in (alone, foreign):
            each.engine.dispose()


def test_one_with_the_tables_of_an_earlier_release_is_not_read(
    app: Flask, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        assert reporting_engine() is app.extensions["replica"].engine
        monkeypatch.setattr(replica, "head", lambda: "the next release")
        assert reporting_engine() is db.engine
        assert app.extensions["replica"].state().fault == "migrations"


def read(app: Flask) -> str:
    """The report of completions as whoever exports it reads it."""
    from lms.exports import exports
    from lms.models import utcnow
    from lms.services.extractions import pieces
    from lms.tables import Extraction

    with app.app_context():
        extraction = Extraction(at=utcnow(), author="a test", scope="all")
        return b"".join(pieces(reporting_engine(), reports()["completions"], exports()["csv"], extraction)).decode()


def figure(app: Flask, name: str) -> float:
    """A figure of /metrics."""
    lines = app.test_client().get("/metrics").text.splitlines()
    (found,) = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")]
    return float(found)


def doctor(app: Flask) -> Any:
    """What the doctor finds of the replica."""
    with app.app_context():
        (found,) = beside.replica(db.session(), app.extensions["mpia"], app.extensions["replica"])
        db.session.rollback()
    assert [each for each in examine(app) if each.check == "replica"], "it is part of the examination"
    return found
