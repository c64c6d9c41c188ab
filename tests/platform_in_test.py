"""A platform that tests make say anything: it signs what it is told to, valid unless a test changes it.

Nothing of the service is used to make a message, so that a fault shared by both sides cannot hide.
"""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from flask import Flask
from jwt.algorithms import RSAAlgorithm

from lms.lti.jwks import PlatformKeys
from lms.lti.model import LtiError
from lms.models import db
from lms.services.platforms import NewPlatform, add_platform

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
SYSTEM_ADMIN = "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin"
TOOL = "http://localhost:8000"
TRACK = "decideurs"

#: A browser, and an answer to it: of Flask's test client, or over HTTP (tests/hostile/browser.py).
Client = Any
Answer = Any

#: Say this instead of a value to leave a claim, a header or a field out.
ABSENT: Any = object()

#: What the tests' platforms let their own roles become here, as an administrator would set it.
ROLE_MAP = {MEMBERSHIP + "Manager": "hr", SYSTEM_ADMIN: "administrator"}


class Network:
    """The outside world without a wire: what each address answers, and how often it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []

    def host(self, name: str) -> str:
        """The host of a platform of that name."""
        return f"{name}.example.org"

    def base(self, host: str) -> str:
        """Where the services of the platform of that host are."""
        return f"https://{host}"

    def json(self, method: str, url: str, **options: Any) -> Any:
        """As ``lms.lti.http.Outbound.json``: a value, a function to call, or an error to raise."""
        del method, options
        self.asked.append(url)
        answer = self.answers.get(url, LtiError("unreachable", "nobody there"))
        answer = answer() if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer


@cache
def rsa_key(name: str, bits: int = 2048) -> RSAPrivateKey:
    """A key of that name, the same all along: making one takes a tenth of a second."""
    return generate_private_key(public_exponent=65537, key_size=bits)


def jwk(key: RSAPrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """The public half as a platform publishes it."""
    public = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {"kty": "RSA", "n": public["n"], "e": public["e"], "kid": kid, "alg": "RS256", "use": "sig", **more}


def b64(data: bytes | str) -> str:
    """Base64url without padding."""
    raw = data.encode() if isinstance(data, str) else data
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``; what is ``ABSENT`` is left out."""
    return {name: value for name, value in {**base, **changes}.items() if value is not ABSENT}


