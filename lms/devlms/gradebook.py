"""What the tool may write into the gradebook: line items and scores (AGS 2.0, sections 3.2 and 3.4)."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lms.devlms.errors import Refused
from lms.devlms.instants import instant
from lms.devlms.people import Person
from lms.devlms.quirks import Quirks
from lms.devlms.vocabulary import ACTIVITY_PROGRESS, GRADING_PROGRESS


@dataclass(frozen=True, slots=True)
class LineItem:
    """A column; ``own`` says that the LMS made it for a link, so the tool may not remove it."""

    label: str
    score_maximum: float
    resource_link_id: str | None = None
    resource_id: str | None = None
    tag: str | None = None
    start: str | None = None
    end: str | None = None
    own: bool = False
    id: int = 0
    #: Where it stands and whose it is; empty for the course and the tool of the settings.
    course_id: str = ""
    client_id: str = ""
    #: The ``submissionReview`` object the tool gave, as JSON (Submission Review 1.0, section 3).
    review: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A score as received, and the grade the gradebook held after it (out of the column's maximum)."""

    user_id: str
    timestamp: str
    activity_progress: str
    grading_progress: str
    score_given: float | None = None
    score_maximum: float | None = None
    comment: str = ""
    grade: float | None = None
    line_item_id: int = 0
    received_at: str = ""
    started_at: str = ""
    submitted_at: str = ""


def read_line_item(body: Mapping[str, Any]) -> LineItem:
    """The column a POST or PUT asks for; label and scoreMaximum are required."""
    label = _text(body, "label")
    if not label:
        raise Refused(400, "label is required")
    maximum = _number(body, "scoreMaximum")
    if maximum is None or maximum <= 0:
        raise Refused(400, "scoreMaximum is required and positive")
    return LineItem(
        label=label,
        score_maximum=maximum,
        resource_link_id=_text(body, "resourceLinkId"),
        resource_id=_text(body, "resourceId"),
        tag=_text(body, "tag"),
        start=_moment(body, "startDateTime"),
        end=_moment(body, "endDateTime"),
        review=json.dumps(_object(body, "submissionReview")) if body.get("submissionReview") else "",
    )


def read_score(body: Mapping[str, Any], people: Mapping[str, Person]) -> Score:
    """The score a POST carries, refused with 400 as Moodle does when a field or the person is wrong."""
    user_id = body.get("userId")
    person = people.get(user_id) if isinstance(user_id, str) else None
    if person is None:
        raise Refused(400, f"userId is nobody of this course: {user_id!r}")
    if not person.is_active:
        raise Refused(400, f"userId {person.id} has left the course")
    if not person.is_learner:
        raise Refused(400, f"userId {person.id} is no learner and receives no grade")
    timestamp = _moment(body, "timestamp")
    if timestamp is None:
        raise Refused(400, "timestamp is required")
    given, maximum = _number(body, "scoreGiven"), _number(body, "scoreMaximum")
    if given is not None and (given < 0 or maximum is None or maximum <= 0):
        raise Refused(400, "scoreGiven is zero or more, and needs a positive scoreMaximum")
    submission = _object(body, "submission")
    return Score(
        user_id=person.id,
        timestamp=timestamp,
        activity_progress=_one_of(body, "activityProgress", ACTIVITY_PROGRESS),
        grading_progress=_one_of(body, "gradingProgress", GRADING_PROGRESS),
        score_given=given,
        score_maximum=maximum,
        comment=_text(body, "comment") or "",
        started_at=_moment(submission, "startedAt") or "",
        submitted_at=_moment(submission, "submittedAt") or "",
    )


def grade_after(score: Score, item: LineItem, previous: float | None, quirks: Quirks) -> float | None:
    """The grade once ``score`` is in: scaled to the column, and final scores alone count."""
    if score.score_given is not None and score.score_maximum and score.grading_progress == "FullyGraded":
        return score.score_given * item.score_maximum / score.score_maximum
    return None if quirks.clear_without_score_given else previous


def is_stale(timestamp: str, stored: str, quirks: Quirks) -> bool:
    """Whether a score comes too late: its timestamp is not after the stored one."""
    new, old = instant(timestamp), instant(stored)
    if quirks.whole_second_timestamps:
        return int(new) <= int(old)
    return new <= old


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, f"{name} is text")
    return value or None


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refused(400, f"{name} is an object")
    return value or {}


def _number(body: Mapping[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(400, f"{name} is a number")
    return float(value)


def _moment(body: Mapping[str, Any], name: str) -> str | None:
    value = _text(body, name)
    if value is not None:
        try:
            instant(value)
        except ValueError as error:
            raise Refused(400, f"{name}: {error}") from error
    return value


def _one_of(body: Mapping[str, Any], name: str, words: frozenset[str]) -> str:
    value = body.get(name)
    if not isinstance(value, str) or value not in words:
        raise Refused(400, f"{name} is one of {', '.join(sorted(words))}")
    return value
