"""``lms serve``, ``lms worker``, ``lms config``: running the service."""

import gc
import multiprocessing
import os
from tempfile import TemporaryDirectory

import click
from flask import Flask

from lms.app import create_app
from lms.config import load_config
from lms.logs import init_logs
from lms.models import db
from lms.models.pooling import LOCK_WAIT, limit_statements
from lms.replica import replica
from lms.schema import upgrade
from lms.services.library import Library
from lms.worker import run_forever

#: How long a web process has to end what it answers; one that was told to stop while it started would never hear it.
STOP_SECONDS = 15


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Web processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the web pages, after bringing the database up to date where its account owns the tables."""
    from granian import Granian
    from granian.constants import Interfaces

    with TemporaryDirectory(prefix="mpia-metrics-") as shared:
        # Before anything counts: the web processes then share what they count (lms.metrics).
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", shared)
        multiprocessing.set_start_method("spawn", force=True)  # what counts learns the folder as it is imported
        upgrade(create_app())
        Granian(
            f"{__name__}:web_process", factory=True, address=host, port=port, interface=Interfaces.WSGI,
            workers=workers, blocking_threads=4, workers_kill_timeout=STOP_SECONDS,
        ).serve()  # fmt: skip


def web_process() -> Flask:
    """The service in a process of its own, which inherits no setting of the logs.

    The tracks are read beforehand, and what start-up made is left out of every later garbage collection.
    """
    init_logs()
    app = create_app()
    with app.app_context():
        apart = replica()
        for engine in (db.engine, *([apart.engine] if apart is not None else [])):
            limit_statements(engine, app.extensions["mpia"].statement_timeout, LOCK_WAIT)
        list(Library(db.session()).values())
        db.session.remove()
        db.engine.dispose()
    gc.collect()
    gc.freeze()
    return app


@click.command("worker")
def worker() -> None:
    """Deliver scores, issue certificates, publish keys and status lists; until stopped."""
    app = create_app()
    upgrade(app)
    run_forever(app)


@click.command("config")
def config() -> None:
    """Print the configuration in force, secrets masked."""
    for name, value in load_config().shown().items():
        click.echo(f"LMS_{name.upper()}={value}")


command = [serve, worker, config]
