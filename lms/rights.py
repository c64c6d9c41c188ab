"""What the account of web processes and workers may do in PostgreSQL, table by table: what the product does, no more.

Where ``LMS_OWNER_DATABASE_URL`` names the account that owns the tables, that of ``LMS_DATABASE_URL`` owns none: it can
neither drop nor change one, and what is written once it cannot rewrite. Why so, and what remains: docs/adr/0048.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sqlalchemy import Connection, text

from lms import journal_removal
from lms.models import Base

VERSION = "alembic_version"
#: What may be done with a row, and with a whole table at once.
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")
_WHOLE_TABLE = "TRUNCATE"


class Kept(NamedTuple):
    """A table of which less is needed."""

    #: The columns that are written once; None for the whole row.
    once: frozenset[str] | None
    #: Whether rows may go by themselves. Those that go with what they are of (ON DELETE) need no right.
    goes: bool


def _once(*columns: str, goes: bool = False) -> Kept:
    return Kept(frozenset(columns) or None, goes)


#: By table. A right is taken away a release after nothing uses it any more: the one before works beside an upgrade.
KEPT: Mapping[str, Kept] = {
    # An erased person's lines are nobody's. A purge takes the first lines by a function of the owner
    # (``lms.journal_removal``), and holds links by a column it leaves alone.
    "audit_entry": _once("id", "at", "action", "target", "details"),
    "audit_link": _once("entry_id", "who", "hash"),
    "audit_person": _once(goes=True),
    "purge_line": _once("id", "day", "what", "rule"),
    # What was answered goes, or is emptied, by the rules of retention; the result stays with its attempt.
    "answer": _once(goes=True),
    "deposit": _once(
        "id", "attempt_id", "question_key", "field", "name", "media", "size", "sha256", "content", "added_at", goes=True
    ),
    "grading": _once(
        "id", "attempt_id", "graded_at", "cause", "reason", "score", "passed", "counts", "track_digest"
    ),
    "certificate": _once(
        "id", "number", "code", "award_key", "cycle", "edition", "record", "issued_at", "valid_until", "status_list_id",
        "status_index", goes=True,
    ),
    "certificate_event": _once(),
    "superseded_file": _once(),
    "literacy_edition": _once("id", "register_id", "number", "signed_at", "content", "sha256"),
    "track_revision": _once(
        "id", "track_key", "version", "digest", "content", "origin", "note", "published_at"
    ),
    "closing": _once(),
    "closing_unit": _once(),
    "closing_figure": _once(),
}  # fmt: skip

_TABLES = "c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and c.relname = any(:names)"
_COLUMNS = text(f"""
    select c.relname, a.attname, has_column_privilege(c.oid, a.attnum, 'UPDATE') from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where {_TABLES} order by c.relname, a.attnum
""")  # nosec B608 # noqa: S608 - a condition of ours
_HELD = text(f"""
    select c.relname, verb, has_table_privilege(c.oid, verb) from pg_class c, unnest(cast(:verbs as text[])) verb
    where {_TABLES} order by c.relname
""")  # nosec B608 # noqa: S608 - a condition of ours
_OWNED = text(f"""
    select c.relname, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, :how) from pg_class c
    where {_TABLES} order by c.relname
""")  # nosec B608 # noqa: S608 - a condition of ours
#: What numbers the rows of a table.
_SEQUENCES = text(f"""
    select s.relname, has_sequence_privilege(s.oid, 'USAGE') and has_sequence_privilege(s.oid, 'SELECT') from pg_class c
    join pg_depend d on d.refobjid = c.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
    join pg_class s on s.oid = d.objid and s.relkind = 'S'
    where {_TABLES} order by s.relname
