"""What Open edX says and accepts, seen with a bare tool: the facts that our own must live with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.openedx.bare_tool import (
    DEEP_LINKING,
    LAUNCH_URL,
    LINE_ITEM,
    LINE_ITEM_READ,
    RESULT,
    ROSTER,
    SCORE,
    URL,
    BareTool,
)
from tests.openedx.edx import MEMBERS, OpenEdx
from tests.platform_in_test import AGS, CLAIM, MEMBERSHIP

Place = Callable[..., BareTool]

PERSON = "http://purl.imsglobal.org/vocab/lis/v2/{}/person#{}"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
LINE_ITEM_MEDIA = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER_MEDIA = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_MEDIA = "application/vnd.ims.lis.v1.score+json"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def graded(tool: BareTool, column: str, *, moment: datetime = NOW, **changes: Any) -> httpx.Response:
    """The answer to a score of Ada's: 40 of 80."""
    score = {
        "userId": tool.edx.members(tool.block.course)["ada"]["sub"], "timestamp": moment.isoformat(),
        "scoreGiven": 40, "scoreMaximum": 80, "activityProgress": "Completed", "gradingProgress": "FullyGraded",
        **changes,
    }  # fmt: skip
    return tool.call("POST", f"{column}/scores", SCORE, json=score, media=SCORE_MEDIA)


def made(tool: BareTool, **changes: Any) -> httpx.Response:
    """The answer to a column the tool makes for its block."""
    claims = tool.launch("ada")
    item = {"label": "Décideurs", "scoreMaximum": 100, "resourceLinkId": claims[CLAIM + "resource_link"]["id"]}
    return tool.call("POST", claims[AGS]["lineitems"], LINE_ITEM, json={**item, **changes}, media=LINE_ITEM_MEDIA)


# Launches


def test_a_login_is_a_get_that_says_everything(bare: Place) -> None:
    tool = bare()
    login = tool.login("ada")
    ada = tool.edx.members(tool.block.course)["ada"]
    assert login.pop("lti_message_hint")
    assert login == {
        "iss": tool.edx.url, "client_id": tool.block.client_id, "lti_deployment_id": "1",
        "target_link_uri": LAUNCH_URL, "login_hint": ada["sub"],
    }  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_message_says_little_of_the_person(bare: Place, method: str) -> None:
    tool = bare()
    claims = tool.launch("ada", method)
    assert claims["sub"] == str(UUID(claims["sub"])) == tool.edx.members(tool.block.course)["ada"]["sub"]
    assert claims.keys().isdisjoint({"name", "given_name", "family_name", "email", "locale", CLAIM + "lis"})
    assert set(claims[CLAIM + "roles"]) == {
        MEMBERSHIP + "Learner", PERSON.format("system", "None"), PERSON.format("institution", "None"),
    }  # fmt: skip
    assert claims[CLAIM + "resource_link"] == {"id": tool.block.location}
    assert claims[CLAIM + "context"]["id"] == tool.block.course
    assert claims[CLAIM + "launch_presentation"] == {"document_target": "iframe"}
    assert claims[CLAIM + "custom"] == {"track": "decideurs"}
    assert (claims["azp"], claims["exp"] - claims["iat"]) == (tool.block.client_id, 3600)


def test_a_name_is_sent_when_the_block_asks_and_never_in_two_parts(bare: Place) -> None:
    claims = bare(ask_to_send_full_name=True, ask_to_send_email=True).launch("ada")
    assert (claims["name"], claims["email"]) == ("Ada de démonstration", "ada@example.org")
    assert claims.keys().isdisjoint({"given_name", "family_name"})


@pytest.mark.parametrize(
    ("username", "roles"),
    [
        ("thea", {MEMBERSHIP + "Instructor"}),
        ("iris", {MEMBERSHIP + "Instructor", MEMBERSHIP + "Administrator"}),
        ("staff", {MEMBERSHIP + "Instructor", MEMBERSHIP + "Administrator", PERSON.format("system", "Administrator")}),
    ],
)
def test_roles_of_those_who_teach(bare: Place, username: str, roles: set[str]) -> None:
    assert roles <= set(bare().launch(username)[CLAIM + "roles"])


def test_each_block_is_a_client_with_addresses_of_its_own(edx: OpenEdx, bare: Place) -> None:
    course = edx.course()
    one, two = bare(course).block, bare(course).block
    assert (one.issuer, one.auth_url, one.deployment_id) == (two.issuer, two.auth_url, two.deployment_id)
    assert one.client_id != two.client_id
    assert one.token_url != two.token_url
    assert one.jwks_url != two.jwks_url


