"""What the provider publishes, its configuration and its keys: read at its own addresses, and kept for a while."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from lms.lti.http import Outbound
from lms.oidc.model import Client, Metadata, OidcError, spoken

#: How long what was read serves without asking again, and how long when the provider no longer answers, in seconds.
FRESH = 3600.0
STALE = 24 * 3600.0
#: A key that is not known asks again at most so often, in seconds.
REFETCH = 60.0
#: How long a failure stands for those who come right after, so that they do not wait one after the other, in seconds.
PAUSE = 5.0
#: Smallest RSA key believed, in bits.
SMALLEST = 2048

T = TypeVar("T")


@dataclass(frozen=True)
class PublicKey:
    """A signature key of the provider: its id and its algorithm, None where it does not say."""

    kid: str | None
    algorithm: str | None
    key: RSAKey | ECKey


class Published:
    """The configuration and the keys of one provider, shared by the threads of a process."""

    def __init__(self, outbound: Outbound, client: Client) -> None:
        self._outbound, self._client = outbound, client
        self._metadata, self._keys = _Kept(self._read_metadata), _Kept(self._read_keys)

    def metadata(self) -> Metadata:
        """The provider's configuration. Raises ``OidcError``: it cannot be had, or cannot be used."""
        return self._metadata.get()

    def keys(self) -> list[PublicKey]:
        """The provider's keys. Raises ``OidcError``."""
        return self._keys.get()

    def newer_keys(self) -> list[PublicKey]:
        """The provider's keys, asked for again unless that was done a moment ago. Raises ``OidcError``."""
        return self._keys.get(REFETCH)

    def _read_metadata(self) -> Metadata:
        url = self._client.issuer.rstrip("/") + "/.well-known/openid-configuration"
        with spoken():
            return read_metadata(self._json(url), self._client.issuer, self._outbound.check_spelling)

    def _read_keys(self) -> list[PublicKey]:
        with spoken():
            return read_keys(self._json(self.metadata().jwks_url))

    def _json(self, url: str) -> Any:
        return self._outbound.json("GET", url, headers={"Accept": "application/json"})


class _Kept(Generic[T]):
    """A document kept once read. One request asks at a time; those that come meanwhile get what it found."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read, self._turn = read, threading.Lock()
        self._value: T | None = None
        self._read_at = self._failed_at = float("-inf")
        self._failure: OidcError | None = None

    def get(self, within: float = FRESH) -> T:
        """What was read less than ``within`` seconds ago, else what is read now, else what was known."""
        with self._turn:
            now = time.monotonic()
            if self._value is not None and now - self._read_at < within:
                return self._value
            if self._failure is None or now - self._failed_at >= PAUSE:
                try:
                    self._value, self._read_at, self._failure = self._read(), now, None
                except OidcError as error:
                    self._failure, self._failed_at = error, time.monotonic()
            if self._failure is not None and (self._value is None or now - self._read_at >= STALE):
                raise OidcError(self._failure.cause, self._failure.detail)
            assert self._value is not None
            return self._value


def read_metadata(document: Any, issuer: str, check: Callable[[str], object]) -> Metadata:
    """The configuration of that issuer, each of its addresses one that ``check`` takes for well written.

    Where those that we call lead is checked when they are called. Raises ``OidcError``: another issuer's (``issuer``),
    something missing (``metadata``).
    """
    if not isinstance(document, dict):
        raise OidcError("metadata", "it is no JSON object")
    if document.get("issuer") != issuer:
        raise OidcError("issuer", "the configuration is another issuer's")

    def address(name: str) -> str:
        url = document.get(name)
        if not isinstance(url, str) or not url.isascii() or not url.isprintable() or "#" in url:
            raise OidcError("metadata", name)
        check(url)
        return url

    methods = document.get("token_endpoint_auth_methods_supported")
    return Metadata(
        authorization_url=address("authorization_endpoint"),
        token_url=address("token_endpoint"),
        jwks_url=address("jwks_uri"),
        userinfo_url=address("userinfo_endpoint") if "userinfo_endpoint" in document else None,
        end_session_url=address("end_session_endpoint") if "end_session_endpoint" in document else None,
        posts_secret=isinstance(methods, list) and "client_secret_post" in methods,
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(document: Any) -> list[PublicKey]:
    """The RSA and P-256 signature keys of a key set (RFC 7517); the others are left out, symmetric ones first of all.

    Raises ``OidcError``.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise OidcError("key_set_malformed")
    return [key for each in keys if isinstance(each, dict) and (key := _key(each)) is not None]


def _key(given: dict[str, Any]) -> PublicKey | None:
    kid, algorithm = given.get("kid"), given.get("alg")
    if given.get("use", "sig") != "sig" or not isinstance(kid, str | None) or not isinstance(algorithm, str | None):
        return None
    try:
        if given.get("kty") == "RSA":
            rsa = RSAKey.import_key({name: given[name] for name in ("kty", "n", "e")})
            return PublicKey(kid, algorithm, rsa) if rsa.public_key.key_size >= SMALLEST else None
        if given.get("kty") == "EC" and given.get("crv") == "P-256":
            return PublicKey(kid, algorithm, ECKey.import_key({name: given[name] for name in ("kty", "crv", "x", "y")}))
    except (JoseError, KeyError, TypeError, ValueError):
        return None
    return None
