"""The one client for every outbound call (LTI.md R10): https, public addresses, bounded time and size."""

import ipaddress
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from lms.lti.model import LtiError

USER_AGENT = "manager-public-ia"
TIMEOUT = httpx.Timeout(10, connect=5)
#: Longest time for a whole answer, in seconds: one that comes drop by drop never times out otherwise.
DEADLINE = 30.0
#: Largest answer read, in bytes.
LIMIT = 2_000_000


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


class Outbound:
    """Calls to platforms. Hosts of ``allowed_hosts`` may be private or served over http (intranets, tests)."""

    def __init__(self, allowed_hosts: tuple[str, ...] = ()) -> None:
        self.allowed_hosts = frozenset(allowed_hosts)
        self._client = httpx.Client(
            timeout=TIMEOUT, follow_redirects=False, headers={"User-Agent": USER_AGENT}, trust_env=False
        )

    def close(self) -> None:
        """Close kept connections."""
        self._client.close()

    def check(self, url: str) -> None:
        """Refuse an address that is neither public https nor on an allowed host; ``LtiError`` says why."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 443
        except ValueError as error:
            raise LtiError("address_refused", "this is no web address") from error
        if host in self.allowed_hosts or parts.netloc in self.allowed_hosts:
            return
        if parts.scheme != "https" or not host or parts.username:
            raise LtiError("address_refused", "only https addresses are called")
        try:
            found = {info[4][0] for info in socket.getaddrinfo(host, port)}
        except (OSError, UnicodeError) as error:
            raise LtiError("address_unknown", "the host name does not resolve") from error
        if not all(_public(ipaddress.ip_address(address)) for address in found):
            raise LtiError("address_private", "the host is on a private network")

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """The answer, read whole up to ``LIMIT``; ``LtiError`` when the platform cannot be reached."""
        self.check(url)
        end = time.monotonic() + DEADLINE
        try:
            with self._client.stream(method, url, headers=headers, data=data, content=content) as answer:
                body = bytearray()
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > LIMIT:
                        raise LtiError("answer_too_large")
                    if time.monotonic() > end:
                        raise LtiError("unreachable", "the answer takes too long")
                plain = httpx.Headers([h for h in answer.headers.multi_items() if h[0] != "content-encoding"])
                return httpx.Response(answer.status_code, headers=plain, content=bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LtiError("unreachable", type(error).__name__) from error

    def json(self, method: str, url: str, **options: Any) -> Any:
        """The JSON of a 2xx answer; ``LtiError`` otherwise."""
        answer = self.request(method, url, **options)
        if not answer.is_success:
            raise LtiError("answer_status", str(answer.status_code))
        try:
            return answer.json()
        except (ValueError, RecursionError) as error:
            raise LtiError("answer_not_json") from error
