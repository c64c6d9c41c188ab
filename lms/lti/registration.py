"""LTI Dynamic Registration 1.0: a platform's configuration read, and the tool registered on it.

The configuration comes from an address somebody pasted: nothing in it is believed before it is known to be on the
hosts of the issuer it names (LTI.md G2 to G5).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from lms.lti import scopes
from lms.lti.addresses import host_of
from lms.lti.deep_linking import HISTORY
from lms.lti.families import family_of
from lms.lti.http import Outbound
from lms.lti.model import LtiError
from lms.lti.reading import Claims, inside, storable, text, texts, words

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
#: Longest registration token accepted, in characters.
TOKEN_LIMIT = 8000
#: The claims we ask for: who is launched, and their name for the certificate. E-mail is not needed.
CLAIMS = ("iss", "sub", "name", "given_name", "family_name")
#: What the tool says of itself, and of its messages, by language: all that a platform shows of us before a launch.
DESCRIPTION = {
    "en": "AI training tracks for the public service, assessed, with a certificate.",
    "fr": "Parcours de formation à l'IA pour le service public, évalués et certifiés.",
}
LABELS = {
    "LtiDeepLinkingRequest": {"en": "Choose a track or a module", "fr": "Choisir un parcours ou un module"},
    "LtiSubmissionReviewRequest": {"en": "See what the learner did", "fr": "Voir le travail de l'apprenant"},
    "DataPrivacyLaunchRequest": {"en": "Personal data", "fr": "Données personnelles"},
}
#: The messages served, the two first even when a platform announces none.
MESSAGES = ("LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest", "DataPrivacyLaunchRequest")


@dataclass(frozen=True)
class PlatformConfiguration:
    """What a platform says of itself (LTI Dynamic Registration 1.0, section 3.2), checked."""

    #: Where it was read.
    url: str
    issuer: str
    auth_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    token_audience: str | None
    #: Product family (moodle, canvas …) and version, as it says; empty when it does not.
    product: str
    version: str
    name: str
    #: Message types and scopes it announces.
    messages: tuple[str, ...]
    scopes: tuple[str, ...]
    #: Hosts an administrator admitted beside the issuer's.
    hosts: tuple[str, ...] = ()

    @property
    def asked_scopes(self) -> tuple[str, ...]:
        """The scopes to ask for: those it offers, or all of ours when it does not say."""
        return tuple(each for each in scopes.ALL if not self.scopes or each in self.scopes)

    @property
    def asked_messages(self) -> tuple[str, ...]:
        """The messages to be sent: those it offers, or the two usual ones when it does not say."""
        return tuple(each for each in MESSAGES if each in (self.messages or MESSAGES[:2]))

    def as_json(self) -> dict[str, Any]:
        """Its fields, to keep and give back to ``from_json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "PlatformConfiguration":
        """The configuration kept by ``as_json``."""
        known: dict[str, Any] = {n: tuple(each) if isinstance(each, list) else each for n, each in values.items()}
        return cls(**known)


@dataclass(frozen=True)
class Registered:
    """The platform's answer: who we are there. ``deployment_id`` is None when it is given elsewhere."""

    client_id: str
    deployment_id: str | None


