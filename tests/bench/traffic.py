"""Learners as servers meet them: what each asks and sends in one sitting, and a light way to send it for thousands.

A journey knows neither sockets nor the application: it asks (``Ask``) and is told (``Told``), so that the same one
goes over HTTP or through Flask's test client.
"""

import asyncio
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from curricula.model import Module
from tests.platform_in_test import PlatformInTest, person

TAG = re.compile(r"<(input|select|textarea|option|fieldset)\b([^>]*)>")
#: How long a connection may rest and be used again, in seconds.
IDLE = 5.0
ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')


class Ask(NamedTuple):
    """A request: the page it is one of, what is sent, the status it must get; whether the learner thinks before."""

    page: str
    path: str
    form: dict[str, str] | None = None
    status: int = 200
    thinks: bool = True
    json: bool = False


class Told(NamedTuple):
    """The answer to one."""

    status: int
    location: str
    text: str
    cookies: tuple[str, ...]


Journey = Generator[Ask, Told, None]


def journey(platform: PlatformInTest, track: str, module: Module, number: int, most: int = 100) -> Journey:
    """Enter from the platform, read the lessons of a module, answer its assessment, submit, look at the result.

    ``most``: lessons and questions at most; the others are passed by.
    """
    rng = random.Random(number)
    told = yield Ask("login", "/lti/login", platform.login_fields(), 302)
    asked = parse_qs(urlsplit(told.location).query)
    token = platform.sign(platform.claims(asked["nonce"][0], custom={"track": track}, **person(number)))
    message = {"state": asked["state"][0], "id_token": token}
    told = yield Ask("launch", "/lti/launch", message, 303, thinks=False)
    yield Ask("track", local(told.location), thinks=False)
    here = f"/learn/{track}/{module.key}"
    yield Ask("module", here)
    for lesson in module.lessons[:most]:
        told = yield Ask("lesson", f"{here}/{lesson.key}")
        yield Ask(
            "lesson read", f"{here}/{lesson.key}/read", {"csrf_token": hidden(told, "csrf_token")}, 204, json=True
        )
    told = yield Ask("assessment", f"{here}/assessment")
    csrf = hidden(told, "csrf_token")
    told = yield Ask("assessment begun", f"{here}/assessment", {"csrf_token": csrf}, 303)
    attempt = local(told.location).rpartition("/")[0]
    assert module.quiz is not None
    for place in range(1, min(module.quiz.questions, most) + 1):
        told = yield Ask("question", f"{attempt}/{place}", thinks=place > 1)
        sent = {"permission": hidden(told, "permission"), "page": f"{place:x}", "turn": "1", "shown": "0"}
        yield Ask("answer", f"{attempt}/{place}", {**sent, **answered(told.text, rng)}, json=True)
    told = yield Ask("review", f"{attempt}/review")
    told = yield Ask("submit", f"{attempt}/submit", {"csrf_token": hidden(told, "csrf_token")}, 303)
    yield Ask("result", local(told.location), thinks=False)
    yield Ask("track", f"/learn/{track}")


def local(location: str) -> str:
    """The path of an address, with what is asked there."""
    parts = urlsplit(location)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def hidden(told: Told, name: str) -> str:
    """The value of a hidden field of a page. Raises ``LookupError`` where there is none."""
    found = re.search(rf'name="{name}" value="([^"]*)"', told.text)
    if found is None:
        raise LookupError(name)
    return unescape(found[1])


def answered(page: str, rng: random.Random) -> dict[str, str]:
    """Some answer to the question of a page, whatever its type: a choice, an option of a list, a number."""
    offered: dict[str, list[str]] = defaultdict(list)
    named = ""
    for tag, written in TAG.findall(page):
        found = {name: unescape(value) for name, value in ATTRIBUTE.findall(written)}
        if tag == "option":
            if named and found.get("value"):
                offered[named].append(found["value"])
            continue
        named = found.get("name", "") if found.get("name", "").startswith("a.") else ""
        if named and tag == "input" and found.get("type") in {"radio", "checkbox"}:
            offered[named].append(found.get("value", ""))
        elif named and tag != "select":
            offered[named].append("1")
    return {name: rng.choice(values) for name, values in offered.items()}


