"""Access tokens for the services: who may have one, what it opens (LTI Security Framework, section 4.1)."""

import secrets
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import jwt

from lms.devlms.errors import Refused, TokenRefused
from lms.devlms.tools import Tool
from lms.devlms.vocabulary import JWT_BEARER

_LONGEST_ASSERTION: Final = 3600
_LEEWAY: Final = 60
_REGISTRATION_LIFETIME: Final = 3600


@dataclass(frozen=True, slots=True)
class Grant:
    """What a bearer token opens, for which tool, and until when."""

    client_id: str
    scopes: frozenset[str]
    expires: float


class Tokens:
    """Tokens in memory only: after a restart the tool meets 401 and asks again, as it must know how to."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._lock = threading.Lock()

    def issue(self, client_id: str, scopes: frozenset[str], seconds: int) -> str:
        """A new token for that tool and these scopes, for that long."""
        token, now = secrets.token_urlsafe(32), time.time()
        with self._lock:
            self._grants = {key: grant for key, grant in self._grants.items() if grant.expires > now}
            self._grants[token] = Grant(client_id, scopes, now + seconds)
        return token

    def revoke_all(self) -> None:
        """Forget every token, to see the tool renew its own."""
        with self._lock:
            self._grants.clear()

    def check(self, authorization: str | None, wanted: frozenset[str]) -> Grant:
        """What the header's live token opens, refused without a wanted scope (RFC 6750, section 3.1)."""
        scheme, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token) if scheme.lower() == "bearer" else None
        if grant is None or grant.expires <= time.time():
            raise Refused(401, "A valid bearer token is required", {"WWW-Authenticate": "Bearer"})
        if not grant.scopes & wanted:
            challenge = f'Bearer error="insufficient_scope", scope="{" ".join(sorted(wanted))}"'
            raise Refused(403, "The token lacks the scope of this service", {"WWW-Authenticate": challenge})
        return grant


class RegistrationTokens:
    """Tokens an administrator hands to a tool: an hour, one registration."""

    def __init__(self) -> None:
        self._open: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self) -> str:
        """A new token."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._open[token] = time.time() + _REGISTRATION_LIFETIME
        return token

    def is_open(self, token: str) -> bool:
        """Whether a token may still serve."""
        return self._open.get(token, 0.0) > time.time()

    def use(self, token: str) -> bool:
        """Spend a token; false when it is unknown, expired or already spent."""
        with self._lock:
            return self._open.pop(token, 0.0) > time.time()


def granted_scopes(form: Mapping[str, str], allowed: Collection[str]) -> frozenset[str]:
    """The scopes to grant; those not ``allowed`` are dropped without a word, as Moodle does."""
    scopes = frozenset(form.get("scope", "").split()) & frozenset(allowed)
    if not scopes:
        raise TokenRefused("invalid_scope", "No known scope was asked for")
    return scopes


def check_request(form: Mapping[str, str]) -> None:
    """Refuse another kind of token request than the one LTI uses."""
    if form.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "grant_type is client_credentials")
    if form.get("client_assertion_type") != JWT_BEARER:
        raise TokenRefused("invalid_request", f"client_assertion_type is {JWT_BEARER}")


def read_assertion(form: Mapping[str, str], tool: Tool, token_url: str, now: float) -> dict[str, Any]:
    """The claims of the client's assertion, verified with the tool's published keys (RFC 7523, section 3).

    ``now`` is the platform's own idea of the time: a wrong clock refuses sound assertions, as in life.
    """
    assertion = form.get("client_assertion", "")
    try:
        key = key_of(assertion, fetch_keys(tool.jwks_url))
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key.key,
            algorithms=["RS256"],
            audience=token_url,
            issuer=tool.client_id,
            subject=tool.client_id,
            # PyJWT knows the machine's clock alone; check_times reads the platform's.
            options={
                "require": ["iss", "sub", "aud", "exp", "iat", "jti"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError as error:
        raise TokenRefused("invalid_client", f"The assertion is refused: {error}") from error
    check_times(claims, now)
    if claims["exp"] - claims["iat"] > _LONGEST_ASSERTION:
        raise TokenRefused("invalid_client", "The assertion lives longer than an hour")
    return claims


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """Refuse a tool's token that is not of this moment, by the platform's clock and within a minute."""
    begin, end = claims["iat"], claims["exp"]
    if not isinstance(begin, int | float) or not isinstance(end, int | float):
        raise TokenRefused("invalid_client", "iat and exp are numbers of seconds")
    if end + _LEEWAY <= now or begin - _LEEWAY > now:
        raise TokenRefused("invalid_client", "The token is expired, or not yet made, by the platform's clock")


def claimed_client(form: Mapping[str, str]) -> str:
    """Who an assertion says it comes from, before anything of it is verified."""
    try:
        issuer = jwt.decode(form.get("client_assertion", ""), options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError as error:
        raise TokenRefused("invalid_client", f"The assertion is refused: {error}") from error
    return issuer if isinstance(issuer, str) else ""


def fetch_keys(url: str) -> dict[str, Any]:
    """The tool's key set, fetched each time and synchronously, as Moodle does."""
    try:
        # The loopback is never behind a proxy, whatever the environment says.
        answer = httpx.get(url, timeout=10, trust_env=False).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise TokenRefused("invalid_client", f"The tool's keys at {url} cannot be read: {error}") from error
    if not isinstance(answer, dict):
        raise TokenRefused("invalid_client", f"The tool's keys at {url} are no key set")
    return answer


def key_of(assertion: str, keys: dict[str, Any]) -> jwt.PyJWK:
    """The key of a set that a token's header names."""
    kid = jwt.get_unverified_header(assertion).get("kid")
    for key in jwt.PyJWKSet.from_dict(keys).keys:
        if kid is not None and key.key_id == kid and key.public_key_use in {None, "sig"}:
            return key
    raise TokenRefused("invalid_client", f"No published key is named {kid!r}")
