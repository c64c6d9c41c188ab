"""The one client for every outbound call (LTI.md R10): https, public addresses, bounded time and size."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpcore
import httpx
import structlog

from lms import request_ids
from lms.lti.model import LtiError
from lms.models.clock import utcnow
from lms.tls import verifying

log = structlog.get_logger()

USER_AGENT = "manager-public-ia"
#: How long to connect, to send and to receive the next part may take, and to wait for a free connection, in seconds.
TIMEOUT = {"connect": 5.0, "read": 10.0, "write": 10.0, "pool": 10.0}
#: Longest time for a whole answer, in seconds: one that comes drop by drop never times out otherwise.
DEADLINE = 30.0
#: Longest time for an answer that may be larger than ``LIMIT``, in seconds.
LARGE_DEADLINE = 300.0
#: Largest answer read, in bytes, unless a larger one is expected; also the most that is kept in memory.
LIMIT = 2_000_000
#: No platform is left alone for longer, whatever it asks.
LONGEST_WAIT = timedelta(days=1)
_ALWAYS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
_FAILURES = (
    httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable, httpx.InvalidURL, UnicodeError,
)  # fmt: skip
#: Where networks without IPv4 reach it (RFC 6052): the last 32 bits are the address reached.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: How much of an answer kept on disk is read at a time, in bytes.
PIECE = 65_536


#: The certificates trusted, read once: httpcore says in it that it speaks HTTP, which mail must not.
_trusting = lru_cache(4)(verifying)


class Outbound:
    """Calls to platforms. Hosts of ``allowed_hosts`` may be private or served over http (intranets, tests).

    ``authorities``: a file of those that may certify them beside the known ones (``lms.tls.verifying``).
    """

    def __init__(self, allowed_hosts: tuple[str, ...] = (), authorities: Path = Path()) -> None:
        self.allowed_hosts, self.timeout = frozenset(allowed_hosts), TIMEOUT
        # One floor below httpx's client, which would take twice the time of the rest around every score.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusting(authorities), max_connections=100, max_keepalive_connections=20,
            keepalive_expiry=30, network_backend=_CheckedNetwork(self._addresses),
        )  # fmt: skip

    def close(self) -> None:
        """Close kept connections."""
        self._pool.close()

    def check(self, url: str) -> None:
        """Refuse an address that is neither public https nor on an allowed host; ``LtiError`` says why."""
        host, port = self._spelled(url)
        if not self._allowed(host, port):
            self._addresses(host, port)

    def check_spelling(self, url: str) -> None:
        """Refuse an address that is not written as one that may be called, wherever it leads; ``LtiError`` says why."""
        self._spelled(url)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
        limit: int = LIMIT,
    ) -> httpx.Response:
        """The answer, read whole up to ``limit`` bytes; ``LtiError`` when the platform cannot be reached.

        It is read as it came, unless ``headers`` ask for an encoding. One that is larger than ``LIMIT`` waits on disk:
        it is a stream (``iter_bytes``), to be read once or closed.
        """
        self._spelled(url)
        end = time.monotonic() + (DEADLINE if limit <= LIMIT else LARGE_DEADLINE)
        said = {**_ALWAYS, **(headers or {})}
        if (request_id := request_ids.current()) is not None:
            # So that the administrators of both sides find one call in both logs. It is random, and tells nothing else.
            said[request_ids.HEADER] = request_id
        began, status, cause = time.monotonic(), None, None
        if data is not None:
            content, said["Content-Type"] = urlencode(data).encode(), "application/x-www-form-urlencoded"
        try:
            where, host = _where(url)
            raw = [(b"Host", host), *((name.encode(), value.encode()) for name, value in said.items())]
            asked = self._pool.stream(method, where, headers=raw, content=content, extensions={"timeout": self.timeout})
            with asked as answer:
                status = answer.status
                body = _Body(answer.iter_stream(), limit, end)
                told = answer.headers if headers and "Accept-Encoding" in headers else _plain(answer)
                if body.size > LIMIT:
                    return httpx.Response(answer.status, headers=told, stream=body)
                with closing(body):
                    return httpx.Response(answer.status, headers=told, content=b"".join(body))
        except _FAILURES as error:
            # What httpcore was told: a certificate that is not known is not a network that is down.
            within = error.args[0] if error.args and isinstance(error.args[0], ssl.SSLError) else error
            cause = type(within).__name__
            raise LtiError("unreachable", cause) from error
        except LtiError as error:
            cause = error.cause
            raise
        finally:
            # The host alone: paths name courses and people.
            ms = round((time.monotonic() - began) * 1000, 1)
            log.info("call", method=method, host=urlsplit(url).hostname, status=status, cause=cause, ms=ms)

    def json(self, method: str, url: str, **options: Any) -> Any:
        """The JSON of a 2xx answer; ``LtiError`` otherwise."""
        answer = self.request(method, url, **options)
        if not answer.is_success:
            raise LtiError("answer_status", str(answer.status_code))
        try:
            return answer.json()
        except (ValueError, RecursionError) as error:
            raise LtiError("answer_not_json") from error

    def _spelled(self, url: str) -> tuple[str, int]:
        """(host, port) of an address written as one that may be called."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
        except ValueError as error:
            raise LtiError("address_refused", "this is no web address") from error
        if not self._allowed(host, port) and (parts.scheme != "https" or not host or parts.username):
            raise LtiError("address_refused", "only https addresses are called")
        return host, port

    def _allowed(self, host: str, port: int) -> bool:
        return host in self.allowed_hosts or f"{host}:{port}" in self.allowed_hosts

    def _addresses(self, host: str, port: int) -> list[str]:
        """Where a name leads, each address fit to be called. Asked when connecting, so that it cannot change after."""
        try:
            found = list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port)))
        except (OSError, UnicodeError) as error:
            raise LtiError("address_unknown", "the host name does not resolve") from error
        if not self._allowed(host, port) and not all(_public(ipaddress.ip_address(address)) for address in found):
            raise LtiError("address_private", "the host is on a private network")
        return found


