"""Notices of a platform: asked for once, taken once, believed only when signed by it and for us."""

import json
import time
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms.models import Context, OutboxJob, SeenNotice
from tests.learner_in_test import count
from tests.platform_in_test import CLAIM, PlatformInTest, merged, rsa_key

COPY = "LtiContextCopyNotice"
SERVICE = CLAIM + "platformnotificationservice"


def notice(platform: PlatformInTest, number: str = "n-1", **changes: Any) -> dict[str, Any]:
    """The claims of a context copy notice, with changes."""
    now = int(time.time())
    base = {
        "iss": platform.issuer, "aud": platform.client_id, "iat": now, "exp": now + 60,
        CLAIM + "version": "1.3.0", CLAIM + "deployment_id": platform.deployment,
        CLAIM + "notice": {"id": number, "timestamp": "2026-11-25T10:00:00Z", "type": COPY},
        CLAIM + "context": {"id": "course-2", "title": "Copie"},
        CLAIM + "origin_contexts": ["course-1"],
    }  # fmt: skip
    return merged(base, changes)


def bring(client: FlaskClient, *tokens: str) -> TestResponse:
    document = {"notices": [{"jwt": token} for token in tokens]}
    return client.post("/lti/notices", data=json.dumps(document), content_type="application/json")


def course(session: Session, lti_id: str) -> Context | None:
    session.commit()
    session.expire_all()
    return session.scalars(sa.select(Context).filter_by(lti_id=lti_id)).one_or_none()


def test_a_copied_course_is_known_before_anybody_opens_it(platform: PlatformInTest, session: Session) -> None:
    platform.launched()
    answer = bring(platform.app.test_client(), platform.sign(notice(platform)))
    assert (answer.status_code, answer.json) == (200, {"taken": 1})
    origin, copy = course(session, "course-1"), course(session, "course-2")
    assert origin is not None
    assert copy is not None
    assert (copy.copied_from_id, copy.title) == (origin.id, "Copie")
    session.commit()
    platform.launched(context={"id": "course-2", "title": "Copie"})
    assert count(session, Context) == 2


def test_each_counts_once(platform: PlatformInTest, session: Session) -> None:
    platform.launched()
    client, token = platform.app.test_client(), platform.sign(notice(platform))
    assert bring(client, token).status_code == 200
    again = bring(client, token)
    assert (again.status_code, again.json) == (409, {"taken": 0})
    assert bring(client, token, platform.sign(notice(platform, "n-2"))).json == {"taken": 1}
    assert count(session, SeenNotice) == 2


def test_all_of_a_request_or_nothing(platform: PlatformInTest, session: Session) -> None:
    platform.launched()
    good, forged = platform.sign(notice(platform)), platform.sign(notice(platform, "n-2"), key=rsa_key("attacker"))
    assert bring(platform.app.test_client(), good, forged).status_code == 400
    assert count(session, SeenNotice) == 0
    assert course(session, "course-2") is None


def test_a_copy_of_a_course_we_do_not_know_changes_nothing(platform: PlatformInTest, session: Session) -> None:
    assert bring(platform.app.test_client(), platform.sign(notice(platform))).status_code == 200
    assert count(session, Context) == 0


def test_other_notices_are_taken_and_change_nothing(platform: PlatformInTest, session: Session) -> None:
    hello = {"id": "h-1", "timestamp": "2026-11-25T10:00:00Z", "type": "LtiHelloWorldNotice"}
    token = platform.sign(notice(platform, **{CLAIM + "notice": hello}))
    assert bring(platform.app.test_client(), token).status_code == 200
    assert count(session, Context) == 0


def test_they_are_asked_for_once(platform: PlatformInTest, session: Session) -> None:
    offered = {
        "service_versions": ["1.0"], "platform_notification_service_url": "https://lms.example.org/notices",
        "scope": ["https://purl.imsglobal.org/spec/lti/scope/noticehandlers"],
        "notice_types_supported": [COPY, "LtiAssetProcessorSubmissionNotice"],
    }  # fmt: skip
    for _ in range(2):
        platform.launched(**{SERVICE: offered})
    (job,) = session.query(OutboxJob)
    assert (job.kind, job.payload["types"], job.version) == ("ask_notices", [COPY], 1)
    session.commit()
    foreign = {**offered, "platform_notification_service_url": "https://evil.example.org/"}
    assert platform.launch(platform.app.test_client(), **{SERVICE: foreign}).status_code == 400


@pytest.mark.parametrize(
    "document", ["", "{", "[]", "{}", '{"notices": []}', '{"notices": [5]}', '{"notices": [{"jwt": 5}]}', "[" * 50_000]
)
def test_documents_that_are_no_notices(platform: PlatformInTest, document: str) -> None:
    answer = platform.app.test_client().post("/lti/notices", data=document, content_type="application/json")
    assert answer.status_code == 400
