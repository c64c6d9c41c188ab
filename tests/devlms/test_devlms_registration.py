"""Dynamic registration: one paste by an administrator, then a tool like the first one."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from devlms_fake_tool import FakeTool
from flask.testing import FlaskClient

from lms.devlms import Campus, HeadlessBrowser, create_devlms
from lms.devlms.registrations import PLATFORM_CONFIGURATION, TOOL_CONFIGURATION
from lms.devlms.vocabulary import AGS_CLAIM, CLAIM, LINE_ITEM_SCOPE, NRPS_CLAIM, NRPS_SCOPE, SCORE_SCOPE

ADMINISTRATOR = "15"


def accept(browser: HeadlessBrowser, page: httpx.Response) -> httpx.Response:
    """Press the tool's only button."""
    assert "Accepter" in page.text
    return browser.submit(browser.form("/consent"))


def registered(browser: HeadlessBrowser, tool: FakeTool) -> dict[str, Any]:
    """The platform's answer to a registration."""
    assert browser.register(ADMINISTRATOR, f"{tool.url}/lti/register", accept).status_code == 200
    assert tool.registered is not None
    answer: dict[str, Any] = tool.registered.json()
    return answer


def test_the_platform_describes_itself(client: FlaskClient) -> None:
    body = client.get("/.well-known/openid-configuration").json
    assert body is not None
    assert body["issuer"] == "http://localhost"
    assert body["registration_endpoint"] == "http://localhost/register"
    assert body["authorization_endpoint"] == "http://localhost/auth"
    assert SCORE_SCOPE in body["scopes_supported"]
    assert "name" in body["claims_supported"]
    platform = body[PLATFORM_CONFIGURATION]
    assert platform["product_family_code"] == "devlms"
    assert {each["type"] for each in platform["messages_supported"]} >= {
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
    }
    assert "Context.id.history" in platform["variables"]


def test_a_tool_registers_waits_and_is_launched(served: Campus, browser_at: HeadlessBrowser, tool: FakeTool) -> None:
    answer = registered(browser_at, tool)
    assert answer["scope"] == f"{SCORE_SCOPE} {LINE_ITEM_SCOPE}"
    assert answer[TOOL_CONFIGURATION]["deployment_id"] == "2"
    client_id = answer["client_id"]
    token_url = f"{served.settings.issuer}/token"
    asked = tool.token_request(token_url, f"{SCORE_SCOPE} {NRPS_SCOPE}", client_id=client_id)
    assert httpx.post(token_url, data=asked, trust_env=False).json()["error"] == "invalid_client"
    assert "en attente" in browser_at.open(f"{served.settings.issuer}/tools").text
    browser_at.activate(ADMINISTRATOR, 2)

    browser_at.open(f"{served.settings.issuer}/course?as=13")
    browser_at.submit(browser_at.form("/links"), title="Par l'outil inscrit", tool=client_id)
    link = served.links("2")[-1]
    assert browser_at.launch("11", link.id).status_code == 200
    claims = tool.claims()
    assert (claims["aud"], claims[CLAIM + "deployment_id"]) == (client_id, "2")
    assert claims["name"] == "Agent de démonstration A"
    assert "email" not in claims
    assert claims[CLAIM + "custom"] == {"context_history": ""}
    assert claims[AGS_CLAIM]["scope"] == [LINE_ITEM_SCOPE, SCORE_SCOPE]
    assert NRPS_CLAIM not in claims

    asked = tool.token_request(token_url, f"{SCORE_SCOPE} {LINE_ITEM_SCOPE} {NRPS_SCOPE}", client_id=client_id)
    token = httpx.post(token_url, data=asked, trust_env=False).json()
    assert token["scope"] == f"{LINE_ITEM_SCOPE} {SCORE_SCOPE}"
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    items = httpx.get(claims[AGS_CLAIM]["lineitems"], headers=headers, trust_env=False).json()
    assert [item["resourceLinkId"] for item in items] == [link.id]
    other = items[0]["id"].replace(f"/{items[0]['id'].split('/')[-2]}/", "/1/")
    assert httpx.get(other, headers=headers, trust_env=False).status_code == 404

    again: Campus = create_devlms(served.settings).extensions["devlms"]
    assert again.tool(client_id) == served.tool(client_id)


