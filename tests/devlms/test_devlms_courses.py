"""Several courses: a copy has new ids and columns, and says where it comes from to a tool that asks."""

from dataclasses import replace
from typing import Any

import pytest
from devlms_calls import Services, message
from flask.testing import FlaskClient

from lms.devlms import Campus, DevLmsSettings, HeadlessBrowser, create_devlms
from lms.devlms.vocabulary import AGS_CLAIM, CLAIM, NRPS_CLAIM


@pytest.fixture
def settings(settings: DevLmsSettings) -> DevLmsSettings:
    """A tool that asks for histories."""
    asked = {
        "context_history": "$Context.id.history",
        "link_history": "$ResourceLink.id.history",
        "who": "$User.id",
        "kept": "$Unknown.variable",
    }
    return replace(settings, custom=asked)


def copied(client: FlaskClient, course_id: str) -> str:
    """The id of a new copy of a course."""
    client.get("/course?as=13")
    return client.post(f"/courses/{course_id}/copy").headers["Location"].rpartition("/")[2]


def test_the_first_course_has_no_history(client: FlaskClient, settings: DevLmsSettings) -> None:
    assert message(client, settings, "/course/3?as=11")[CLAIM + "custom"] == {
        "track": "decideurs",
        "context_history": "",
        "link_history": "",
        "who": "11",
        "kept": "$Unknown.variable",
    }


def test_a_copy_of_a_copy_names_both_its_origins(
    client: FlaskClient, settings: DevLmsSettings, campus: Campus, services: Services
) -> None:
    services.score()
    first = copied(client, "2")
    second = copied(client, first)
    assert len({"2", first, second}) == 3
    middle, link = campus.links(first)[0], campus.links(second)[0]
    claims = message(client, settings, f"/course/{link.id}?as=11")
    assert claims[CLAIM + "context"]["id"] == second
    assert claims[CLAIM + "resource_link"]["id"] == link.id
    assert claims[CLAIM + "custom"]["track"] == "decideurs"
    assert claims[CLAIM + "custom"]["context_history"] == f"{first},2"
    assert claims[CLAIM + "custom"]["link_history"] == f"{middle.id},3"
    column = claims[AGS_CLAIM]["lineitem"]
    assert column.startswith(f"http://localhost/services/ags/{second}/lineitems/")
    assert claims[NRPS_CLAIM]["context_memberships_url"] == f"http://localhost/services/nrps/{second}/memberships"
    assert services.get(f"{column}/results").json == []
    services.column = column.removeprefix("http://localhost")
    assert services.score(scoreGiven=10).status_code == 200
    assert services.grade() == 100


def test_services_of_a_course_hold_its_own(client: FlaskClient, services: Services, campus: Campus) -> None:
    copy = copied(client, "2")
    items: Any = services.get(f"/services/ags/{copy}/lineitems").json
    assert {item["resourceLinkId"] for item in items} == {link.id for link in campus.links(copy)}
    assert len(services.get("/services/ags/2/lineitems").json) == 2
    number = items[0]["id"].split("/")[-2]
    assert services.get(f"/services/ags/2/lineitems/{number}/lineitem").status_code == 404
    assert services.get(f"/services/nrps/{copy}/memberships?rlid=3").status_code == 404
    assert services.get(f"/services/nrps/{copy}/memberships").json["context"]["id"] == copy


def test_copies_outlive_a_restart_and_are_listed(client: FlaskClient, settings: DevLmsSettings, campus: Campus) -> None:
    copy = copied(client, "2")
    again: Campus = create_devlms(settings).extensions["devlms"]
    assert again.courses() == campus.courses()
    assert again.course(copy) == campus.courses()[-1]
    assert "(copie)" in client.get("/course").text
    assert client.get("/courses/99").status_code == 404
    assert client.get("/course?as=11").status_code == 200
    assert client.post("/courses/2/copy").status_code == 403


def test_the_headless_browser_copies_a_course(served: Campus, browser_at: HeadlessBrowser) -> None:
    copy = browser_at.copy_course("13")
    assert served.course(copy) is not None
    assert browser_at.launch("11", served.links(copy)[0].id).status_code == 200
