"""PostgreSQL is stopped, killed, replaced by its standby, left without room, while learners answer and submit and a
worker delivers.

Everything acknowledged is there afterwards, once. Web processes and the worker go on by themselves; meanwhile people
are told so.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from tests.conftest import service
from tests.faults.cluster_in_test import Cluster, cluster_of_ones_own
from tests.faults.disk_in_test import Disk
from tests.faults.patience_in_test import Patients, said_clearly
from tests.faults.serving_in_test import Served
from tests.faults.test_database_slow import held
from tests.gradebook_in_test import gradebook

#: Of a small disk: a few times what a cluster takes.
MEGABYTES = 400


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_of_ones_own(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture
def database_url(cluster: Cluster) -> str:
    return cluster.url(cluster.fresh())


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """The service on a database of that cluster, whose statements no other test shares."""
    with service(config) as application:
        yield application


@pytest.fixture
def patients(app: Flask, session: Session, config: Config, tmp_path: Path) -> Iterator[Patients]:
    with (
        gradebook(app, session, tmp_path, roster_size=8) as book,
        Served(config) as served,
        Patients(book, served) as made,
    ):
        yield made


def test_stopped_killed_and_started_again(patients: Patients, cluster: Cluster, config: Config) -> None:
    patients.saves_more()
    cluster.stop()
    while_away(patients)
    cluster.start()
    patients.saves_more()
    patients.submit()
    cluster.kill()
    patients.waits_for(lambda: len(patients.refused) > 2)
    cluster.start()
    patients.saves_more()
    patients.waits_for(lambda: patients.get("/readyz").status_code == 200)
    assert patients.page(0).status_code == 200
    patients.nothing_is_lost(config.database)
    patients.rest()
    more_clients_than_it_takes(patients, cluster)


def while_away(patients: Patients) -> None:
    """What people, the supervisor and the proxy are told."""
    said_clearly(patients.page(0))
    patients.waits_for(lambda: len(patients.refused) > 2)
    ready = patients.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, False)
    assert patients.get("/healthz").status_code == 200
    assert patients.get("/static/look.css").status_code == 200
    assert "Le service ne peut pas atteindre ses données" in patients.page(0, "fr").text


def more_clients_than_it_takes(patients: Patients, cluster: Cluster) -> None:
    """PostgreSQL refuses the connection that a page needs: the page says so, and the next one is as before."""
    cluster.stop()
    cluster.start("-c max_connections=6")  # the service must open its connections again, and others were before it
    taken = []
    with suppress(psycopg.OperationalError):
        while True:
            taken.append(cluster.connected("postgres"))
    assert len(taken) > 2
    said_clearly(patients.page(0))
    for each in taken:
        each.close()
    patients.waits_for(lambda: patients.page(0).status_code == 200)  # the server takes a moment to see that they left


@pytest.fixture
def two(cluster: Cluster) -> Iterator[Cluster]:
    """A standby of the cluster, which acknowledges nothing that the standby has not."""
    cluster.kill()
    cluster.start("-c synchronous_standby_names=*")
    standby = cluster.copied_to(cluster.socket.with_name("b"))
    standby.start("-c hot_standby=on")
    yield standby
    standby.kill()
    cluster.kill()
    cluster.start()


class TestFailingOver:
    """The primary dies, its standby takes over; the address names both."""

    @pytest.fixture
    def database_url(self, cluster: Cluster, two: Cluster) -> str:
        hosts = ",".join(quote(str(each.socket), safe="") for each in (cluster, two))
        return f"postgresql://postgres@{hosts}/{cluster.fresh()}?target_session_attrs=read-write"

    def test_to_a_standby(self, patients: Patients, cluster: Cluster, two: Cluster, config: Config) -> None:
        patients.saves_more()
        patients.submit()
        cluster.kill()
        patients.waits_for(lambda: len(patients.refused) > 2)
        ready = patients.get("/readyz")  # the standby answers, and only reads
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, False)
        two.promote()
        patients.saves_more()
        assert patients.get("/readyz").status_code == 200
        two.run("alter system set default_transaction_read_only = on")
        two.run("select pg_reload_conf()")
        before = len(patients.refused)
        patients.waits_for(lambda: len(patients.refused) > before + 2)
        assert patients.get("/readyz").status_code == 503
        two.run("alter system reset default_transaction_read_only")
        two.run("select pg_reload_conf()")
        patients.saves_more()
        patients.nothing_is_lost(config.database)


class TestFullDisk:
    """Its disk is full; then its journal finds no room, and it ends and cannot start again."""

    @pytest.fixture(scope="class")
    def cluster(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
        with cluster_of_ones_own(tmp_path_factory.mktemp("cluster"), MEGABYTES) as made:
            yield made

    def test_what_is_there_is_read_and_the_rest_waits_for_room(
        self, patients: Patients, cluster: Cluster, config: Config
    ) -> None:
        disk = cluster.disk
        assert disk is not None
        patients.saves_more()
        cluster.begin_journal_file()  # it needs no other for a while
        tables_find_no_room(patients, disk, config)
        disk.make_room()
        patients.saves_more()
        patients.submit()
        the_journal_finds_no_room(patients, cluster, disk)
        said_clearly(patients.page(0))
        assert patients.get("/readyz").status_code == 503
        disk.make_room()
        cluster.start()
        patients.saves_more()
        patients.nothing_is_lost(config.database)


def tables_find_no_room(patients: Patients, disk: Disk, config: Config) -> None:
    """Fill the disk: people are told that there is no room, and read what is there."""

    def refused() -> bool:
        disk.fill()  # again and again: what the cluster lets go is taken too
        return len(patients.refused) > 2

    with held(config.database, "set transaction isolation level repeatable read") as reader:
        reader.execute("select")  # what is written over stays for whoever reads the past: each answer takes more room
        patients.waits_for(refused)
    assert any("no room left" in words for words in patients.told_instead)
    assert patients.page(0).status_code == 200


def the_journal_finds_no_room(patients: Patients, cluster: Cluster, disk: Disk) -> None:
    """Ask for new files of the journal, until there is no room for one: PostgreSQL ends, and cannot start again."""

    def ended() -> bool:
        disk.fill()
        with suppress(psycopg.OperationalError):
            cluster.begin_journal_file()
        return not cluster.runs()

    patients.waits_for(ended)
