"""The disk of PostgreSQL is full, until its journal finds no room and it ends, while learners answer and submit.

Meanwhile people read what is there, and are told that nothing can be saved; everything acknowledged is there once there
is room again.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

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

#: Of the disk: a few times what the cluster takes.
MEGABYTES = 400


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_of_ones_own(tmp_path_factory.mktemp("cluster"), MEGABYTES) as made:
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


def test_nothing_acknowledged_is_lost(patients: Patients, cluster: Cluster, config: Config) -> None:
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
