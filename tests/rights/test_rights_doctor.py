"""``lms doctor``: the account of the database, what it may do, and how its connection is protected."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from lms.config import Config
from lms.doctor import Finding, account
from tests.cache_in_test import self_signed
from tests.doctor.test_doctor_settings import says
from tests.postgresql_in_test import SERVED, Server
from tests.rights.conftest import connected
from tests.rights.tls_in_test import TlsFront


@pytest.fixture
def owner_url(postgresql: Server) -> Iterator[str]:
    """A database whose rights may be changed."""
    with postgresql.fresh() as url:
        yield url


def judged(url: str, config: Config) -> list[Finding]:
    with connected(url) as connection:
        return list(account.rights(connection, config))


def test_the_lesser_account_is_sound(config: Config) -> None:
    (found,) = judged(config.database, config)
    says(found, "ok", SERVED, "no more")


def test_the_owner_s_address_is_for_those_who_migrate(config: Config, owner_url: str) -> None:
    (found,) = judged(config.database, replace(config, owner_database_url=owner_url))
    says(found, "warn", "LMS_OWNER_DATABASE_URL", "« lms db upgrade »")


def test_a_superuser_or_an_owner_is_told_how_to_serve_with_less(config: Config, owner_url: str) -> None:
    (found,) = judged(owner_url, config)
    says(found, "warn", "superuser", "lms db upgrade")
    with connected(owner_url) as owner:
        owner.exec_driver_sql(f"alter table closing owner to {SERVED}")
        owner.commit()
    says(judged(config.database, config)[0], "warn", "owns the tables", "LMS_OWNER_DATABASE_URL")


def test_who_may_become_the_owner_is_as_the_owner(config: Config, postgresql: Server) -> None:
    (owner,) = postgresql.run("select current_user")[0]
    postgresql.run(f"alter role {SERVED} noinherit")
    postgresql.run(f"grant {owner} to {SERVED}")
    try:
        says(judged(config.database, config)[0], "warn", "owns the tables")
    finally:
        postgresql.run(f"revoke {owner} from {SERVED}")
        postgresql.run(f"alter role {SERVED} inherit")


@pytest.mark.parametrize(
    ("given", "state", "said"),
    [
        ("revoke select, insert on person from {}", "bad", "INSERT on person"),
        ("revoke all on all tables in schema public from {}", "bad", "more"),
        ("grant delete on grading to {}", "warn", "DELETE on grading"),
        ("grant create on schema public to {}", "warn", "REVOKE CREATE"),
    ],
)
def test_rights_too_few_or_too_many_are_named(
    config: Config, owner: sa.Connection, given: str, state: str, said: str
) -> None:
    owner.exec_driver_sql(given.format(SERVED))
    owner.commit()
    (found,) = judged(config.database, config)
    says(found, state, said)


@pytest.fixture
def front(postgresql: Server, tmp_path: Path) -> Iterator[tuple[TlsFront, Path]]:
    """The server reached by TLS at 127.0.0.1, and the certificate of the authority that vouches for it: itself."""
    certificate, key = self_signed(tmp_path)
    folder = sa.make_url(postgresql.template).query["host"]
    (path,) = [each for each in Path(str(folder)).glob(".s.PGSQL.*") if not each.name.endswith(".lock")]
    with TlsFront(str(path), certificate, key) as listening:
        yield listening, certificate


def linked(url: str, port: int, **options: str) -> psycopg.Connection[object]:
    """A connection to that database by the network, as the settings would name it."""
    named = sa.make_url(url)
    return psycopg.connect(
        host="127.0.0.1", port=port, user=named.username, dbname=named.database, connect_timeout=60, **options
    )


def test_a_database_on_another_machine_is_to_be_spoken_to_by_tls(
    database_url: str, front: tuple[TlsFront, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    listening, certificate = front
    with linked(database_url, listening.port, sslmode="disable") as link:
        says(account.encryption(link, "encryption", "LMS_DATABASE_URL"), "ok", "on this machine")
    monkeypatch.setattr(account, "here", lambda _host, _place: False)
    for mode, more, state, said in (
        ("disable", {}, "warn", "not encrypted"),
        ("prefer", {}, "warn", "sslmode is prefer"),
        ("require", {}, "warn", "not verified"),
        ("verify-ca", {"sslrootcert": str(certificate)}, "warn", "sslmode is verify-ca"),
        ("verify-full", {"sslrootcert": str(certificate)}, "ok", "certificate verified"),
    ):
        with linked(database_url, listening.port, sslmode=mode, **more) as link:
            found = account.encryption(link, "encryption", "LMS_DATABASE_URL")
            says(found, state, said)
            if state != "ok":
                assert "End LMS_DATABASE_URL with ?sslmode=verify-full&sslrootcert=FILE" in found.fix
    monkeypatch.setenv("PGSSLMODE", "require")  # as libpq reads it
    with linked(database_url, listening.port) as link:
        says(account.encryption(link, "encryption", "LMS_DATABASE_URL"), "warn", "sslmode is require")


@pytest.mark.parametrize(
    ("host", "place", "here"),
    [
        ("/var/run/postgresql", "", True), ("localhost", "127.0.0.1", True), ("db", "127.0.0.1", True),
        ("::1", "::1", True), ("db.example", "192.0.2.10", False), ("db.example", "", False),
    ],
)  # fmt: skip
def test_what_is_this_machine(host: str, place: str, *, here: bool) -> None:
    assert account.here(host, place) is here
