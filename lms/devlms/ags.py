"""Assignment and Grade Services 2.0: columns, scores and results."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request

from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.gradebook import LineItem, Score, grade_after, is_stale, read_line_item, read_score
from lms.devlms.services import answer, asked_slice, cut, link_to, one_more, read_json, require_accept, require_token
from lms.devlms.vocabulary import (
    LINE_ITEM_MEDIA,
    LINE_ITEM_READ_SCOPE,
    LINE_ITEM_SCOPE,
    LINE_ITEMS_MEDIA,
    RESULT_SCOPE,
    RESULTS_MEDIA,
    SCORE_MEDIA,
    SCORE_SCOPE,
)

ags = Blueprint("ags", __name__, url_prefix="/services/ags/<course_id>/lineitems")


@ags.get("")
def read_line_items(course_id: str) -> Response:
    """The columns, filtered and by pages (section 3.2.5)."""
    require_token(LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE)
    require_accept(LINE_ITEMS_MEDIA)
    _course(course_id)
    where: dict[str, Any] = {
        name: request.args[name] for name in ("resource_link_id", "resource_id", "tag") if request.args.get(name)
    }
    if campus().quirks.no_line_item_claim:
        where["own"] = False
    start, limit = asked_slice()
    items = campus().store.line_items({**where, "course_id": course_id}, start, one_more(limit))
    page, following = cut(items, start, limit, campus().line_items_url)
    return link_to(answer([_line_item(item) for item in page], LINE_ITEMS_MEDIA), following)


@ags.post("")
def add_line_item(course_id: str) -> Response:
    """A new column (section 3.2.6)."""
    require_token(LINE_ITEM_SCOPE)
    _course(course_id)
    item = _checked(read_line_item(read_json(LINE_ITEM_MEDIA)))
    return answer(_line_item(campus().store.add_line_item(item)), LINE_ITEM_MEDIA, 201)


@ags.get("/<int:item_id>/lineitem")
def read_one(course_id: str, item_id: int) -> Response:
    """One column."""
    require_token(LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE)
    require_accept(LINE_ITEM_MEDIA)
    return answer(_line_item(_item(course_id, item_id)), LINE_ITEM_MEDIA)


@ags.put("/<int:item_id>/lineitem")
def change(course_id: str, item_id: int) -> Response:
    """Replace a column's description; its link stays what it was."""
    require_token(LINE_ITEM_SCOPE)
    item = _item(course_id, item_id)
    asked = read_line_item(read_json(LINE_ITEM_MEDIA))
    changed = replace(
        asked,
        id=item.id,
        own=item.own,
        resource_link_id=item.resource_link_id,
        course_id=item.course_id,
        client_id=item.client_id,
    )
    campus().store.change_line_item(changed)
    return answer(_line_item(changed), LINE_ITEM_MEDIA)


@ags.delete("/<int:item_id>/lineitem")
def remove(course_id: str, item_id: int) -> Response:
    """Remove a column the tool made; one the LMS made for its own link stays."""
    require_token(LINE_ITEM_SCOPE)
    item = _item(course_id, item_id)
    if item.own:
        raise Refused(403, "This column belongs to the course's link")
    campus().store.remove_line_item(item.id)
    return Response(status=204)


@ags.post("/<int:item_id>/lineitem/scores")
def receive_score(course_id: str, item_id: int) -> Response:
    """Receive a score (section 3.4); 409 when it is not later than the one already held."""
    require_token(SCORE_SCOPE)
    item = _item(course_id, item_id)
    here = campus()
    score = replace(
        read_score(read_json(SCORE_MEDIA), here.people),
        line_item_id=item.id,
        received_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )

    def judge(latest: Score | None) -> Score:
        if latest and is_stale(score.timestamp, latest.timestamp, here.quirks):
            raise Refused(400 if here.quirks.stale_is_400 else 409, f"A score of {latest.timestamp} is already held")
        return replace(score, grade=grade_after(score, item, latest.grade if latest else None, here.quirks))

    here.store.add_score(score, judge)
    return Response(status=200, content_type="text/html; charset=UTF-8")


@ags.get("/<int:item_id>/lineitem/results")
def read_results(course_id: str, item_id: int) -> Response:
    """The grades in force, as the gradebook holds them (section 3.3)."""
    require_token(RESULT_SCOPE)
    require_accept(RESULTS_MEDIA)
    item = _item(course_id, item_id)
    hidden = 0.0 if campus().quirks.results_omit_zero else None
    start, limit = asked_slice()
    found = campus().store.results(item.id, request.args.get("user_id"), hidden, start, one_more(limit))
    page, following = cut(found, start, limit, lambda query: campus().line_item_url(item.id, "/results", query))
    return link_to(answer([_result(score, item) for score in page], RESULTS_MEDIA), following)


def _course(course_id: str) -> None:
    if course_id != campus().settings.course_id:
        raise Refused(404, "No such course")


def _item(course_id: str, item_id: int) -> LineItem:
    _course(course_id)
    item = campus().store.line_item(item_id)
    if item is None or item.course_id != course_id or not _told(item):
        raise Refused(404, "No such line item")
    return item


def _told(item: LineItem) -> bool:
    """Whether the tool may know of a column: in Open edX's programmatic mode it knows its own alone."""
    return not (item.own and campus().quirks.no_line_item_claim)


def _checked(item: LineItem) -> LineItem:
    if item.resource_link_id and campus().settings.link(item.resource_link_id) is None:
        raise Refused(400, "resourceLinkId is no link of this course")
    return item


def _line_item(item: LineItem) -> Mapping[str, Any]:
    body = {
        "id": campus().line_item_url(item.id),
        "label": item.label,
        "scoreMaximum": item.score_maximum,
        "resourceLinkId": item.resource_link_id,
        "resourceId": item.resource_id,
        "tag": item.tag,
        "startDateTime": item.start,
        "endDateTime": item.end,
        "submissionReview": json.loads(item.review) if item.review else None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _result(score: Score, item: LineItem) -> Mapping[str, Any]:
    here = campus()
    body: dict[str, Any] = {
        "id": here.line_item_url(item.id, f"/results/{score.user_id}"),
        "scoreOf": here.line_item_url(item.id),
        "userId": score.user_id,
        "resultScore": score.grade,
        "resultMaximum": item.score_maximum,
    }
    return {**body, "comment": score.comment} if score.comment else body