def test_a_block_configured_in_the_database_says_the_same(bare: Place) -> None:
    tool = bare(store="database")
    claims = tool.launch("ada")
    assert claims[CLAIM + "resource_link"] == {"id": tool.block.location}
    assert claims[AGS]["lineitem"].startswith(claims[AGS]["lineitems"])


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": f"{URL}/elsewhere"}, {"client_id": "another"}, {"nonce": ""}, {"state": ""}]
)
def test_an_authentication_request_that_is_not_the_tools(bare: Place, changes: dict[str, str]) -> None:
    tool = bare()
    answer = tool.authenticate("ada", tool.login("ada"), **changes)
    assert answer.status_code == 400
    assert "id_token" not in answer.text


# Access tokens


def test_a_token_has_the_known_scopes_even_those_a_launch_did_not_offer(bare: Place) -> None:
    tool = bare()
    assert LINE_ITEM not in tool.launch("ada")[AGS]["scope"]
    granted = tool.ask_token(LINE_ITEM, SCORE, "https://example.org/unknown").json()
    assert (granted["token_type"], granted["expires_in"], granted["scope"]) == ("bearer", 3600, f"{LINE_ITEM} {SCORE}")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion": "not a token"}, "invalid_grant"),
    ],
)
def test_every_refusal_of_a_token_is_a_bad_request(bare: Place, changes: dict[str, str], error: str) -> None:
    answer = bare().ask_token(SCORE, **changes)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_token_of_one_block_opens_no_other(edx: OpenEdx, bare: Place) -> None:
    """The answer is 403, as to an expired token: 401 never comes, and the body alone tells it from a missing scope."""
    course = edx.course()
    one, two = bare(course), bare(course)
    column = two.launch("ada")[AGS]["lineitem"]
    answer = graded(one, column)
    assert (answer.status_code, answer.json()) == (403, {"detail": "Invalid token signature."})
    assert edx.grades(two.block) == []


def test_a_scope_that_is_missing(bare: Place) -> None:
    tool = bare()
    answer = tool.call("GET", tool.launch("ada")[AGS]["lineitem"] + "/results", SCORE)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("You do not have permission")


# The gradebook


def test_declarative_mode_gives_a_column_to_read_and_to_score(bare: Place) -> None:
    tool = bare()
    endpoint = tool.launch("ada")[AGS]
    assert endpoint["scope"] == [LINE_ITEM_READ, RESULT, SCORE]
    item = tool.call("GET", endpoint["lineitem"], LINE_ITEM_READ).json()
    assert (item["label"], item["scoreMaximum"]) == ("Décideurs publics", 100)
    assert item["resourceLinkId"] == item["resourceId"] == tool.block.location
    answer = graded(tool, endpoint["lineitem"])
    assert answer.status_code == 201
    assert tool.edx.grades(tool.block) == [("ada", 0.5)]


def test_programmatic_mode_gives_a_column_once_the_tool_has_made_it(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    before = tool.launch("ada")[AGS]
    assert before.keys() == {"scope", "lineitems"}
    assert before["scope"] == [LINE_ITEM, RESULT, SCORE]
    answer = made(tool)
    assert answer.status_code == 201
    column = answer.json()["id"]
    assert tool.launch("ada")[AGS]["lineitem"] == column
    assert graded(tool, column).status_code == 201
    assert tool.edx.grades(tool.block) == [("ada", 0.5)]


def test_a_column_made_without_its_block_never_reaches_the_grades(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    endpoint = tool.launch("ada")[AGS]
    item = {"label": "Décideurs", "scoreMaximum": 100, "resourceId": "decideurs"}
    column = tool.call("POST", endpoint["lineitems"], LINE_ITEM, json=item, media=LINE_ITEM_MEDIA).json()["id"]
    assert graded(tool, column).status_code == 201
    assert tool.edx.grades(tool.block) == []


def test_the_same_column_may_be_made_twice_and_cannot_be_removed(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    first, second = made(tool, resourceId="decideurs"), made(tool, resourceId="decideurs")
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]
    assert tool.call("DELETE", second.json()["id"], LINE_ITEM).status_code == 403
    listed = tool.call("GET", tool.launch("ada")[AGS]["lineitems"], LINE_ITEM).json()
    assert len(listed) == 2


def test_a_column_is_changed_with_its_link_said_again(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    item = made(tool).json()
    change = {"label": "Agents", "scoreMaximum": 60}
    assert tool.call("PUT", item["id"], LINE_ITEM, json=change, media=LINE_ITEM_MEDIA).status_code == 400
    change["resourceLinkId"] = item["resourceLinkId"]
    assert tool.call("PUT", item["id"], LINE_ITEM, json=change, media=LINE_ITEM_MEDIA).status_code == 200
    assert tool.call("GET", item["id"], LINE_ITEM).json()["label"] == "Agents"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"label": "x" * 101}, "label"),
        ({"tag": "x" * 51}, "tag"),
        ({"scoreMaximum": 12.5}, "scoreMaximum"),
        ({"resourceLinkId": "no place"}, "resourceLinkId"),
    ],
)
def test_limits_of_a_column(bare: Place, changes: dict[str, Any], says: str) -> None:
    answer = made(bare(lti_advantage_ags_mode="programmatic"), **changes)
    assert answer.status_code == 400
    assert list(answer.json()) == [says]


