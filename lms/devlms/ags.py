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
from lms.devlms.services import (
    answer,
    asked_slice,
    cut,
    find_course,
    following_part,
    link_to,
    one_more,
    read_json,
    require_accept,
    require_token,
)
from lms.devlms.tools import Tool
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
    tool = require_token(LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE)
    require_accept(LINE_ITEMS_MEDIA)
    find_course(course_id)
    where: dict[str, Any] = {
        name: request.args[name] for name in ("resource_link_id", "resource_id", "tag") if request.args.get(name)
    }
    if campus().quirks.no_line_item_claim:
        where["own"] = False
    start, limit = asked_slice()
    items = campus().store.line_items(
        {**where, "course_id": course_id, "client_id": tool.client_id}, start, one_more(limit)
    )
    page, following = cut(items, start, limit, lambda query: campus().at(tool).line_items(course_id, query))
    return link_to(answer([_line_item(item, tool) for item in page], LINE_ITEMS_MEDIA), following)


@ags.post("")
def add_line_item(course_id: str) -> Response:
    """A new column (section 3.2.6)."""
    tool = require_token(LINE_ITEM_SCOPE)
    find_course(course_id)
    item = replace(read_line_item(read_json(LINE_ITEM_MEDIA)), course_id=course_id, client_id=tool.client_id)
    if item.resource_link_id and not _is_link_of(item.resource_link_id, course_id, tool):
        raise Refused(400, "resourceLinkId is no link of this course")
    return answer(_line_item(campus().store.add_line_item(item), tool), LINE_ITEM_MEDIA, 201)


@ags.get("/<int:item_id>/lineitem")
def read_one(course_id: str, item_id: int) -> Response:
    """One column."""
    tool = require_token(LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE)
    require_accept(LINE_ITEM_MEDIA)
    return answer(_line_item(_item(course_id, item_id, tool), tool), LINE_ITEM_MEDIA)


@ags.put("/<int:item_id>/lineitem")
def change(course_id: str, item_id: int) -> Response:
    """Replace a column's description; its link stays what it was."""
    tool = require_token(LINE_ITEM_SCOPE)
    item = _item(course_id, item_id, tool)
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
    return answer(_line_item(changed, tool), LINE_ITEM_MEDIA)


@ags.delete("/<int:item_id>/lineitem")
def remove(course_id: str, item_id: int) -> Response:
    """Remove a column the tool made; one the LMS made for its own link stays."""
    tool = require_token(LINE_ITEM_SCOPE)
    item = _item(course_id, item_id, tool)
    if item.own:
        raise Refused(403, "This column belongs to the course's link")
    campus().store.remove_line_item(item.id)
    return Response(status=204)


@ags.post("/<int:item_id>/lineitem/scores")
def receive_score(course_id: str, item_id: int) -> Response:
    """Receive a score (section 3.4); 409 when it is not later than the one already held."""
    tool = require_token(SCORE_SCOPE)
    item = _item(course_id, item_id, tool)
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
    tool = require_token(RESULT_SCOPE)
    require_accept(RESULTS_MEDIA)
    item = _item(course_id, item_id, tool)
    hidden = 0.0 if campus().quirks.results_omit_zero else None
    after, limit = asked_slice()
    found = campus().store.results(item.id, request.args.get("user_id"), hidden, after, one_more(limit))
    following = None
    if limit is not None and len(found) > limit:
        found = found[:limit]
        at = campus().at(tool)
        following = following_part(found[-1][0], lambda query: at.line_item(course_id, item.id, "/results", query))
    return link_to(answer([_result(score, item, tool) for _number, score in found], RESULTS_MEDIA), following)


def _item(course_id: str, item_id: int, tool: Tool) -> LineItem:
    item = campus().store.line_item(item_id)
    if item is None or item.course_id != course_id or item.client_id != tool.client_id or not _told(item):
        raise Refused(404, "No such line item")
    return item


def _told(item: LineItem) -> bool:
    """Whether the tool may know of a column: in Open edX's programmatic mode it knows its own alone."""
    return not (item.own and campus().quirks.no_line_item_claim)


def _is_link_of(link_id: str, course_id: str, tool: Tool) -> bool:
    link = campus().link(link_id)
    return link is not None and link.course_id == course_id and link.client_id == tool.client_id


def _line_item(item: LineItem, tool: Tool) -> Mapping[str, Any]:
    body = {
        "id": campus().at(tool).line_item(item.course_id, item.id),
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


def _result(score: Score, item: LineItem, tool: Tool) -> Mapping[str, Any]:
    at = campus().at(tool)
    body: dict[str, Any] = {
        "id": at.line_item(item.course_id, item.id, f"/results/{score.user_id}"),
        "scoreOf": at.line_item(item.course_id, item.id),
        "userId": score.user_id,
        "resultScore": score.grade,
        "resultMaximum": item.score_maximum,
    }
    return {**body, "comment": score.comment} if score.comment else body
