"""What Open edX says when it opens a tool, and the tokens it gives: facts our tool must live with."""

from uuid import UUID

import pytest

from tests.openedx.bare_tool import LAUNCH_URL, LINE_ITEM, SCORE, URL, Place
from tests.openedx.edx import OpenEdx
from tests.platform_in_test import AGS, CLAIM, MEMBERSHIP

PERSON = "http://purl.imsglobal.org/vocab/lis/v2/{}/person#{}"

# Launches


def test_a_login_is_a_get_that_says_everything(bare: Place) -> None:
    tool = bare()
    login = tool.login("ada")
    ada = tool.edx.members(tool.block.course)["ada"]
    assert login.pop("lti_message_hint")
    assert login == {
        "iss": tool.edx.url, "client_id": tool.block.client_id, "lti_deployment_id": "1",
        "target_link_uri": LAUNCH_URL, "login_hint": ada["sub"],
    }  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_message_says_little_of_the_person(bare: Place, method: str) -> None:
    tool = bare()
    claims = tool.launch("ada", method)
    assert claims["sub"] == str(UUID(claims["sub"])) == tool.edx.members(tool.block.course)["ada"]["sub"]
    assert claims.keys().isdisjoint({"name", "given_name", "family_name", "email", "locale", CLAIM + "lis"})
    assert set(claims[CLAIM + "roles"]) == {
        MEMBERSHIP + "Learner", PERSON.format("system", "None"), PERSON.format("institution", "None"),
    }  # fmt: skip
    assert claims[CLAIM + "resource_link"] == {"id": tool.block.location}
    assert claims[CLAIM + "context"]["id"] == tool.block.course
    assert claims[CLAIM + "launch_presentation"] == {"document_target": "iframe"}
    assert claims[CLAIM + "custom"] == {"track": "decideurs"}
    assert (claims["azp"], claims["exp"] - claims["iat"]) == (tool.block.client_id, 3600)


def test_a_name_is_sent_when_the_block_asks_and_never_in_two_parts(bare: Place) -> None:
    claims = bare(ask_to_send_full_name=True, ask_to_send_email=True).launch("ada")
    assert (claims["name"], claims["email"]) == ("Ada de démonstration", "ada@example.org")
    assert claims.keys().isdisjoint({"given_name", "family_name"})


@pytest.mark.parametrize(
    ("username", "roles"),
    [
        ("thea", {MEMBERSHIP + "Instructor"}),
        ("iris", {MEMBERSHIP + "Instructor", MEMBERSHIP + "Administrator"}),
        ("staff", {MEMBERSHIP + "Instructor", MEMBERSHIP + "Administrator", PERSON.format("system", "Administrator")}),
    ],
)
def test_roles_of_those_who_teach(bare: Place, username: str, roles: set[str]) -> None:
    assert roles <= set(bare().launch(username)[CLAIM + "roles"])


def test_each_block_is_a_client_with_addresses_of_its_own(edx: OpenEdx, bare: Place) -> None:
    course = edx.course()
    one, two = bare(course).block, bare(course).block
    assert (one.issuer, one.auth_url, one.deployment_id) == (two.issuer, two.auth_url, two.deployment_id)
    assert one.client_id != two.client_id
    assert one.token_url != two.token_url
    assert one.jwks_url != two.jwks_url


def test_a_block_configured_in_the_database_says_the_same(bare: Place) -> None:
    tool = bare(store="database")
    claims = tool.launch("ada")
    assert claims[CLAIM + "resource_link"] == {"id": tool.block.location}
    assert claims[AGS]["lineitem"].startswith(claims[AGS]["lineitems"])


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": f"{URL}/elsewhere"}, {"client_id": "another"}, {"nonce": ""}, {"state": ""}]
)
def test_an_authentication_request_that_is_not_the_tools(bare: Place, changes: dict[str, str]) -> None:
    tool = bare()
    answer = tool.authenticate("ada", tool.login("ada"), **changes)
    assert answer.status_code == 400
    assert "id_token" not in answer.text


# Access tokens


def test_a_token_has_the_known_scopes_even_those_a_launch_did_not_offer(bare: Place) -> None:
    tool = bare()
    assert LINE_ITEM not in tool.launch("ada")[AGS]["scope"]
    granted = tool.ask_token(LINE_ITEM, SCORE, "https://example.org/unknown").json()
    assert (granted["token_type"], granted["expires_in"], granted["scope"]) == ("bearer", 3600, f"{LINE_ITEM} {SCORE}")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion": "not a token"}, "invalid_grant"),
    ],
)
def test_every_refusal_of_a_token_is_a_bad_request(bare: Place, changes: dict[str, str], error: str) -> None:
    answer = bare().ask_token(SCORE, **changes)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_token_of_one_block_opens_no_other(edx: OpenEdx, bare: Place) -> None:
    """The answer is 403, as to an expired token: 401 never comes, and the body alone tells it from a missing scope."""
    course = edx.course()
    one, two = bare(course), bare(course)
    column = two.launch("ada")[AGS]["lineitem"]
    answer = one.score(column)
    assert (answer.status_code, answer.json()) == (403, {"detail": "Invalid token signature."})
    assert edx.grades(two.block) == []


def test_a_scope_that_is_missing(bare: Place) -> None:
    tool = bare()
    answer = tool.call("GET", tool.launch("ada")[AGS]["lineitem"] + "/results", SCORE)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("You do not have permission")
