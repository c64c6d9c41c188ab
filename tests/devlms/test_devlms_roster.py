"""Names and Role Provisioning Services: the roster, by pages."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

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