class PlatformInTest:
    """An LMS registered in the service under test."""

    def __init__(self, app: Flask, name: str = "lms", *, issuer: str | None = None, deployment: str = "1") -> None:
        self.app, self.name = app, name
        self.network, self.tool = network_of(app), app.extensions["mpia"].base_url
        self.host = self.network.host(name)
        #: Where its services are; what a browser is sent to is on its host.
        self.base = self.network.base(self.host)
        self.issuer = issuer or f"https://{self.host}"
        self.client_id, self.deployment = f"tool-at-{name}", deployment
        self.key, self.kid = rsa_key(name), f"key-of-{name}"
        self.network.answers[self.jwks_url] = lambda: {"keys": [jwk(self.key, self.kid)]}
        self.id = self.register(deployment)

    @property
    def jwks_url(self) -> str:
        return f"{self.base}/jwks"

    @property
    def auth_url(self) -> str:
        return f"https://{self.host}/auth"

    def register(self, deployment: str) -> int:
        """Connect this platform, or one more deployment of it; gives its number."""
        with self.app.app_context():
            row = add_platform(
                db.session(),
                NewPlatform(
                    name=self.name, issuer=self.issuer, client_id=self.client_id, auth_url=self.auth_url,
                    token_url=f"{self.base}/token", jwks_url=self.jwks_url,
                    deployment_id=deployment,
                ),
                ROLE_MAP,
            )  # fmt: skip
            number = row.id
            db.session.commit()
            db.session.remove()
        return number

    def login_fields(self, **changes: Any) -> dict[str, Any]:
        """What the platform sends to begin a launch."""
        base = {
            "iss": self.issuer, "login_hint": "someone", "target_link_uri": f"{self.tool}/lti/launch",
            "client_id": self.client_id, "lti_deployment_id": self.deployment, "lti_message_hint": '{"cmid":"3"}',
        }  # fmt: skip
        return merged(base, changes)

    def login(self, client: Client, method: str = "POST", **changes: Any) -> Answer:
        """Third-party-initiated login, with fields changed."""
        fields = self.login_fields(**changes)
        if method == "GET":
            return client.get("/lti/login", query_string=fields)
        return client.post("/lti/login", data=fields)

    def begin(self, client: Client, method: str = "POST", **changes: Any) -> tuple[str, str]:
        """(state, nonce) that the tool asks the platform to send back."""
        answer = self.login(client, method, **changes)
        assert answer.status_code == 302, answer.text
        asked = parse_qs(urlsplit(answer.location).query)
        return asked["state"][0], asked["nonce"][0]

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """The claims of a learner's launch, with changes. Short names stand for LTI claims (``roles``)."""
        now = int(time.time())
        base: dict[str, Any] = {
            "iss": self.issuer, "aud": self.client_id, "sub": "learner-1", "nonce": nonce, "iat": now, "exp": now + 60,
            "given_name": "Ada", "family_name": "Martin", "name": "Ada Martin", "email": "ada.martin@example.org",
            CLAIM + "version": "1.3.0",
            CLAIM + "message_type": "LtiResourceLinkRequest",
            CLAIM + "deployment_id": self.deployment,
            CLAIM + "target_link_uri": f"{self.tool}/lti/launch",
            CLAIM + "roles": [MEMBERSHIP + "Learner"],
            CLAIM + "context": {"id": "course-1", "title": "IA et service public", "label": "IA"},
            CLAIM + "resource_link": {"id": "link-1", "title": "Décideurs publics"},
            CLAIM + "custom": {"track": TRACK},
            CLAIM + "lis": {"person_sourcedid": "A-0001"},
            CLAIM + "launch_presentation": {"locale": "fr", "document_target": "iframe"},
            AGS: {
                "scope": [SCORE_SCOPE], "lineitems": f"{self.base}/items",
                "lineitem": f"{self.base}/items/1?type_id=1",
            },
        }  # fmt: skip
        short = {
            name: CLAIM + name
            for name in (
                "version", "message_type", "deployment_id", "target_link_uri", "roles", "context", "resource_link",
                "custom", "lis", "launch_presentation", "lti1p1",
            )
        } | {"ags": AGS}  # fmt: skip
        return merged(base, {short.get(name, name): value for name, value in changes.items()})

    def sign(
        self,
        claims: Mapping[str, Any] | str,
        *,
        header: Mapping[str, Any] | None = None,
        key: RSAPrivateKey | None = None,
        part: Callable[[str], str] = b64,
    ) -> str:
        """A token: RS256 over exactly this header and payload, whatever they are worth."""
        head = merged({"alg": "RS256", "typ": "JWT", "kid": self.kid}, header or {})
        payload = claims if isinstance(claims, str) else json.dumps(dict(claims))
        signed = f"{b64(json.dumps(head))}.{part(payload)}"
        signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode(), key or self.key)
        return f"{signed}.{b64(signature)}"

    def post(self, client: Client, state: str, token: str, **more: Any) -> Answer:
        """The platform's answer, as the browser posts it."""
        fields = merged({"state": state, "id_token": token}, more)
        return client.post("/lti/launch", data=fields, headers={"Origin": self.issuer})

    def launch(self, client: Client, **changes: Any) -> Answer:
        """A whole launch; the answer to its last request."""
        hint = {"lti_deployment_id": changes["deployment_id"]} if "deployment_id" in changes else {}
        state, nonce = self.begin(client, **hint)
        return self.post(client, state, self.sign(self.claims(nonce, **changes)))

    def launched(self, client: Client = None, **changes: Any) -> Client:
        """A browser that was launched, and signed in."""
        client = client or self.app.test_client()
        answer = self.launch(client, **changes)
        assert answer.status_code == 303, answer.text
        return client


def network_of(app: Flask) -> Network:
    """The outside world of an application, put in place of the real one at first use."""
    known = app.extensions.get("network_in_test")
    if known is None:
        known = app.extensions["network_in_test"] = Network()
        app.extensions["platform_keys"] = PlatformKeys(known)
    assert isinstance(known, Network)
    return known


def person(number: int | str, **more: Any) -> dict[str, Any]:
    """The claims of one more learner."""
    return {
        "sub": f"learner-{number}", "given_name": "Agent", "family_name": f"Numéro {number}",
        "name": f"Agent Numéro {number}", "email": f"agent{number}@example.org",
        "lis": {"person_sourcedid": f"A-{number}"}, **more,
    }  # fmt: skip


def trainer(**more: Any) -> dict[str, Any]:
    """The claims of a trainer."""
    return {**person("trainer"), "sub": "trainer-1", "roles": [MEMBERSHIP + "Instructor"], **more}


def author(**more: Any) -> dict[str, Any]:
    """The claims of an author."""
    return {**person("author"), "sub": "author-1", "roles": [MEMBERSHIP + "ContentDeveloper"], **more}


def hr_officer(**more: Any) -> dict[str, Any]:
    """The claims of an HR officer, by the platform's role map."""
    return {**person("hr"), "sub": "hr-1", "roles": [MEMBERSHIP + "Manager"], **more}


def administrator(**more: Any) -> dict[str, Any]:
    """The claims of an administrator, by the platform's role map."""
    return {**person("admin"), "sub": "admin-1", "roles": [SYSTEM_ADMIN], **more}


def form_token(page: Answer) -> str:
    """The form token of a page."""
    return field(page, "csrf_token")


def field(page: Answer, name: str) -> str:
    """The value of a page's hidden field."""
    found = page.text.split(f'name="{name}"', 1)
    assert len(found) == 2, f"no field {name} in: {page.text[:2000]}"
    return found[1].split('value="', 1)[1].split('"', 1)[0]


def new_state() -> str:
    """A state that nobody gave."""
    return secrets.token_urlsafe(32)
