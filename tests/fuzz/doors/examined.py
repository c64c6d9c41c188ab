"""What answers when an administrator examines a connection or the service from outside."""

import json
from types import SimpleNamespace
from typing import Any

import httpx

from lms.config import Config
from lms.doctor.outside import public
from lms.lti import checks
from tests.fuzz.doors.platforms import KEYS, OURS
from tests.fuzz.target import Target


def _answer(content: bytes) -> httpx.Response:
    """An answer whose date and body are the two parts of that content."""
    date, _line, body = content.partition(b"\n")
    return httpx.Response(200, headers=[(b"Date", date.replace(b"\r", b" "))], content=body)


def _examined(content: bytes) -> None:
    answer = _answer(content)
    outbound: Any = SimpleNamespace(outbound=SimpleNamespace(request=lambda *_said, **_more: answer))
    checks._answers(outbound, OURS)
    public(Config(), lambda _url: answer)


def _seeds() -> list[bytes]:
    date = b"Fri, 27 Nov 2026 05:00:00 +0200\n"
    ready = {"checks": {"database": True, "migrations": True, "keys": False}}
    return [date + json.dumps(each).encode() for each in (KEYS, ready)]


TARGETS = [Target("examined connection", _examined, (), _seeds, ("lms.lti.checks", "lms.doctor.outside"))]
