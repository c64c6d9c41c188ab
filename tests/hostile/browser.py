"""A browser over HTTP: its cookies kept as one that shows the tool in the frame of another site keeps them."""

import itertools
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.hostile.service import TOOL, Service

#: Turns of the processes, over every browser: two requests in a row never meet the same one unless asked to.
_turns = itertools.count()
_addresses = itertools.count(1)


class Answer:
    """An answer, with the names Flask's test client uses, and the number of the process that gave it."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status_code, self.headers, self.text = answer.status_code, answer.headers, answer.text
        self.process = int(answer.headers["X-Process"])

    @property
    def location(self) -> str | None:
        """Where it redirects to, if it does."""
        return self.headers.get("Location")

    @property
    def set_cookies(self) -> list[str]:
        """Its ``Set-Cookie`` headers."""
        return self.headers.get_list("Set-Cookie")


class Browser:
    """One person's browser. Each request goes to the other process than the one before, or to ``process`` (0 or 1).

    ``top`` is the site of the page that frames the tool: cookies are kept apart for each (CHIPS), and only those that
    are Secure, SameSite=None and Partitioned are kept at all. Without ``keeps`` none is.
    """

    def __init__(self, service: Service, top: str = "lms", *, keeps: bool = True) -> None:
        self.service, self.top, self.keeps = service, top, keeps
        self.jar: dict[str, dict[str, str]] = {}
        self.address = f"198.51.100.{next(_addresses) % 250 + 1}"

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies of this frame, by name."""
        return self.jar.setdefault(self.top, {})

    def tab(self) -> "Browser":
        """A tab of its own in the same browser: other cookies than the frame's, whatever the frame may keep."""
        other = Browser(self.service, TOOL)
        other.jar, other.address = self.jar, self.address
        return other

    def twin(self) -> "Browser":
        """A copy with the same cookies, so that two requests leave as one browser's at the same moment."""
        other = type(self)(self.service, self.top, keeps=self.keeps)
        other.jar = {top: dict(kept) for top, kept in self.jar.items()}
        return other

    def get(self, path: str, query_string: Mapping[str, Any] | None = None, **options: Any) -> Answer:
        """An answer to GET; ``headers``, ``process`` and ``follow_redirects`` may be given."""
        asked = f"{path}?{urlencode(query_string, doseq=True)}" if query_string else path
        follow = options.pop("follow_redirects", False)
        answer = self._send("GET", asked, **options)
        while follow and 300 <= answer.status_code < 400:
            answer = self._send("GET", str(answer.location), **options)
        return answer

    def post(self, path: str, data: Mapping[str, Any] | bytes | None = None, **options: Any) -> Answer:
        """An answer to POST, of a form or of a body as it is; ``headers`` and ``process`` may be given."""
        form = data if isinstance(data, bytes) else urlencode(data or {}, doseq=True).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", **options.pop("headers", {})}
        return self._send("POST", path, headers=headers, content=form, **options)

    def _send(self, method: str, path: str, process: int | None = None, **options: Any) -> Answer:
        headers = {"X-Forwarded-For": self.address, "Accept": "text/html", **options.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        numbers = self.service.processes
        chosen = numbers[(next(_turns) if process is None else process) % len(numbers)]
        path = path.removeprefix(TOOL)
        answer = Answer(self.service.send(chosen, {"method": method, "url": path, "headers": headers, **options}))
        for line in answer.set_cookies:
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        pair, *said = [part.strip() for part in line.split(";")]
        name, _equals, value = pair.partition("=")
        told = {part.lower() for part in said}
        if not self.keeps or not {"secure", "httponly", "partitioned", "samesite=none"} <= told:
            return
        if "max-age=0" in told or not value:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
