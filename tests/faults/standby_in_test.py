"""A PostgreSQL of our own and a real standby that follows it: paused, killed and started again at will."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from lms.database_url import sqlalchemy_url
from tests.faults.cluster_in_test import Cluster, cluster_of_ones_own

PATIENCE = 120
#: A role that may read all and write nothing, as docs/deployment.md makes it.
READER = ("create role lms_reports login", "grant pg_read_all_data to lms_reports")


class Pair:
    """A server with a migrated database ``lms``, and its standby; ``url``s are of SQLAlchemy."""

    def __init__(self, primary: Cluster, standby: Cluster) -> None:
        self._primary, self._standby = primary, standby
        self.url = sqlalchemy_url(primary.url("lms"))
        self.replica_url = sqlalchemy_url(standby.url("lms", "lms_reports"))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the standby receive and show nothing more meanwhile; then wait until it has everything."""
        self.caught_up()
        self._standby.run("select pg_wal_replay_pause()")
        self._until("select pg_get_wal_replay_pause_state() = 'paused'")
        try:
            yield
        finally:
            self._standby.run("select pg_wal_replay_resume()")
        self.caught_up()

    def received(self) -> None:
        """Wait until the standby was sent what the server has now, shown or not."""
        self._until(f"select pg_last_wal_receive_lsn() >= '{self._place()}'")

    def caught_up(self) -> None:
        """Wait until the standby shows what the server has now."""
        streams = "exists (select from pg_stat_wal_receiver) and pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"
        self._until(f"select pg_last_wal_replay_lsn() >= '{self._place()}' and {streams}")

    def kill(self) -> None:
        """Kill the standby, as a machine that stops does."""
        self._standby.kill()

    def start(self) -> None:
        """Start it again, and wait until it has everything."""
        self._standby.start()
        self.caught_up()

    def _place(self) -> object:
        ((place,),) = self._primary.run("select pg_current_wal_lsn()::text")
        return place

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until something is so; ``what`` is said when it never is."""
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, what
            Event().wait(0.05)

    def _until(self, question: str) -> None:
        self.until(lambda: self._standby.run(question) == [(True,)], question)


@contextmanager
def followed(data: Path) -> Iterator[Pair]:
    """Both servers, running; ``data`` is for the service that makes the tables."""
    with cluster_of_ones_own(data) as primary:
        for statement in READER:
            primary.run(statement)
        standby = primary.copied_to(primary.socket.with_name("b"))
        standby.start()
        pair = Pair(primary, standby)
        # Until it has shown one change, nothing tells how late it is.
        primary.run("comment on database lms is 'followed'")
        pair.caught_up()
        yield pair
