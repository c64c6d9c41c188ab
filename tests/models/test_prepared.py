"""Statements run on the driver's own cursor mean what SQLAlchemy means by them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from lms.models import LaunchState, Person, Platform, db, utcnow
from lms.models.base import table_of
from lms.models.database import direct_statements, direct_transaction
from lms.models.prepared import Prepared
from lms.models.upsert import change, insert_new
from tests.learner_in_test import statements

PLATFORM, STATE = table_of(Platform), table_of(LaunchState)
ADD = Prepared(insert(STATE))
FIND = Prepared(select(STATE.c.nonce, STATE.c.deployment_id, STATE.c.expires_at).order_by(STATE.c.nonce))
DROP = Prepared(delete(STATE).where(STATE.c.state_hash == bindparam("state")))
ROLES = Prepared(select(PLATFORM.c.role_map.label("roles")).where(PLATFORM.c.id == bindparam("id")))


def platform(session: Session) -> int:
    row = Platform(
        name="LMS", issuer="https://lms.example.org", client_id="tool", auth_url="https://lms.example.org/auth",
        token_url="https://lms.example.org/token", jwks_url="https://lms.example.org/jwks", role_map={"é": "hr"},
    )  # fmt: skip
    session.add(row)
    session.commit()
    return row.id


def state(platform_id: int, name: str = "a", **more: object) -> dict[str, object]:
    return {
        "state_hash": name, "platform_id": platform_id, "deployment_id": None, "nonce": name, "target": "t'é",
        "browser_hash": "", "login_hint": "", "message_hint": None, "storage_target": None,
        "expires_at": datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=1))), **more,
    }  # fmt: skip


def test_values_are_written_and_read_as_their_types(session: Session) -> None:
    number = platform(session)
    with direct_transaction() as own:
        assert ADD.run(own, state(number)) == 1
        assert ADD.run(own, state(number, "b", deployment_id="1")) == 1
        first, second = FIND.rows(own, {})
    assert first.expires_at == datetime(2026, 1, 2, 11, tzinfo=UTC)
    assert first.expires_at.tzinfo is UTC
    assert (first.deployment_id, second.deployment_id) == (None, "1")
    assert ROLES.rows(session, {"id": number})[0].roles == {"é": "hr"}
    assert session.get_one(LaunchState, "a").target == "t'é"


def failing(own: Connection, number: int) -> None:
    ADD.run(own, state(number))
    raise LookupError


def twice(own: Connection, number: int) -> None:
    ADD.run(own, state(number))
    ADD.run(own, state(number))


def nowhere(own: Connection, number: int) -> None:
    del number
    own.exec_driver_sql("alter table launch_state rename to elsewhere")
    FIND.rows(own, {})


def test_they_belong_to_the_transaction(session: Session) -> None:
    number = platform(session)
    with pytest.raises(LookupError), direct_transaction() as own:
        failing(own, number)
    assert FIND.rows(session, {}) == []
    session.add(LaunchState(**state(number)))
    assert [row.nonce for row in FIND.rows(session, {})] == ["a"]  # what the session held was written first
    assert (DROP.run(session, {"state": "a"}), DROP.run(session, {"state": "a"})) == (1, 0)


def test_a_failure_is_sqlalchemys(session: Session) -> None:
    number = platform(session)
    with pytest.raises(IntegrityError) as failure, direct_transaction() as own:
        twice(own, number)
    assert "t'é" not in str(failure.value.statement)  # what is shown of it does not hold what was written
    with pytest.raises((OperationalError, ProgrammingError)), direct_transaction() as own:
        nowhere(own, number)
    assert FIND.rows(session, {}) == []


def test_alone_each_is_a_transaction_of_its_own(session: Session) -> None:
    number = platform(session)
    with pytest.raises(LookupError), direct_statements() as own:
        failing(own, number)
    with direct_statements() as own:
        assert [row.nonce for row in FIND.rows(own, {})] == ["a"]
    with pytest.raises(IntegrityError), direct_statements() as own:
        twice(own, number)
    with direct_transaction() as own:  # the connection is as it was
        ADD.run(own, state(number, "b"))
        own.rollback()
    assert [row.nonce for row in FIND.rows(session, {})] == ["a"]


def test_whoever_counts_statements_counts_them(app: Flask) -> None:
    with app.app_context(), statements() as heard, direct_transaction() as own:
        FIND.rows(own, {})
        db.session.remove()
    assert len([text for text in heard if text.startswith("SELECT launch_state.nonce")]) == 1


def test_an_insert_fills_what_is_not_given_and_gives_what_it_made(session: Session) -> None:
    number = platform(session)
    identity = {"platform_id": number, "subject": "11"}
    before = utcnow()
    made = insert_new(session, Person, identity, {"given_name": "Agent"})
    row = session.get_one(Person, made)
    assert (row.given_name, row.family_name, row.text_size) == ("Agent", "", "m")
    assert before <= row.created_at <= utcnow()
    assert insert_new(session, Person, identity, {"given_name": "Other"}) is None
    change(session, Person, made, {"full_name": "Agent A", "language": "en"})
    session.refresh(row)
    assert (row.given_name, row.full_name, row.language) == ("Agent", "Agent A", "en")
