"""The development LMS stays on its machine and keeps its memory where it is told."""

import ast
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import lms.devlms
from lms.devlms import Campus, CourseLink, DevLmsSettings, create_devlms, registration, serve


def test_it_imports_nothing_of_the_service() -> None:
    room = Path(lms.devlms.__file__).parent
    for path in room.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] != "lms" or name.startswith("lms.devlms."), (path.name, name)


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9", "http://localhost"])
def test_it_accepts_a_loopback_issuer(settings: DevLmsSettings, issuer: str) -> None:
    assert replace(settings, issuer=issuer).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "http://0.0.0.0:9",
        "http://lms.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost@evil.example",
        "",
        "http://localhost/path",
        "http://localhost/",
        "ftp://localhost",
    ],
)
def test_it_refuses_any_other_issuer(settings: DevLmsSettings, issuer: str) -> None:
    with pytest.raises(ValueError):
        replace(settings, issuer=issuer)


def test_it_listens_on_the_loopback_only(app: Flask) -> None:
    with pytest.raises(ValueError):
        serve(app, "0.0.0.0", 0)


def test_a_taken_port_is_an_error_and_stopping_frees_it(app: Flask) -> None:
    first = serve(app, "127.0.0.1", 0)
    with pytest.raises(OSError):
        serve(app, "127.0.0.1", first.port)
    first.stop()
    first.stop()
    serve(app, "127.0.0.1", first.port).stop()


def test_another_host_name_is_refused(client: FlaskClient) -> None:
    answer = client.get("/", base_url="http://rebound.example")
    assert answer.status_code == 400


def test_link_ids_are_distinct(settings: DevLmsSettings) -> None:
    with pytest.raises(ValueError):
        replace(settings, links=(CourseLink("1", "Un"), CourseLink("1", "Deux")))


def test_a_restart_keeps_the_key_and_the_columns(settings: DevLmsSettings, campus: Campus) -> None:
    again = create_devlms(settings).extensions["devlms"]
    assert again.key.jwks() == campus.key.jwks()
    assert again.store.line_items() == campus.store.line_items()


def test_the_key_it_makes_is_readable_by_its_owner_alone(settings: DevLmsSettings, tmp_path: Path) -> None:
    create_devlms(replace(settings, data_dir=tmp_path / "new"))
    path = tmp_path / "new" / "platform-key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_registration_gives_what_the_tool_needs(settings: DevLmsSettings) -> None:
    assert registration(settings) == {
        "issuer": "http://localhost",
        "client_id": "tool-1",
        "auth_url": "http://localhost/auth",
        "token_url": "http://localhost/token",
        "jwks_url": "http://localhost/jwks.json",
        "deployment_id": "1",
    }
