"""The browser's cookie: Flask's own in attributes and form, signed with SHA-256, bound to this host over https."""

from hashlib import sha1, sha256
from pathlib import Path

import pytest
from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadSignature, Signer, URLSafeSerializer, URLSafeTimedSerializer
from werkzeug.http import parse_cookie

from lms import attempt_access
from lms.app import create_app
from lms.models.signing import serializer
from tests.conftest import SECRET, make_config

VALUES = {"sid": "s" * 43, "frame": "https://lms.example.org", "_flashes": [("ok", "Gardé.")]}


@pytest.fixture
def service(tmp_path: Path) -> Flask:
    """A service with pages that change the session, and no database."""
    return with_pages(create_app(make_config("", tmp_path, idle_minutes=0)))


def with_pages(app: Flask) -> Flask:
    def keep() -> str:
        session.update(VALUES)
        return ""

    def drop() -> str:
        session.clear()
        return ""

    def show() -> dict[str, object]:
        return {"sid": session.get("sid"), "came": list(request.cookies)}

    for view in (keep, drop, show):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    return app


def shown_sid(client: FlaskClient) -> object:
    """Whose session the service reads in what the browser holds."""
    page = client.get("/show").json
    assert page is not None
    return page["sid"]


class Flasks(SecureCookieSessionInterface):
    """Flask's own, with the digest that it lets one choose."""

    digest_method = staticmethod(sha256)


def test_flask_reads_what_we_write_and_we_read_what_flask_writes(service: Flask) -> None:
    ours, flasks = service.session_interface, Flasks()
    assert isinstance(ours, SecureCookieSessionInterface)
    mine, theirs = ours.get_signing_serializer(service), flasks.get_signing_serializer(service)
    assert mine is not None
    assert theirs is not None
    assert theirs.loads(mine.dumps(VALUES)) == mine.loads(theirs.dumps(VALUES)) == VALUES


def test_its_attributes_are_flasks(service: Flask) -> None:
    mine = service.test_client().get("/keep").headers.getlist("Set-Cookie")
    service.session_interface = SecureCookieSessionInterface()
    theirs = service.test_client().get("/keep").headers.getlist("Set-Cookie")
    assert len(mine) == len(theirs) == 1
    assert mine[0].partition(";")[2] == theirs[0].partition(";")[2]
    assert set(parse_cookie(mine[0].partition(";")[0])) == {"mpia"}


def test_it_is_sent_when_it_changes_and_taken_away_when_empty(service: Flask) -> None:
    client = service.test_client()
    assert "Set-Cookie" not in client.get("/show").headers
    client.get("/keep")
    shown = client.get("/show")
    assert shown.json == {"sid": VALUES["sid"], "came": ["mpia"]}
    assert "Set-Cookie" not in shown.headers
    assert "Cookie" in shown.headers["Vary"]
    assert "Max-Age=0" in client.get("/drop").headers["Set-Cookie"]
    assert shown_sid(client) is None


def test_an_altered_cookie_is_nobodys(service: Flask) -> None:
    client = service.test_client()
    client.get("/keep")
    cookie = client.get_cookie("mpia")
    assert cookie is not None
    for value in (cookie.value[:-2], "x" + cookie.value, cookie.value.partition(".")[0], ""):
        client.set_cookie("mpia", value)
        assert shown_sid(client) is None


HTTPS = "https://formation.example.org"


def test_over_https_it_is_bound_to_this_very_host(tmp_path: Path) -> None:
    """``__Host-``: a browser keeps it for this host alone, and lets neither a sister host nor http set it."""
    app = with_pages(create_app(make_config("", tmp_path, base_url=HTTPS, idle_minutes=0)))
    client = app.test_client()
    for path in ("/keep", "/drop", "/keep"):
        (said,) = client.get(path, base_url=HTTPS).headers.getlist("Set-Cookie")
        name, *flags = (part.strip() for part in said.split(";"))
        assert name.startswith("__Host-mpia=")
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= set(flags)
        assert not any(flag.lower().startswith("domain") for flag in flags)
    assert client.get("/show", base_url=HTTPS).json == {"sid": VALUES["sid"], "came": ["__Host-mpia"]}
    # What another host of the domain could plant under the plain name is nobody's.
    kept = client.get_cookie("__Host-mpia", domain="formation.example.org")
    assert kept is not None
    late = app.test_client()
    late.set_cookie("mpia", kept.value, domain="formation.example.org")
    assert late.get("/show", base_url=HTTPS).json == {"sid": None, "came": ["mpia"]}


def test_nothing_else_is_put_in_a_browser() -> None:
    """The session's cookie, and the one by which a browser is known to accounts: nothing else is kept in a browser."""
    ours = [path for path in Path("lms").rglob("*.py") if "devlms" not in path.parts]
    assert len(ours) > 300
    setting = {path.as_posix() for path in ours if "set_cookie(" in path.read_text("utf-8")}
    # The second is what PyLTI1p3 would keep, which keeps nothing.
    assert setting == {"lms/known_browsers.py", "lms/lti/pylti.py"}


def test_whatever_is_signed_is_signed_under_sha_256(service: Flask) -> None:
    assert Signer(SECRET).digest_method is sha256
    with service.test_request_context():
        token = generate_csrf()
        assert URLSafeTimedSerializer(
            SECRET, salt="wtf-csrf-token", signer_kwargs={"digest_method": sha256}
        ).loads(token) == session["csrf_token"]  # fmt: skip
    weak = URLSafeTimedSerializer(
        SECRET, salt="cookie-session", signer_kwargs={"key_derivation": "hmac", "digest_method": sha1}
    )
    client = service.test_client()
    client.set_cookie("mpia", weak.dumps({"sid": "x"}))
    assert shown_sid(client) is None


def test_a_page_open_during_an_upgrade_may_still_answer(service: Flask) -> None:
    with service.app_context():
        before = URLSafeSerializer(SECRET, salt="answer this attempt", signer_kwargs={"digest_method": sha1})
        assert attempt_access._permissions().loads(before.dumps("an attempt")) == "an attempt"
        with pytest.raises(BadSignature):
            serializer(SECRET, "answer this attempt").loads(before.dumps("an attempt"))
