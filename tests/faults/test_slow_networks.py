"""Learners on slow networks, and people who hold connections, keep nobody else from their pages."""

from collections.abc import Iterator
from contextlib import ExitStack
from socket import create_connection, socket

import httpx
import pytest

from lms.config import Config
from lms.turns import AT_ONCE, UNDER_WAY
from tests.faults.serving_in_test import Served

#: More than the connections of before: a thousand or so were all that two web processes heard.
MANY = 1100
#: More slow forms than two web processes had threads for.
SLOW = 300


class Large(Served):
    """A server of large answers."""

    PROGRAM = ("-m", "tests.faults.slow_service")


@pytest.fixture
def served(config: Config) -> Iterator[Served]:
    with Served(config) as running:
        yield running


def open_to(server: Served, stack: ExitStack, said: bytes = b"") -> socket:
    """A connection on which that is said, and nothing more."""
    line = stack.enter_context(create_connection(("127.0.0.1", server.port)))
    line.sendall(said)
    return line


def page(server: Served, path: str) -> int:
    """The status of a page, asked on a new connection."""
    return httpx.get(server.url + path, trust_env=False, timeout=60).status_code


def test_forms_that_come_slowly_and_connections_that_rest_keep_nobody_out(served: Served) -> None:
    slow = (
        b"POST /account/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 5000\r\n\r\nemail="
    )
    with ExitStack() as stack:
        for _turn in range(SLOW):
            open_to(served, stack, slow)
        assert page(served, "/account/login") == 200
        for _turn in range(MANY):
            open_to(served, stack)
        assert page(served, "/account/login") == 200


def test_answers_that_leave_slowly_keep_nobody_out(config: Config) -> None:
    with Large(config) as served, ExitStack() as stack:
        lines = [open_to(served, stack, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(5 * AT_ONCE)]
        assert 5 * AT_ONCE < UNDER_WAY
        for line in lines:  # each is under way
            assert line.recv(12) == b"HTTP/1.1 200"
        assert page(served, "/here") == 200
