"""Launches where the browser keeps less and less for us: cookie, the LMS's storage, this tab's, a tab of its own (R5).

The frame is refused everything by Chromium itself, as a person or an administrator sets it for our site inside the
LMS's; only the browsers that keep storage but no cookie are played, by taking ours off what is sent and received.
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from browser_axe import bring_axe, violations
from browser_stage import TRACK, Stage
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Route, expect

from lms.models import WebSession, db
from tests.conftest import CHROMIUM, SWITCHES

PATIENCE = 30_000
#: « Block » for our site's cookies and storage inside the LMS's pages; a tab of ours keeps them.
EXCEPTIONS = {"cookies": {"http://localhost,http://127.0.0.1": {"setting": 2}}}
REFUSING = {"profile": {"content_settings": {"exceptions": EXCEPTIONS}}}
#: Nothing of another site is blocked.
STORING = {"profile": {"cookie_controls_mode": 0}}

Opens = Callable[..., Page]


@pytest.fixture
def opens(whole_browser: Browser, stage: Stage, tmp_path: Path) -> Iterator[Opens]:
    """Opens a browser: one that keeps cookies apart, as usual; ``refusing`` us everything in the LMS's frame; or
    ``storing``, which protects from nothing.
    """
    contexts: list[BrowserContext] = []
    quirks = stage.campus.quirks

    def make(kind: str = "usual", storage: str = "", **options: Any) -> Page:
        stage.campus.quirks = replace(quirks, platform_storage=storage)
        said = {"base_url": stage.tool, "locale": "fr-FR", "reduced_motion": "reduce", **options}
        if kind == "usual":
            context = whole_browser.new_context(**said)
        else:
            folder = tmp_path / "profile" / "Default"
            folder.mkdir(parents=True)
            (folder / "Preferences").write_text(json.dumps({"refusing": REFUSING, "storing": STORING}[kind]))
            switches = SWITCHES if kind == "refusing" else SWITCHES[:-1]
            context = whole_browser.browser_type.launch_persistent_context(
                folder.parent, executable_path=CHROMIUM, args=switches, **said
            )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    stage.campus.quirks = quirks


@pytest.fixture
def cookieless_frames(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take our cookies off what frames send and receive, as browsers do that keep storage there but no cookie."""
    inner = stage.served.wsgi_app

    def stripped(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if environ.get("HTTP_SEC_FETCH_DEST") != "iframe":
            return inner(environ, start)
        environ.pop("HTTP_COOKIE", None)

        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [each for each in headers if each[0].lower() != "set-cookie"], *more)

        return inner(environ, begin)

    monkeypatch.setattr(stage.served, "wsgi_app", stripped)


def begin(page: Page, stage: Stage) -> str:
    """Open the activity of a new learner in the LMS's page; gives who that is."""
    who = stage.learner()
    page.goto(f"{stage.lms}/course/{TRACK}?as={who}")
    return who


def inside(page: Page) -> Frame:
    """The frame of the activity."""
    frame = page.frame(name="tool")
    assert frame is not None
    return frame


def accessible(page: Page) -> None:
    """The page in the frame breaks no rule and fits, in a wide window and on phones, in the light and in the dark."""
    frame = inside(page)
    bring_axe(frame)
    for width in (1280, 360, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(frame) == []
        assert frame.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.emulate_media(color_scheme="dark")
    assert violations(frame, runOnly=["color-contrast"]) == []


def signed_in(page: Page, stage: Stage, who: str) -> None:
    """The tab shows the track, to that person."""
    page.wait_for_url(f"{stage.tool}/learn/{TRACK}")
    expect(page.get_by_role("button", name=stage.say("Sign out"))).to_be_visible()
    assert sessions(stage, who) == 1


def sessions(stage: Stage, who: str) -> int:
    """How many sessions a person of the LMS has."""
    with stage.app.app_context():
        number = db.session.query(WebSession).filter(WebSession.person.has(subject=who)).count()
        db.session.remove()
    return number


@pytest.mark.parametrize("storage", ["_parent", "post_message_forwarding"])
def test_the_storage_of_the_lms_stands_in_for_the_cookie(opens: Opens, stage: Stage, storage: str) -> None:
    """Cookies and our own storage refused: the proof is kept by the LMS's page, or by the frame it names."""
    page = opens("refusing", storage=storage)
    who = begin(page, stage)
    frame = page.frame_locator("#tool")
    expect(frame.get_by_role("button", name=stage.say("Open the new tab"))).to_be_visible()
    with pytest.raises(Exception, match="Access is denied"):
        inside(page).evaluate("sessionStorage.length")
    accessible(page)
    with page.expect_popup() as opened:
        frame.get_by_role("button", name=stage.say("Open the new tab")).click()
    signed_in(opened.value, stage, who)


@pytest.mark.parametrize("storage", ["_parent", "post_message_forwarding"])
def test_an_lms_that_is_slow_to_listen_keeps_the_proof(opens: Opens, stage: Stage, storage: str) -> None:
    """On a slow network our frame asks before what keeps values on the LMS's pages has come: it asks again."""
    page = opens("refusing", storage=storage)
    held, arrived = list[Route](), Event()
    page.route("**/static/storage.js", lambda route: route.continue_() if arrived.is_set() else held.append(route))
    who = stage.learner()
    page.goto(f"{stage.lms}/course/{TRACK}?as={who}", wait_until="commit")
    frame = page.frame_locator("#tool")
    expect(frame.get_by_role("heading", name=stage.say("Opening the activity"))).to_be_visible()
    page.wait_for_timeout(2500)
    assert held
    arrived.set()
    for each in held:
        each.continue_()
    expect(frame.get_by_role("button", name=stage.say("Open the new tab"))).to_be_visible()


def test_the_tabs_own_storage_stands_in_where_the_lms_has_none(
    opens: Opens, stage: Stage, cookieless_frames: None
) -> None:
    page = opens("storing")
    who = begin(page, stage)
    frame = page.frame_locator("#tool")
    expect(frame.get_by_role("button", name=stage.say("Open the new tab"))).to_be_visible()
    # Nothing of it stays behind.
    assert inside(page).evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('mpia-'))") == []
    with page.expect_popup() as opened:
        frame.get_by_role("button", name=stage.say("Open the new tab")).click()
    signed_in(opened.value, stage, who)


