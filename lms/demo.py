"""The whole product on one machine: the service, its worker and the development LMS, with fictitious people."""

import os
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask import Flask
from sqlalchemy import select

from curricula.model import Track
from lms.app import create_app
from lms.config import Config, load_config
from lms.demo_ministry import seed_ministry
from lms.devlms import CourseLink, DevLmsSettings, Quirks, create_devlms, registration, serve
from lms.lti.deep_linking import HISTORY
from lms.lti.roles import MEMBERSHIP
from lms.models import LocalAccount, db
from lms.public_address import normalised
from lms.schema import upgrade
from lms.services.accounts import make_account
from lms.services.library import Library
from lms.services.platforms import NewPlatform, add_platform
from lms.services.studio import grant
from lms.worker import Worker

CLIENT_ID = "manager-public-ia"
DEPLOYMENT = "1"
ADMINISTRATOR = "admin@example.org"
#: Who writes tracks in the demo, and who reads them again and publishes: email, name, roles in the studio.
STUDIO = (
    ("auteur@example.org", "Concepteur de démonstration", ("author",)),
    ("relecteur@example.org", "Relecteur de démonstration", ("reviewer", "publisher")),
)
#: The track that the demo's ministry follows: its course comes first.
FIRST = "decideurs"
#: What the demo's platform offers beside launches, deep linking, grades and the roster.
OFFERED = Quirks(submission_review=True, data_privacy=True, notices=True)


@dataclass(frozen=True)
class Addresses:
    """Where the demo listens. The two host names differ, so that the tool's frame is cross-site as in life."""

    port: int = 8000
    lms_port: int = 8001

    @property
    def tool(self) -> str:
        return normalised(f"http://localhost:{self.port}")

    @property
    def lms(self) -> str:
        return f"http://127.0.0.1:{self.lms_port}"


class Demo:
    """The running demo; use it as a context. Everything binds the loopback and lives under ``directory``."""

    def __init__(self, directory: Path, addresses: Addresses, database_url: str = "") -> None:
        self.addresses = addresses
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.config = _config(directory, addresses, database_url)
        self.app = create_app(self.config)
        upgrade(self.app)
        with self.app.app_context():
            #: The tracks as published, by key.
            self.tracks = dict(Library(db.session()))
            db.session.remove()
        settings = DevLmsSettings(
            issuer=addresses.lms, tool_url=addresses.tool, client_id=CLIENT_ID, deployment_id=DEPLOYMENT,
            data_dir=directory / "devlms", links=_links(self.tracks.values()), tool_name="Manager Public IA",
            custom=HISTORY, quirks=OFFERED,
        )  # fmt: skip
        self.devlms = create_devlms(settings)
        self.password = _seed(self.app, registration(settings), directory)
        self.worker = Worker(self.app)

    def __enter__(self) -> Self:
        self.worker.upkeep()
        self._servers = [
            serve(self.app, "127.0.0.1", self.addresses.port),
            serve(self.devlms, "127.0.0.1", self.addresses.lms_port),
        ]
        self._thread = threading.Thread(target=self.worker.run, args=(0.3,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.worker.stop()
        self._thread.join(timeout=10)
        for server in self._servers:
            server.stop()
        with self.app.app_context():
            db.engine.dispose()
        self.app.extensions["outbound"].close()


def _config(directory: Path, addresses: Addresses, database_url: str) -> Config:
    kept = {name: value for name, value in os.environ.items() if name in ("LMS_SECRET_KEY", "LMS_TRACKS_DIR")}
    return load_config(
        kept, base_url=addresses.tool, data_dir=directory, database_url=database_url,
        allowed_private_hosts=("127.0.0.1", "localhost"),
    )  # fmt: skip


def _links(tracks: Iterable[Track]) -> tuple[CourseLink, ...]:
    """What the course of the development LMS holds: each track whole, and one module."""
    in_order = sorted(tracks, key=lambda track: (track.key != FIRST, track.key))
    whole = [CourseLink(each.key, each.title["fr"], {"track": each.key}, "Le parcours entier.") for each in in_order]
    alone = CourseLink("d2", "D2 · Règlement IA", {"track": FIRST, "module": "d2"}, "Un module du parcours.")
    return (*whole, alone)


def _platform(values: dict[str, str]) -> NewPlatform:
    fields: dict[str, Any] = {"name": "LMS de développement", **values}
    return NewPlatform(**fields)


def _seed(app: Flask, values: dict[str, str], directory: Path) -> str:
    """Connect the development LMS, make the local accounts and the ministry; gives the one password."""
    path = directory / "administrator.txt"
    with app.app_context():
        session = db.session()
        # The platform's « Manager » role is the demo's HR officer: an administrator's choice, kept as data.
        add_platform(session, _platform(values), {MEMBERSHIP + "Manager": "hr"})
        account = session.scalars(select(LocalAccount).filter_by(email=ADMINISTRATOR)).first()
        if account is None:
            password = secrets.token_urlsafe(12)
            make_account(session, ADMINISTRATOR, password, ["administrator"], "Administrateur de démonstration")
            for email, name, roles in STUDIO:
                made = make_account(session, email, password, ["author"], name)
                grant(session, made.person_id, roles)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(password)
        password = path.read_text()
        seed_ministry(session, password)
        session.commit()
        db.session.remove()
    return password
