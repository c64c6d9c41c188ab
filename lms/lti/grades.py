"""Scores sent to a platform's gradebook, and results read from it (Assignment and Grade Services 2.0)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, TypeGuard
from urllib.parse import urlsplit, urlunsplit

import httpx

from lms.lti.addresses import with_query
from lms.lti.client import ServiceClient, ServiceRefused
from lms.lti.model import LtiError, Registration

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE_MEDIA = "application/vnd.ims.lis.v1.score+json"
RESULTS_MEDIA = "application/vnd.ims.lis.v2.resultcontainer+json"
#: The gradebook receives a score out of 100.
MAXIMUM = 100
#: Two values nearer than this are the same grade: platforms round to the decimals of their columns.
NEAR = Fraction(1, 1000)
#: No gradebook holds a grade this large, or a maximum this small: a number beyond is no grade (LTI.md S11).
LARGEST, SMALLEST = 10**9, 10**-6
#: Results asked for at a time.
PAGE = 500


@dataclass(frozen=True)
class Score:
    """A score to publish: ``value`` between 0 and 1, exact; ``moment`` aware, later than any sent before.

    ``started`` and ``submitted`` say when the work was begun and last handed in.
    """

    user: str
    value: Fraction
    complete: bool
    moment: datetime
    comment: str = ""
    started: datetime | None = None
    submitted: datetime | None = None

    def __post_init__(self) -> None:
        """``ValueError`` for a value no gradebook takes (LTI.md S11)."""
        if not 0 <= self.value <= 1:
            raise ValueError(f"A score is between 0 and 1, not {self.value}")


def publish(services: ServiceClient, platform: Registration, lineitem_url: str, score: Score) -> None:
    """Publish a score (AGS 2.0, section 3.4). Raises ``ServiceRefused`` with the status, or ``LtiError``."""
    answer = services.call(
        platform, (SCORE_SCOPE,), "POST", below(lineitem_url, "scores"), media=SCORE_MEDIA, body=_body(score)
    )
    if not answer.is_success:
        raise ServiceRefused(answer)
    # Nothing is to be read in it, and Moodle's is empty and labelled HTML; a page is a proxy's, which kept the score.
    if answer.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise LtiError("answer_not_json", "a page")


def result(services: ServiceClient, platform: Registration, lineitem_url: str, user: str) -> Fraction | None:
    """The grade of one person, between 0 and 1 and perhaps above; None when the column shows none (section 3.3).

    Raises ``ServiceRefused`` or ``LtiError``.
    """
    for page in results(services, platform, lineitem_url, user):
        if user in page:
            return page[user]
    return None


def results(
    services: ServiceClient, platform: Registration, lineitem_url: str, user: str | None = None
) -> Iterator[dict[str, Fraction]]:
    """The grades of a column by user id, page by page. Raises ``ServiceRefused`` or ``LtiError``.

    Moodle leaves out a grade of 0; people without a grade, or with one that is no number, are not there.
    """
    whose = {"user_id": user} if user is not None else {"limit": str(PAGE)}
    asked = with_query(below(lineitem_url, "results"), **whose)
    for answer in services.pages(platform, (RESULT_SCOPE,), asked, RESULTS_MEDIA):
        yield dict(_grades(answer))


def below(lineitem_url: str, name: str) -> str:
    """The address of what lies below a line item: before its query (Moodle's carry ``?type_id=``)."""
    parts = urlsplit(lineitem_url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def _body(score: Score) -> bytes:
    said: dict[str, Any] = {
        "userId": score.user,
        "scoreGiven": float(round(score.value * MAXIMUM, 2)),
        "scoreMaximum": MAXIMUM,
        "activityProgress": "Completed" if score.complete else "InProgress",
        # Anything but FullyGraded makes Moodle drop the value.
        "gradingProgress": "FullyGraded",
        "timestamp": _seconds(score.moment),
    }
    if score.comment:
        said["comment"] = score.comment
    times = {"startedAt": score.started, "submittedAt": score.submitted}
    submission = {name: _seconds(moment) for name, moment in times.items() if moment is not None}
    if submission:
        said["submission"] = submission
    return json.dumps(said).encode()


def _seconds(moment: datetime) -> str:
    # Platforms compare whole seconds.
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def _grades(answer: httpx.Response) -> Iterator[tuple[str, Fraction]]:
    try:
        found = answer.json()
    except (ValueError, RecursionError) as error:
        raise LtiError("answer_not_json") from error
    if not isinstance(found, list):
        raise LtiError("answer_not_json", "results are a list")
    for each in found:
        said = each if isinstance(each, dict) else {}
        user, score, maximum = said.get("userId"), said.get("resultScore"), said.get("resultMaximum", 1)
        if isinstance(user, str) and _is_number(score) and _is_number(maximum) and maximum > SMALLEST:
            # As near as columns of our database hold.
            yield user, (Fraction(score) / Fraction(maximum)).limit_denominator(10**6)


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
