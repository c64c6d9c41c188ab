"""The administrator reads the journal of certificates and keys, and whether its chain is intact."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import AuditEntry, Certificate, Enrolment
from lms.services import audit
from lms.services.authority import open_authority, publish
from lms.services.issuing import issue
from lms.worker import Worker
from tests.account_in_test import browser_of
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK
from tests.platform_in_test import form_token


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return browser_of(app, "admin@example.org", account="administrator")


def page(client: FlaskClient, query: str = "") -> str:
    answer = client.get(f"/admin/journal?lang=en{query}")
    assert answer.status_code == 200
    return answer.text


def test_from_the_first_line_to_a_broken_chain(app: Flask, session: Session, admin: FlaskClient) -> None:
    authority = open_authority(app.extensions["mpia"])
    publish(session, authority)
    class_of(session, 2)
    made = [issue(session, authority, row, TRACK) for row in session.scalars(sa.select(Enrolment)).all()]
    numbers, codes = [row.number for row in made], [row.code for row in made]
    audit.record(session, "keys_rotated", "key:ed-2026-2")
    audit.record(session, "launch", "somewhere")
    session.commit()
    assert "No line is chained yet." in page(admin)
    worker = Worker(app)
    worker.chain()
    text = page(admin)
    assert all(said in text for said in (*numbers, "Certificate issued", "Keys replaced", "was not checked yet"))
    assert "somewhere" not in text
    assert 'href="/admin/journal' in admin.get("/admin/").text
    for named in (numbers[0], codes[0].lower()):
        narrowed = page(admin, f"&named={named}")
        assert f'class="hash">{numbers[0]}' in narrowed
        assert f'class="hash">{numbers[1]}' not in narrowed
    assert numbers[0] not in page(admin, "&about=keys")
    assert "ed-2026-2" in page(admin, "&named=ed-2026-2")
    token = form_token(admin.get("/admin/journal"))
    assert admin.post("/admin/journal/check", data={"csrf_token": token}).status_code == 303
    worker.drain()
    assert "Chain intact up to line" in page(admin)
    line = session.scalars(sa.select(AuditEntry).filter_by(target=numbers[1])).one()
    line.target = numbers[0]
    session.commit()
    admin.post("/admin/journal/check", data={"csrf_token": token})
    worker.drain()
    assert "The chain is broken" in page(admin)
    assert "a line was altered" in page(admin)
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 2


def test_pages_follow_one_another(session: Session, admin: FlaskClient) -> None:
    audit.record_all(session, "certificate_verified", [(f"MPIA-2026-{each:06}", None, {}) for each in range(150)])
    session.commit()
    first = page(admin)
    assert "MPIA-2026-000149" in first
    assert "MPIA-2026-000049" not in first
    following = first.split('href="/admin/journal?before=')[1].split('"')[0]
    assert "MPIA-2026-000049" in page(admin, f"&before={following}")
    for odd in ("&before=x", "&before=-1", "&before=99999999999", "&about=x", "&named=" + "x" * 500, "&named=%25"):
        page(admin, odd)


def test_it_is_the_institutions_own(
    client: FlaskClient, admin_client: FlaskClient, hr_client: FlaskClient, trainer_client: FlaskClient
) -> None:
    assert client.get("/admin/journal").status_code == 401
    for browser in (hr_client, trainer_client, admin_client):
        assert browser.get("/admin/journal").status_code == 403
    token = form_token(admin_client.get("/verify"))
    assert admin_client.post("/admin/journal/check", data={"csrf_token": token}).status_code == 403
    assert "/admin/journal" not in admin_client.get("/").text
