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
from lms.devlms.settings import DevLmsSettings
from lms.devlms.vocabulary import JWT_BEARER

_LONGEST_ASSERTION: Final = 3600
_LEEWAY: Final = 60


@dataclass(frozen=True, slots=True)
class Grant:
    """What a bearer token opens, and until when."""

    scopes: frozenset[str]
    expires: float


class Tokens:
    """Tokens in memory only: after a restart the tool meets 401 and asks again, as it must know how to."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._lock = threading.Lock()

    def issue(self, scopes: frozenset[str], seconds: int) -> str:
        """A new token for these scopes, for that long."""
        token, now = secrets.token_urlsafe(32), time.time()
        with self._lock:
            self._grants = {key: grant for key, grant in self._grants.items() if grant.expires > now}
            self._grants[token] = Grant(scopes, now + seconds)
        return token

    def revoke_all(self) -> None:
        """Forget every token, to see the tool renew its own."""
        with self._lock:
            self._grants.clear()

    def check(self, authorization: str | None, wanted: frozenset[str]) -> None:
        """Refuse unless the header bears a live token with a wanted scope (RFC 6750, section 3.1)."""
        scheme, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token) if scheme.lower() == "bearer" else None
        if grant is None or grant.expires <= time.time():
            raise Refused(401, "A valid bearer token is required", {"WWW-Authenticate": "Bearer"})
        if not grant.scopes & wanted:
            challenge = f'Bearer error="insufficient_scope", scope="{" ".join(sorted(wanted))}"'
            raise Refused(403, "The token lacks the scope of this service", {"WWW-Authenticate": challenge})


def granted_scopes(form: Mapping[str, str], allowed: Collection[str]) -> frozenset[str]:
    """The scopes to grant; those not ``allowed`` are dropped without a word, as Moodle does."""
    scopes = frozenset(form.get("scope", "").split()) & frozenset(allowed)
    if not scopes:
        raise TokenRefused("invalid_scope", "No known scope was asked for")
    return scopes


def read_assertion(form: Mapping[str, str], settings: DevLmsSettings, token_url: str, now: float) -> dict[str, Any]:
    """The claims of the client's assertion, verified with the tool's published keys (RFC 7523, section 3).

    ``now`` is the platform's own idea of the time: a wrong clock refuses sound assertions, as in life.
    """
    if form.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "grant_type is client_credentials")
    if form.get("client_assertion_type") != JWT_BEARER:
        raise TokenRefused("invalid_request", f"client_assertion_type is {JWT_BEARER}")
    assertion = form.get("client_assertion", "")
    try:
        key = _key_of(assertion, fetch_keys(settings.tool_jwks_url))
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key.key,
            algorithms=["RS256"],
            audience=token_url,
            issuer=settings.client_id,
            subject=settings.client_id,
            options={
                "require": ["iss", "sub", "aud", "exp", "iat", "jti"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError as error:
        raise TokenRefused("invalid_client", f"The assertion is refused: {error}") from error
    begin, end = claims["iat"], claims["exp"]
    if not isinstance(begin, int | float) or not isinstance(end, int | float):
        raise TokenRefused("invalid_client", "iat and exp are numbers of seconds")
    if end + _LEEWAY <= now or begin - _LEEWAY > now:
        raise TokenRefused("invalid_client", "The assertion is expired, or not yet made, by the platform's clock")
    if end - begin > _LONGEST_ASSERTION:
        raise TokenRefused("invalid_client", "The assertion lives longer than an hour")
    return claims


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


def _key_of(assertion: str, keys: dict[str, Any]) -> jwt.PyJWK:
    kid = jwt.get_unverified_header(assertion).get("kid")
    for key in jwt.PyJWKSet.from_dict(keys).keys:
        if kid is not None and key.key_id == kid and key.public_key_use in {None, "sig"}:
            return key
    raise TokenRefused("invalid_client", f"No published key is named {kid!r}")
