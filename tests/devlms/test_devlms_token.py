"""The token door: who gets a bearer token, and for what."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from devlms_fake_tool import FakeTool
from flask.testing import FlaskClient

from lms.devlms import Campus, DevLmsSettings, create_devlms
from lms.devlms.vocabulary import LINE_ITEM_READ_SCOPE, NRPS_SCOPE, SCORE_SCOPE

URL = "http://localhost/token"


def test_a_signed_assertion_buys_a_token_of_an_hour(client: FlaskClient, tool: FakeTool) -> None:
    answer = client.post("/token", data=tool.token_request(URL, SCORE_SCOPE))
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 3600)
    assert answer.json["scope"] == SCORE_SCOPE
    assert answer.headers["Cache-Control"] == "no-store"


def test_unknown_scopes_are_dropped_without_a_word(client: FlaskClient, tool: FakeTool) -> None:
    answer = client.post("/token", data=tool.token_request(URL, f"openid {NRPS_SCOPE}"))
    assert answer.json is not None
    assert answer.json["scope"] == NRPS_SCOPE


def test_an_assertion_serves_once_even_after_a_restart(
    client: FlaskClient, tool: FakeTool, settings: DevLmsSettings
) -> None:
    asked = tool.token_request(URL, SCORE_SCOPE)
    assert client.post("/token", data=asked).status_code == 200
    assert client.post("/token", data=asked).status_code == 400
    assert create_devlms(settings).test_client().post("/token", data=asked).status_code == 400


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "http://elsewhere.example/token"},
        {"iss": "other"},
        {"sub": "other"},
        {"exp": 1_000_000_000},
        {"iat": int(time.time()) + 60_000},
        {"exp": int(time.time()) + 90_000},
        {"jti": None},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"aud": None},
        {"kid": ""},
        {"kid": "unknown"},
    ],
)
def test_a_faulty_assertion_is_refused(client: FlaskClient, tool: FakeTool, claims: dict[str, Any]) -> None:
    answer = client.post("/token", data=tool.token_request(URL, SCORE_SCOPE, **claims))
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("grant_type", "password", "unsupported_grant_type"),
        ("client_assertion_type", "basic", "invalid_request"),
        ("client_assertion", "not.a.jwt", "invalid_client"),
        ("client_assertion", "", "invalid_client"),
        ("scope", "openid", "invalid_scope"),
    ],
)
def test_a_faulty_request_is_refused(client: FlaskClient, tool: FakeTool, field: str, value: str, error: str) -> None:
    answer = client.post("/token", data={**tool.token_request(URL, SCORE_SCOPE), field: value})
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"] == error


def test_another_key_is_refused(client: FlaskClient, tool: FakeTool) -> None:
    stranger = FakeTool()
    stranger.server.stop()
    assert client.post("/token", data=stranger.token_request(URL, SCORE_SCOPE)).status_code == 400


def test_unreachable_keys_are_explained(settings: DevLmsSettings, tool: FakeTool) -> None:
    gone = FakeTool()
    gone.server.stop()
    app = create_devlms(replace(settings, tool_url=gone.url))
    answer = app.test_client().post("/token", data=gone.token_request(URL, SCORE_SCOPE))
    assert answer.json is not None
    assert gone.url in answer.json["error_description"]


def test_a_service_wants_a_token_and_its_scope(client: FlaskClient, tool: FakeTool, campus: Campus) -> None:
    assert client.get("/services/ags/2/lineitems").status_code == 401
    asked = client.post("/token", data=tool.token_request(URL, LINE_ITEM_READ_SCOPE))
    assert asked.json is not None
    headers = {"Authorization": f"Bearer {asked.json['access_token']}"}
    assert client.get("/services/ags/2/lineitems", headers=headers).status_code == 200
    assert client.get("/services/nrps/2/memberships", headers=headers).status_code == 403
    campus.tokens.revoke_all()
    refused = client.get("/services/ags/2/lineitems", headers=headers)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_expires(client: FlaskClient, services: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time() + 3601
    monkeypatch.setattr("lms.devlms.tokens.time.time", lambda: later)
    assert services.get("/services/ags/2/lineitems").status_code == 401


def test_errors_may_be_pages_and_the_lms_may_be_down(
    client: FlaskClient, tool: FakeTool, quirk: Callable[..., None]
) -> None:
    quirk(html_errors=True)
    answer = client.post("/token", data={})
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    quirk(down=True)
    for path in ("/jwks.json", "/auth", "/", "/services/ags/2/lineitems"):
        assert client.get(path).status_code == 503
