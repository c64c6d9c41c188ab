"""Launches: what the LMS signs, for whom, and what it refuses to answer."""

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from lms.devlms import Campus, DevLmsSettings
from lms.devlms.forms import Form, forms
from lms.devlms.vocabulary import AGS_CLAIM, CLAIM, NRPS_CLAIM

Request = dict[str, str]


@pytest.fixture
def asked(client: FlaskClient, settings: DevLmsSettings) -> Request:
    """A sound authentication request, for the first learner opening the first link."""
    sent = forms(client.get("/course/3?as=11").text)[0].fields
    return {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": sent["client_id"],
        "redirect_uri": settings.launch_url,
        "login_hint": sent["login_hint"],
        "lti_message_hint": sent["lti_message_hint"],
        "state": 'st"ate',
        "nonce": "n-1",
    }


def answered(client: FlaskClient, asked: Request) -> Form:
    answer = client.get("/auth", query_string=asked)
    assert answer.status_code == 200
    return forms(answer.text)[0]


def claims_of(client: FlaskClient, campus: Campus, asked: Request) -> dict[str, Any]:
    key = jwt.PyJWKSet.from_dict(client.get("/jwks.json").json or {}).keys[0]
    token = answered(client, asked).fields["id_token"]
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    claims: dict[str, Any] = jwt.decode(
        token, key.key, algorithms=["RS256"], audience="tool-1", issuer="http://localhost"
    )
    return claims


def test_the_answer_posts_a_signed_token_and_the_state(
    client: FlaskClient, campus: Campus, settings: DevLmsSettings, asked: Request
) -> None:
    form = answered(client, asked)
    assert (form.method, form.action, form.auto) == ("post", settings.launch_url, True)
    assert form.fields["state"] == 'st"ate'
    claims = claims_of(client, campus, asked)
    assert claims["nonce"] == "n-1"
    assert claims["sub"] == "11"
    assert claims["exp"] == claims["iat"] + 60
    assert claims["name"] == "Agent de démonstration A"
    assert claims[CLAIM + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    assert claims[CLAIM + "deployment_id"] == "1"
    assert claims[CLAIM + "target_link_uri"] == settings.launch_url
    assert claims[CLAIM + "resource_link"]["id"] == "3"
    assert claims[CLAIM + "custom"] == {"track": "decideurs"}
    assert claims[CLAIM + "lis"]["person_sourcedid"] == "A-0001"
    assert claims[CLAIM + "launch_presentation"]["document_target"] == "iframe"
    assert claims[CLAIM + "context"]["type"] == ["CourseSection"]
    assert claims[AGS_CLAIM]["lineitem"] == "http://localhost/services/ags/2/lineitems/1/lineitem"
    assert claims[NRPS_CLAIM]["context_memberships_url"] == "http://localhost/services/nrps/2/memberships"


def test_post_is_answered_like_get_and_hints_serve_again(client: FlaskClient, asked: Request) -> None:
    for _ in range(2):
        assert "id_token" in forms(client.post("/auth", data=asked).text)[0].fields


def test_a_new_tab_is_announced_as_a_window(client: FlaskClient, campus: Campus, asked: Request) -> None:
    windowed = forms(client.get("/course/3?as=11").text)[1].fields
    claims = claims_of(client, campus, {**asked, "lti_message_hint": windowed["lti_message_hint"]})
    assert claims[CLAIM + "launch_presentation"]["document_target"] == "window"


def test_custom_keys_also_come_in_snake_case(client: FlaskClient, campus: Campus, asked: Request) -> None:
    sent = forms(client.get("/course/4?as=11").text)[0].fields
    claims = claims_of(client, campus, {**asked, "lti_message_hint": sent["lti_message_hint"]})
    assert claims[CLAIM + "custom"] == {"track": "agents", "startModule": "a1", "startmodule": "a1"}


def test_two_columns_of_a_link_hide_the_lineitem_claim(
    client: FlaskClient, campus: Campus, asked: Request, services: Any
) -> None:
    services.post_item(label="Autre", scoreMaximum=20, resourceLinkId="3")
    assert "lineitem" not in claims_of(client, campus, asked)[AGS_CLAIM]


def test_names_may_be_withheld(client: FlaskClient, campus: Campus, asked: Request, quirk: Callable[..., None]) -> None:
    quirk(names_withheld=True)
    assert not {"name", "given_name", "family_name", "email"} & set(claims_of(client, campus, asked))


@pytest.mark.parametrize(
    "change",
    [{"client_id": "other"}, {"redirect_uri": "http://evil.example/"}, {"redirect_uri": ""}],
)
def test_an_unknown_client_or_address_is_never_answered(client: FlaskClient, asked: Request, change: Request) -> None:
    answer = client.get("/auth", query_string={**asked, **change})
    assert answer.status_code == 400
    assert forms(answer.text) == []


def test_the_redirect_uri_is_matched_exactly(client: FlaskClient, asked: Request) -> None:
    longer = {**asked, "redirect_uri": asked["redirect_uri"] + "/"}
    assert client.get("/auth", query_string=longer).status_code == 400


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"nonce": ""}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"login_hint": ""}, "invalid_request"),
        ({"lti_message_hint": ""}, "invalid_request"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"response_type": "code"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"login_hint": "12"}, "access_denied"),
        ({"lti_message_hint": "3"}, "access_denied"),
        ({"lti_message_hint": json.dumps({"launchid": "ltilaunch_0"})}, "access_denied"),
    ],
)
def test_other_faults_are_posted_back_without_a_token(
    client: FlaskClient, asked: Request, change: Request, error: str
) -> None:
    form = answered(client, {**asked, **change})
    assert form.fields["error"] == error
    assert "id_token" not in form.fields
    assert form.fields.get("state", "") == change.get("state", 'st"ate')