def test_filters_of_columns_are_not_those_of_the_standard(bare: Place) -> None:
    """``resource_link_id`` is heard; ``resourceLinkId``, which AGS 2.0 says, is ignored without a word."""
    tool = bare(lti_advantage_ags_mode="programmatic")
    for name in ("one", "two"):
        made(tool, resourceId=name)
    url = tool.launch("ada")[AGS]["lineitems"]
    assert len(tool.call("GET", f"{url}?resourceId=one", LINE_ITEM).json()) == 2
    assert len(tool.call("GET", f"{url}?resource_id=one", LINE_ITEM).json()) == 1


@pytest.mark.parametrize(
    ("accept", "status"),
    [("*/*", 200), (CONTAINER_MEDIA, 200), (LINE_ITEM_MEDIA, 200), ("application/json", 406)],
)
def test_what_a_list_of_columns_may_be_asked_as(bare: Place, accept: str, status: int) -> None:
    tool = bare()
    assert tool.call("GET", tool.launch("ada")[AGS]["lineitems"], LINE_ITEM_READ, accept=accept).status_code == status


def test_what_a_column_may_be_sent_as(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    claims = tool.launch("ada")
    item = {"label": "Décideurs", "scoreMaximum": 100, "resourceLinkId": tool.block.location}
    answer = tool.call("POST", claims[AGS]["lineitems"], LINE_ITEM, json=item, media="application/json")
    assert answer.status_code == 415


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_score_no_later_than_the_one_kept_is_a_bad_request(bare: Place, earlier: int) -> None:
    tool = bare()
    column = tool.launch("ada")[AGS]["lineitem"]
    assert graded(tool, column).status_code == 201
    answer = graded(tool, column, moment=NOW - timedelta(microseconds=earlier), scoreGiven=80)
    assert (answer.status_code, list(answer.json())) == (400, ["timestamp"])
    assert graded(tool, column, moment=NOW + timedelta(microseconds=1), scoreGiven=80).status_code == 201
    assert tool.edx.grades(tool.block) == [("ada", 0.5), ("ada", 1.0)]


def test_only_a_final_score_becomes_a_grade(bare: Place) -> None:
    tool = bare()
    column = tool.launch("ada")[AGS]["lineitem"]
    assert graded(tool, column, gradingProgress="Pending").status_code == 201
    assert tool.edx.grades(tool.block) == []
    (result,) = tool.call("GET", f"{column}/results", RESULT).json()
    assert (result["resultScore"], result["resultMaximum"]) == (40, 80)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"scoreMaximum": None}, 400),
        ({"scoreMaximum": 0}, 400),
        ({"timestamp": "yesterday"}, 400),
        ({"scoreGiven": 0}, 201),
        ({"scoreGiven": None, "scoreMaximum": None}, 201),
    ],
)
def test_limits_of_a_score(bare: Place, changes: dict[str, Any], status: int) -> None:
    tool = bare()
    assert graded(tool, tool.launch("ada")[AGS]["lineitem"], **changes).status_code == status


def test_a_score_of_nobody_breaks_the_platform(bare: Place) -> None:
    """It looks in vain for whom to grade, and answers 500: not a refusal that says so."""
    tool = bare()
    column = tool.launch("ada")[AGS]["lineitem"]
    assert graded(tool, column, userId="a3a33a5e-0000-4000-8000-000000000000").status_code == 500


