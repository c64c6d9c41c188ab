"""Names and Role Provisioning Services: the roster, by pages."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from itertools import islice
from typing import Any

import pytest
from devlms_calls import Services, auth_request
from devlms_fake_tool import FakeTool
from flask.testing import FlaskClient

from lms.devlms import Campus, DevLmsSettings, create_devlms
from lms.devlms.forms import forms
from lms.devlms.people import Person
from lms.devlms.roster import Roster
from lms.devlms.vocabulary import CLAIM, LEARNER, MEMBERS_MEDIA

MEMBERS = "/services/nrps/2/memberships"


def test_without_a_limit_everyone_comes(services: Any) -> None:
    answer = services.get(MEMBERS)
    assert answer.mimetype == MEMBERS_MEDIA
    assert answer.json["context"]["id"] == "2"
    assert [member["user_id"] for member in answer.json["members"]] == ["11", "12", "13", "14", "15"]
    assert answer.json["members"][0] == {
        "status": "Active",
        "user_id": "11",
        "roles": [LEARNER],
        "lis_person_sourcedid": "A-0001",
        "name": "Agent de démonstration A",
        "given_name": "Agent",
        "family_name": "de démonstration A",
        "email": "agent.a@example.org",
    }


def test_pages_follow_each_other_and_keep_their_filters(services: Any) -> None:
    seen, url = [], f"{MEMBERS}?limit=1&role=Learner&rlid=3"
    while url:
        answer = services.get(url)
        seen += [member["user_id"] for member in answer.json["members"]]
        found = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        url = found[1] if found else ""
    assert seen == ["11", "12"]


def test_moodle_writes_curly_links(services: Any, quirk: Callable[..., None]) -> None:
    quirk(curly_links=True)
    link = services.get(f"{MEMBERS}?limit=3").headers["Link"].encode("latin-1").decode()
    assert link == f"<http://localhost{MEMBERS}?limit=3&amp;from=3>; rel=“next”"
    assert len(services.get(unescape(link[1 : link.index(">")])).json["members"]) == 2


def test_a_link_brings_its_message(services: Any) -> None:
    member = services.get(f"{MEMBERS}?rlid=3").json["members"][0]
    assert member["message"][0][CLAIM + "custom"] == {"track": "decideurs"}
    assert services.get(f"{MEMBERS}?rlid=99").status_code == 404


def test_names_may_be_withheld(services: Any, quirk: Callable[..., None]) -> None:
    quirk(names_withheld=True)
    assert "name" not in services.get(MEMBERS).json["members"][0]


def test_roles_may_be_asked_for_by_their_address(services: Any) -> None:
    members = services.get(MEMBERS + "?role=" + LEARNER.replace("#", "%23")).json["members"]
    assert len(members) == 2


def test_another_course_is_not_found(services: Any) -> None:
    assert services.get("/services/nrps/9/memberships").status_code == 404


def ids(services: Any, query: str = "") -> list[str]:
    return [member["user_id"] for member in services.get(MEMBERS + query).json["members"]]


def test_people_leave_and_come_back(services: Any, campus: Campus, client: FlaskClient) -> None:
    agent = campus.people["11"]
    campus.leave("11")
    assert ids(services) == ["12", "13", "14", "15"]
    assert client.get("/course?as=11").status_code == 404
    assert services.score().status_code == 400
    campus.join(agent)
    assert ids(services) == ["11", "12", "13", "14", "15"]
    assert services.score().status_code == 200
    campus.join(replace(agent, id="16", given_name="Nouvel agent"))
    assert ids(services)[-1] == "16"


@pytest.mark.parametrize("status", ["Inactive", "Deleted"])
def test_who_left_may_be_listed_as_such(services: Any, campus: Campus, status: str) -> None:
    campus.leave("12", status)
    members = {member["user_id"]: member["status"] for member in services.get(MEMBERS).json["members"]}
    assert members == {"11": "Active", "12": status, "13": "Active", "14": "Active", "15": "Active"}
    assert services.score(userId="12").status_code == 400


def test_a_departure_between_two_pages_loses_nobody_else(services: Any, campus: Campus) -> None:
    first = services.get(f"{MEMBERS}?limit=2")
    campus.leave("11")
    following = first.headers["Link"].partition(">")[0][1:]
    assert [member["user_id"] for member in services.get(following).json["members"]] == ["13", "14"]


def test_an_open_launch_ends_with_the_enrolment(campus: Campus, client: FlaskClient, settings: DevLmsSettings) -> None:
    sent = forms(client.get("/course/3?as=11").text)[0].fields
    campus.leave("11")
    assert (
        forms(client.get("/auth", query_string=auth_request(sent, settings)).text)[0].fields["error"] == "access_denied"
    )


@pytest.fixture
def crowd(settings: DevLmsSettings, tool: FakeTool) -> Services:
    """The services of an LMS with a hundred thousand fictitious members."""
    return Services(create_devlms(replace(settings, roster_size=100_000)).test_client(), tool)


def test_a_large_roster_is_served_whole_or_by_pages(crowd: Services) -> None:
    everyone = crowd.get(MEMBERS).json["members"]
    assert len(everyone) == 100_005
    assert len({member["user_id"] for member in everyone}) == 100_005
    assert everyone[127]["name"] == "Membre 000123"
    seen, url = [], f"{MEMBERS}?limit=10000&role=Learner"
    while url:
        answer = crowd.get(url)
        seen += [member["user_id"] for member in answer.json["members"]]
        url = answer.headers.get("Link", "").partition(">")[0][1:]
    assert seen == [member["user_id"] for member in everyone if member["roles"] == [LEARNER]]
    assert crowd.score(userId=everyone[-1]["user_id"]).status_code == 200


def test_the_last_page_costs_what_the_first_does(settings: DevLmsSettings) -> None:
    looked_at: list[str] = []

    class Counting(Roster):
        def __getitem__(self, person_id: str) -> Person:
            looked_at.append(person_id)
            return super().__getitem__(person_id)

    counting = Counting(settings.people, 10_000_000)
    for start in (0, 9_000_000):
        looked_at.clear()
        assert len(list(islice(counting.members(start), 100))) == 100
        assert len(looked_at) == 100
    assert len(counting) == 10_000_005