def test_where_nothing_is_kept_the_same_launch_begins_again_in_a_tab(opens: Opens, stage: Stage) -> None:
    page = opens("refusing")
    who = begin(page, stage)
    frame = page.frame_locator("#tool")
    again = frame.get_by_role("link", name=stage.say("Open in a new tab"))
    expect(again).to_be_visible()
    accessible(page)
    with page.expect_popup() as opened:
        again.click()
    signed_in(opened.value, stage, who)


def test_without_script_links_lead_on(opens: Opens, stage: Stage) -> None:
    """Nothing is kept and nothing runs: every step is a button or a link."""
    page = opens("refusing", storage="_parent", java_script_enabled=False)
    who = begin(page, stage)
    frame = page.frame_locator("#tool")
    page.get_by_role("button", name="Ouvrir ici").click()
    frame.get_by_role("link", name=stage.say("Continue")).click()
    frame.get_by_role("button", name="Continuer").click()
    with page.expect_popup() as opened:
        frame.get_by_role("link", name=stage.say("Open in a new tab")).click()
    opened.value.get_by_role("button", name="Continuer").click()
    signed_in(opened.value, stage, who)


def test_without_script_the_cookie_is_enough(opens: Opens, stage: Stage) -> None:
    page = opens(java_script_enabled=False)
    who = begin(page, stage)
    frame = page.frame_locator("#tool")
    page.get_by_role("button", name="Ouvrir ici").click()
    frame.get_by_role("link", name=stage.say("Continue")).click()
    frame.get_by_role("button", name="Continuer").click()
    expect(frame.get_by_role("heading", name="Décideurs publics", level=1)).to_be_visible()
    assert sessions(stage, who) == 1


def test_the_page_that_keeps_the_proof_is_accessible(opens: Opens, stage: Stage) -> None:
    page = opens("refusing", storage="_parent")
    # It is seen when the script does not come.
    page.route("**/static/*/lti.js", lambda route: route.abort())
    begin(page, stage)
    expect(page.frame_locator("#tool").get_by_role("link", name=stage.say("Continue"))).to_be_visible()
    accessible(page)


EVIL = "https://evil.example.org"
#: Sends our page whatever it could be waiting for, to whichever question, until it leaves.
FEEDING = """
const say = (value) => ({ subject: "lti.get_data.response", message_id: heard ?? "any", key: "any", value });
let heard = null;
addEventListener("message", (event) => { heard = event.data?.message_id ?? heard; window.asked = true; });
setInterval(() => { for (const each of [window.frames[0], window.opened]) each?.postMessage(say("PROOF"), "*"); }, 20);
"""


