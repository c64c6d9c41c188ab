"""Open edX's roster: facts our tool must live with."""

from itertools import chain

import pytest

from tests.openedx.bare_tool import NRPS, ROSTER, SCORE, Place
from tests.openedx.edx import MEMBERS, OpenEdx
from tests.platform_in_test import AGS, MEMBERSHIP


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
