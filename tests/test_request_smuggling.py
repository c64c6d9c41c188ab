"""Messages that a proxy and the service could understand differently, through the proxy that ships (RFC 9112, 11.2).

Where the proxy takes for a body what the service takes for another request, that one comes past whatever the proxy
checks, and is believed as if the proxy had said who asks. It is run with the file that ships, before the server of
production.
"""

from collections.abc import Iterator
from threading import Event

import pytest

from tests.heard_in_test import ASKER, Listener, Request
from tests.proxies_in_test import BesideServices, Proxy

#: Another request, where a body may be.
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\r\n\r\n"
CARRIER = b"POST /carrier HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
EMPTY = b"0\r\n\r\n"


def of(length: int) -> bytes:
    return b"Content-Length: %d" % length


def message(*headers: bytes, body: bytes = b"", first: bytes = CARRIER) -> bytes:
    return first + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body + HIDDEN


#: Two lengths, or a length that one may read otherwise than another.
LENGTHS = {
    "the length before the chunks": message(of(4), CHUNKED, body=EMPTY),
    "the chunks before the length": message(CHUNKED, of(5), body=EMPTY),
    "a short length and a chunk": CARRIER + of(3) + b"\r\n" + CHUNKED + b"\r\n\r\n%x\r\n" % len(HIDDEN) + HIDDEN
    + b"\r\n" + EMPTY,
    "none, then one": message(of(0), of(len(HIDDEN))),
    "one, then none": message(of(len(HIDDEN)), of(0)),
    "both in one": message(b"Content-Length: 0, %d" % len(HIDDEN)),
    **{
        f"a length written {length!r}": message(b"Content-Length: " + length)
        for length in (
            b"+0", b"-1", b"0x0", b"00", b"0 0", b"\x0b0", b"0\x00", b"1_0", b"", b"0.0", b"9" * 26, "٠".encode(),
        )
    },
}  # fmt: skip
#: Those that may be misunderstood: « 00 » is none, for everybody.
MISTAKEN = {name: sent for name, sent in LENGTHS.items() if "b'00'" not in name}
#: Ways of saying « in chunks », beside a length and alone.
ENCODINGS = {
    f"{encoding!r}, {said}": message(*lengths, encoding, body=EMPTY)
    for encoding in (
        b"Transfer-Encoding: xchunked", b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding:\tchunked", b"Transfer-Encoding:\x0bchunked",
        b"tRANSFER-eNCODING: cHUNKED", b"Transfer-Encoding:\r\n chunked", b"X: y\nTransfer-Encoding: chunked",
        b"X: y\rTransfer-Encoding: chunked", b"Transfer_Encoding: chunked", b'Transfer-Encoding: "chunked"',
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked ", b"Transfer-Encoding: chunked\x00", b" Transfer-Encoding: chunked",
    )
    for said, lengths in (("and a length", [of(len(EMPTY + HIDDEN))]), ("alone", []))
}  # fmt: skip
#: Chunks that one may end elsewhere than another.
CHUNKS = {
    repr(body): message(CHUNKED, body=body)
    for body in (
        b"5\nhello\n0\n\n", b"5;a=b\r\nhello\r\n0\r\n\r\n", b"5;\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"10000000000000005\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n", b"5\rhello\r\n0\r\n\r\n",
    )
}  # fmt: skip
READ = b"GET /carrier HTTP/1.1\r\nHost: 127.0.0.1\r\n"
OTHERS = {
    "a page asked for with a body": message(of(len(HIDDEN)), first=READ),
    "no length": message(),
    "ends of line alone": READ.replace(b"\r", b"") + b"\n" + HIDDEN,
    "chunks in HTTP/1.0": message(
        CHUNKED, b"Connection: keep-alive", body=EMPTY, first=CARRIER.replace(b"1.1", b"1.0")
    ),
    "a length that is not to be passed on": message(of(len(HIDDEN)), b"Connection: Content-Length"),
    "chunks that are not to be passed on": message(CHUNKED, b"Connection: Transfer-Encoding", body=EMPTY),
    "a change of protocol": message(
        b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", first=READ
    ),
    "two hosts": message(b"Host: evil.example", first=READ),
    "a line in the address": message(first=READ.replace(b"/carrier", b"/carrier%0d%0aX:y")),
}
AMBIGUOUS = LENGTHS | ENCODINGS | CHUNKS | OTHERS


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with Listener(tmp_path_factory.mktemp("listener")) as started:
        yield started


