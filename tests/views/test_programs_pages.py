"""An administrator opens the API to programs and tells them what happens: secrets shown once, no default reach."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import ApiClient, AuditEntry, EventListener, OutboxJob, WebhookDelivery
from lms.services.events import EVENTS
from tests.account_in_test import browser_of
from tests.platform_in_test import PlatformInTest, administrator, form_token
from tests.programs_in_test import bearer, organisation

CLIENT = {
    "name": "SIRH", "purpose": "Plan 2027", "scopes": ["agents:read", "budgets:read"], "reach": "unit",
    "unit": "SANTE", "kind": "token", "days": "30",
}  # fmt: skip
HOOK = {
    "name": "SIRH", "url": "https://127.0.0.1/hook", "events": list(EVENTS), "reach": "whole", "unit": "",
}  # fmt: skip


@pytest.fixture
def steward(app: Flask) -> FlaskClient:
    """The institution's administrator, signed in."""
    return browser_of(app, "admin@example.org", account="administrator")


def post(browser: FlaskClient, path: str, /, **values: Any) -> Any:
    token = form_token(browser.get("/admin/api"))
    return browser.post(path, data={**values, "csrf_token": token})


def shown(text: str, prefix: str) -> str:
    """The secret of that prefix on a page."""
    found = re.search(rf'id="secret">({prefix}[^<]+)<', text)
    assert found is not None
    return found[1]


def test_a_token_is_shown_once_sees_its_unit_and_is_revoked(
    client: FlaskClient, steward: FlaskClient, session: Session
) -> None:
    organisation(session)
    made = post(steward, "/admin/api", **CLIENT)
    assert made.status_code == 200
    secret = shown(made.text, "mpia_lt_")
    page = steward.get("/admin/api").text
    assert secret not in page
    assert "Unit SANTE (SANTE)" in page
    agents = client.get("/api/v1/agents", headers=bearer(secret)).json["items"]
    assert {item["number"] for item in agents} == {"A-2", "A-3"}
    row = session.scalars(sa.select(ApiClient)).one()
    assert row.expires_at is not None
    assert (row.expires_at - row.created_at).days == 30
    session.commit()
    assert post(steward, f"/admin/api/{row.id}/revoke").status_code == 303
    assert client.get("/api/v1/agents", headers=bearer(secret)).status_code == 401
    assert post(steward, "/admin/api/999/revoke").status_code == 404
    of_clients = sa.select(AuditEntry.action).where(AuditEntry.action.like("api_%")).order_by(AuditEntry.id)
    actions = list(session.scalars(of_clients))
    session.commit()
    assert actions == ["api_client_make", "api_client_revoke"]


def test_an_id_and_a_secret_give_tokens(client: FlaskClient, steward: FlaskClient, session: Session) -> None:
    organisation(session)
    page = post(steward, "/admin/api", **{**CLIENT, "kind": "client", "reach": "whole"}).text
    key = re.search(r'id="client-id">([^<]+)<', page)
    assert key is not None
    fields = {"grant_type": "client_credentials", "client_id": key[1], "client_secret": shown(page, "mpia_cs_")}
    given = client.post("/api/v1/token", data=fields).json["access_token"]
    assert len(client.get("/api/v1/agents", headers=bearer(given)).json["items"]) == 4


def test_nothing_is_opened_by_a_form_that_lacks_something(steward: FlaskClient, session: Session) -> None:
    organisation(session)
    for changed in (
        {"name": " "}, {"purpose": ""}, {"scopes": []}, {"scopes": ["answers:read"]}, {"reach": ""}, {"unit": ""},
        {"unit": "NOWHERE"}, {"kind": ""}, {"days": "0"}, {"days": "367"}, {"days": "x"}, {"name": "x" * 201},
    ):  # fmt: skip
        answer = post(steward, "/admin/api", **{**CLIENT, **changed})
        assert answer.status_code == 400, changed
        assert 'role="alert"' in answer.text
        assert 'id="secret"' not in answer.text
    assert session.scalars(sa.select(ApiClient)).all() == []
    session.rollback()


def test_a_webhook_is_made_tested_stopped_and_removed(steward: FlaskClient, session: Session) -> None:
    made = post(steward, "/admin/webhooks", **HOOK)
    assert made.status_code == 200
    first = shown(made.text, "whsec_")
    row = session.scalars(sa.select(EventListener)).one()
    session.commit()
    assert post(steward, f"/admin/webhooks/{row.id}/test").status_code == 303
    delivery = session.scalars(sa.select(WebhookDelivery)).one()
    session.commit()
    page = steward.get("/admin/webhooks").text
    assert delivery.message_id in page
    assert first not in page
    assert shown(post(steward, f"/admin/webhooks/{row.id}/rotate").text, "whsec_") != first
    assert post(steward, f"/admin/webhooks/deliveries/{delivery.id}/replay").status_code == 303
    assert [job.version for job in session.scalars(sa.select(OutboxJob).filter_by(kind="send_webhook"))] == [2]
    session.commit()
    for action in ("stop", "test", "resume", "stop", "remove"):
        assert post(steward, f"/admin/webhooks/{row.id}/{action}").status_code == 303
    assert session.scalars(sa.select(WebhookDelivery)).all() == []
    session.commit()
    for gone in (f"{row.id}/test", f"{row.id}/rotate", f"{row.id}/stop", f"deliveries/{delivery.id}/replay"):
        assert post(steward, f"/admin/webhooks/{gone}").status_code == 404


def test_an_address_that_must_not_be_called_is_refused(steward: FlaskClient, session: Session) -> None:
    for changed in (
        {"url": "http://example.org/"}, {"url": "https://10.0.0.1/"}, {"url": "ftp://x"}, {"url": "https://["},
        {"url": ""}, {"events": []}, {"events": ["certificate.lost"]}, {"reach": "unit", "unit": "NOWHERE"},
        {"url": "https://user:pw@example.org/"}, {"url": "https://[::1]/"},
    ):  # fmt: skip
        answer = post(steward, "/admin/webhooks", **{**HOOK, **changed})
        assert answer.status_code == 400, changed
    assert session.scalars(sa.select(EventListener)).all() == []
    session.rollback()


def test_an_administrator_by_a_platform_s_word_opens_nothing(platform: PlatformInTest) -> None:
    theirs = platform.launched(**administrator())
    token = form_token(theirs.get("/verify"))
    for path in ("/admin/api", "/admin/webhooks"):
        assert theirs.get(path).status_code == 403
        assert theirs.post(path, data={**CLIENT, **HOOK, "csrf_token": token}).status_code == 403
    for path in ("/admin/api/1/revoke", "/admin/webhooks/1/rotate", "/admin/webhooks/1/remove"):
        assert theirs.post(path, data={"csrf_token": token}).status_code == 403