""")  # nosec B608 # noqa: S608 - a condition of ours


@dataclass
class Account:
    """What an account is and may do in the database; ``lacks`` and ``exceeds`` in words: « UPDATE on closing »."""

    name: str
    superuser: bool
    #: A table of ours that it owns, or may by « set role »; None for none.
    owns: str | None
    #: Whether it may make tables.
    creates: bool
    lacks: list[str] = field(default_factory=list)
    exceeds: list[str] = field(default_factory=list)


def owners(connection: Connection, how: Literal["USAGE", "MEMBER"] = "USAGE") -> Iterator[tuple[str, str, bool]]:
    """(table, who owns it, whether this account has their rights) of each table of ours that is there.

    ``MEMBER``: whether it may take them, by « set role ».
    """
    for name, owner, ours in connection.execute(_OWNED, {**_names(), "how": how}):
        yield str(name), str(owner), bool(ours)


def grant(connection: Connection, account: str) -> None:
    """Give an account its rights, exactly, in the transaction of the tables' owner; what it had otherwise is gone."""
    quote = connection.dialect.identifier_preparer.quote
    role = quote(account)

    def run(statement: str) -> None:
        connection.exec_driver_sql(statement)

    columns = _columns(connection)
    sequences = [quote(name) for name, _held in connection.execute(_SEQUENCES, _names())]
    everything = ", ".join(map(quote, columns))
    run(f"REVOKE ALL ON TABLE {everything} FROM {role}")
    run(f"GRANT SELECT ON TABLE {everything} TO {role}")
    for verb in VERBS[1:]:
        full = [quote(name) for name in columns if verb in _verbs(name)]
        run(f"GRANT {verb} ON TABLE {', '.join(full)} TO {role}")
    for name, there in columns.items():
        if some := _changing(name, there):
            run(f"GRANT UPDATE ({', '.join(map(quote, some))}) ON TABLE {quote(name)} TO {role}")
    if sequences:
        run(f"GRANT USAGE, SELECT ON SEQUENCE {', '.join(sequences)} TO {role}")
    schema, reached = connection.execute(
        text("select current_schema(), has_schema_privilege(:account, current_schema(), 'USAGE')"), {"account": account}
    ).one()
    if not reached:
        run(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {role}")
    journal_removal.grant(run, quote(schema), role)


def account(connection: Connection) -> Account:
    """The account of this connection."""
    name, superuser, creates = connection.execute(text(
        "select current_user, rolsuper, has_schema_privilege(current_schema(), 'CREATE') "
        "from pg_roles where rolname = current_user"
    )).one()  # fmt: skip
    owned = next((table for table, _owner, ours in owners(connection, "MEMBER") if ours), None)
    found = Account(name, superuser, owned, creates)
    columns = _columns(connection)
    for table, verb, held in connection.execute(_HELD, {**_names(), "verbs": [*VERBS, _WHOLE_TABLE]}):
        if held != (verb in _verbs(table)):
            (found.exceeds if held else found.lacks).append(f"{verb} on {table}")
    for table, there in columns.items():
        some = _changing(table, there)
        if table not in KEPT or f"UPDATE on {table}" in found.exceeds:
            continue
        for column, held in there.items():
            if held != (column in some):
                (found.exceeds if held else found.lacks).append(f"UPDATE ({column}) on {table}")
    for sequence, held in connection.execute(_SEQUENCES, _names()):
        if not held:
            found.lacks.append(f"USAGE, SELECT on {sequence}")
    if not journal_removal.granted(connection):
        found.lacks.append(f"EXECUTE on {journal_removal.NAME}")
    return found


def _names() -> dict[str, list[str]]:
    return {"names": [*Base.metadata.tables, VERSION]}


def _columns(connection: Connection) -> dict[str, dict[str, bool]]:
    """Table → column → whether this account may change it; of the database, where another release may have others."""
    found: dict[str, dict[str, bool]] = {}
    for table, column, held in connection.execute(_COLUMNS, _names()):
        found.setdefault(table, {})[column] = held
    return found


def _verbs(table: str) -> tuple[str, ...]:
    """What the account may do with whole rows of a table."""
    if table == VERSION:
        return ("SELECT",)
    kept = KEPT.get(table)
    if kept is None:
        return VERBS
    return ("SELECT", "INSERT", "DELETE") if kept.goes else ("SELECT", "INSERT")


def _changing(table: str, columns: Mapping[str, bool]) -> list[str]:
    """The columns that may change in a table where some may not."""
    kept = KEPT.get(table)
    if kept is None or kept.once is None:
        return []
    return [name for name in columns if name not in kept.once]
