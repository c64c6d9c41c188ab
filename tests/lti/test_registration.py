"""Configurations read without a wire: products whose schools share an issuer, and what is asked of each."""

from typing import Any

import pytest

from lms.lti import scopes
from lms.lti.model import LtiError
from lms.lti.registration import PlatformConfiguration, read_configuration, registration_request

SCHOOL, SHARED = "https://school.instructure.com", "https://sso.canvaslms.com"


def canvas(**changes: Any) -> dict[str, Any]:
    """What Canvas says at a school's address."""
    return {
        "issuer": "https://canvas.instructure.com", "authorization_endpoint": f"{SHARED}/api/lti/authorize_redirect",
        "token_endpoint": f"{SHARED}/login/oauth2/token", "jwks_uri": f"{SHARED}/api/lti/security/jwks",
        "registration_endpoint": f"{SCHOOL}/api/lti/registrations", "scopes_supported": [scopes.SCORE, scopes.ROSTER],
        **changes,
    }  # fmt: skip


def test_a_shared_issuer_is_believed_on_its_own_domains() -> None:
    found = read_configuration(canvas(), f"{SCHOOL}/api/lti/security/openid-configuration")
    assert found.issuer == "https://canvas.instructure.com"
    assert found.asked_scopes == (scopes.SCORE, scopes.ROSTER)
    assert PlatformConfiguration.from_json(found.as_json()) == found


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://evil.example/configuration"),
        ({}, "https://instructure.com.evil.example/configuration"),
        ({}, "https://evilinstructure.com/configuration"),
        ({}, "http://school.instructure.com/configuration"),
        ({}, "https://school.instructure.com:8443/configuration"),
        ({"token_endpoint": "https://evil.example/token"}, f"{SCHOOL}/c"),
        ({"token_endpoint": "http://sso.canvaslms.com/token"}, f"{SCHOOL}/c"),
        ({"issuer": "https://school.moodle.example"}, f"{SCHOOL}/c"),
        ({"issuer": "https://canvas.instructure.com/"}, f"{SCHOOL}/c"),
    ],
)
def test_and_nowhere_else(changes: dict[str, Any], url: str) -> None:
    with pytest.raises(LtiError):
        read_configuration(canvas(**changes), url)


def test_the_tool_asks_for_what_is_offered_and_names_its_port() -> None:
    offered = {"messages_supported": [{"type": "DataPrivacyLaunchRequest"}, {"type": "Unknown"}]}
    document = canvas(**{"https://purl.imsglobal.org/spec/lti-platform-configuration": offered})
    found = read_configuration(document, f"{SCHOOL}/c")
    asked = registration_request("https://formation.example:8443", found)
    assert asked["scope"].split(" ") == [scopes.SCORE, scopes.ROSTER]
    tool = asked["https://purl.imsglobal.org/spec/lti-tool-configuration"]
    assert tool["domain"] == "formation.example:8443"
    assert [each["type"] for each in tool["messages"]] == ["DataPrivacyLaunchRequest"]


def test_a_private_host_may_be_http_when_admitted() -> None:
    home = "http://intranet.example:8080"
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
    document = {"issuer": home} | {name: f"{home}/{name}" for name in names}
    assert read_configuration(document, f"{home}/c", insecure=frozenset({"intranet.example"})).issuer == home
    assert read_configuration(document, f"{home}/c", insecure=frozenset({"intranet.example:8080"})).issuer == home
    for insecure in (frozenset[str](), frozenset({"other.example"})):
        with pytest.raises(LtiError) as refused:
            read_configuration(document, f"{home}/c", insecure=insecure)
        assert refused.value.cause == "address_refused"
