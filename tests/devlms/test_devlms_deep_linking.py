"""Deep Linking: what the picker is told, what its answer adds to the course, and which answers are refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from devlms_calls import message
from devlms_fake_tool import FakeTool
from flask.testing import FlaskClient

from lms.devlms import Campus, DeepLinking, DevLmsSettings, HeadlessBrowser, create_devlms
from lms.devlms.vocabulary import AGS_CLAIM, CLAIM, DEEP_LINKING_CLAIM, DEEP_LINKING_SPEC

ADD = "/courses/2/add?as=13"
ITEMS = DEEP_LINKING_SPEC + "content_items"
TRACK = {
    "type": "ltiResourceLink",
    "title": "Santé",
    "text": "Le parcours de la santé.",
    "custom": {"track": "sante"},
    "lineItem": {"scoreMaximum": 20, "label": "Santé, note", "tag": "track", "resourceId": "sante"},
}


def choose(browser: HeadlessBrowser, page: httpx.Response) -> httpx.Response:
    """Press the picker's only button."""
    assert "Choisir" in page.text
    return browser.submit(browser.form("/picked"))


def test_the_request_asks_as_moodle_does(client: FlaskClient, settings: DevLmsSettings) -> None:
    claims = message(client, settings, ADD)
    assert claims[CLAIM + "message_type"] == "LtiDeepLinkingRequest"
    assert claims[CLAIM + "target_link_uri"] == settings.launch_url
    assert CLAIM + "resource_link" not in claims
    assert claims[CLAIM + "context"]["id"] == "2"
    assert claims[AGS_CLAIM]["lineitems"] == "http://localhost/services/ags/2/lineitems"
    asked = claims[DEEP_LINKING_CLAIM]
    assert asked.pop("data")
    assert asked.pop("deep_link_return_url").startswith("http://localhost/deep-linking?request=")
    assert asked == {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_multiple": True,
        "accept_lineitem": True,
        "auto_create": True,
    }


def test_moodles_booleans_are_words_and_it_sends_no_data(
    client: FlaskClient, settings: DevLmsSettings, quirk: Callable[..., None]
) -> None:
    quirk(string_booleans=True, no_deep_linking_data=True)
    asked = message(client, settings, ADD)[DEEP_LINKING_CLAIM]
    assert (asked["accept_multiple"], asked["auto_create"]) == ("true", "true")
    assert "data" not in asked


def test_what_is_chosen_becomes_activities_and_columns(
    served: Campus, browser_at: HeadlessBrowser, tool: FakeTool
) -> None:
    tool.picked = {
        ITEMS: [TRACK, {"type": "ltiResourceLink", "title": "Justice"}],
        DEEP_LINKING_SPEC + "msg": "Deux activités ajoutées",
        DEEP_LINKING_SPEC + "log": "2 items",
    }
    page = browser_at.deep_link("13", choose)
    assert page.status_code == 200
    assert all(text in page.text for text in ("Santé", "Justice", "Deux activités ajoutées", "2 items"))
    again: Campus = create_devlms(served.settings).extensions["devlms"]
    first, second = again.links("2")[2:]
    assert (first.title, first.description, first.custom) == ("Santé", TRACK["text"], {"track": "sante"})
    column = again.store.line_items({"resource_link_id": first.id})[0]
    assert (column.label, column.score_maximum, column.tag, column.resource_id) == (
        "Santé, note",
        20,
        "track",
        "sante",
    )
    assert again.store.line_items({"resource_link_id": second.id}) == []
    assert browser_at.launch("11", first.id).status_code == 200
    claims = tool.claims()
    assert claims[CLAIM + "custom"] == {"track": "sante"}
    assert claims[AGS_CLAIM]["lineitem"] == f"{served.settings.issuer}/services/ags/2/lineitems/{column.id}/lineitem"
    assert "Santé" in browser_at.open(f"{served.settings.issuer}/course").text


