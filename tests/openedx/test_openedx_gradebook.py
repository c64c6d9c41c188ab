"""Columns and scores in Open edX's gradebook: facts our tool must live with."""

from datetime import timedelta
from typing import Any

import pytest

from tests.openedx.bare_tool import LINE_ITEM, LINE_ITEM_MEDIA, LINE_ITEM_READ, NOW, RESULT, SCORE, Place
from tests.platform_in_test import AGS

CONTAINER_MEDIA = "application/vnd.ims.lis.v2.lineitemcontainer+json"


def test_declarative_mode_gives_a_column_to_read_and_to_score(bare: Place) -> None:
    tool = bare()
    endpoint = tool.launch("ada")[AGS]
    assert endpoint["scope"] == [LINE_ITEM_READ, RESULT, SCORE]
    item = tool.call("GET", endpoint["lineitem"], LINE_ITEM_READ).json()
    assert (item["label"], item["scoreMaximum"]) == ("Décideurs publics", 100)
    assert item["resourceLinkId"] == item["resourceId"] == tool.block.location
    answer = tool.score(endpoint["lineitem"])
    assert answer.status_code == 201
    assert tool.edx.grades(tool.block) == [("ada", 0.5)]


def test_programmatic_mode_gives_a_column_once_the_tool_has_made_it(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    before = tool.launch("ada")[AGS]
    assert before.keys() == {"scope", "lineitems"}
    assert before["scope"] == [LINE_ITEM, RESULT, SCORE]
    answer = tool.make_column()
    assert answer.status_code == 201
    column = answer.json()["id"]
    assert tool.launch("ada")[AGS]["lineitem"] == column
    assert tool.score(column).status_code == 201
    assert tool.edx.grades(tool.block) == [("ada", 0.5)]


def test_a_column_made_without_its_block_never_reaches_the_grades(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    endpoint = tool.launch("ada")[AGS]
    item = {"label": "Décideurs", "scoreMaximum": 100, "resourceId": "decideurs"}
    column = tool.call("POST", endpoint["lineitems"], LINE_ITEM, json=item, media=LINE_ITEM_MEDIA).json()["id"]
    assert tool.score(column).status_code == 201
    assert tool.edx.grades(tool.block) == []


def test_the_same_column_may_be_made_twice_and_cannot_be_removed(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    first, second = tool.make_column(resourceId="decideurs"), tool.make_column(resourceId="decideurs")
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]
    assert tool.call("DELETE", second.json()["id"], LINE_ITEM).status_code == 403
    listed = tool.call("GET", tool.launch("ada")[AGS]["lineitems"], LINE_ITEM).json()
    assert len(listed) == 2


def test_a_column_is_changed_with_its_link_said_again(bare: Place) -> None:
    tool = bare(lti_advantage_ags_mode="programmatic")
    item = tool.make_column().json()
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
    answer = bare(lti_advantage_ags_mode="programmatic").make_column(**changes)
    assert answer.status_code == 400
    assert list(answer.json()) == [says]


def test_filters_of_columns_are_not_those_of_the_standard(bare: Place) -> None:
    """``resource_link_id`` is heard; ``resourceLinkId``, which AGS 2.0 says, is ignored without a word."""
    tool = bare(lti_advantage_ags_mode="programmatic")
    for name in ("one", "two"):
        tool.make_column(resourceId=name)
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
    assert tool.score(column).status_code == 201
    answer = tool.score(column, moment=NOW - timedelta(microseconds=earlier), scoreGiven=80)
    assert (answer.status_code, list(answer.json())) == (400, ["timestamp"])
    assert tool.score(column, moment=NOW + timedelta(microseconds=1), scoreGiven=80).status_code == 201
    assert tool.edx.grades(tool.block) == [("ada", 0.5), ("ada", 1.0)]


def test_only_a_final_score_becomes_a_grade(bare: Place) -> None:
    tool = bare()
    column = tool.launch("ada")[AGS]["lineitem"]
    assert tool.score(column, gradingProgress="Pending").status_code == 201
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
    assert tool.score(tool.launch("ada")[AGS]["lineitem"], **changes).status_code == status


def test_a_score_of_nobody_breaks_the_platform(bare: Place) -> None:
    """It looks in vain for whom to grade, and answers 500: not a refusal that says so."""
    tool = bare()
    column = tool.launch("ada")[AGS]["lineitem"]
    assert tool.score(column, userId="a3a33a5e-0000-4000-8000-000000000000").status_code == 500


def test_a_block_without_a_score_accepts_scores_for_nothing(bare: Place) -> None:
    tool = bare(has_score=False)
    assert tool.score(tool.launch("ada")[AGS]["lineitem"]).status_code == 201
    assert tool.edx.grades(tool.block) == []


def test_no_gradebook_when_the_block_wants_none(bare: Place) -> None:
    assert AGS not in bare(lti_advantage_ags_mode="disabled").launch("ada")
