"""The checks of a connection, against a platform over real HTTP with the habits and faults of real ones."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from ssl import TLSVersion
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.devlms import Campus, CourseLink, DevLmsSettings, create_devlms, registration, serve
from lms.diagnosis import first_fix, lines, sentence
from lms.lti import scopes
from lms.lti.checks import Finding
from lms.models import AuditEntry, Context, OutboxJob, Person, Platform, db, utcnow
from lms.services.connections import all_findings, promise_due_checks, run_check, settled, worst
from lms.services.platforms import NewPlatform, add_platform
from tests.made_once import give_platform_key
from tests.running_in_test import free_port
from tests.test_tls import serving


@dataclass
class Connection:
    """The service and one platform, each listening."""

    app: Flask
    campus: Campus
    id: int

    def turn(self, **quirks: Any) -> None:
        """Give the platform other habits."""
        self.campus.quirks = replace(self.campus.quirks, **quirks)

    def check(self) -> dict[str, Finding]:
        """What is found now, by check."""
        with self.app.app_context():
            found = run_check(db.session(), self.app.extensions["services"], self.id)
            db.session.commit()
            db.session.remove()
        return {each.key: each for each in found}


@pytest.fixture
def connection(app: Flask, tmp_path: Path) -> Iterator[Connection]:
    """A development LMS connected by hand."""
    ours = serve(app, "127.0.0.1", 0)
    port = free_port()
    settings = DevLmsSettings(
        issuer=f"http://127.0.0.1:{port}", tool_url=ours.url, client_id="tool", deployment_id="1",
        data_dir=tmp_path / "devlms", links=(CourseLink("decideurs", "Décideurs"),),
    )  # fmt: skip
    give_platform_key(settings.data_dir)
    devlms = create_devlms(settings)
    theirs = serve(devlms, "127.0.0.1", port)
    with app.app_context():
        values: dict[str, Any] = {"name": "LMS", **registration(settings)}
        number = add_platform(db.session(), NewPlatform(**values)).id
        db.session.commit()
        db.session.remove()
    yield Connection(app, devlms.extensions["devlms"], number)
    theirs.stop()
    ours.stop()


def states(found: dict[str, Finding]) -> dict[str, str]:
    return {key: each.state for key, each in found.items()}


def test_a_sound_connection_awaits_its_first_entry(connection: Connection) -> None:
    assert states(connection.check()) == {
        "answers": "ok", "keys": "ok", "clock": "ok", "token": "ok", "score": "ok", "line_item": "ok",
        "result": "ok", "roster_scope": "ok", "service": "none", "deployment": "ok", "launch": "wait",
        "deep_linking": "wait", "roster": "wait",
    }  # fmt: skip


def test_what_is_found_is_kept(connection: Connection, session: Session) -> None:
    connection.turn(pending=True)
    connection.check()
    row = session.get_one(Platform, connection.id)
    assert row.checked_at is not None
    assert worst(row) == "bad"
    assert {each.key: each.state for each in all_findings(session, row)}["token"] == "bad"


@pytest.mark.parametrize(
    ("quirk", "key", "cause"),
    [
        ({"down": True}, "keys", "answer_status"),
        ({"clock_skew_seconds": 300}, "clock", "clock"),
        ({"clock_skew_seconds": -300}, "clock", "clock"),
        ({"pending": True}, "token", "token_refused"),
        ({"granted_scopes": (scopes.LINE_ITEM,)}, "score", "scope_refused"),
    ],
    ids=["out of order", "clock ahead", "clock behind", "not activated", "scores not allowed"],
)
def test_a_failure_is_named_with_its_way_out(
    connection: Connection, quirk: dict[str, Any], key: str, cause: str
) -> None:
    connection.turn(**quirk)
    found = connection.check()
    assert (found[key].state, found[key].cause) == ("bad", cause)
    with connection.app.test_request_context():
        fix = first_fix(list(found.values()), "moodle")
        assert fix is not None
        assert fix.key == key
        assert fix.steps
        assert not settled(list(found.values()))


def test_a_platform_that_is_gone_is_said_not_to_answer(connection: Connection, session: Session) -> None:
    row = session.get_one(Platform, connection.id)
    row.jwks_url = row.token_url = f"http://127.0.0.1:{free_port()}/"
    session.commit()
    found = connection.check()
    assert found["answers"].cause == found["token"].cause == "unreachable"
    assert {found[key].state for key in ("keys", "clock", "score", "service")} == {"none"}


def test_a_certificate_that_is_not_believed_is_told_from_a_platform_that_is_gone(
    connection: Connection, session: Session, tmp_path: Path
) -> None:
    row = session.get_one(Platform, connection.id)
    with serving(tmp_path, TLSVersion.TLSv1_3) as server:
        row.jwks_url = row.token_url = f"https://127.0.0.1:{server.port}/"
        session.commit()
        found = connection.check()
    assert found["answers"].cause == "unreachable"
    with connection.app.test_request_context():
        fix = first_fix(list(found.values()), "moodle")
        assert fix is not None
        assert "certificat" in fix.what
        assert "LMS_AUTHORITIES" in " ".join(fix.steps)
        gone = first_fix([Finding("answers", "bad", "unreachable", "ConnectError")], "moodle")
        assert gone is not None
        assert "LMS_AUTHORITIES" not in " ".join(gone.steps)


def test_a_lesser_service_that_lacks_stops_nothing(connection: Connection) -> None:
    connection.turn(granted_scopes=(scopes.SCORE, scopes.LINE_ITEM, scopes.RESULT))
    found = connection.check()
    assert found["roster_scope"].state == "warn"
    assert "bad" not in states(found).values()


def test_a_stripped_authorization_is_told_apart(connection: Connection, session: Session) -> None:
    row = session.get_one(Platform, connection.id)
    url = f"{row.issuer}/services/nrps/2/memberships"
    session.add(Context(deployment=row.deployments[0], lti_id="2", members_url=url))
    session.commit()
    assert connection.check()["service"].state == "ok"
    connection.turn(strip_authorization=True)
    assert connection.check()["service"].cause == "authorization_stripped"


def test_uses_are_seen_as_they_come(connection: Connection, session: Session) -> None:
    row = session.get_one(Platform, connection.id)
    row.last_launch_at = utcnow()
    person = Person(platform_id=row.id, subject="1")
    session.add(person)
    session.flush()
    session.add(AuditEntry(person_id=person.id, action="launch", details={"message": "DeepLinking"}))
    session.add(Context(deployment=row.deployments[0], lti_id="c", roster_at=utcnow()))
    session.commit()
    found = connection.check()
    assert {found[key].state for key in ("launch", "deep_linking", "roster")} == {"ok"}
    assert settled(list(found.values()))
    # Once seen, it stays seen, though the journal is looked through for a few days only.
    session.query(AuditEntry).update({"at": utcnow() - timedelta(days=30)})
    session.commit()
    assert connection.check()["deep_linking"].state == "ok"


def test_a_platform_without_deployment_is_not_green(connection: Connection, session: Session) -> None:
    session.get_one(Platform, connection.id).deployments[0].status = "suspended"
    session.commit()
    assert connection.check()["deployment"].state == "bad"


@pytest.mark.parametrize("product", ["moodle", "canvas", "openedx", "sakai", ""])
@pytest.mark.parametrize("cause", ["token_refused", "scope_refused", "deployment", "clock", "unreachable", "odd"])
def test_every_failure_has_words_for_every_product(app: Flask, product: str, cause: str) -> None:
    key = {"token_refused": "token", "scope_refused": "score", "deployment": "deployment"}.get(cause, "answers")
    found = [Finding(key, "bad", cause, "invalid_client"), Finding("launch", "wait")]
    with app.test_request_context():
        fix = first_fix(found, product)
        assert fix is not None
        assert fix.what
        assert all(fix.steps)
        assert len(lines(found, product)) == 2
        assert sentence(found)


def test_each_active_connection_is_checked_daily(session: Session) -> None:
    url = "https://lms.example"
    for number, (status, checked) in enumerate(
        [("active", None), ("active", timedelta(hours=25)), ("active", timedelta(hours=1)), ("suspended", None)]
    ):
        row = Platform(name="LMS", issuer=url, client_id=str(number), auth_url=url, token_url=url, jwks_url=url)
        row.status, row.checked_at = status, utcnow() - checked if checked is not None else None
        session.add(row)
    session.flush()
    promise_due_checks(session)
    session.flush()
    due = {session.get_one(Platform, int(job.key)).client_id for job in session.query(OutboxJob)}
    assert due == {"0", "1"}