class _Body(httpx.SyncByteStream):
    """The body of an answer, read whole: in memory up to ``LIMIT``, in a temporary file beyond."""

    def __init__(self, parts: Iterable[bytes], limit: int, end: float) -> None:
        self.size = 0
        self._file = SpooledTemporaryFile(max_size=LIMIT)  # noqa: SIM115 - closed with the answer
        try:
            for part in parts:
                self.size += len(part)
                if self.size > limit:
                    raise LtiError("answer_too_large")
                if time.monotonic() > end:
                    raise LtiError("unreachable", "the answer takes too long")
                self._file.write(part)
        except BaseException:
            self._file.close()
            raise
        self._file.seek(0)

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._file.read(PIECE):
            yield piece

    def close(self) -> None:
        self._file.close()


def retry_after(answer: httpx.Response) -> timedelta | None:
    """How long a platform asks to be left alone, in seconds or until a date (RFC 9110, section 10.2.3); a day at most.

    None when it does not say.
    """
    wait = answer.headers.get("Retry-After", "")
    if wait.isascii() and wait.isdigit():
        return min(timedelta(seconds=int(wait[:9])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(wait)
    except (ValueError, OverflowError):
        return None
    moment = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(moment - utcnow(), timedelta(0)), LONGEST_WAIT)


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the public network, and so is the IPv4 address it leads to where it carries one."""
    carried = None
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.is_global and not address.is_multicast and (carried is None or _public(carried))


def _plain(answer: httpcore.Response) -> list[tuple[bytes, bytes]]:
    """Headers as bytes, for Moodle writes beyond ASCII in some; what was compressed, unasked, is not decompressed."""
    return [header for header in answer.headers if header[0].lower() != b"content-encoding"]


@lru_cache(1024)
def _where(url: str) -> tuple[httpcore.URL, bytes]:
    """An address with the accents of its host and path as the web writes them, and its ``Host`` header."""
    spelled = httpx.URL(url)
    where = httpcore.URL(
        scheme=spelled.raw_scheme, host=spelled.raw_host, port=spelled.port, target=spelled.raw_path
    )  # fmt: skip
    return where, spelled.netloc


class _CheckedNetwork(httpcore.NetworkBackend):
    """TCP to the very addresses that were checked: a name that changes its mind in between gains nothing.

    TLS still proves the name: it is asked of whoever answers there.
    """

    def __init__(self, addresses: Callable[[str, int], list[str]]) -> None:
        self._addresses, self._plain = addresses, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses(host, port):
            try:
                return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure
