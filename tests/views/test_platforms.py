"""Connections as an administrator sees and changes them."""

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import AuditEntry, Deployment, Invitation, OutboxJob, Person, Platform, WebSession, utcnow
from lms.models.secrets import hashed
from lms.services import invitations, sessions
from tests.account_in_test import browser_of
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest, administrator, form_token

FIELDS = {
    "name": "Moodle", "product": "moodle", "issuer": "https://moodle.example", "client_id": "c", "deployment_id": "1",
    "auth_url": "https://moodle.example/a", "token_url": "https://moodle.example/t",
    "jwks_url": "https://moodle.example/j", "token_audience": "", "hosts": "cdn.moodle.example\nmoodle.example:8443",
}  # fmt: skip


@pytest.fixture
def steward(app: Flask) -> FlaskClient:
    """The institution's administrator, signed in."""
    return browser_of(app, "admin@example.org", account="administrator")


def post(browser: FlaskClient, url: str, follow: bool = True, **values: str) -> str:
    """Post a form of ours; the page that comes."""
    token = form_token(browser.get("/admin/connect"))
    answer = browser.post(url, data={**values, "csrf_token": token}, follow_redirects=follow)
    assert answer.status_code < 500
    return answer.text


def test_an_address_is_shown_once_and_its_hash_alone_is_kept(steward: FlaskClient, session: Session) -> None:
    page = post(steward, "/admin/connect")
    found = re.search(r"http://localhost:8000/lti/register\?invite=([\w-]+)", page)
    assert found is not None
    assert session.query(Invitation).one().token_hash == hashed(found[1])
    session.rollback()  # a test that reads on keeps the others from writing
    assert found[1] not in steward.get("/admin/connect").text
    paste = steward.get(f"/lti/register?invite={found[1]}")
    assert paste.status_code == 200
    assert "http://localhost:8000/lti/canvas.json" in paste.text
    assert post(steward, f"/admin/invitations/{hashed(found[1])}/cancel")
    assert steward.get(f"/lti/register?invite={found[1]}").status_code == 400
    assert session.query(AuditEntry).filter_by(action="platform_invite").count() == 1


def test_a_host_that_is_none_is_refused(steward: FlaskClient, session: Session) -> None:
    for hosts in ("https://lms.example", "lms.example/path", "*.example", "lms.example:0"):
        post(steward, "/admin/connect", hosts=hosts)
    assert count(session, Invitation) == 0
    session.rollback()
    post(steward, "/admin/connect", hosts="lms.example cdn.example:8443")
    assert session.query(Invitation).one().hosts == ["lms.example", "cdn.example:8443"]


def test_a_platform_is_connected_by_hand(steward: FlaskClient, session: Session) -> None:
    post(steward, "/admin/platforms/new", **FIELDS)
    row = session.query(Platform).one()
    assert (row.issuer, row.product, row.token_audience) == ("https://moodle.example", "moodle", None)
    assert row.hosts == ["cdn.moodle.example", "moodle.example:8443"]
    assert [each.deployment_id for each in row.deployments] == ["1"]
    assert session.query(OutboxJob).one().kind == "check_platform"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", "moodle"), ("auth_url", "javascript:alert(1)"), ("token_url", ""), ("jwks_url", "https://[::1"),
        ("client_id", ""), ("name", "x" * 201), ("hosts", "https://a.example"), ("token_audience", "nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(
    steward: FlaskClient, session: Session, field: str, value: str
) -> None:
    page = post(steward, "/admin/platforms/new", **{**FIELDS, field: value})
    assert f'id="{field}-error"' in page
    kept = "https://moodle.example/t" if field != "token_url" else "https://moodle.example/a"
    assert f'value="{kept}"' in page
    assert count(session, Platform) == 0


def test_other_addresses_of_a_known_client_are_refused(steward: FlaskClient, session: Session) -> None:
    post(steward, "/admin/platforms/new", **FIELDS)
    page = post(steward, "/admin/platforms/new", **{**FIELDS, "token_url": "https://moodle.example/other"})
    assert 'id="client_id-error"' in page
    assert session.query(Platform).one().token_url == "https://moodle.example/t"


def test_a_deployment_is_admitted_suspended_and_resumed(
    steward: FlaskClient, platform: PlatformInTest, session: Session
) -> None:
    here = f"/admin/platforms/{platform.id}"
    assert platform.login(steward, lti_deployment_id="2").status_code == 400
    post(steward, f"{here}/deployments", deployment_id=" 2 ")
    platform.launched(deployment_id="2")
    assert 'id="deployment_id-error"' in post(steward, f"{here}/deployments", deployment_id="2")
    assert 'id="deployment_id-error"' in post(steward, f"{here}/deployments", deployment_id="")
    number = session.query(Deployment).filter_by(deployment_id="2").one().id
    session.rollback()
    post(steward, f"{here}/deployments/{number}/suspend")
    assert platform.login(steward, lti_deployment_id="2").status_code == 403
    assert platform.login(steward, lti_deployment_id="1").status_code == 302
    post(steward, f"{here}/deployments/{number}/resume")
    assert platform.login(steward, lti_deployment_id="2").status_code == 302
    assert steward.post(f"/admin/platforms/99/deployments/{number}/suspend").status_code == 400


