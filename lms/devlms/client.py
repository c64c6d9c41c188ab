"""A browser without a window: walks a launch as a person's browser would, and keeps cookies per host."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urljoin

import httpx

from lms.devlms.settings import LOOPBACK

_MOST_STEPS: Final = 20
_USER_AGENT: Final = "Mozilla/5.0 (devlms headless)"


@dataclass(slots=True)
class Form:
    """A form as a page shows it; ``auto`` says that the page's script submits it (``data-auto-submit``)."""

    action: str
    method: str
    auto: bool
    fields: dict[str, str] = field(default_factory=dict)


class HeadlessBrowser:
    """Opens activities of the development LMS at ``issuer``. Use it as a context manager.

    ``trail`` holds every answer of the last launch, for a precise account of what went wrong.
    """

    def __init__(self, issuer: str, timeout: float = 30.0) -> None:
        self.issuer = issuer
        self.trail: list[httpx.Response] = []
        self.client = httpx.Client(
            event_hooks={"response": [self._keep_secure_cookies]},
            headers={"User-Agent": _USER_AGENT},
            timeout=timeout,
            trust_env=False,
        )

    def launch(self, user_id: str, link_id: str) -> httpx.Response:
        """Open an activity: login initiation, tool, authentication, tool launch, then its landing page.

        The last answer comes back whatever its status; redirections and self-submitting forms are followed.
        """
        self.trail = []
        return self.open(f"{self.issuer}/course/{link_id}?as={user_id}")

    def open(self, url: str) -> httpx.Response:
        """Go to a page and wherever it leads by itself."""
        response = self._send(self.client.build_request("GET", url))
        for _ in range(_MOST_STEPS):
            following = response.next_request or self._auto_submit(response)
            if following is None:
                return response
            response = self._send(following)
        raise RuntimeError(f"The launch goes round in circles, at {response.url}")

    def grades(self) -> list[dict[str, Any]]:
        """The gradebook of the LMS: the score in force of each person and column."""
        answer = self.client.get(f"{self.issuer}/grades.json").raise_for_status().json()
        if not isinstance(answer, list):
            raise TypeError("The gradebook is a list")
        return answer

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep_secure_cookies(self, response: httpx.Response) -> None:
        # Browsers send Secure cookies to http://localhost too; the standard jar never would.
        if response.url.host in LOOPBACK:
            for cookie in self.client.cookies.jar:
                cookie.secure = False

    def _send(self, request: httpx.Request) -> httpx.Response:
        response = self.client.send(request)
        self.trail.append(response)
        return response

    def _auto_submit(self, response: httpx.Response) -> httpx.Request | None:
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return None
        form = next((form for form in forms(response.text) if form.auto), None)
        if form is None:
            return None
        url = urljoin(str(response.url), form.action)
        if form.method == "get":
            return self.client.build_request("GET", url, params=form.fields)
        page = response.url
        origin = f"{page.scheme}://{page.netloc.decode()}"
        return self.client.build_request("POST", url, data=form.fields, headers={"Origin": origin})


def forms(html: str) -> list[Form]:
    """The forms of a page with the fields they would send untouched (hidden and text inputs)."""
    reader = _FormReader()
    reader.feed(html)
    return reader.forms


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = values.get("method", "get").lower()
            self.forms.append(Form(values.get("action", ""), method, "data-auto-submit" in values))
        elif tag == "input" and self.forms and values.get("name") and values.get("type") != "submit":
            if values.get("type") in {"checkbox", "radio"} and "checked" not in values:
                return
            self.forms[-1].fields[values["name"]] = values.get("value", "on" if "checked" in values else "")
