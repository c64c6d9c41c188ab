"""Platform storage by messages: a framed tool keeps short values with the platform, and reads its own alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Frame, Page

from lms.devlms import Campus
from lms.devlms.forms import forms

ASK = """([message, name]) => new Promise((resolve) => {
  addEventListener("message", (event) => resolve({origin: event.origin, ...event.data}), {once: true});
  setTimeout(() => resolve(null), 1500);
  (name ? parent.frames[name] : parent).postMessage(message, "*");
})"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of the system's Chromium."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def opened(page: Page, served: Campus) -> Frame:
    """The tool's frame, once open."""
    page.goto(f"{served.settings.issuer}/course/3?as=11")
    page.frame_locator("#tool").get_by_role("heading", name="Outil ouvert").wait_for()
    return next(frame for frame in page.frames if frame.name == "tool")


def ask(frame: Frame, subject: str, name: str = "", **body: Any) -> Any:
    return frame.evaluate(ASK, [{"subject": subject, "message_id": "m1", **body}, name])


def test_logins_name_the_storage_only_when_there_is_one(client: FlaskClient, quirk: Callable[..., None]) -> None:
    framed, windowed = forms(client.get("/course/3?as=11").text)
    assert "lti_storage_target" not in framed.fields
    quirk(platform_storage="_parent")
    framed, windowed = forms(client.get("/course/3?as=11").text)
    assert framed.fields["lti_storage_target"] == "_parent"
    assert "lti_storage_target" not in windowed.fields


@pytest.mark.browser
def test_the_page_around_a_tool_keeps_its_values(served: Campus, page: Page) -> None:
    served.quirks = replace(served.quirks, platform_storage="_parent")
    frame = opened(page, served)
    can = ask(frame, "lti.capabilities")
    assert (can["subject"], can["message_id"], can["origin"]) == (
        "lti.capabilities.response",
        "m1",
        served.settings.issuer,
    )
    assert {"subject": "lti.put_data"} in can["supported_messages"]
    assert ask(frame, "lti.put_data", key="state", value="s-1")["value"] == "s-1"
    assert ask(frame, "lti.get_data", key="state")["value"] == "s-1"
    assert ask(frame, "lti.get_data", key="other")["value"] is None
    assert ask(frame, "lti.put_data", key="state", value=None)["value"] is None
    assert ask(frame, "lti.get_data", key="state")["value"] is None
    assert ask(frame, "lti.put_data", key="big", value="x" * 5000)["error"]["code"] == "bad_request"
    assert ask(frame, "lti.get_data", key=3)["error"]["code"] == "bad_request"
    for number in range(50):
        assert "error" not in ask(frame, "lti.put_data", key=f"k{number}", value="v")
    assert ask(frame, "lti.put_data", key="one more", value="v")["error"]["code"] == "storage_exhaustion"


@pytest.mark.browser
def test_another_origin_is_not_answered(served: Campus, page: Page) -> None:
    served.quirks = replace(served.quirks, platform_storage="_parent")
    frame = opened(page, served)
    frame.goto("about:blank")
    assert ask(frame, "lti.capabilities") is None


@pytest.mark.browser
def test_values_may_be_kept_in_a_named_frame(served: Campus, page: Page) -> None:
    served.quirks = replace(served.quirks, platform_storage="keeper")
    frame = opened(page, served)
    assert {"subject": "lti.get_data", "frame": "keeper"} in ask(frame, "lti.capabilities")["supported_messages"]
    assert ask(frame, "lti.put_data", key="state", value="s-1")["error"]["code"] == "wrong_frame"
    assert ask(frame, "lti.put_data", "keeper", key="state", value="s-1")["value"] == "s-1"
    assert ask(frame, "lti.get_data", "keeper", key="state")["value"] == "s-1"


@pytest.mark.browser
def test_without_storage_nobody_answers(served: Campus, page: Page) -> None:
    assert ask(opened(page, served), "lti.capabilities") is None
