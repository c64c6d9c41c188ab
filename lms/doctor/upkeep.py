"""What PostgreSQL does by itself for pages to stay quick: it cleans, and knows how much each table holds."""

from sqlalchemy import Connection, text

from lms.doctor.finding import Finding

#: Without these, nothing is cleaned nor counted (PostgreSQL's manual, « Routine Vacuuming »).
_BY_ITSELF = ("autovacuum", "track_counts")
#: From so many bytes a table is one that should have been counted; with so many rows, one believed empty is not.
LARGE, SOME = 1_000_000, 100
_LEFT_ALONE = text("""
    select relname from pg_class
    where relnamespace = current_schema()::regnamespace and exists (
      select from pg_options_to_table(reloptions)
      where option_name = 'autovacuum_enabled' and not option_value::boolean
    )
    order by relname
""")
#: Below 0, a table was never counted: after its first import for a minute, or since another release of PostgreSQL.
_UNKNOWN = text("""
    select known.relname from pg_class as known join pg_stat_user_tables as met on met.relid = known.oid
    where schemaname = current_schema()
      and (reltuples < 0 and pg_relation_size(oid) >= :large or reltuples = 0 and n_live_tup >= :some)
    order by known.relname
""")


def upkeep(connection: Connection) -> Finding:
    """Whether PostgreSQL cleans the tables and knows their size: else one page may take minutes."""
    off = [name for name in _BY_ITSELF if connection.execute(text(f"show {name}")).scalar_one() == "off"]
    if off:
        return Finding(
            "upkeep", "bad", f"Turned off: {', '.join(off)}. PostgreSQL neither cleans tables nor learns how large "
            "they are, and pages become slower every day.",
            f"Run as an administrator of the server: {' '.join(f'ALTER SYSTEM SET {name} = on;' for name in off)} "
            "SELECT pg_reload_conf();",
        )  # fmt: skip
    alone = connection.scalars(_LEFT_ALONE).all()
    if alone:
        return Finding(
            "upkeep", "bad", f"PostgreSQL was told to leave alone: {', '.join(alone)}.",
            f"Run as their owner: {' '.join(f'ALTER TABLE {name} RESET (autovacuum_enabled);' for name in alone)}",
        )  # fmt: skip
    unknown = connection.scalars(_UNKNOWN, {"large": LARGE, "some": SOME}).all()
    if unknown:
        return Finding(
            "upkeep", "warn", f"PostgreSQL does not know how much these hold: {', '.join(unknown)}. Pages that read "
            "them may take minutes.",
            "After a large import it learns within a minute. If this stays, or after a new release of PostgreSQL, run "
            f"as their owner: ANALYZE {', '.join(unknown)};",
        )  # fmt: skip
    return Finding("upkeep", "ok", "PostgreSQL cleans the tables by itself, and knows how much they hold.")
