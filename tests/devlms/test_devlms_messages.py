"""Messages about people, notices to tools, and the LTI 1.1 migration claim: each sent only when switched on."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest
from devlms_calls import Services, message
from devlms_fake_tool import FakeTool
from flask.testing import FlaskClient

from lms.devlms import Campus, DevLmsSettings, HeadlessBrowser, Lti1p1, create_devlms
from lms.devlms.gradebook import Score
from lms.devlms.vocabulary import AGS_CLAIM, CLAIM, NOTICES_SCOPE, NRPS_CLAIM

Quirk = Callable[..., None]
NOTICES = "/services/notices/1"


def test_a_trainer_reviews_a_learner_and_a_learner_themselves(
    client: FlaskClient, settings: DevLmsSettings, services: Services, quirk: Quirk
) -> None:
    services.score()
    assert client.get("/review/1/11?as=13").status_code == 403
    quirk(submission_review=True)
    claims = message(client, settings, "/review/1/11?as=13")
    assert claims[CLAIM + "message_type"] == "LtiSubmissionReviewRequest"
    assert (claims["sub"], claims[CLAIM + "resource_link"]["id"]) == ("13", "3")
    assert claims[CLAIM + "for_user"]["user_id"] == "11"
    assert claims[CLAIM + "for_user"]["name"] == "Agent de démonstration A"
    assert claims[CLAIM + "for_user"]["person_sourcedid"] == "A-0001"
    assert claims[AGS_CLAIM]["lineitem"] == f"http://localhost{services.column}"
    assert claims[CLAIM + "custom"] == {"track": "decideurs"}
    assert "/review/1/11" in client.get("/grades?as=13").text
    assert message(client, settings, "/review/1/11?as=11")["sub"] == "11"
    assert client.get("/review/1/11?as=12").status_code == 403
    assert "/review/" not in client.get("/grades?as=12").text
    assert client.get("/review/99/11?as=13").status_code == 404


def test_a_column_may_say_where_it_is_reviewed(
    client: FlaskClient, settings: DevLmsSettings, services: Services, quirk: Quirk, tool: FakeTool
) -> None:
    asked = {"url": f"{tool.url}/lti/launch?review", "custom": {"attempt": "last"}, "reviewableStatus": ["Submitted"]}
    made = services.post_item(label="D7", scoreMaximum=10, submissionReview=asked).json
    assert made["submissionReview"] == asked
    quirk(submission_review=True, names_withheld=True)
    claims = message(client, settings, "/review/3/12?as=13")
    assert claims[CLAIM + "target_link_uri"] == asked["url"]
    assert claims[CLAIM + "custom"] == {"attempt": "last"}
    assert CLAIM + "resource_link" not in claims
    assert "name" not in claims[CLAIM + "for_user"]


def test_an_administrator_asks_for_someones_data(client: FlaskClient, settings: DevLmsSettings, quirk: Quirk) -> None:
    assert client.get("/privacy/11?as=15").status_code == 403
    quirk(data_privacy=True)
    claims = message(client, settings, "/privacy/11?as=15")
    assert claims[CLAIM + "message_type"] == "DataPrivacyLaunchRequest"
    assert (claims["sub"], claims[CLAIM + "for_user"]["user_id"]) == ("15", "11")
    assert claims[CLAIM + "roles"][0] == "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
    assert not {CLAIM + "resource_link", CLAIM + "context", AGS_CLAIM, NRPS_CLAIM} & set(claims)
    assert "/privacy/11" in client.get("/?as=15").text
    assert client.get("/privacy/11?as=13").status_code == 403
    assert client.get("/privacy/99?as=15").status_code == 404


def test_the_headless_browser_reviews_and_asks(served: Campus, browser_at: HeadlessBrowser, tool: FakeTool) -> None:
    served.quirks = replace(served.quirks, submission_review=True, data_privacy=True)
    score = Score("11", "2026-11-02T09:00:00Z", "Completed", "FullyGraded", 8, 10, "", 80, 1)
    served.store.add_score(score, lambda _latest: score)
    assert browser_at.review("13", 1, "11").status_code == 200
    assert tool.claims()[CLAIM + "for_user"]["user_id"] == "11"
    assert browser_at.privacy("15", "12").status_code == 200
    assert tool.claims()[CLAIM + "for_user"]["user_id"] == "12"


class Handlers:
    """Asks for notices, as a tool does."""

    def __init__(self, client: FlaskClient, tool: FakeTool) -> None:
        self.client = client
        self.url = f"{tool.url}/lti/notices"
        self.headers = Services(client, tool, NOTICES_SCOPE).headers

    def put(self, notice_type: str = "LtiContextCopyNotice", door: str = NOTICES, **changes: Any) -> Any:
        body = {"notice_type": notice_type, "handler": self.url, **changes}
        return self.client.put(door, json=body, headers=self.headers)


@pytest.fixture
def handlers(client: FlaskClient, tool: FakeTool, quirk: Quirk) -> Handlers:
    """A platform that sends notices."""
    quirk(notices=True)
    return Handlers(client, tool)


def test_launches_say_where_notices_are_asked_for(client: FlaskClient, settings: DevLmsSettings, quirk: Quirk) -> None:
    claim = CLAIM + "platformnotificationservice"
    assert claim not in message(client, settings, "/course/3?as=13")
    quirk(notices=True)
    assert message(client, settings, "/course/3?as=13")[claim] == {
        "service_versions": ["1.0"],
        "platform_notification_service_url": f"http://localhost{NOTICES}",
        "scope": [NOTICES_SCOPE],
        "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
    }


def test_a_copied_course_is_announced(client: FlaskClient, handlers: Handlers, campus: Campus, tool: FakeTool) -> None:
    assert handlers.put().json == {"notice_type": "LtiContextCopyNotice", "handler": f"{tool.url}/lti/notices"}
    kept = client.get(NOTICES, headers=handlers.headers).json
    assert kept == {
        "client_id": "tool-1",
        "deployment_id": "1",
        "notice_handlers": [
            {"notice_type": "LtiHelloWorldNotice", "handler": ""},
            {"notice_type": "LtiContextCopyNotice", "handler": f"{tool.url}/lti/notices"},
        ],
    }
    client.get("/course?as=13")
    copy = client.post("/courses/2/copy").headers["Location"].rpartition("/")[2]
    key = jwt.PyJWKSet.from_dict(campus.key.jwks()).keys[0]
    claims = jwt.decode(tool.notices[0], key.key, algorithms=["RS256"], audience="tool-1", issuer="http://localhost")
    assert claims[CLAIM + "notice"]["type"] == "LtiContextCopyNotice"
    assert claims[CLAIM + "context"]["id"] == copy
    assert claims[CLAIM + "origin_contexts"] == ["2"]
    assert claims[CLAIM + "deployment_id"] == "1"
    assert claims["nonce"]
    assert claims["exp"] == claims["iat"] + 300
    assert [each.status for each in campus.deliveries] == [200]
    assert "LtiContextCopyNotice" in client.get("/tools?as=15").text


def test_a_new_handler_is_greeted(handlers: Handlers, tool: FakeTool) -> None:
    assert handlers.put("LtiHelloWorldNotice").status_code == 200
    end = time.monotonic() + 10
    while not tool.notices and time.monotonic() < end:
        time.sleep(0.02)
    claims = jwt.decode(tool.notices[0], options={"verify_signature": False})
    assert claims[CLAIM + "notice"]["type"] == "LtiHelloWorldNotice"


def test_notices_stop_and_faults_are_refused(
    client: FlaskClient, handlers: Handlers, campus: Campus, tool: FakeTool, services: Services
) -> None:
    assert handlers.put("LtiOtherNotice").status_code == 400
    assert handlers.put(handler="http://elsewhere.example/").status_code == 400
    assert handlers.put(handler=3).status_code == 400
    assert handlers.put(door="/services/notices/2").status_code == 404
    assert client.get(NOTICES, headers=services.headers).status_code == 403
    handlers.put()
    assert handlers.put(handler="").status_code == 200
    client.get("/course?as=13")
    client.post("/courses/2/copy")
    assert tool.notices == []


def test_an_unreachable_handler_does_not_stop_the_copy(
    client: FlaskClient, handlers: Handlers, campus: Campus, tool: FakeTool
) -> None:
    campus.catalogue.keep_notice_handler("tool-1", "LtiContextCopyNotice", "http://127.0.0.1:9/")
    client.get("/course?as=13")
    assert client.post("/courses/2/copy").status_code == 303
    assert [each.status for each in campus.deliveries] == [0]


def test_the_past_of_lti_1_1_is_proved(client: FlaskClient, settings: DevLmsSettings) -> None:
    assert CLAIM + "lti1p1" not in message(client, settings, "/course/3?as=11")
    with_past = replace(settings, lti1p1=Lti1p1("old-key", "old-secret"))
    claims = message(create_devlms(with_past).test_client(), with_past, "/course/3?as=11")
    claim = claims[CLAIM + "lti1p1"]
    signed = f"old-key&1&http://localhost&tool-1&{claims['exp']}&{claims['nonce']}"
    signature = base64.b64encode(hmac.new(b"old-secret", signed.encode(), hashlib.sha256).digest()).decode()
    assert claim == {
        "user_id": "lti1-11",
        "resource_link_id": "lti1-3",
        "oauth_consumer_key": "old-key",
        "oauth_consumer_key_sign": signature,
    }