def test_the_deployment_may_be_left_out_of_the_answer(
    served: Campus, browser_at: HeadlessBrowser, tool: FakeTool
) -> None:
    served.quirks = served.quirks.changed_by({"token_seconds": "3600", "no_deployment_in_registration": "1"})
    assert "deployment_id" not in registered(browser_at, tool)[TOOL_CONFIGURATION]
    assert "<dd>2</dd>" in browser_at.open(f"{served.settings.issuer}/tools").text


@pytest.fixture
def post(client: FlaskClient, campus: Campus, tool: FakeTool) -> Callable[..., Any]:
    """Register directly, with a new token unless one is given."""

    def send(token: str | None = None, **changes: Any) -> Any:
        bearer = campus.registration_tokens.issue() if token is None else token
        body = {name: value for name, value in {**tool.description(), **changes}.items() if value is not None}
        return client.post("/register", json=body, headers={"Authorization": f"Bearer {bearer}"})

    return send


def test_a_token_serves_once_and_for_an_hour(
    post: Callable[..., Any], campus: Campus, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = campus.registration_tokens.issue()
    assert post(token, client_name="").status_code == 400
    assert post(token).status_code == 200
    for refused in (post(token), post("unknown")):
        assert (refused.status_code, refused.mimetype) == (401, "text/plain")
    late, token = time.time() + 3601, campus.registration_tokens.issue()
    monkeypatch.setattr("lms.devlms.tokens.time.time", lambda: late)
    assert post(token).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"application_type": "native"},
        {"response_types": ["code"]},
        {"response_types": "id_token"},
        {"grant_types": ["implicit"]},
        {"initiate_login_uri": None},
        {"initiate_login_uri": "javascript:alert(1)"},
        {"redirect_uris": []},
        {"redirect_uris": ["ftp://localhost/"]},
        {"client_name": " "},
        {"jwks_uri": None},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"scope": ["a"]},
        {TOOL_CONFIGURATION: None},
        {TOOL_CONFIGURATION: {"domain": "localhost", "target_link_uri": "http://localhost:1/lti/launch"}},
        {TOOL_CONFIGURATION: {"domain": "localhost:1", "target_link_uri": "http://localhost:1/", "messages": {}}},
        {TOOL_CONFIGURATION: {"domain": "localhost:1", "target_link_uri": "http://localhost:1/", "claims": "name"}},
        {
            TOOL_CONFIGURATION: {
                "domain": "localhost:1",
                "target_link_uri": "http://localhost:1/",
                "custom_parameters": {"n": 1},
            }
        },
    ],
)
def test_a_faulty_description_is_refused_with_its_reason(post: Callable[..., Any], changes: dict[str, Any]) -> None:
    answer = post(**changes)
    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_client_metadata"
    assert answer.json["error_description"]


def test_a_body_that_is_no_object_is_refused(client: FlaskClient, campus: Campus) -> None:
    for body in ("[]", "{"):
        headers = {"Authorization": f"Bearer {campus.registration_tokens.issue()}"}
        assert client.post("/register", data=body, headers=headers).status_code == 400


def test_only_administrators_connect_tools(client: FlaskClient) -> None:
    assert client.get("/tools?as=13").status_code == 403
    assert client.post("/tools/register", data={"url": "http://localhost:1/"}).status_code == 403
    page = client.get("/tools?as=15").text
    assert "Connecter un outil" in page
    assert client.post("/tools/register", data={"url": "javascript:alert(1)"}).status_code == 400
    opened = client.post("/tools/register", data={"url": "http://localhost:1/register?invite=x"})
    assert "http://localhost:1" in opened.headers["Content-Security-Policy"]
    assert "register?invite=x&amp;openid_configuration=" in opened.text
    assert client.post("/tools/9/activate").status_code == 404
