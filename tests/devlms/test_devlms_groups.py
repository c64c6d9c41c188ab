"""Course Groups Service: off without groups, and then a claim, two lists and enrolments in the roster."""

from dataclasses import replace
from typing import Any

import pytest
from devlms_calls import Services, message
from devlms_fake_tool import FakeTool
from flask.testing import FlaskClient

from lms.devlms import DevLmsSettings, Group, GroupSet, create_devlms
from lms.devlms.vocabulary import GROUP_SETS_MEDIA, GROUPS_CLAIM, GROUPS_MEDIA, GROUPS_SCOPE

GROUPS = "/services/groups/2/groups"
OPENED = "/course/3?as=11"


@pytest.fixture
def settings(settings: DevLmsSettings) -> DevLmsSettings:
    """A course with three groups, two of them in a set."""
    return replace(
        settings,
        groups=(
            Group("g1", "Lyon", frozenset({"11"}), "site", "s1"),
            Group("g2", "Brest", frozenset({"12"}), "site", "s1"),
            Group("g3", "Tous", frozenset({"11", "12"})),
        ),
        group_sets=(GroupSet("s1", "Sites"),),
    )


@pytest.fixture
def grouped(client: FlaskClient, tool: FakeTool) -> Services:
    """The services, groups included."""
    return Services(client, tool, GROUPS_SCOPE)


def test_the_launch_says_where_groups_are(client: FlaskClient, settings: DevLmsSettings) -> None:
    assert message(client, settings, OPENED)[GROUPS_CLAIM] == {
        "scope": [GROUPS_SCOPE],
        "context_groups_url": f"http://localhost{GROUPS}",
        "context_group_sets_url": "http://localhost/services/groups/2/sets",
        "service_versions": ["1.0"],
    }
    without = replace(settings, groups=())
    assert GROUPS_CLAIM not in message(create_devlms(without).test_client(), without, OPENED)


def test_groups_and_sets_are_listed(grouped: Services) -> None:
    answer = grouped.get(GROUPS, accept=GROUPS_MEDIA)
    assert answer.mimetype == GROUPS_MEDIA
    assert answer.json == {
        "id": f"http://localhost{GROUPS}",
        "groups": [
            {"id": "g1", "name": "Lyon", "tag": "site", "set_id": "s1"},
            {"id": "g2", "name": "Brest", "tag": "site", "set_id": "s1"},
            {"id": "g3", "name": "Tous"},
        ],
    }
    sets = grouped.get("/services/groups/2/sets", accept=GROUP_SETS_MEDIA)
    assert sets.json["sets"] == [{"id": "s1", "name": "Sites"}]


def test_groups_of_one_person_and_by_pages(grouped: Services) -> None:
    assert [group["id"] for group in grouped.get(f"{GROUPS}?user_id=12").json["groups"]] == ["g2", "g3"]
    first = grouped.get(f"{GROUPS}?user_id=12&limit=1")
    assert [group["id"] for group in first.json["groups"]] == ["g2"]
    following = first.headers["Link"].partition(">")[0][1:]
    assert [group["id"] for group in grouped.get(following).json["groups"]] == ["g3"]


def test_the_roster_says_enrolments_when_asked(grouped: Services) -> None:
    def enrolments(query: str) -> Any:
        return grouped.get(f"/services/nrps/2/memberships{query}").json["members"][0].get("group_enrollments")

    assert enrolments("?groups=true") == [{"group_id": "g1"}, {"group_id": "g3"}]
    assert enrolments("") is None


def test_groups_need_their_scope_and_their_course(services: Services, grouped: Services) -> None:
    assert services.get(GROUPS).status_code == 403
    assert grouped.get("/services/groups/9/groups").status_code == 404
