"""Each failure of a database or of a disk has its word; what is the service's own fault has none."""

import errno
import sqlite3

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms import database_errors as words
from lms.models import db
from lms.models.database import direct_transaction
from tests.conftest import Browser


def refused(code: str) -> sa.exc.DBAPIError:
    """A failure of PostgreSQL with that code, as SQLAlchemy raises it."""
    found: sa.exc.DBAPIError = sa.exc.DBAPIError.instance(
        "select 1", {}, psycopg.errors.lookup(code)("no"), psycopg.Error, dialect=sa.create_engine(ADDRESS).dialect
    )
    return found


ADDRESS = "postgresql+psycopg://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("57P01", "away"), ("57P02", "away"), ("57P03", "away"), ("08006", "away"), ("58030", "away"),
        ("53300", "busy"), ("53200", "busy"), ("40P01", "busy"), ("40001", "busy"), ("57014", "slow"),
        ("55P03", "slow"), ("25006", "read_only"), ("53100", "full"), ("23505", None), ("42P01", None), ("22001", None),
    ],
)  # fmt: skip
def test_what_postgresql_says(code: str, word: str | None) -> None:
    assert words.trouble(refused(code)) == word
    assert words.useless(refused(code).orig) == (code.startswith("57P") or code == "25006")


def test_a_disk_without_room() -> None:
    for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        assert words.trouble(OSError(code, "no room")) == words.FULL
    assert words.trouble(FileNotFoundError(errno.ENOENT, "nothing")) is None
    assert words.trouble(ValueError()) is None


def test_a_full_sqlite(tmp_path: object) -> None:
    with sqlite3.connect(":memory:") as full:
        full.execute("create table t (x)")
        full.execute("pragma max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as failure:
            full.execute("insert into t values (zeroblob(100000))")
    full.close()
    assert words.trouble(failure.value) == words.FULL
    assert words.trouble(sa.exc.OperationalError("insert", {}, failure.value)) == words.FULL


def test_every_connection_of_the_pool_in_use() -> None:
    assert words.trouble(sa.exc.TimeoutError()) == words.BUSY


@pytest.mark.parametrize(("method", "fix"), [("GET", "Nothing is lost. Try again"), ("POST", "send it again")])
def test_it_ends_as_a_page_that_says_when_to_try_again(app: Flask, method: str, fix: str) -> None:
    def fails() -> str:
        raise refused("25006" if method == "POST" else "57P01")

    app.add_url_rule("/fails", view_func=fails, methods=["GET", "POST"])
    app.config["WTF_CSRF_ENABLED"] = False
    asked = {"Accept-Language": "en"}
    page = app.test_client().open("/fails", method=method, headers=asked)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert fix in page.text
    assert ("The service can only show things" in page.text) == (method == "POST")
    told = app.test_client().open("/fails", method=method, headers={**asked, "Accept": "application/json"})
    assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
    assert fix in told.get_json()["fix"]


def test_a_connection_lost_in_the_middle_is_let_go(app: Flask, session: Session) -> None:
    """What is raised after it, be it a page that is not there, is answered all the same."""
    if session.connection().dialect.name == "sqlite":
        return

    def lost() -> str:
        (number,) = db.session.execute(sa.text("select pg_backend_pid()")).one()
        with direct_transaction() as own:
            own.execute(sa.text("select pg_terminate_backend(:number, 5000)"), {"number": number})
        raise LookupError

    app.add_url_rule("/lost", view_func=lost)
    app.test_client_class = Browser
    assert app.test_client().get("/lost").status_code == 500
    assert app.test_client().get("/readyz").status_code == 200
