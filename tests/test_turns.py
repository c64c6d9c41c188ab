"""Turns of a web process: what waits for a network takes none, and what is cut never comes in."""

import errno
from collections.abc import Iterator
from io import BytesIO
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import create_environ

from lms import turns
from lms.app import FORM_ROOM, largest_body
from lms.turns import HELD, Turns


def asked(body: Any = b"", length: int | None = None, **more: Any) -> dict[str, Any]:
    """A request: its body, or what is read for one; ``length``: what it announces."""
    environ = create_environ(method="POST", environ_overrides=more)
    environ["wsgi.input"] = BytesIO(body) if isinstance(body, bytes) else body
    environ["CONTENT_LENGTH"] = str(len(body) if length is None else length)
    return environ


def answered(served: Turns, environ: dict[str, Any]) -> tuple[str, bytes]:
    """(status, body) of an answer, read to its end and closed."""
    said = list[str]()
    answer = served(environ, lambda status, _headers: said.append(status))  # type: ignore[arg-type, return-value]
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return said[0], body


def echo(environ: Any, start: Any) -> list[bytes]:
    """Gives back what it is sent."""
    start("200 OK", [])
    return [environ["wsgi.input"].read()]


class Coming:
    """A body of which the first half is here, and the rest comes once somebody says so."""

    def __init__(self) -> None:
        self.awaited, self.arrived, self._halves = Event(), Event(), iter([b"half ", b"whole"])

    def read(self, _size: int) -> bytes:
        half = next(self._halves, b"")
        if half == b"whole":
            self.awaited.set()
            assert self.arrived.wait(60)
        return half


def test_what_comes_slowly_takes_no_turn() -> None:
    served, coming, found = Turns(echo, lambda _asked: 1000, at_once=1), Coming(), list[tuple[str, bytes]]()
    slow = Thread(target=lambda: found.append(answered(served, asked(coming, 10))))
    slow.start()
    assert coming.awaited.wait(60)
    assert answered(served, asked(b"quick")) == ("200 OK", b"quick")
    coming.arrived.set()
    slow.join(60)
    assert found == [("200 OK", b"half whole")]


def test_only_so_many_are_worked_on_at_once() -> None:
    inside, out, most, now = Event(), Event(), 0, 0

    def works(environ: Any, start: Any) -> list[bytes]:
        nonlocal most, now
        now += 1
        most = max(most, now)
        inside.set()
        assert out.wait(60)
        now -= 1
        return echo(environ, start)

    served = Turns(works, lambda _asked: 1000, at_once=1)
    threads = [Thread(target=answered, args=(served, asked(b"x"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert inside.wait(60)
    out.set()
    for thread in threads:
        thread.join(60)
    assert most == 1


def test_what_leaves_slowly_takes_no_turn_and_is_let_go_of() -> None:
    closed = list[str]()

    class Large:
        def __iter__(self) -> Iterator[bytes]:
            return (b"x" * (HELD + 1) for _ in range(3))

        def close(self) -> None:
            closed.append("closed")

    def large(_environ: Any, start: Any) -> Large:
        start("200 OK", [])
        return Large()

    served = Turns(large, lambda _asked: 1000, at_once=1)
    first = served(asked(), lambda *_said: None)  # type: ignore[arg-type, return-value]
    pieces = iter(first)
    assert len(next(pieces)) == HELD + 1
    assert answered(served, asked())[0] == "200 OK"  # meanwhile nobody reads the first one
    assert closed == ["closed"]
    assert sum(map(len, pieces)) == 2 * (HELD + 1)
    first.close()  # type: ignore[attr-defined]
    assert closed == ["closed", "closed"]


@pytest.mark.parametrize("size", [100, HELD + 100])
def test_what_was_cut_never_comes_in(size: int) -> None:
    came = list[Any]()
    served = Turns(lambda environ, start: came.append(environ) or echo(environ, start), lambda _asked: 10**7)
    assert answered(served, asked(b"x" * (size - 1), size)) == ("400 Bad Request", b"")
    assert came == []
    assert answered(served, asked(b"x" * size)) == ("200 OK", b"x" * size)


def test_what_is_too_large_is_left_unread_to_be_refused() -> None:
    served = Turns(lambda environ, start: start("413 Too large", []) or [], lambda _asked: 10)
    assert answered(served, asked(object(), 11)) == ("413 Too large", b"")  # nothing there to read


def test_what_announces_no_length_comes_up_to_one_byte_too_many() -> None:
    served = Turns(echo, lambda _asked: 10)
    unannounced = {"HTTP_TRANSFER_ENCODING": "chunked"}
    assert answered(served, asked(BytesIO(b"x" * 30), 0, **unannounced)) == ("200 OK", b"x" * 11)
    assert answered(served, asked(BytesIO(b"few"), 0, **unannounced)) == ("200 OK", b"few")


def test_a_full_disk_is_told_by_the_page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(BytesIO):
        def write(self, _piece: Any) -> int:
            raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(turns, "SpooledTemporaryFile", lambda _held: Full())
    form = b"email=" + b"x" * (HELD + 1)
    environ = asked(form, PATH_INFO="/account/login", CONTENT_TYPE="application/x-www-form-urlencoded")
    status, page = answered(Turns(app, largest_body(app)), environ)
    assert status.startswith("503")
    assert "plus de place" in page.decode()


def test_each_page_takes_what_it_says(app: Flask) -> None:
    largest, usual = largest_body(app), app.config["MAX_CONTENT_LENGTH"]
    uploads = app.extensions["uploads"]
    assert largest({"CONTENT_LENGTH": "5"}) == usual
    asking = {"CONTENT_LENGTH": str(usual + 1)}
    assert largest(create_environ("/hr/imports/new", method="POST") | asking) == uploads["hr_imports.new"] + FORM_ROOM
    assert largest(create_environ("/nowhere", method="POST") | asking) == usual
    assert largest(create_environ("/account/login", method="POST") | asking) == usual
