"""Open edX as tests drive it: courses, blocks, people's browsers, and what the platform holds."""

import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urljoin
from uuid import uuid4

import httpx

from lms.devlms.client import Form, forms

HERE = Path(__file__).parent
#: One TLS context for every client, none of which uses it: making one takes longer than a request does.
HTTP: Final[dict[str, Any]] = {"timeout": 30, "trust_env": False, "verify": ssl.create_default_context()}
ROOT = HERE.parents[1]
PYTHON = ROOT / ".venv/openedx/bin/python"
_MOST_STEPS: Final = 20
#: Everybody of a new course, by user name; edX's course team is its staff and its instructors.
MEMBERS = {"ada": "student", "basile": "student", "camille": "student", "thea": "staff", "iris": "instructor"}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The platform's address, while it runs. It keeps everything in ``folder``, and ends with this process."""
    # Costs nothing when it is there already; says what is wrong when it cannot be brought.
    subprocess.run(["make", "--silent", "openedx"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    command = [PYTHON, "-m", "campus.serve", folder]
    with (
        (folder / "log.txt").open("w") as log,
        subprocess.Popen(
            command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            assert url, f"Open edX's consumer did not start:\n{(folder / 'log.txt').read_text()}"
            yield url
        finally:
            server.stdin.close()


@dataclass(frozen=True)
class Block:
    """An LTI block of a course, with what Studio tells to connect the tool."""

    location: str
    course: str
    issuer: str
    client_id: str
    deployment_id: str
    auth_url: str
    token_url: str
    jwks_url: str


class Browser:
    """Somebody's browser, without a window: cookies, redirections, and the forms that scripts send by themselves."""

    def __init__(self) -> None:
        self.client = httpx.Client(
            event_hooks={"response": [self._keep_secure_cookies]}, **HTTP
        )  # fmt: skip

    def open(self, url: str) -> httpx.Response:
        """The page an address leads to, whatever its status."""
        return self._follow(self.client.get(url))

    def submit(self, page: httpx.Response, number: int = 0, **changes: str) -> httpx.Response:
        """Send a form of a page, and go where it leads."""
        return self._follow(self._send(page, forms(page.text)[number], changes))

    def _follow(self, page: httpx.Response) -> httpx.Response:
        for _step in range(_MOST_STEPS):
            if page.next_request is not None:
                page = self.client.send(page.next_request)
            elif form := _sent_by_itself(page):
                page = self._send(page, form, {})
            else:
                return page
        raise AssertionError(f"round in circles, at {page.url}")

    def _send(self, page: httpx.Response, form: Form, changes: dict[str, str]) -> httpx.Response:
        url, fields = urljoin(str(page.url), form.action), {**form.fields, **changes}
        if form.method == "get":
            return self.client.get(url, params=fields)
        origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
        return self.client.post(url, data=fields, headers={"Origin": origin})

    def _keep_secure_cookies(self, _response: httpx.Response) -> None:
        # Browsers send them on the loopback without TLS; the standard jar never would.
        for cookie in self.client.cookies.jar:
            cookie.secure = False


class OpenEdx:
    """The running platform; use it as a context. A block is new to each test, and its gradebook is empty."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._browsers: dict[str, Browser] = {}
        self._doors = httpx.Client(base_url=f"{url}/campus", **HTTP)

    def course(self, members: dict[str, str] = MEMBERS, *, shares_names: bool = False) -> str:
        """A new course; gives its key."""
        key = f"course-v1:Demo+IA+{uuid4().hex[:8]}"
        self.enrol(key, members, shares_names=shares_names)
        return key

    def enrol(self, course: str, members: dict[str, str], *, shares_names: bool = False) -> None:
        """Make these the people of a course: those it had and has no longer have left it."""
        body = {"course": course, "members": members, "shares_names": shares_names}
        self._doors.post("/people", json=body).raise_for_status()

    def members(self, course: str) -> dict[str, dict[str, str]]:
        """The people of a course by user name: ``sub``, ``name``, ``email``, ``role``."""
        found: dict[str, dict[str, str]] = (
            self._doors.get("/people", params={"course": course}).raise_for_status().json()
        )
        return found

    def block(self, tool: str, course: str = "", *, store: str = "xblock", **fields: Any) -> Block:
        """A new block that opens the tool at this address: its ``fields`` are changed from those of an ordinary one.

        ``store`` is where its configuration is kept: on the ``xblock``, or in the ``database``.
        """
        course = course or self.course()
        usual = {
            "display_name": "Décideurs publics", "has_score": True, "weight": 100.0,
            "lti_1p3_oidc_url": f"{tool}/lti/login", "lti_1p3_launch_url": f"{tool}/lti/launch",
            "lti_1p3_tool_key_mode": "keyset_url", "lti_1p3_tool_keyset_url": f"{tool}/lti/jwks.json",
            "lti_1p3_enable_nrps": True, "lti_advantage_ags_mode": "declarative",
            "lti_advantage_deep_linking_enabled": True, "lti_advantage_deep_linking_launch_url": f"{tool}/lti/launch",
            "custom_parameters": ["track=decideurs"],
        }  # fmt: skip
        body = {"course": course, "store": store, "fields": {**usual, **fields}}
        shown = self._doors.post("/blocks", json=body).raise_for_status().json()
        return Block(
            location=shown["location"], course=course, issuer=shown["issuer"], client_id=shown["client_id"],
            deployment_id=shown["deployment_id"], auth_url=shown["oidc_callback"], token_url=shown["token_url"],
            jwks_url=shown["keyset_url"],
        )  # fmt: skip

    def grades(self, block: Block) -> list[tuple[str, float]]:
        """(user name, grade from 0 to 1) as each was published by the block, the oldest first."""
        rows = self._doors.get("/grades", params={"location": block.location}).raise_for_status().json()
        return [(row["username"], row["earned"] / row["possible"]) for row in rows]

    def browser(self, username: str) -> Browser:
        """The person's browser, the same until the test ends."""
        return self._browsers.setdefault(username, Browser())

    def login_url(self, username: str, block: Block) -> str:
        """The address the person's course page opens in its frame: the tool's, to begin a launch."""
        page = self.browser(username).open(f"{self.url}/courses/{_quoted(block)}?as={username}")
        return _between(page, 'data-target="', '"')

    def deep_link_url(self, username: str, block: Block) -> str:
        """The address of « Deep Linking Launch » in Studio."""
        page = self.browser(username).open(f"{self.url}/studio/{_quoted(block)}?as={username}")
        return _between(page, '<a href="', '"')

    def launch(self, username: str, block: Block) -> httpx.Response:
        """Open the block as the person would; gives the page where it ends."""
        return self.browser(username).open(self.login_url(username, block))

    def deep_link(self, username: str, block: Block) -> httpx.Response:
        """Ask the tool for content, from Studio; gives the page where the person chooses."""
        return self.browser(username).open(self.deep_link_url(username, block))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._doors.close()
        for browser in self._browsers.values():
            browser.client.close()


def _sent_by_itself(page: httpx.Response) -> Form | None:
    if not page.headers.get("Content-Type", "").startswith("text/html"):
        return None
    return next((form for form in forms(page.text) if form.auto or "id_token" in form.fields), None)


def _quoted(block: Block) -> str:
    return block.location.replace("+", "%2B")


def _between(page: httpx.Response, start: str, end: str) -> str:
    assert page.status_code == 200, page.text
    _before, found, after = page.text.partition(start)
    assert found, page.text
    # As browsers read attributes: the page writes a bare ``&lti_message_hint``, which is no ``&lt``.
    return re.sub(r"&#?\w+;", lambda entity: unescape(entity[0]), after.partition(end)[0])
