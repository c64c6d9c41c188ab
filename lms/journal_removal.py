"""How the first lines of the journal go: by a function of the tables' owner, where the account that serves is another.

So nobody takes away what was just written, whatever statement they get through (docs/adr/0048).
"""

from collections.abc import Callable

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.orm import Session

from lms.models import AuditEntry, AuditLink
from lms.models.base import table_of

#: For how many days a line stays, whatever the settings say; these keep it longer.
STAYS = 30
NAME = "purge_journal"
_LINK = table_of(AuditLink)
#: Its name is looked up in no schema but ours, whatever the caller's session says.
_FUNCTION = """
CREATE OR REPLACE FUNCTION {schema}.{name}(last integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, {schema}, pg_temp AS $body$
BEGIN
  IF EXISTS (SELECT FROM audit_link l JOIN audit_entry e ON e.id = l.entry_id
             WHERE l.position <= last AND e.at > now() - interval '{days} days') THEN
    RAISE insufficient_privilege USING MESSAGE = 'lines of the journal stay for {days} days';
  END IF;
  DELETE FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_link WHERE position <= last);
  DELETE FROM audit_link WHERE position <= last;
END $body$
"""
_HELD = text(f"select coalesce(has_function_privilege(to_regprocedure('{NAME}(integer)'), 'EXECUTE'), false)")
_DELETES = text("select has_table_privilege('audit_entry', 'DELETE')")


def remove(session: Session, last: int) -> None:
    """Take the lines of the chain up to that position, and their links."""
    if session.connection().dialect.name == "postgresql" and not session.scalar(_DELETES):
        session.execute(select(getattr(func, NAME)(last)))
        return
    gone = select(_LINK.c.entry_id).where(_LINK.c.position <= last)
    session.execute(delete(AuditEntry).where(AuditEntry.id.in_(gone)).execution_options(synchronize_session=False))
    session.execute(delete(AuditLink).where(AuditLink.position <= last))


def grant(run: Callable[[str], None], schema: str, role: str) -> None:
    """Make the function, as the tables' owner, and let that account alone use it; names are quoted already."""
    run(_FUNCTION.format(schema=schema, name=NAME, days=STAYS))
    run(f"REVOKE ALL ON FUNCTION {schema}.{NAME}(integer) FROM PUBLIC")
    run(f"GRANT EXECUTE ON FUNCTION {schema}.{NAME}(integer) TO {role}")


def granted(connection: Connection) -> bool:
    """Whether this account may use the function."""
    return bool(connection.scalar(_HELD))
