"""``lms serve``, ``lms worker``, ``lms config``: running the service."""

import gc
import multiprocessing
import os
import resource
import socket
from ipaddress import ip_address
from tempfile import TemporaryDirectory

import click
from flask import Flask

from lms.app import create_app, largest_body
from lms.cli import begin_collections
from lms.config import load_config
from lms.logs import init_logs
from lms.models import db
from lms.models.pooling import LOCK_WAIT, limit_statements
from lms.replica import replica
from lms.schema import upgrade
from lms.services.library import Library
from lms.turns import UNDER_WAY, Turns
from lms.worker import run_forever

#: How long a web process has to end what it answers; one that was told to stop while it started would never hear it.
STOP_SECONDS = 15
#: Connections that one web process keeps open at most, most of them resting: a browser, or a proxy, keeps its own
#: between two pages. Those beyond it are not heard until one closes.
CONNECTIONS = 4096
#: How long one may rest, or take to say what it asks, in seconds: longer than proxies keep theirs (60, most often), so
#: that none sends a form on a connection we close at that moment.
REST = 75
#: Files a process may have open, besides its connections.
_OTHER_FILES = 512


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Web processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the web pages, after bringing the database up to date where its account owns the tables."""
    _may_listen(host, port)
    with TemporaryDirectory(prefix="mpia-metrics-") as shared:
        # Before anything counts: the web processes then share what they count (lms.metrics).
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", shared)
        multiprocessing.set_start_method("spawn", force=True)  # what counts learns the folder as it is imported
        upgrade(create_app())
        serve_pages(f"{__name__}:web_process", host, port, workers)


def _may_listen(host: str, port: int) -> None:
    """Stop where nothing can be served at that address: the server itself would end in a trace of its own code."""
    try:
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    except ValueError as error:
        raise click.BadParameter(
            "must be an address of this machine in figures: 127.0.0.1 for itself alone, 0.0.0.0 for all its networks.",
            param_hint="--host",
        ) from error
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise click.ClickException(
            f"Nothing can be served at {host}, port {port}: {os.strerror(error.errno or 0)}. Stop what is served "
            "there, or give another --port or --host."
        ) from error


def serve_pages(factory: str, host: str, port: int, workers: int) -> None:
    """Serve what ``module:function`` makes in each of so many processes, until told to stop."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    Granian(
        factory, factory=True, address=host, port=port, interface=Interfaces.WSGI, workers=workers,
        blocking_threads=UNDER_WAY, workers_kill_timeout=STOP_SECONDS, backlog=CONNECTIONS, backpressure=_connections(),
        http1_settings=HTTP1Settings(header_read_timeout=REST * 1000),
    ).serve()  # fmt: skip


def _connections() -> int:
    """How many connections a web process may keep open: as many as we want, or as the system lets us.

    The processes to come inherit what is raised here.
    """
    wanted = CONNECTIONS + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(UNDER_WAY, soft - _OTHER_FILES)
    return CONNECTIONS


def web_process() -> Turns:
    """What a web process serves."""
    app = application()
    return Turns(app, largest_body(app))


def application() -> Flask:
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
    begin_collections()
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
