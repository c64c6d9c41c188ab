"""The id of the request under way: on its log lines and its answer, with the jobs it promises and the calls they make.

It is also the reference that error pages show. It is random: it says nothing of who asked.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Where proxies put it, where our answers give it back and our calls to platforms carry it.
HEADER = "X-Request-ID"
#: Hexadecimal digits and dashes alone, as nginx, Traefik and Envoy make them: no name, address or line break fits in.
_WELL_FORMED = re.compile(r"[0-9A-Fa-f](?:[0-9A-Fa-f-]{6,62})[0-9A-Fa-f]")

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def new() -> str:
    """Another id: 48 random bits, short enough to be read out on the telephone."""
    return secrets.token_hex(6).upper()


def accepted(said: str | None) -> str | None:
    """The id that a proxy gave, if it is well formed."""
    return said if said is not None and _WELL_FORMED.fullmatch(said) else None


def current() -> str | None:
    """The id under way; None outside any request and any job that one promised."""
    return _current.get()


@contextmanager
def during(request_id: str | None) -> Iterator[None]:
    """Let what happens in this block, and in this thread alone, bear that id; with None, none."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)
