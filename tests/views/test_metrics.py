"""/metrics: figures for operators, for them alone, about nobody."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.app import create_app
from lms.models import Platform, db
from tests.conftest import make_config
from tests.platform_in_test import ABSENT, PlatformInTest


def figure(page: str, name: str) -> float:
    """One figure, 0 when it was never counted."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_launches_are_counted_by_kind_and_refusals_by_cause(client: FlaskClient, platform: PlatformInTest) -> None:
    names = ['mpia_lti_messages_total{kind="Launch"}', 'mpia_lti_refusals_total{cause="login_malformed"}']
    before = [figure(client.get("/metrics").text, name) for name in names]
    platform.launched()
    platform.login(client, login_hint=ABSENT)
    platform.login(client, login_hint=ABSENT)
    after = [figure(client.get("/metrics").text, name) for name in names]
    assert [new - old for old, new in zip(before, after, strict=True)] == [1, 2]


def test_deliveries_platforms_and_keys_are_told(app: Flask, client: FlaskClient, platform: PlatformInTest) -> None:
    page = client.get("/metrics").text
    assert figure(page, 'mpia_platforms{state="active"}') == 1
    assert figure(page, 'mpia_outbox_jobs{state="failed"}') == 0
    assert 0 <= figure(page, "mpia_lti_key_age_seconds") < 86_400
    with app.app_context():
        row = db.session.get_one(Platform, platform.id)
        row.checks = {"findings": [{"key": "token", "state": "bad", "cause": "token_refused", "detail": ""}]}
        db.session.commit()
    page = client.get("/metrics").text
    assert figure(page, 'mpia_platforms{state="failing"}') == 1
    assert platform.issuer not in page


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.5"}, {"Forwarded": "for=203.0.113.5"}])
def test_without_token_only_this_machine_reads_them(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers=headers).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.5"}).status_code == 404


def test_with_a_token_only_who_bears_it_reads_them(database_url: str, tmp_path: Path) -> None:
    token = "a token for the collector"
    other = create_app(make_config(database_url, tmp_path, metrics_token=token)).test_client()
    assert other.get("/metrics").status_code == 404
    assert other.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    far = other.get(
        "/metrics", headers={"Authorization": f"Bearer {token}"}, environ_base={"REMOTE_ADDR": "203.0.113.5"}
    )
    assert far.status_code == 200
    with other.application.app_context():
        db.engine.dispose()
    other.application.extensions["outbound"].close()
