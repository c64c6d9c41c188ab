"""Writes the rows of a roster a batch at a time: one statement a table, whatever the number of people.

A batch travels as one JSON value and is a table inside the statement, so that statements are put together once and
neither database limits how many people a batch holds.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    String,
    Table,
    and_,
    bindparam,
    case,
    column,
    delete,
    func,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from lms.models import CourseGroup, GroupMember, Membership, Person
from lms.models.base import UtcDateTime, table_of
from lms.models.upsert import insert_into

Row = dict[str, str]

_PEOPLE = ("subject", "given_name", "family_name", "full_name", "sourced_id", "role")
_NAMES = ("given_name", "family_name", "full_name")
#: Given by launches through the platform's role map: a roster does not say them.
_BEYOND_COURSE = ("hr", "administrator")


def put_people(session: Session, platform_id: int, rows: Sequence[Row]) -> None:
    """Make the people of a platform who are new, and note what it newly says of the others.

    What it withholds today does not erase what it gave before.
    """
    _run(session, _people, {"rows": rows, "platform": platform_id})


def put_memberships(session: Session, platform_id: int, context_id: int, at: datetime, rows: Sequence[Row]) -> None:
    """Put people in a course, as the roster read at ``at`` does; a later reading is not undone."""
    _run(session, _memberships, {"rows": rows, "platform": platform_id, "context": context_id, "at": at})


def put_groups(session: Session, context_id: int, rows: Sequence[Row]) -> None:
    """Make the groups of a course exactly these (``lti_id``, ``name``, ``set_name``)."""
    values = {"rows": rows, "context": context_id}
    _run(session, _groups_gone, values)
    _run(session, _groups, values)


def put_group_members(
    session: Session, platform_id: int, context_id: int, subjects: Sequence[str], pairs: Sequence[Row]
) -> None:
    """Put each of ``subjects`` in exactly the groups that ``pairs`` (``subject``, ``group``) give them."""
    values = {"platform": platform_id, "context": context_id, "rows": pairs}
    _run(session, _out_of_groups, {**values, "subjects": [{"subject": subject} for subject in subjects]})
    _run(session, _into_groups, values)


def empty_groups_of_departed(session: Session, context_id: int) -> None:
    """Take those who left a course out of its groups."""
    left = select(Membership.id).where(Membership.context_id == context_id, Membership.left_at.is_not(None))
    gone = delete(GroupMember).where(GroupMember.membership_id.in_(left))
    session.execute(gone.execution_options(synchronize_session=False))


def _run(session: Session, statement: Any, values: dict[str, Any]) -> None:
    session.flush()
    connection = session.connection()
    connection.execute(statement(connection.dialect.name), values)


def _batch(dialect: str, *names: str, key: str = "rows") -> FromClause:
    """The rows of a JSON parameter as a table of texts."""
    given = bindparam(key, type_=JSON)
    if dialect == "postgresql":
        columns = [column(name, String) for name in names]
        return func.json_to_recordset(given).table_valued(*columns).render_derived(name=key, with_types=True)
    each = func.json_each(given).table_valued("value", name="each")
    values = [func.json_extract(each.c.value, f"$.{name}").label(name) for name in names]
    # Read once, and before the tables it meets: SQLite would otherwise read it again for each of their rows.
    return select(*values).select_from(each).cte(key).prefix_with("MATERIALIZED")


@cache
def _people(dialect: str) -> Any:
    person, batch = table_of(Person), _batch(dialect, *_PEOPLE)
    told = [batch.c[name] for name in (*_NAMES, "sourced_id")]
    source = select(bindparam("platform", type_=person.c.platform_id.type), batch.c.subject, *told[:-1])
    source = source.add_columns(func.nullif(told[-1], "")).where(true())
    insert = insert_into(dialect, person).from_select(
        ["platform_id", "subject", *_NAMES, "sourced_id"], source.select_from(batch)
    )
    new = {name: func.coalesce(func.nullif(insert.excluded[name], ""), person.c[name]) for name in _NAMES}
    new["sourced_id"] = func.coalesce(insert.excluded.sourced_id, person.c.sourced_id)
    changed = or_(*(value.is_distinct_from(person.c[name]) for name, value in new.items()))
    return insert.on_conflict_do_update(index_elements=["platform_id", "subject"], set_=new, where=changed)


@cache
def _memberships(dialect: str) -> Any:
    member, batch = table_of(Membership), _batch(dialect, *_PEOPLE)
    at = bindparam("at", type_=UtcDateTime)
    source = select(
        table_of(Person).c.id, bindparam("context", type_=member.c.context_id.type), batch.c.role,
        null(), null(), at, null(),
    )  # fmt: skip
    insert = insert_into(dialect, member).from_select(
        ["person_id", "context_id", "role", "first_seen_at", "last_seen_at", "roster_at", "left_at"],
        source.select_from(_known(batch)).where(true()),
    )
    # Whoever was launched since the reading began has the role of that launch, which is later.
    kept = or_(member.c.role.in_(_BEYOND_COURSE), member.c.last_seen_at >= insert.excluded.roster_at)
    new = {
        "role": case((kept, member.c.role), else_=insert.excluded.role),
        "roster_at": insert.excluded.roster_at,
        "left_at": null(),
    }
    not_later = or_(member.c.roster_at.is_(None), member.c.roster_at <= insert.excluded.roster_at)
    return insert.on_conflict_do_update(index_elements=["person_id", "context_id"], set_=new, where=not_later)


@cache
def _groups(dialect: str) -> Any:
    group, batch = table_of(CourseGroup), _batch(dialect, "lti_id", "name", "set_name")
    source = select(bindparam("context", type_=group.c.context_id.type), batch.c.lti_id, batch.c.name, batch.c.set_name)
    insert = insert_into(dialect, group).from_select(
        ["context_id", "lti_id", "name", "set_name"], source.select_from(batch).where(true())
    )
    new = {"name": insert.excluded.name, "set_name": insert.excluded.set_name}
    return insert.on_conflict_do_update(index_elements=["context_id", "lti_id"], set_=new)


@cache
def _groups_gone(dialect: str) -> Any:
    group, batch = table_of(CourseGroup), _batch(dialect, "lti_id")
    kept = select(batch.c.lti_id)
    return delete(group).where(group.c.context_id == bindparam("context"), group.c.lti_id.not_in(kept))


@cache
def _into_groups(dialect: str) -> Any:
    insert = insert_into(dialect, table_of(GroupMember)).from_select(["group_id", "membership_id"], _pairs(dialect))
    return insert.on_conflict_do_nothing(index_elements=["group_id", "membership_id"])


@cache
def _out_of_groups(dialect: str) -> Any:
    own, batch = table_of(GroupMember), _batch(dialect, "subject", key="subjects")
    here = select(table_of(Membership).c.id).select_from(_members(batch))
    pair = tuple_(own.c.group_id, own.c.membership_id)
    return delete(own).where(own.c.membership_id.in_(here), pair.not_in(_pairs(dialect)))


def _pairs(dialect: str) -> Any:
    """(group, membership) of the batch, for groups and people that exist."""
    group, batch = table_of(CourseGroup), _batch(dialect, "subject", "group")
    in_group: ColumnElement[bool] = and_(group.c.context_id == bindparam("context"), group.c.lti_id == batch.c["group"])
    query = select(group.c.id, table_of(Membership).c.id.label("membership_id")).distinct()
    return query.select_from(_members(batch).join(group, in_group)).where(true())


def _members(batch: FromClause) -> FromClause:
    member = table_of(Membership)
    here = and_(member.c.person_id == table_of(Person).c.id, member.c.context_id == bindparam("context"))
    return _known(batch).join(member, here)


def _known(batch: FromClause) -> FromClause:
    person: Table = table_of(Person)
    return batch.join(person, and_(person.c.platform_id == bindparam("platform"), person.c.subject == batch.c.subject))