def test_a_block_without_a_score_accepts_scores_for_nothing(bare: Place) -> None:
    tool = bare(has_score=False)
    assert graded(tool, tool.launch("ada")[AGS]["lineitem"]).status_code == 201
    assert tool.edx.grades(tool.block) == []


def test_no_gradebook_when_the_block_wants_none(bare: Place) -> None:
    assert AGS not in bare(lti_advantage_ags_mode="disabled").launch("ada")


# The roster


def test_a_roster_without_names(bare: Place) -> None:
    tool = bare()
    service = tool.launch("thea")[NRPS]
    assert service["service_versions"] == ["2.0"]
    roster = tool.call("GET", service["context_memberships_url"], ROSTER).json()
    members = tool.edx.members(tool.block.course)
    assert {member["user_id"] for member in roster["members"]} == {each["sub"] for each in members.values()}
    assert all(member.keys() == {"status", "user_id", "roles"} for member in roster["members"])
    assert {role for member in roster["members"] for role in member["roles"]} == {
        MEMBERSHIP + "Learner", MEMBERSHIP + "Instructor", MEMBERSHIP + "Administrator",
    }  # fmt: skip


def test_a_roster_with_names_when_the_course_shares_them(edx: OpenEdx, bare: Place) -> None:
    tool = bare(edx.course({"ada": "student"}, shares_names=True))
    (ada,) = tool.call("GET", tool.launch("ada")[NRPS]["context_memberships_url"], ROSTER).json()["members"]
    assert (ada["name"], ada["email"]) == ("Ada de démonstration", "ada@example.org")


def test_a_roster_in_pages(bare: Place) -> None:
    tool = bare()
    url = tool.launch("thea")[NRPS]["context_memberships_url"]
    whole = tool.call("GET", url, ROSTER)
    assert "next" not in whole.links
    following, pages = f"{url}?limit=2", []
    while following:
        answer = tool.call("GET", following, ROSTER)
        pages.append([member["user_id"] for member in answer.json()["members"]])
        following = answer.links.get("next", {}).get("url", "")
        assert not following or following == f"{url}?limit=2&page={len(pages) + 1}"
    assert [len(page) for page in pages] == [2, 2, 1]
    assert list(chain(*pages)) == [member["user_id"] for member in whole.json()["members"]]


def test_a_departure_is_an_absence(edx: OpenEdx, bare: Place) -> None:
    tool = bare()
    url = tool.launch("thea")[NRPS]["context_memberships_url"]
    gone = edx.members(tool.block.course)["ada"]["sub"]
    edx.enrol(tool.block.course, {name: role for name, role in MEMBERS.items() if name != "ada"})
    members = tool.call("GET", url, ROSTER).json()["members"]
    assert len(members) == len(MEMBERS) - 1
    assert gone not in {member["user_id"] for member in members}
    assert {member["status"] for member in members} == {"Active"}


@pytest.mark.parametrize(("scope", "nrps"), [(SCORE, True), (ROSTER, False)])
def test_a_roster_not_granted(bare: Place, scope: str, nrps: bool) -> None:
    tool = bare(lti_1p3_enable_nrps=nrps)
    number = tool.launch("ada")[AGS]["lineitems"].rsplit("/", 2)[1]
    url = f"{tool.edx.url}/api/lti_consumer/v1/lti/{number}/memberships"
    assert tool.call("GET", url, scope).status_code == 403


def test_a_roster_is_not_plain_json(bare: Place) -> None:
    tool = bare()
    url = tool.launch("thea")[NRPS]["context_memberships_url"]
    assert tool.call("GET", url, ROSTER, accept="application/json").status_code == 406


# Deep linking


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
    listed = tool.call("GET", page_columns(tool), LINE_ITEM_READ).json()
    assert [item["label"] for item in listed] == ["Décideurs publics"]
    tool.respond("thea", request, items[:1])
    assert tool.launch("ada")[CLAIM + "custom"] == {"module": "a"}


def page_columns(tool: BareTool) -> str:
    """Where the columns of a block are, whatever its page opens."""
    request = tool.launch("thea", deep_link=True)
    url: str = request[DEEP_LINKING + "deep_linking_settings"]["deep_link_return_url"]
    return url.replace("/lti-dl/response", "/lti-ags")


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