def attacked(page: Page, stage: Stage, how: str) -> str:
    """A page of an attacker, who went through the login up to the message, posts it from the victim's browser.

    ``how``: ``frame`` or ``popup``. Gives who the attacker is on the LMS.
    """
    who = stage.learner("Attaquant")
    message = message_of(stage, who)
    target = "tool" if how == "frame" else "opened"
    body = f"""<!doctype html><title>evil</title><iframe name="tool"></iframe><script>{
        FEEDING.replace("PROOF", message["proof"])
    }</script><form method="post" action="{stage.tool}/lti/launch" target="{target}">
    <input name="state" value="{message["state"]}"><input name="id_token" value="{message["id_token"]}">
    <button>go</button></form>"""
    page.context.route(f"{EVIL}/**", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(EVIL)
    if how == "popup":
        page.evaluate("window.opened = window.open('', 'opened')")
    return who


def message_of(stage: Stage, who: str) -> dict[str, str]:
    """The LMS's message to the tool and the proof of its login, as an attacker reads them in a browser of their own."""

    def fields(text: str) -> dict[str, str]:
        return {name: html.unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', text)}

    with httpx.Client(trust_env=False) as client:
        course = client.get(f"{stage.lms}/course/{TRACK}?as={who}").text
        login = fields(course.split('id="framed"', 1)[1].split("</form>", 1)[0])
        kept = client.post(f"{stage.tool}/lti/login", data=login, headers={"Sec-Fetch-Dest": "iframe"})
        proof = re.search(r'data-keep-proof="([0-9a-f]+)"', kept.text)
        go = re.search(r'class="button[^"]*" href="([^"]+)"', kept.text)
        assert proof is not None
        assert go is not None
        answered = client.get(html.unescape(go[1]))
    return {**fields(answered.text), "proof": proof[1]}


@pytest.mark.parametrize("how", ["frame", "popup"])
def test_an_attackers_page_feeds_us_no_proof(opens: Opens, stage: Stage, how: str) -> None:
    """It sends the attacker's own message and proof: the victim is signed in as nobody (T15)."""
    page = opens(storage="_parent")
    attacker = attacked(page, stage, how)
    if how == "frame":
        page.get_by_role("button", name="go").click()
        page.wait_for_timeout(2000)
        shown = page.frames[1]
        assert shown.get_by_role("heading").count() == 0  # frame-ancestors: not shown at all
    else:
        popup = page.context.pages[-1]
        page.get_by_role("button", name="go").click()
        expect(popup.get_by_role("link", name=stage.say("Open in a new tab"))).to_be_visible()
        popup.wait_for_timeout(2000)
        expect(popup.get_by_role("link", name=stage.say("Open in a new tab"))).to_be_visible()
    assert page.evaluate("window.asked") is None  # our script put no question to that page
    assert sessions(stage, attacker) == 0
    assert page.context.request.get(f"{stage.tool}/learn/").status == 401


def test_refresh_and_back_after_a_launch(opens: Opens, stage: Stage) -> None:
    """In a tab as an LMS opens one: the page again, or the way back to it, and nothing is done twice (R6)."""
    tab = opened_in_a_tab(opens(java_script_enabled=False), stage)
    tab.reload()
    expect(tab.get_by_role("heading", name="Décideurs publics", level=1)).to_be_visible()
    before = every_session(stage)
    # The LMS's answer is sent again: it is used up.
    tab.go_back()
    tab.get_by_role("button", name="Continuer").click()
    onward = tab.get_by_role("link", name=stage.say("Go on where you were"))
    expect(onward).to_be_visible()
    assert every_session(stage) == before
    onward.click()
    tab.wait_for_url(f"{stage.tool}/learn/{TRACK}")
    expect(tab.get_by_role("button", name=stage.say("Sign out"))).to_be_visible()


def test_a_message_sent_again_without_a_session_offers_a_new_launch(opens: Opens, stage: Stage) -> None:
    tab = opened_in_a_tab(opens(java_script_enabled=False), stage)
    tab.context.clear_cookies()
    tab.reload()
    expect(tab.get_by_text(stage.say("You are not signed in, or your session has ended."))).to_be_visible()
    tab.go_back()
    tab.get_by_role("button", name="Continuer").click()
    expect(tab.get_by_text(stage.say("Go back to your training platform and open the activity again."))).to_be_visible()


def opened_in_a_tab(page: Page, stage: Stage) -> Page:
    """The activity as the LMS opens it in a tab of its own, without script."""
    begin(page, stage)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Ouvrir dans un nouvel onglet").click()
    tab = opened.value
    tab.get_by_role("button", name="Continuer").click()
    tab.wait_for_url(f"{stage.tool}/learn/{TRACK}")
    return tab


def every_session(stage: Stage) -> int:
    """How many sessions there are."""
    with stage.app.app_context():
        number = db.session.query(WebSession).count()
        db.session.remove()
    return number


def test_refresh_inside_the_frame(opens: Opens, stage: Stage) -> None:
    page = opens()
    begin(page, stage)
    frame = page.frame_locator("#tool")
    title = frame.get_by_role("heading", name="Décideurs publics", level=1)
    expect(title).to_be_visible()
    inside(page).evaluate("location.reload()")
    expect(title).to_be_visible()
    # Going back in the LMS's page to the activity opens it again.
    page.goto(f"{stage.lms}/")
    page.go_back()
    expect(title).to_be_visible()
