"""Dynamic Registration 1.0: what the platform says of itself, and what it accepts of a tool."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from lms.devlms.campus import Campus
from lms.devlms.errors import Refused
from lms.devlms.tools import DEEP_LINKING, PRIVACY, RESOURCE_LINK, REVIEW, Tool

TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_CLAIMS: Final = ("sub", "iss", "name", "given_name", "family_name", "email")
_VARIABLES: Final = (
    "Context.id",
    "Context.title",
    "Context.id.history",
    "ResourceLink.id",
    "ResourceLink.title",
    "ResourceLink.id.history",
    "User.id",
    "Person.sourcedId",
)


class MetadataRefused(Refused):
    """What a tool says of itself is not accepted (RFC 7591, section 3.2.2)."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)

    def body(self) -> dict[str, str]:
        """The registration error object."""
        return {"error": "invalid_client_metadata", "error_description": self.message}


def platform_configuration(here: Campus) -> dict[str, Any]:
    """The OpenID configuration (section 3.3)."""
    issuer = here.settings.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": f"{issuer}/jwks.json",
        "registration_endpoint": f"{issuer}/register",
        "scopes_supported": list(here.scopes()),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": list(_CLAIMS),
        PLATFORM_CONFIGURATION: {
            "product_family_code": "devlms",
            "version": "1",
            "messages_supported": [{"type": message} for message in here.messages()],
            "variables": list(_VARIABLES),
        },
    }


def accepted(here: Campus, asked: Mapping[str, Any], client_id: str) -> Tool:
    """The tool that a registration describes, checked as Moodle does (section 3.5).

    It has no number yet, and awaits its activation.
    """
    _expect(asked.get("application_type", "web") == "web", "application_type is web")
    _expect("id_token" in _texts(asked, "response_types"), "response_types holds id_token")
    grants = _texts(asked, "grant_types")
    _expect({"implicit", "client_credentials"} <= set(grants), "grant_types holds implicit and client_credentials")
    method = asked.get("token_endpoint_auth_method")
    _expect(method == "private_key_jwt", "token_endpoint_auth_method is private_key_jwt")
    redirect_uris = _texts(asked, "redirect_uris")
    _expect(bool(redirect_uris) and all(map(_is_web, redirect_uris)), "redirect_uris are web addresses")
    scope = asked.get("scope", "")
    _expect(isinstance(scope, str), "scope is text, separated by spaces")
    configuration = asked.get(TOOL_CONFIGURATION)
    if not isinstance(configuration, dict):
        raise MetadataRefused(f"{TOOL_CONFIGURATION} is missing")
    target = _address(configuration, "target_link_uri")
    _expect(configuration.get("domain") == urlsplit(target).netloc, "domain is the host and port of target_link_uri")
    return Tool(
        number=0,
        client_id=client_id,
        deployment_id="",
        name=_text(asked, "client_name"),
        login_url=_address(asked, "initiate_login_uri"),
        launch_url=target,
        jwks_url=_address(asked, "jwks_uri"),
        redirect_uris=redirect_uris,
        scopes=tuple(each for each in scope.split() if each in here.scopes()),
        claims=_texts(configuration, "claims"),
        custom=_custom(configuration),
        targets=_targets(configuration),
        active=False,
    )


def answered(asked: Mapping[str, Any], tool: Tool, *, with_deployment: bool) -> dict[str, Any]:
    """The answer to a registration (section 3.6): what was asked, as it was granted."""
    configuration = {**asked[TOOL_CONFIGURATION]}
    if with_deployment:
        configuration["deployment_id"] = tool.deployment_id
    granted = {"client_id": tool.client_id, "scope": " ".join(tool.scopes or ())}
    return {**asked, **granted, TOOL_CONFIGURATION: configuration}


def _targets(configuration: Mapping[str, Any]) -> dict[str, str]:
    messages = configuration.get("messages", [])
    _expect(isinstance(messages, list) and all(isinstance(each, dict) for each in messages), "messages is a list")
    known = {RESOURCE_LINK, DEEP_LINKING, REVIEW, PRIVACY}
    wanted = {each["type"]: each for each in messages if each.get("type") in known}
    # A message without an address of its own goes to the tool's.
    return {
        kind: _address(each, "target_link_uri") if "target_link_uri" in each else "" for kind, each in wanted.items()
    }


def _custom(configuration: Mapping[str, Any]) -> dict[str, str]:
    parameters = configuration.get("custom_parameters", {})
    sound = isinstance(parameters, dict) and all(isinstance(value, str) for value in parameters.values())
    _expect(sound, "custom_parameters are texts")
    return {**parameters}


def _texts(source: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = source.get(name, [])
    _expect(isinstance(value, list) and all(isinstance(each, str) for each in value), f"{name} is a list of texts")
    return tuple(value)


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    _expect(isinstance(value, str) and bool(value.strip()), f"{name} is required")
    return str(value)


def _address(source: Mapping[str, Any], name: str) -> str:
    value = _text(source, name)
    _expect(_is_web(value), f"{name} is a web address")
    return value


def _is_web(url: str) -> bool:
    return re.fullmatch(r"https?://[^\s/?#@]+(/\S*)?", url) is not None


def _expect(holds: bool, rule: str) -> None:
    if not holds:
        raise MetadataRefused(rule)