class RegistrationRefused(Exception):
    """The platform refused to register the tool: ``status``, and what it said (not to be trusted, nor logged)."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.said = status, said


def fetch_configuration(outbound: Outbound, url: str, hosts: tuple[str, ...] = ()) -> PlatformConfiguration:
    """The configuration at an address somebody pasted, checked. Raises ``LtiError``.

    ``hosts`` are those an administrator admitted beside the issuer's.
    """
    document = outbound.json("GET", url, headers={"Accept": "application/json"})
    return read_configuration(document, url, hosts, outbound.allowed_hosts)


def read_configuration(
    document: Any, url: str, hosts: tuple[str, ...] = (), insecure: frozenset[str] = frozenset()
) -> PlatformConfiguration:
    """A configuration, checked. Raises ``LtiError``.

    ``configuration_malformed`` names what is missing, ``issuer_host`` says that the issuer and the address are not
    of one house (G3), ``foreign_address`` names the address that is elsewhere (G4), ``algorithm_refused`` and
    ``method_refused`` name what we cannot do. ``insecure`` hosts may be served over http.
    """
    try:
        issuer, addresses, found = _read(document, url, hosts)
    except LtiError as error:
        raise LtiError("configuration_malformed", error.detail) from error
    _check_hosts(issuer, url, addresses, hosts, insecure)
    _check_offers(document)
    return found


def _read(document: Any, url: str, hosts: tuple[str, ...]) -> tuple[str, dict[str, str], PlatformConfiguration]:
    if not isinstance(document, dict):
        raise LtiError("claim", "document")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
    addresses = {name: text(document, name, required=True, limit=1000) for name in names}
    issuer = text(document, "issuer", required=True)
    own = inside(document, PLATFORM)
    listed = own.get("messages_supported")
    offered = [each.get("type") for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict)]
    product = words(own, "product_family_code", 50).lower()
    home = host_of(issuer).rpartition(":")[0] or issuer  # it is called by its host unless it names itself
    found = PlatformConfiguration(
        url=url, issuer=issuer, auth_url=addresses["authorization_endpoint"], token_url=addresses["token_endpoint"],
        jwks_url=addresses["jwks_uri"], registration_url=addresses["registration_endpoint"],
        token_audience=text(document, "authorization_server", limit=1000) or None, product=product,
        version=words(own, "version", 50), name=words(own, "name", 200) or home[:200],
        messages=tuple(each for each in offered if isinstance(each, str)),
        scopes=texts(document, "scopes_supported"), hosts=hosts,
    )  # fmt: skip
    return issuer, addresses, found


def _check_hosts(
    issuer: str, url: str, addresses: Mapping[str, str], hosts: tuple[str, ...], insecure: frozenset[str]
) -> None:
    family = family_of(issuer)
    added = frozenset(host if ":" in host else f"{host}:443" for host in hosts)
    home = {host_of(issuer)} - {""}

    def known(address: str) -> bool:
        return host_of(address) in home | added or (family is not None and family.has(address))

    if not home or not known(url):
        raise LtiError("issuer_host", "the issuer and its configuration are on two hosts")
    for name, address in {"issuer": issuer, "openid_configuration": url, **addresses}.items():
        host = host_of(address)
        if not address.startswith("https://") and insecure.isdisjoint({host, host.rpartition(":")[0]}):
            raise LtiError("address_refused", name)
        if not known(address):
            raise LtiError("foreign_address", name)


def _check_offers(document: Claims) -> None:
    """Refuse a platform that announces that it does without what we need; what it does not say is tried."""
    wanted = {
        "id_token_signing_alg_values_supported": ("RS256", "algorithm_refused"),
        "token_endpoint_auth_signing_alg_values_supported": ("RS256", "algorithm_refused"),
        "token_endpoint_auth_methods_supported": ("private_key_jwt", "method_refused"),
        "response_modes_supported": ("form_post", "method_refused"),
    }
    for name, (value, cause) in wanted.items():
        offered = document.get(name)
        if isinstance(offered, list) and offered and value not in offered:
            raise LtiError(cause, name)


def registration_request(base_url: str, platform: PlatformConfiguration) -> dict[str, Any]:
    """The tool as it registers itself (LTI Dynamic Registration 1.0, section 3.5)."""
    launch = f"{base_url}/lti/launch"
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{base_url}/lti/login",
        "redirect_uris": [launch],
        "client_name": "Manager Public IA",
        "client_name#fr": "Manager Public IA",
        "client_name#en": "Manager Public IA",
        "jwks_uri": f"{base_url}/lti/jwks.json",
        "logo_uri": f"{base_url}/static/mark.svg",
        "client_uri": base_url,
        "token_endpoint_auth_method": "private_key_jwt",  # nosec B105 # the name of a kind, no secret
        "scope": " ".join(platform.asked_scopes),
        TOOL: {
            "domain": urlsplit(base_url).netloc,
            "description": DESCRIPTION["en"],
            "description#fr": DESCRIPTION["fr"],
            "target_link_uri": launch,
            "custom_parameters": HISTORY,
            "claims": list(CLAIMS),
            "messages": [_message(kind, launch) for kind in platform.asked_messages],
        },
    }


def _message(kind: str, launch: str) -> dict[str, Any]:
    message: dict[str, Any] = {"type": kind, "target_link_uri": launch}
    if kind in LABELS:
        message["label"], message["label#fr"] = LABELS[kind]["en"], LABELS[kind]["fr"]
    if kind == "LtiDeepLinkingRequest":
        message |= {"allowLearner": False, "placements": ["ContentArea", "assignment_selection", "link_selection"]}
    return message


def register(outbound: Outbound, platform: PlatformConfiguration, token: str | None, request: Any) -> Registered:
    """Register the tool. Raises ``RegistrationRefused``, or ``LtiError`` when there is no usable answer.

    ``token`` is the platform's registration token; the invitation stands for it where there is none (G9).
    """

    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = outbound.request("POST", platform.registration_url, headers=headers, content=json.dumps(request).encode())
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        said = answer.text[:300]
    if not answer.is_success:
        raise RegistrationRefused(answer.status_code, _said(said))
    return read_answer(said)


def read_answer(document: Any) -> Registered:
    """Who we are on the platform, from its answer. ``LtiError``: ``registration_malformed`` (G5)."""
    try:
        if not isinstance(document, dict):
            raise LtiError("claim", "document")
        client = text(document, "client_id", required=True)
        tool = inside(document, TOOL)
        deployment = tool.get("deployment_id")
        if isinstance(deployment, int):  # Moodle's number, when it is not written as a text
            deployment = str(deployment)
        found = text({"deployment_id": deployment}, "deployment_id") or None
    except LtiError as error:
        raise LtiError("registration_malformed", error.detail) from error
    return Registered(client, found)


def _said(answer: Any) -> str:
    """What a platform says of its refusal, cut: an OAuth error (RFC 7591, section 3.2.2) or plain text."""
    if isinstance(answer, dict):
        parts = [answer.get(name) for name in ("error", "error_description", "message")]
        answer = " · ".join(part for part in parts if isinstance(part, str))
    # A page is no explanation.
    return "" if not isinstance(answer, str) or "<" in answer else storable(answer)[:300]
