"""Databases of a real PostgreSQL for tests: each is lent as new, and put back as new."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import sqlalchemy as sa

#: Keeps what a migrated database holds and makes it hold that again, ten times as fast as a copy of the database.
#: ``restore`` is false where a test changed names or types of columns, or who may do what with them.
_KEEP = """
create schema pristine;
create table pristine.sequences (name text, value bigint, called boolean);
do $$
declare each record;
begin
  for each in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop
    execute format('create table pristine.%I as table public.%I', each.relname, each.relname);
  end loop;
  for each in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' loop
    execute format('insert into pristine.sequences select %L, last_value, is_called from public.%I',
                   each.relname, each.relname);
  end loop;
end $$;
create function pristine.shape() returns text language sql as $$
  select md5(string_agg(concat_ws(':', c.relname, a.attname, a.atttypid, a.attnotnull, c.relowner, c.relacl, a.attacl),
                        ',' order by c.relname, a.attnum))
  from pg_attribute a join pg_class c on c.oid = a.attrelid
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
$$;
create table pristine.was as select pristine.shape() as shape;
create function pristine.restore() returns boolean language plpgsql as $$
declare each record; rows boolean;
begin
  perform pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid();
  if (select shape from pristine.was) <> pristine.shape() then return false; end if;
  set local session_replication_role = replica;
  for each in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop
    execute format('select exists (select from public.%I) or exists (select from pristine.%I)',
                   each.relname, each.relname) into rows;
    if rows then
      execute format('delete from public.%I', each.relname);
      execute format('insert into public.%I select * from pristine.%I', each.relname, each.relname);
    end if;
  end loop;
  perform setval(format('public.%I', name), value, called) from pristine.sequences;
  return true;
end $$;
"""


#: After how many lendings a database is cleaned: what tests leave behind would make it slow.
_CLEANED_EVERY = 50


#: An account that owns no table: that of web processes and workers (docs/adr/0048).
SERVED = "served_in_test"


class Server:
    """A running server at ``url`` (of SQLAlchemy). ``template`` is the address of a database to migrate at once."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url)
        #: Each with the connection that puts it back: a new one would take three times as long as that.
        self._idle: list[tuple[str, psycopg.Connection]] = []
        self._lent = 0
        self.run("alter system set fsync = off")  # nothing here need outlive a power cut
        # Nobody cleans nor counts tables in the middle of a test: one run in thousands would have had other plans.
        self.run("alter system set autovacuum_naptime = '1d'")
        self.run("select pg_reload_conf()")
        self.run(f"create role {SERVED} login")
        self.run("create database template_lms")
        self.template = self._at("template_lms")

    def run(self, statement: str, database: str | None = None) -> list[tuple[object, ...]]:
        """Run a statement outside any transaction; gives its rows, if it has some."""
        with self._connection(database) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """The address of a database of one's own, dropped afterwards; empty where not ``migrated``."""
        name = "test_" + uuid4().hex
        self.run(f"create database {name} {'template template_lms' if migrated else ''}")
        yield self._at(name)
        self.run(f"drop database {name} with (force)")

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of a migrated database, which the next test has after this one, as it was."""
        name, keeper = self._idle.pop() if self._idle else self._made()
        yield self._at(name)
        if keeper.execute("select pristine.restore()").fetchone() == (True,):
            self._lent += 1
            if self._lent % _CLEANED_EVERY == 0:
                keeper.execute("vacuum")
            self._idle.append((name, keeper))
        else:
            keeper.close()
            self.run(f"drop database {name} with (force)")

    @staticmethod
    def served(url: str) -> str:
        """That address, under the account of web processes and workers."""
        return sa.make_url(url).set(username=SERVED).render_as_string(hide_password=False)

    def close(self) -> None:
        """Lend no more."""
        for _name, keeper in self._idle:
            keeper.close()

    def _made(self) -> tuple[str, psycopg.Connection]:
        name = "test_" + uuid4().hex
        self.run(f"create database {name} template template_lms")
        self.run(_KEEP, name)
        return name, self._connection(name)

    def _connection(self, database: str | None = None) -> psycopg.Connection:
        address = self._url.set(drivername="postgresql", **({"database": database} if database else {}))
        return psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)

    def _at(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)