def test_a_platform_is_suspended_and_resumed(
    app: Flask, steward: FlaskClient, platform: PlatformInTest, session: Session
) -> None:
    inside, elsewhere = platform.launched(), PlatformInTest(app, "elsewhere").launched()
    post(steward, f"/admin/platforms/{platform.id}/suspend")
    assert platform.login(steward).status_code == 403
    assert [browser.get("/learn/").status_code for browser in (inside, elsewhere, steward)] == [401, 200, 200]
    late = session.query(Person).filter_by(platform_id=platform.id).one().id  # a launch under way meanwhile
    sessions.open_session(session, late, frozenset({"learner"}), 60)
    sessions.sweep(session)
    assert count(session, WebSession, WebSession.person_id == late) == 0
    session.commit()
    post(steward, f"/admin/platforms/{platform.id}/resume")
    assert platform.login(steward).status_code == 302


def test_roles_hosts_and_name_are_set(steward: FlaskClient, platform: PlatformInTest, session: Session) -> None:
    here = f"/admin/platforms/{platform.id}/settings"
    page = steward.get(here).text
    assert "membership#Manager = hr" in page
    values = {"name": "Campus", "hosts": "cdn.example", "token_audience": "", "role_map": "urn:x=1 = trainer\n"}
    post(steward, here, **values)
    row = session.get_one(Platform, platform.id, populate_existing=True)
    assert (row.name, row.hosts, row.role_map) == ("Campus", ["cdn.example"], {"urn:x=1": "trainer"})
    session.rollback()
    for role_map in ("urn:x = emperor", "trainer", "= trainer"):
        assert 'id="role_map-error"' in post(steward, here, **{**values, "role_map": role_map})


def test_the_page_says_when_to_read_it_again(steward: FlaskClient, platform: PlatformInTest, session: Session) -> None:
    here = f"/admin/platforms/{platform.id}"
    first = steward.get(f"{here}/stamp").json
    assert f'data-stamp="{first["stamp"]}"' in steward.get(here).text
    platform.launched()
    assert steward.get(f"{here}/stamp").json != first
    post(steward, f"{here}/check")
    assert session.query(OutboxJob).filter_by(kind="check_platform").one().key == str(platform.id)


def test_what_is_copied_for_support_holds_no_secret(steward: FlaskClient, platform: PlatformInTest) -> None:
    platform.launched()
    page = steward.get(f"/admin/platforms/{platform.id}").text
    support = re.search(r'<pre[^>]*id="support">(.*?)</pre>', page, re.DOTALL)
    assert support is not None
    assert platform.issuer in support[1]
    assert not any(word in support[1] for word in ("Ada", "Martin", "PRIVATE", "eyJ", "learner-1"))


def test_an_administrator_by_a_platforms_word_changes_no_connection(platform: PlatformInTest) -> None:
    browser = platform.launched(**administrator())
    assert browser.get("/admin/").status_code == 200
    for path in ("/admin/connect", "/admin/platforms/new", f"/admin/platforms/{platform.id}"):
        assert browser.get(path).status_code == 403


def test_they_see_their_platform_alone(app: Flask, platform: PlatformInTest) -> None:
    other = PlatformInTest(app, "elsewhere")
    page = platform.launched(**administrator()).get("/admin/").text
    assert platform.issuer in page
    assert other.issuer not in page


def test_a_reconnecting_address_is_for_its_platform(
    steward: FlaskClient, platform: PlatformInTest, session: Session
) -> None:
    post(steward, "/admin/connect", platform_id=str(platform.id))
    assert session.query(Invitation).one().platform_id == platform.id
    assert steward.get(f"/admin/platforms/{platform.id + 50}").status_code == 404


def test_canvas_reads_our_key(client: FlaskClient) -> None:
    key = json.loads(client.get("/lti/canvas.json").text)
    assert key["oidc_initiation_url"] == "http://localhost:8000/lti/login"
    assert key["public_jwk_url"] == "http://localhost:8000/lti/jwks.json"
    placements = key["extensions"][0]["settings"]["placements"]
    assert {each["placement"] for each in placements} == {"assignment_selection", "link_selection"}
    assert {each["message_type"] for each in placements} == {"LtiDeepLinkingRequest"}


def test_old_invitations_are_removed(session: Session) -> None:
    invitations.invite(session)
    session.query(Invitation).update({"expires_at": utcnow() - invitations.KEPT})
    invitations.sweep(session)
    assert count(session, Invitation) == 0
