"""What the account of web processes and workers may do in the database, and what it is refused."""

from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms import rights
from lms.models import Base, Person
from lms.services.audit import record
from tests.owners_in_test import OWNERS, writes_as_owner
from tests.postgresql_in_test import SERVED
from tests.rights.conftest import connected

#: What a fault of a page could have the database do.
REFUSED = (
    "create table elsewhere (id integer)", "create schema elsewhere", "create view seen as select * from person",
    "create function f() returns integer language sql as 'select 1'", "create index i on person (id)",
    "drop table web_session", "alter table person add column more text", "alter table audit_entry owner to {account}",
    "alter table person disable trigger all", "set session_replication_role = replica",
    "truncate audit_entry", "truncate certificate, certificate_file cascade", "truncate person cascade",
    "create role another", "alter role {account} superuser",
    "update alembic_version set version_num = '0'", "delete from alembic_version",
    "select setval(pg_get_serial_sequence('audit_entry', 'id'), 1)",
    "copy person to '/tmp/people'", "copy person from program 'true'", "set role {owner}",
)  # fmt: skip


def refused(connection: sa.Connection, statement: str) -> bool:
    """Whether the database refuses it for want of a right, and of nothing else."""
    try:
        connection.exec_driver_sql(statement)
    except DBAPIError as error:
        return isinstance(error.orig, psycopg.errors.InsufficientPrivilege)
    finally:
        connection.rollback()
    return False


@pytest.mark.parametrize("statement", REFUSED)
def test_tables_are_not_its_own(served: sa.Connection, owner: sa.Connection, statement: str) -> None:
    other = owner.scalar(sa.text("select current_user"))
    assert refused(served, statement.format(account=SERVED, owner=other))


def test_what_is_written_once_is_not_rewritten(served: sa.Connection) -> None:
    columns = 0
    for name, kept in rights.KEPT.items():
        table = Base.metadata.tables[name]
        for column in kept.once or table.columns.keys():
            assert refused(served, f'update "{name}" set "{column}" = "{column}"'), f"{name}.{column}"
            columns += 1
        assert refused(served, f'delete from "{name}"') is not kept.goes, name
        assert refused(served, f'truncate "{name}"'), name
        for column in {*table.columns.keys()} - (kept.once or {*table.columns.keys()}):
            assert not refused(served, f'update "{name}" set "{column}" = "{column}"'), f"{name}.{column}"
    assert columns > 80


def test_the_rights_given_are_those_that_are_written_here(served: sa.Connection) -> None:
    found = rights.account(served)
    assert (found.name, found.superuser, found.owns, found.creates) == (SERVED, False, None, False)
    assert found.lacks == found.exceeds == []


def test_a_right_that_is_missing_or_too_many_is_named_and_put_right(
    owner: sa.Connection, served: sa.Connection
) -> None:
    for statement in (
        f"revoke insert on audit_entry from {SERVED}", f"revoke update (marks) on grading from {SERVED}",
        f"revoke usage on sequence person_id_seq from {SERVED}", f"revoke select on person from {SERVED}",
        f"grant update on closing to {SERVED}", f"grant update (hash) on audit_link to {SERVED}",
        f"grant truncate on answer to {SERVED}", f"grant delete on grading to {SERVED}",
    ):  # fmt: skip
        owner.exec_driver_sql(statement)
    owner.commit()
    found = rights.account(served)
    served.rollback()
    assert sorted(found.lacks) == [
        "INSERT on audit_entry", "SELECT on person", "UPDATE (marks) on grading", "USAGE, SELECT on person_id_seq",
    ]  # fmt: skip
    assert sorted(found.exceeds) == [
        "DELETE on grading", "TRUNCATE on answer", "UPDATE (hash) on audit_link", "UPDATE on closing",
    ]  # fmt: skip
    for _twice in range(2):
        served.exec_driver_sql("update tool_key set retired_at = null")  # a transaction that goes on meanwhile
        owner.exec_driver_sql("set local lock_timeout = '20s'")
        rights.grant(owner, SERVED)
        owner.commit()
        found = rights.account(served)
        served.rollback()
        assert found.lacks == found.exceeds == []


def test_every_table_and_column_named_is_one() -> None:
    for name, kept in rights.KEPT.items():
        assert (kept.once or set()) <= set(Base.metadata.tables[name].columns.keys()), name


def test_every_other_test_writes_as_web_processes_do() -> None:
    tests = Path(__file__).parents[1]
    assert all((tests / name).exists() for name in OWNERS)
    assert writes_as_owner(tests / "services/test_chain.py")
    assert writes_as_owner(tests / "backup/test_there_and_back.py")
    assert not writes_as_owner(tests / "services/test_erasure_tables.py")
    assert not writes_as_owner(tests / "functional/test_main_job.py")


def test_what_goes_with_a_person_goes_though_nobody_may_take_it_away(
    app: Flask, session: Session, owner_url: str
) -> None:
    """References are kept by the database as the tables' owner."""
    person = Person(subject="one", email="one@example.org")
    session.add(person)
    session.flush()
    record(session, "did", "something", person.id)
    session.commit()
    session.delete(person)
    session.commit()
    with connected(owner_url) as owner:
        assert owner.execute(sa.text("select person_id from audit_entry where action = 'did'")).all() == [(None,)]