@pytest.fixture(scope="module")
def proxy(listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Before that service alone, which it knows as both of its two."""
    with BesideServices(tmp_path_factory.mktemp("proxy"), listener.port, listener.port) as started:
        yield started


def not_passed_on(listener: Listener, already: int) -> list[Request]:
    return [request for request in listener.heard()[already:] if not request.passed_on]


@pytest.mark.parametrize("sent", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_nothing_comes_past_the_proxy(proxy: Proxy, listener: Listener, sent: bytes) -> None:
    """And who asks next is answered what they asked."""
    already = len(listener.heard())
    proxy.spoken(sent)
    with proxy.browser() as browser:
        assert browser.post("/mine", content=b"what I said").text == "POST /mine what I said"
    assert not_passed_on(listener, already) == []


@pytest.mark.parametrize("sent", MISTAKEN.values(), ids=MISTAKEN)
def test_the_server_keeps_no_connection_that_it_may_misunderstand(listener: Listener, sent: bytes) -> None:
    """By itself: whatever is in front of it asks nothing more there."""
    already = len(listener.heard())
    answered = listener.spoken(sent)
    listener.spoken(b"GET /after HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    *carried, after = [request.path for request in listener.heard()[already:]]
    assert after == "/after"
    assert carried in ([], ["/carrier"])
    assert answered.startswith(b"HTTP/1.1 400") == (not carried)


def test_a_request_in_the_body_of_another_would_be_seen(listener: Listener) -> None:
    """What the tests above look for, where nothing is in front."""
    already = len(listener.heard())
    listener.spoken(message(CHUNKED, body=EMPTY).replace(b"X-A: b", b"Connection: close"))
    while len(heard := not_passed_on(listener, already)) < 2:
        Event().wait(0.01)
    assert [request.path for request in heard] == ["/carrier", "/hidden"]


def test_names_with_underscores_are_not_taken_for_the_proxys_own(proxy: Proxy, listener: Listener) -> None:
    """``X_Forwarded_For`` is ``X-Forwarded-For`` to the service, as WSGI names both alike (PEP 3333)."""
    forged = (
        "X_Forwarded_For",
        "X-Forwarded_For",
        "x_forwarded_for",
        "X_Forwarded_Proto",
        "X_Forwarded_Host",
        "X_Real_IP",
    )
    with proxy.browser() as browser:
        browser.get("/x", headers=[(name, "evil.example") for name in forged])
    heard = listener.heard()[-1]
    assert "evil.example" not in heard.headers.values()
    assert (heard.headers["HTTP_X_FORWARDED_FOR"], heard.headers["HTTP_X_FORWARDED_PROTO"]) == (ASKER, "https")


POSTED = [(b":method", b"POST"), (b":scheme", b"https"), (b":authority", b"127.0.0.1"), (b":path", b"/carrier")]
#: Fields that mean another thing, or end a line, once they are written as HTTP/1.1 for the service.
TRANSLATED: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {
    "a shorter length": ([*POSTED, (b"content-length", b"0")], HIDDEN),
    "a longer length": ([*POSTED, (b"content-length", b"900")], HIDDEN),
    "two lengths": ([*POSTED, (b"content-length", b"0"), (b"content-length", b"%d" % len(HIDDEN))], HIDDEN),
    "chunks": ([*POSTED, (b"transfer-encoding", b"chunked")], EMPTY + HIDDEN),
    "chunks and a length": (
        [*POSTED, (b"content-length", b"%d" % len(EMPTY + HIDDEN)), (b"transfer-encoding", b"chunked")], EMPTY + HIDDEN,
    ),
    "a field in the value of another": ([*POSTED, (b"x", b"y\r\nTransfer-Encoding: chunked")], EMPTY + HIDDEN),
    "a field in the name of another": ([*POSTED, (b"x: y\r\ntransfer-encoding", b"chunked")], EMPTY + HIDDEN),
    "a request in a value": ([*POSTED, (b"x", b"y\r\n\r\n" + HIDDEN)], b""),
    "a request in the path": ([*POSTED[:3], (b":path", b"/carrier HTTP/1.1\r\nHost: a\r\n\r\n" + HIDDEN)], b""),
    "a request in the method": ([(b":method", HIDDEN), *POSTED[1:]], b""),
    "a request in the host": ([*POSTED[:2], (b":authority", b"127.0.0.1\r\n\r\n" + HIDDEN), POSTED[3]], b""),
    "two paths": ([*POSTED, (b":path", b"/hidden")], b""),
    "a path after fields": ([*POSTED[:3], (b"x", b"y"), POSTED[3]], b""),
    "letters that are large": ([*POSTED, (b"Transfer-Encoding", b"chunked")], EMPTY + HIDDEN),
    "a field of the connection": ([*POSTED, (b"connection", b"content-length")], HIDDEN),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "body"), TRANSLATED.values(), ids=TRANSLATED)
def test_nothing_is_hidden_by_a_change_of_version(
    proxy: Proxy, listener: Listener, fields: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """HTTP/2 comes to the proxy, HTTP/1.1 leaves it."""
    already = len(listener.heard())
    proxy.spoken_as_http2(fields, body)
    with proxy.browser() as browser:
        assert browser.post("/mine", content=b"what I said").text == "POST /mine what I said"
    assert not_passed_on(listener, already) == []
    assert {request.path for request in listener.heard()[already:]} <= {"/carrier", "/mine"}


def test_the_same_without_that_is_answered(proxy: Proxy, listener: Listener) -> None:
    answer = proxy.spoken_as_http2([*POSTED, (b"content-length", b"%d" % len(HIDDEN))], HIDDEN)
    assert answer == b"POST /carrier " + HIDDEN
    assert (listener.heard()[-1].path, listener.heard()[-1].body) == ("/carrier", HIDDEN.decode())
