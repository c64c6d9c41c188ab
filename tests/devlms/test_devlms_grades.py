"""Assignment and Grade Services: columns, scores, results, and Moodle's habits about them."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from copy import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.devlms import Campus, DevLmsSettings, create_devlms
from lms.devlms.instants import instant
from lms.devlms.vocabulary import LINE_ITEM_MEDIA, LINE_ITEMS_MEDIA, RESULTS_MEDIA, SCORE_MEDIA

Quirk = Callable[..., None]
ITEMS = "/services/ags/2/lineitems"


def test_each_link_has_its_column(services: Any) -> None:
    answer = services.get(ITEMS)
    assert answer.mimetype == LINE_ITEMS_MEDIA
    assert [item["resourceLinkId"] for item in answer.json] == ["3", "4"]
    assert services.get(answer.json[0]["id"]).json == answer.json[0]


def test_columns_are_added_changed_and_removed(client: FlaskClient, services: Any) -> None:
    made = services.post_item(label="Module", scoreMaximum=20, resourceId="d1", tag="module")
    assert made.status_code == 201
    url = made.json["id"]
    assert services.get(f"{ITEMS}?resource_id=d1&tag=module").json == [made.json]
    changed = client.put(
        url,
        json={"label": "Module 1", "scoreMaximum": 30, "startDateTime": "2026-11-01T08:00:00Z"},
        headers=services.headers,
        content_type=LINE_ITEM_MEDIA,
    )
    assert changed.json == {
        "id": url,
        "label": "Module 1",
        "scoreMaximum": 30.0,
        "startDateTime": "2026-11-01T08:00:00Z",
    }
    assert client.delete(url, headers=services.headers).status_code == 204
    assert services.get(url).status_code == 404


def test_the_column_of_a_link_is_not_the_tools_to_remove(client: FlaskClient, services: Any) -> None:
    assert client.delete(services.column, headers=services.headers).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"scoreMaximum": 1},
        {"label": "x"},
        {"label": 3, "scoreMaximum": 1},
        {"label": "x", "scoreMaximum": 0},
        {"label": "x", "scoreMaximum": True},
        {"label": "x", "scoreMaximum": 1, "resourceLinkId": "99"},
        {"label": "x", "scoreMaximum": 1, "endDateTime": "tomorrow"},
    ],
)
def test_a_faulty_column_is_refused(services: Any, body: dict[str, Any]) -> None:
    assert services.post_item(**body).status_code == 400


def test_columns_come_by_pages(services: Any) -> None:
    services.post_item(label="Module", scoreMaximum=20)
    first = services.get(f"{ITEMS}?limit=2")
    following = first.headers["Link"]
    assert following == f'<http://localhost{ITEMS}?limit=2&from=2>; rel="next"'
    second = services.get(following[1 : following.index(">")])
    assert [len(first.json), len(second.json)] == [2, 1]
    assert "Link" not in second.headers
    assert services.get(f"{ITEMS}?limit=0").status_code == 400
    assert services.get(f"{ITEMS}?limit=x").status_code == 400


def test_a_score_is_received_scaled_and_shown(services: Any, client: FlaskClient) -> None:
    answer = services.score(comment="Acquis")
    assert (answer.status_code, answer.data) == (200, b"")
    results = services.get(f"{services.column}/results?user_id=11")
    assert results.mimetype == RESULTS_MEDIA
    assert results.json == [
        {
            "id": f"http://localhost{services.column}/results/11",
            "scoreOf": f"http://localhost{services.column}",
            "userId": "11",
            "resultScore": 80.0,
            "resultMaximum": 100.0,
            "comment": "Acquis",
        }
    ]
    assert services.get(f"{services.column}/results?user_id=12").json == []
    page = client.get("/grades").text
    assert "Agent de démonstration A" in page
    assert "80 / 100" in page
    assert client.get("/grades.json").json == [
        {
            "userId": "11",
            "lineItem": "Décideurs publics",
            "resourceLinkId": "3",
            "grade": 80.0,
            "maximum": 100.0,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": "2026-11-02T09:00:00.000Z",
            "comment": "Acquis",
        }
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"userId": "13"},
        {"userId": "14"},
        {"userId": "99"},
        {"userId": 11},
        {"userId": None},
        {"timestamp": None},
        {"timestamp": "2026-11-02T09:00:00"},
        {"timestamp": "hier"},
        {"activityProgress": None},
        {"activityProgress": "Done"},
        {"gradingProgress": None},
        {"scoreMaximum": None},
        {"scoreMaximum": 0},
        {"scoreGiven": -1},
        {"scoreGiven": "8"},
        {"scoreGiven": float("nan")},
        {"comment": 3},
    ],
)
def test_a_faulty_score_is_refused(services: Any, changes: dict[str, Any]) -> None:
    assert services.score(**changes).status_code == 400
    assert services.grade() is None


def test_a_body_that_is_no_object_is_refused(client: FlaskClient, services: Any) -> None:
    for body in ("[]", "{"):
        answer = client.post(f"{services.column}/scores", data=body, headers=services.headers, content_type=SCORE_MEDIA)
        assert answer.status_code == 400


def test_only_a_later_timestamp_is_accepted_to_the_last_digit(services: Any) -> None:
    assert services.score(timestamp="2026-11-02T09:00:00.123456788Z").status_code == 200
    assert services.score(timestamp="2026-11-02T09:00:00.123456788Z").status_code == 409
    assert services.score(timestamp="2026-11-02T10:00:00.123+01:00").status_code == 409
    assert services.score(timestamp="2026-11-02T09:00:00.123456789Z", scoreGiven=9).status_code == 200
    assert services.score(userId="12", timestamp="2020-01-01T00:00:00Z").status_code == 200
    assert services.grade() == 90


def test_of_the_same_score_sent_at_once_one_is_kept(services: Any, campus: Campus, app: Flask) -> None:
    def send(_number: int) -> int:
        fellow = copy(services)
        fellow.client = app.test_client()
        return int(fellow.score().status_code)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(8))) == [200] + [409] * 7
    assert len(campus.store.scores()) == 1


def test_moodle_compares_whole_seconds(services: Any, quirk: Quirk) -> None:
    quirk(whole_second_timestamps=True)
    assert services.score(timestamp="2026-11-02T09:00:00.1Z").status_code == 200
    assert services.score(timestamp="2026-11-02T09:00:00.9Z").status_code == 409
    assert services.score(timestamp="2026-11-02T09:00:01Z").status_code == 200


@pytest.mark.parametrize(
    ("clears", "changes", "grade"),
    [
        (False, {"scoreGiven": None}, 80),
        (True, {"scoreGiven": None}, None),
        (False, {"gradingProgress": "PendingManual"}, 80),
        (True, {"gradingProgress": "PendingManual"}, None),
    ],
)
def test_a_score_without_a_final_value_keeps_the_grade_or_clears_it(
    services: Any, quirk: Quirk, clears: bool, changes: dict[str, Any], grade: float | None
) -> None:
    quirk(clear_without_score_given=clears)
    services.score()
    assert services.score(timestamp="2026-11-03T09:00:00Z", **changes).status_code == 200
    assert services.grade() == grade


def test_a_restart_keeps_the_gradebook(services: Any, settings: DevLmsSettings) -> None:
    services.score()
    again: Campus = create_devlms(settings).extensions["devlms"]
    assert [score.grade for score in again.store.current_scores()] == [80]


def test_media_types_are_asked_for(services: Any) -> None:
    assert services.score(media="application/json").status_code == 415
    assert services.get(ITEMS, accept="application/json").status_code == 200
    assert services.get(ITEMS, accept="text/html").status_code == 406


def test_moodle_wants_exact_media_types(services: Any, quirk: Quirk) -> None:
    quirk(strict_media_types=True)
    assert services.score(media="application/json").status_code == 400
    assert services.score().status_code == 200
    for accept, status in (("*/*", 400), ("application/json", 400), (LINE_ITEMS_MEDIA, 200)):
        assert services.get(ITEMS, accept=accept).status_code == status


def test_moodle_adds_type_id_to_addresses(client: FlaskClient, services: Any, quirk: Quirk) -> None:
    quirk(type_id_in_urls=True)
    item = services.get(f"{ITEMS}?type_id=1&limit=1")
    assert item.json[0]["id"] == f"http://localhost{services.column}?type_id=1"
    assert "type_id=1&limit=1&from=1" in item.headers["Link"]
    sent = client.post(
        f"{services.column}/scores?type_id=1",
        json={
            "userId": "11",
            "timestamp": "2026-11-02T09:00:00Z",
            "activityProgress": "Started",
            "gradingProgress": "NotReady",
        },
        headers=services.headers,
        content_type=SCORE_MEDIA,
    )
    assert sent.status_code == 200


def test_another_course_or_column_is_not_found(services: Any) -> None:
    assert services.get("/services/ags/9/lineitems").status_code == 404
    assert services.get("/services/ags/2/lineitems/99/lineitem").status_code == 404


def test_instants_keep_every_digit() -> None:
    assert instant("1970-01-01T00:00:01.000000001Z") == Decimal("1.000000001")
    assert instant("1970-01-01T01:00:00+0100") == 0
    assert instant("1969-12-31T23:59:59.5Z") == Decimal("-0.5")


def test_a_submission_and_its_comment_are_kept_and_shown(services: Any, client: FlaskClient, campus: Campus) -> None:
    submission = {"startedAt": "2026-11-02T08:00:00Z", "submittedAt": "2026-11-02T08:59:00Z"}
    assert services.score(comment="Repris", submission=submission).status_code == 200
    kept = campus.store.scores()[0]
    assert (kept.started_at, kept.submitted_at) == ("2026-11-02T08:00:00Z", "2026-11-02T08:59:00Z")
    page = client.get("/grades").text
    assert page.count("Repris") == 2
    assert "2026-11-02T08:59:00Z" in page
    assert services.score(timestamp="2026-11-03T08:00:00Z", submission={"startedAt": "hier"}).status_code == 400
    assert services.score(timestamp="2026-11-03T08:00:00Z", submission="tard").status_code == 400


def test_a_column_of_the_tool_shows_in_the_gradebook(services: Any, client: FlaskClient) -> None:
    services.column = services.post_item(label="Module D7", scoreMaximum=20).json["id"].removeprefix("http://localhost")
    assert services.score().status_code == 200
    assert "Module D7" in client.get("/grades").text
    assert "16 / 20" in client.get("/grades").text


def test_results_come_by_pages(services: Any) -> None:
    for person in ("11", "12"):
        services.score(userId=person)
    first = services.get(f"{services.column}/results?limit=1")
    assert [result["userId"] for result in first.json] == ["11"]
    second = services.get(first.headers["Link"].partition(">")[0][1:])
    assert [result["userId"] for result in second.json] == ["12"]
    assert "Link" not in second.headers


def test_a_score_changed_between_two_pages_is_not_lost(services: Any) -> None:
    for person in ("11", "12"):
        services.score(userId=person)
    first = services.get(f"{services.column}/results?limit=1")
    services.score(userId="11", timestamp="2026-11-03T09:00:00Z", scoreGiven=9)
    rest = services.get(first.headers["Link"].partition(">")[0][1:].replace("limit=1", "limit=9"))
    assert [(result["userId"], result["resultScore"]) for result in rest.json] == [("12", 80.0), ("11", 90.0)]


def test_numbers_and_texts_nobody_can_keep_are_refused(services: Any) -> None:
    assert services.get(f"{ITEMS}?limit={'9' * 30}").status_code == 400
    assert services.get(f"{ITEMS}?from={'9' * 30}").status_code == 400
    assert services.get(f"{ITEMS}/{'9' * 30}/lineitem").status_code == 404
    assert services.score(userId="1" * 5000).status_code == 400
    assert services.score(comment="\ud800").status_code == 400
    assert services.post_item(label="\ud800", scoreMaximum=1).status_code == 400


def test_a_memory_made_before_columns_had_a_course_is_kept(settings: DevLmsSettings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(settings.data_dir / "devlms.sqlite3")) as db:
        db.execute(
            "CREATE TABLE line_item (id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, "
            'score_maximum REAL NOT NULL, resource_link_id TEXT, resource_id TEXT, tag TEXT, start TEXT, "end" TEXT, '
            "own INTEGER NOT NULL)"
        )
        db.execute("INSERT INTO line_item VALUES (7, 'Ancienne', 10, '3', NULL, NULL, NULL, NULL, 1)")
        db.commit()
    campus: Campus = create_devlms(settings).extensions["devlms"]
    assert [(item.id, item.course_id, item.client_id) for item in campus.store.line_items()] == [
        (7, "2", "tool-1"),
        (8, "2", "tool-1"),
    ]
