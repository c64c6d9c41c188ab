"""Habits of platforms, switched while the LMS runs: what each changes for a tool."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from devlms_calls import auth_request, message
from devlms_fake_tool import FakeTool
from flask.testing import FlaskClient

from lms.devlms import Campus, DevLmsSettings, Quirks
from lms.devlms.forms import forms
from lms.devlms.vocabulary import AGS_CLAIM, NRPS_SCOPE, SCORE_SCOPE

Quirk = Callable[..., None]
ITEMS = "/services/ags/2/lineitems"
MEMBERS = "/services/nrps/2/memberships"
OPENED = "/course/3?as=11"
TOKEN = "http://localhost/token"


def test_tokens_may_live_a_minute(client: FlaskClient, tool: FakeTool, quirk: Quirk, campus: Campus) -> None:
    quirk(token_seconds=60)
    answer = client.post("/token", data=tool.token_request(TOKEN, SCORE_SCOPE)).json
    assert answer is not None
    assert answer["expires_in"] == 60
    quirk(token_seconds=0)
    spent = client.post("/token", data=tool.token_request(TOKEN, NRPS_SCOPE)).json
    assert spent is not None
    assert client.get(MEMBERS, headers={"Authorization": f"Bearer {spent['access_token']}"}).status_code == 401


def test_the_next_answers_of_services_may_be_429(services: Any, campus: Campus, quirk: Quirk) -> None:
    quirk(rate_limited=2)
    refused = services.get(ITEMS)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert services.client.get("/jwks.json").status_code == 200
    assert services.get(MEMBERS).status_code == 429
    assert services.get(ITEMS).status_code == 200
    assert campus.quirks.rate_limited == 0


def test_the_clock_may_be_wrong(client: FlaskClient, settings: DevLmsSettings, tool: FakeTool, quirk: Quirk) -> None:
    quirk(clock_skew_seconds=-600)
    now = time.time()
    assert abs(message(client, settings, OPENED)["iat"] - (now - 600)) < 5
    refused = client.post("/token", data=tool.token_request(TOKEN, SCORE_SCOPE))
    assert refused.status_code == 400
    assert abs(parsedate_to_datetime(refused.headers["Date"]).timestamp() - (now - 600)) < 5


def test_open_edx_answers_400_to_a_late_score(services: Any, quirk: Quirk) -> None:
    quirk(stale_is_400=True)
    assert services.score().status_code == 200
    assert services.score().status_code == 400


def test_moodle_leaves_out_a_grade_of_zero(services: Any, quirk: Quirk) -> None:
    services.score(scoreGiven=0)
    assert services.grade() == 0
    quirk(results_omit_zero=True)
    assert services.grade() is None


def test_open_edx_knows_no_column_until_the_tool_makes_one(
    client: FlaskClient, settings: DevLmsSettings, services: Any, quirk: Quirk
) -> None:
    quirk(no_line_item_claim=True)
    assert services.get(ITEMS).json == []
    assert services.get(services.column).status_code == 404
    made = services.post_item(label="Parcours", scoreMaximum=100, resourceLinkId="3").json
    assert services.get(f"{ITEMS}?resource_link_id=3").json == [made]
    endpoint = message(client, settings, OPENED)[AGS_CLAIM]
    assert "lineitem" not in endpoint
    assert endpoint["lineitems"] == f"http://localhost{ITEMS}"


def test_moodle_shortens_roles_in_rosters(services: Any, quirk: Quirk) -> None:
    quirk(short_roles=True)
    roles = {member["user_id"]: member["roles"] for member in services.get(MEMBERS).json["members"]}
    assert roles["11"] == ["Learner"]
    assert roles["13"] == ["Instructor"]
    assert roles["15"] == ["http://purl.imsglobal.org/vocab/lis/v2/person#Administrator", "Instructor"]


def test_moodle_labels_its_token_answer_as_html(client: FlaskClient, tool: FakeTool, quirk: Quirk) -> None:
    quirk(token_as_html=True)
    answer = client.post("/token", data=tool.token_request(TOKEN, SCORE_SCOPE))
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert '"access_token"' in answer.text


def test_scopes_may_be_granted_in_part(client: FlaskClient, tool: FakeTool, quirk: Quirk) -> None:
    quirk(granted_scopes=(NRPS_SCOPE,))
    asked = tool.token_request(TOKEN, f"{SCORE_SCOPE} {NRPS_SCOPE}")
    answer = client.post("/token", data=asked).json
    assert answer is not None
    assert answer["scope"] == NRPS_SCOPE
    refused = client.post("/token", data=tool.token_request(TOKEN, SCORE_SCOPE))
    assert refused.json is not None
    assert refused.json["error"] == "invalid_scope"


def test_a_tool_may_await_its_activation(
    client: FlaskClient, settings: DevLmsSettings, tool: FakeTool, quirk: Quirk
) -> None:
    quirk(pending=True)
    sent = forms(client.get(OPENED).text)[0].fields
    answered = forms(client.get("/auth", query_string=auth_request(sent, settings)).text)[0].fields
    assert (answered["error"], answered["state"]) == ("unauthorized_client", "s")
    assert "id_token" not in answered
    refused = client.post("/token", data=tool.token_request(TOKEN, SCORE_SCOPE))
    assert refused.status_code == 400
    assert refused.json is not None
    assert refused.json["error"] == "invalid_client"


def test_apache_may_lose_the_authorization(services: Any, quirk: Quirk) -> None:
    quirk(strip_authorization=True)
    assert services.get(ITEMS).status_code == 401
    assert services.get(MEMBERS).status_code == 401


def test_rosters_may_come_by_pages_unasked(services: Any, quirk: Quirk) -> None:
    quirk(page_size=2)
    first = services.get(MEMBERS)
    assert len(first.json["members"]) == 2
    assert f"{MEMBERS}?from=2" in first.headers["Link"]
    assert len(services.get(f"{MEMBERS}?limit=50").json["members"]) == 2


def test_the_next_page_may_be_elsewhere_or_itself(services: Any, quirk: Quirk) -> None:
    quirk(broken_next=True)
    assert services.get(f"{MEMBERS}?limit=1").headers["Link"].startswith("<https://elsewhere.example/services/")
    quirk(broken_next=False, looping_next=True)
    assert services.get(f"{MEMBERS}?limit=1").headers["Link"] == f'<http://localhost{MEMBERS}?limit=1>; rel="next"'


def test_the_settings_page_switches_habits(client: FlaskClient, campus: Campus, quirk: Quirk) -> None:
    quirk(down=True, token_seconds=60)
    form = forms(client.get("/quirks").text)[0]
    assert form.fields["token_seconds"] == "60"
    changed = {**form.fields, "curly_links": "1", "granted_scopes": f"{SCORE_SCOPE} {NRPS_SCOPE}"}
    changed.pop("down")
    assert client.post("/quirks", data=changed).status_code == 303
    assert campus.quirks == Quirks(curly_links=True, token_seconds=60, granted_scopes=(SCORE_SCOPE, NRPS_SCOPE))
    assert client.post("/quirks", data={**changed, "slow_seconds": "nan"}).status_code == 400
    assert client.post("/quirks", data=changed, headers={"Origin": "http://evil.example"}).status_code == 403