def test_a_picker_may_be_cancelled_with_a_word(browser_at: HeadlessBrowser, tool: FakeTool) -> None:
    tool.picked = {DEEP_LINKING_SPEC + "errormsg": "Rien ne convient"}
    page = browser_at.deep_link("13", choose)
    assert "Rien ne convient" in page.text
    assert "Aucune activité" in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"aud": "http://elsewhere.example"},
        {"exp": 1_000_000_000},
        {"nonce": None},
        {CLAIM + "deployment_id": "2"},
        {CLAIM + "message_type": "LtiResourceLinkRequest"},
        {CLAIM + "version": None},
        {DEEP_LINKING_SPEC + "data": "altered"},
        {DEEP_LINKING_SPEC + "data": None},
        {ITEMS: "none"},
        {ITEMS: [{"type": "html", "html": "<b>x</b>"}]},
        {ITEMS: [{**TRACK, "url": "http://elsewhere.example/"}]},
        {ITEMS: [{**TRACK, "custom": {"track": 3}}]},
        {ITEMS: [{**TRACK, "lineItem": {"label": "sans maximum"}}]},
    ],
)
def test_another_answer_is_refused(
    served: Campus, browser_at: HeadlessBrowser, tool: FakeTool, changes: dict[str, Any]
) -> None:
    tool.picked = changes
    assert browser_at.deep_link("13", choose).status_code == 400
    assert len(served.links("2")) == 2


def test_moodle_lets_a_line_break_make_another_parameter(
    served: Campus, browser_at: HeadlessBrowser, tool: FakeTool
) -> None:
    tool.picked = {ITEMS: [{**TRACK, "custom": {"track": "sante\nmodule=s1"}}]}
    browser_at.deep_link("13", choose)
    served.quirks = replace(served.quirks, custom_by_lines=True)
    browser_at.deep_link("13", choose)
    kept, injected = (link.custom for link in served.links("2")[2:])
    assert kept == {"track": "sante\nmodule=s1"}
    assert injected == {"track": "sante", "module": "s1"}


def test_a_wrong_clock_refuses_a_sound_answer(served: Campus, browser_at: HeadlessBrowser) -> None:
    served.quirks = replace(served.quirks, clock_skew_seconds=-600)
    assert browser_at.deep_link("13", choose).status_code == 400


def test_one_item_alone_when_one_is_asked_for(served: Campus, browser_at: HeadlessBrowser, tool: FakeTool) -> None:
    served.deep_linking = DeepLinking(accept_multiple=False, accept_lineitem=False)
    tool.picked = {ITEMS: [TRACK, TRACK]}
    assert browser_at.deep_link("13", choose).status_code == 400
    tool.picked = {ITEMS: [TRACK]}
    assert browser_at.deep_link("13", choose).status_code == 200
    assert served.store.line_items({"tag": "track"}) == []


def test_an_answer_serves_once_and_is_signed(
    client: FlaskClient, settings: DevLmsSettings, tool: FakeTool, campus: Campus
) -> None:
    def answer(token: str) -> int:
        return client.post(return_url, data={"JWT": token}).status_code

    claims = message(client, settings, ADD)
    tool.launches.append({"id_token": campus.key.sign(claims)})
    return_url = claims[DEEP_LINKING_CLAIM]["deep_link_return_url"]
    stranger = FakeTool()
    stranger.server.stop()
    stranger.launches = tool.launches
    assert answer(stranger.answer()) == 400
    assert answer("") == 400
    sound = tool.answer()
    assert answer(sound) == 200
    assert answer(sound) == 400
    assert answer(tool.answer()) == 400


def test_only_trainers_change_the_course(client: FlaskClient, campus: Campus) -> None:
    assert "Ajouter une activité" not in client.get("/course?as=11").text
    assert client.get("/courses/2/add?as=11").status_code == 403
    assert "Ajouter une activité" in client.get("/course?as=13").text
    made = client.post("/courses/2/links", data={"title": "À la main", "custom": "track=agents\nmodule = a1"})
    assert made.status_code == 303
    link = campus.links("2")[-1]
    assert (link.title, link.custom) == ("À la main", {"track": "agents", "module": "a1"})
    assert client.post("/courses/2/links", data={"title": " "}).status_code == 400
    assert client.get("/courses/9/add?as=13").status_code == 404


def test_the_settings_may_change_what_is_asked(settings: DevLmsSettings) -> None:
    asked = replace(settings, deep_linking=DeepLinking(("link", "ltiResourceLink"), title="Choisir", text="Un seul"))
    claims = message(create_devlms(asked).test_client(), asked, ADD)[DEEP_LINKING_CLAIM]
    assert (claims["accept_types"], claims["title"], claims["text"]) == (
        ["link", "ltiResourceLink"],
        "Choisir",
        "Un seul",
    )