@dataclass
class Measured:
    """Milliseconds of each request by page, and what went otherwise: (page, what) → how often."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    finished: int = 0
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        """How many were answered."""
        return sum(map(len, self.took.values()))


class Line:
    """A browser's connection that stays open, and its cookies; as cheap as it can be."""

    def __init__(self, port: int) -> None:
        self._port, self._cookies = port, dict[str, str]()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def send(self, ask: Ask) -> tuple[Told, float]:
        """The answer, and the seconds it took to be there whole. Raises ``OSError``, ``EOFError``.

        A connection that has rested is not trusted: the server ends those, as every server does.
        """
        if time.perf_counter() - self._used > IDLE:
            self.close()
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        reader, writer = self._streams
        request = self._bytes(ask)
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length, location, cookies = 0, "", list[str]()
        for line in head[1:]:
            name, _, value = line.partition(": ")
            match name.lower():
                case "content-length":
                    length = int(value)
                case "location":
                    location = value
                case "set-cookie":
                    cookies.append(value)
        body = await reader.readexactly(length)
        self._used = time.perf_counter()
        spent = self._used - began
        for cookie in cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return Told(int(head[0][9:12]), location, body.decode(), tuple(cookies)), spent

    def _bytes(self, ask: Ask) -> bytes:
        body = "" if ask.form is None else urlencode(ask.form)
        sent = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n" if body else ""
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return (
            f"{'GET' if ask.form is None else 'POST'} {ask.path} HTTP/1.1\r\nHost: localhost:8000\r\n"
            f"Accept: {'application/json' if ask.json else 'text/html'}\r\nCookie: {cookies}\r\n{sent}\r\n{body}"
        ).encode()

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def travel(found: Measured, line: Line, way: Journey, think: Callable[[], float] | None = None) -> None:
    """Make a journey to its end, or to the first answer that is not what it must be; ``think`` gives seconds."""
    page = "login"
    try:
        ask = next(way)
        while True:
            page = ask.page
            if think is not None and ask.thinks:
                await asyncio.sleep(think())
            told, spent = await line.send(ask)
            if told.status != ask.status:
                found.errors[page, f"status {told.status}"] += 1
                return
            found.took[page].append(spent * 1000)
            ask = way.send(told)
    except StopIteration:
        found.finished += 1
    except (OSError, EOFError, LookupError, asyncio.LimitOverrunError) as error:
        found.errors[page, f"{type(error).__name__}: {error}"[:100]] += 1
    finally:
        line.close()


async def at_once(port: int, journeys: Iterable[Journey], pause: float) -> Measured:
    """Everybody is there together: they arrive over one pause, and think so many seconds (half to once and a half)."""
    found, rng, ways = Measured(), random.Random(1), list(journeys)
    began = time.perf_counter()

    async def one(place: int, way: Journey) -> None:
        await asyncio.sleep(pause * place / len(ways))
        await travel(found, Line(port), way, lambda: pause * rng.uniform(0.5, 1.5))

    await asyncio.gather(*(one(place, way) for place, way in enumerate(ways)))
    found.seconds = time.perf_counter() - began
    return found


async def without_rest(port: int, journeys: Iterable[Journey], lines: int) -> Measured:
    """As fast as the service goes: so many lines, each with a request under way at any moment."""
    found, ways = Measured(), iter(list(journeys))
    began = time.perf_counter()

    async def one() -> None:
        for way in ways:
            await travel(found, Line(port), way)

    await asyncio.gather(*(one() for _ in range(lines)))
    found.seconds = time.perf_counter() - began
    return found


def same(page: str, path: str, count: int) -> Journey:
    """The same page, so many times."""
    for _turn in range(count):
        yield Ask(page, path)
