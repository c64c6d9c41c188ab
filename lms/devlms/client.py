"""A browser without a window: walks a launch as a person's browser would, and keeps cookies per host."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urljoin

import httpx

from lms.devlms.forms import Form, forms, frames
from lms.devlms.settings import LOOPBACK

FieldValue = str | list[str] | None
Choice = Callable[["HeadlessBrowser", httpx.Response], httpx.Response]

_MOST_STEPS: Final = 20
_USER_AGENT: Final = "Mozilla/5.0 (devlms headless)"


class HeadlessBrowser:
    """Opens activities of the development LMS at ``issuer``. Use it as a context manager.

    ``timeout`` is how long an answer is waited for, in seconds: a busy machine is no fault of what is opened. ``trail``
    holds every answer of the last launch, for a precise account of what went wrong.
    """

    def __init__(self, issuer: str, timeout: float = 120.0) -> None:
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

    def deep_link(self, user_id: str, choose: Choice, course_id: str = "", client_id: str = "") -> httpx.Response:
        """Add activities through a tool's picker; ``choose`` acts in it and gives the page it ends on.

        In ``choose``, the picker's page is submitted with :meth:`submit`, which follows to the LMS.
        """
        self._course(user_id, course_id)
        picked = {"tool": client_id} if client_id else {}
        return choose(self, self.submit(self.form("/add"), **picked))

    def register(self, user_id: str, url: str, accept: Choice) -> httpx.Response:
        """Connect a tool by the registration address it gives; ``accept`` acts in its page, as in :meth:`deep_link`."""
        self.trail = []
        self.open(f"{self.issuer}/tools?as={user_id}")
        page = self.submit(self.form("/tools/register"), url=url)
        return accept(self, self.open(frames(page.text)[0]))

    def review(self, user_id: str, item_id: int, about: str) -> httpx.Response:
        """Open someone's submission from the gradebook, by its column."""
        self.trail = []
        return self.open(f"{self.issuer}/review/{item_id}/{about}?as={user_id}")

    def privacy(self, user_id: str, about: str, client_id: str = "") -> httpx.Response:
        """Open what a tool holds about someone."""
        self.trail = []
        tool = f"&tool={client_id}" if client_id else ""
        return self.open(f"{self.issuer}/privacy/{about}?as={user_id}{tool}")

    def activate(self, user_id: str, number: int) -> httpx.Response:
        """Activate a registered tool, by its number."""
        self.open(f"{self.issuer}/tools?as={user_id}")
        return self.submit(self.form(f"/tools/{number}/activate"))

    def copy_course(self, user_id: str, course_id: str = "") -> str:
        """Copy a course as its trainer does; gives the id of the copy."""
        self._course(user_id, course_id)
        return str(self.submit(self.form("/copy")).url).rpartition("/")[2]

    def open(self, url: str) -> httpx.Response:
        """Go to a page and wherever it leads by itself."""
        return self._follow(self.client.build_request("GET", url))

    def submit(self, form: Form, **changes: FieldValue) -> httpx.Response:
        """Send a form of the last page, fields changed (None takes one away), and go wherever that leads.

        The button pressed is a change too, by its name.
        """
        fields: dict[str, FieldValue] = {**form.fields, **changes}
        sent = {name: value for name, value in fields.items() if value is not None}
        return self._follow(self._request(form, sent, self.trail[-1]))

    def form(self, action: str) -> Form:
        """The form of the last page whose address holds ``action``."""
        found = next((form for form in forms(self.trail[-1].text) if action in form.action), None)
        if found is None:
            raise LookupError(f"No form leads to {action} at {self.trail[-1].url}")
        return found

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

    def _course(self, user_id: str, course_id: str) -> None:
        self.trail = []
        self.open(f"{self.issuer}/{f'courses/{course_id}' if course_id else 'course'}?as={user_id}")

    def _keep_secure_cookies(self, response: httpx.Response) -> None:
        # Browsers send Secure cookies to http://localhost too; the standard jar never would.
        if response.url.host in LOOPBACK:
            for cookie in self.client.cookies.jar:
                cookie.secure = False

    def _send(self, request: httpx.Request) -> httpx.Response:
        response = self.client.send(request)
        self.trail.append(response)
        return response

    def _follow(self, first: httpx.Request) -> httpx.Response:
        response = self._send(first)
        for _ in range(_MOST_STEPS):
            following = response.next_request or self._auto_submit(response)
            if following is None:
                return response
            response = self._send(following)
        raise RuntimeError(f"The launch goes round in circles, at {response.url}")

    def _auto_submit(self, response: httpx.Response) -> httpx.Request | None:
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return None
        form = next((form for form in forms(response.text) if form.auto), None)
        return self._request(form, form.fields, response) if form else None

    def _request(self, form: Form, fields: Mapping[str, FieldValue], page: httpx.Response) -> httpx.Request:
        url = urljoin(str(page.url), form.action)
        if form.method == "get":
            return self.client.build_request("GET", url, params=dict(fields))
        origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
        return self.client.build_request("POST", url, data=dict(fields), headers={"Origin": origin})
