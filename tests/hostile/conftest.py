"""The service behind the production server, once for each database, and a court for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.campus_in_test import Course, campus_course
from tests.faults.crowd_in_test import Crowd
from tests.gradebook_in_test import Gradebook, gradebook
from tests.hostile.browser import Browser
from tests.hostile.court import Court
from tests.hostile.network import LoopbackNetwork
from tests.hostile.service import Service
from tests.postgresql_in_test import Server

__all__ = ["Court"]


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test on each database, its id beginning with its case."""
    if "service" in metafunc.fixturenames:
        metafunc.parametrize("service", ["sqlite", "postgresql"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two processes of the service on one migrated database."""
    folder = tmp_path_factory.mktemp(f"hostile-{request.param}")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "lms.sqlite3")
        yield from running(folder, f"sqlite:///{folder / 'lms.sqlite3'}")
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.fresh() as url:
        yield from running(folder, url)


def running(folder: Path, url: str) -> Iterator[Service]:
    """The service on that database; whoever asks for a browser gets one that goes through HTTP."""
    with Service(folder, url) as service:
        service.app.test_client = lambda: Browser(service)  # type: ignore[method-assign, assignment, return-value]
        yield service


@pytest.fixture
def case_name(request: pytest.FixtureRequest) -> str:
    """The name of the case being tried, where the test is of one only."""
    return str(getattr(request, "param", ""))


@pytest.fixture
def court(service: Service, case_name: str) -> Iterator[Court]:
    """A platform, a browser, and a judge of what becomes of its messages."""
    made = Court(service)
    yield made
    made.no_fault()


@pytest.fixture
def stranger() -> Iterator[LoopbackNetwork]:
    """A host that is nobody's we know: what reaches it is in its ``requests``."""
    network = LoopbackNetwork()
    yield network
    network.close()


@pytest.fixture
def book(app: Flask, session: Session, tmp_path: Path, case_name: str) -> Iterator[Gradebook]:
    """A connected platform with a gradebook, somebody who came through its link, and the worker."""
    with gradebook(app, session, tmp_path) as found:
        yield found


@pytest.fixture
def crowd(app: Flask, session: Session, tmp_path: Path, case_name: str) -> Iterator[Crowd]:
    """The same with thirty learners of the link."""
    with gradebook(app, session, tmp_path, roster_size=Crowd.SIZE) as found:
        yield Crowd(found)


@pytest.fixture
def course(app: Flask, session: Session, tmp_path: Path, case_name: str) -> Iterator[Course]:
    """A connected platform with a course whose roster was read once, and the worker."""
    with campus_course(app, session, tmp_path, course_id="Cours-IA") as made:
        assert made.read().status == "done"
        made.asked.clear()
        yield made
