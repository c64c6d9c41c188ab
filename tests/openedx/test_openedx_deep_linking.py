"""Choosing content for an Open edX block: facts our tool must live with."""

import pytest

from tests.openedx.bare_tool import DEEP_LINKING, LAUNCH_URL, LINE_ITEM_READ, NRPS, URL, Place
from tests.platform_in_test import AGS, CLAIM


def test_a_deep_linking_request(bare: Place) -> None:
    claims = bare().launch("thea", deep_link=True)
    assert claims[CLAIM + "message_type"] == "LtiDeepLinkingRequest"
    assert claims[CLAIM + "target_link_uri"] == LAUNCH_URL
    absent = ("resource_link", "custom", "launch_presentation")
    assert claims.keys().isdisjoint({AGS, NRPS, *(CLAIM + name for name in absent)})
    settings = claims[DEEP_LINKING + "deep_linking_settings"]
    assert settings.pop("deep_link_return_url").endswith("/lti-dl/response")
    assert settings == {
        "accept_types": ["ltiResourceLink", "link", "html", "image"], "accept_multiple": True, "auto_create": True,
        "accept_presentation_document_targets": ["iframe", "window", "embed"], "title": "", "text": "",
    }  # fmt: skip


@pytest.mark.parametrize("username", ["ada", "staff"])
def test_who_may_not_choose_content(bare: Place, username: str) -> None:
    """Learners, and oddly the platform's own staff: only the course's team may."""
    tool = bare()
    assert tool.authenticate(username, tool.login(username, deep_link=True)).status_code == 403


def test_one_chosen_item_is_what_the_block_opens(bare: Place) -> None:
    tool = bare()
    item = {"type": "ltiResourceLink", "title": "D1", "custom": {"track": "decideurs", "module": "d1"}}
    answer = tool.respond("thea", tool.launch("thea", deep_link=True), [item])
    assert answer.status_code == 200, answer.text
    claims = tool.launch("ada")
    assert claims[CLAIM + "custom"] == {"track": "decideurs", "module": "d1"}
    assert claims[CLAIM + "resource_link"] == {"id": tool.block.location}
    assert claims[CLAIM + "target_link_uri"] == LAUNCH_URL


def test_the_address_of_an_item_is_in_the_message_and_not_in_the_login(bare: Place) -> None:
    """A tool that sends addresses cannot hold a message to its login's ``target_link_uri``: better not to send any."""
    tool = bare()
    item = {"type": "ltiResourceLink", "url": f"{URL}/lti/other"}
    tool.respond("thea", tool.launch("thea", deep_link=True), [item])
    assert tool.login("ada")["target_link_uri"] == LAUNCH_URL
    assert tool.launch("ada")[CLAIM + "target_link_uri"] == f"{URL}/lti/other"


def test_several_items_share_one_resource_link_and_one_column(bare: Place) -> None:
    """What the custom parameters say is all that tells them apart, and a second choice replaces the first."""
    tool = bare()
    request = tool.launch("thea", deep_link=True)
    column = {"label": "D1", "scoreMaximum": 100, "resourceId": "d1"}
    items = [{"type": "ltiResourceLink", "title": key, "custom": {"module": key}, "lineItem": column} for key in "ab"]
    assert tool.respond("thea", request, items).status_code == 200
    page = tool.edx.browser("ada").open(tool.edx.login_url("ada", tool.block))
    assert page.url.path.endswith("/lti-dl/content")
    assert page.text.count(f"{URL}/lti/login?") == 2
    listed = tool.call("GET", tool.columns_url(), LINE_ITEM_READ).json()
    assert [item["label"] for item in listed] == ["Décideurs publics"]
    tool.respond("thea", request, items[:1])
    assert tool.launch("ada")[CLAIM + "custom"] == {"module": "a"}


def test_nothing_chosen_leaves_the_block_as_it_was_configured(bare: Place) -> None:
    tool = bare()
    assert tool.respond("thea", tool.launch("thea", deep_link=True), []).status_code == 200
    assert tool.launch("ada")[CLAIM + "custom"] == {"track": "decideurs"}


def test_content_sent_back_by_somebody_else_is_refused(bare: Place) -> None:
    tool = bare()
    request = tool.launch("thea", deep_link=True)
    tool.login("ada")  # she is signed in to the platform, in her own browser
    item = {"type": "ltiResourceLink", "custom": {"module": "d1"}}
    assert tool.respond("ada", request, [item]).status_code == 403
    assert tool.launch("ada")[CLAIM + "custom"] == {"track": "decideurs"}


def test_a_file_is_no_content_here(bare: Place) -> None:
    tool = bare()
    answer = tool.respond("thea", tool.launch("thea", deep_link=True), [{"type": "file", "url": f"{URL}/a.pdf"}])
    assert answer.status_code >= 400
