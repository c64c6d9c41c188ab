"""Hosts: on which a platform's services may be, and how two addresses are compared."""

from functools import lru_cache
from urllib.parse import urlencode, urlsplit, urlunsplit

from lms.lti.model import LtiError, Registration

_PORTS = {"https": 443, "http": 80}


@lru_cache(4096)
def host_of(url: str) -> str:
    """Host and port of a web address, in one spelling (« lms.example:443 »); empty when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return ""
    return "" if not parts.hostname or parts.username else f"{parts.hostname}:{port}"


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as browsers write an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_query(url: str, **parameters: str) -> str:
    """The address with more parameters; those it has stay as they are, letter for letter."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(parameters))))))


def known_hosts(registration: Registration) -> frozenset[str]:
    """The hosts of a registration's own addresses, and those an administrator added (https unless a port is named)."""
    own = (registration.issuer, registration.auth_url, registration.token_url, registration.jwks_url)
    added = (host if ":" in host else f"{host}:443" for host in registration.hosts)
    return frozenset(filter(None, (*map(host_of, own), *added)))


def on_known_host(url: str, registration: Registration, name: str) -> str:
    """``url``, unless it is on a host this platform is not known by: ``LtiError`` then names what it was for.

    A bearer token or a signed answer sent there would be given to a stranger (LTI.md C33, D2, S1).
    """
    if host_of(url) not in known_hosts(registration):
        raise LtiError("foreign_address", name)
    return url
