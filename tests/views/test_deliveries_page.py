"""What an administrator reads of deliveries, and does about them."""

from datetime import timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms import jobs
from lms.models import AuditEntry, OutboxJob, Participation, Platform, utcnow
from lms.plugins import discover
from lms.services.deliveries import PAGE
from lms.views.deliveries import kinds
from tests.learner_in_test import count, course, data, joins, learner, statements, writes
from tests.platform_in_test import form_token

PLACE = "/admin/deliveries"
WHY = "The platform does not let us write in its gradebook. Allow grade synchronisation in its settings.\nHTTP 403"


def failures(session: Session, number: int, platform_id: int | None = None, **more: object) -> None:
    """Deliveries that gave up, each a minute after the other."""
    began = utcnow() - timedelta(days=1)
    values = {"kind": "send_score", "status": "failed", "cause": "http_403", "last_error": WHY, "tries": 1, **more}
    known = count(session, OutboxJob)
    for place in range(number):
        moment = began + timedelta(minutes=place)
        session.add(OutboxJob(key=str(known + place), platform_id=platform_id, created_at=moment, **values))
    session.commit()


def lms(session: Session) -> Platform:
    return session.scalars(sa.select(Platform)).one()


def test_every_kind_of_job_is_in_words(app: Flask) -> None:
    with app.test_request_context():
        assert set(kinds()) == set(discover(jobs, "run"))


def test_each_failure_says_what_happened_and_what_to_do(admin_client: FlaskClient, session: Session) -> None:
    failures(session, 1, lms(session).id)
    page = admin_client.get(PLACE, query_string={"lang": "en"}).text
    assert "The platform does not let us write in its gradebook." in page
    assert "<strong>Allow grade synchronisation in its settings.</strong>" in page
    assert "HTTP 403" in page
    assert "Nothing is lost" in page
    assert lms(session).name in page


@pytest.mark.parametrize("number", [0, 1, 200])
def test_the_page_asks_the_same_few_queries(admin_client: FlaskClient, session: Session, number: int) -> None:
    failures(session, number, lms(session).id)
    admin_client.get(PLACE)
    with statements() as heard:
        assert admin_client.get(PLACE).status_code == 200
    assert len(data(heard)) <= 9
    assert writes(heard) == []


def test_failures_are_read_by_pages_the_oldest_first(admin_client: FlaskClient, session: Session) -> None:
    failures(session, PAGE + 3, lms(session).id)
    first = admin_client.get(PLACE, query_string={"lang": "en"}).text
    assert first.count("/replay") == PAGE + 1
    onward = first.split("The next ones")[0].rsplit('href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    second = admin_client.get(onward).text
    assert second.count("/replay") == 3 + 1
    assert admin_client.get(f"{PLACE}?after=nonsense").text.count("/replay") == PAGE + 1


def test_failures_are_narrowed_and_sent_again_together(admin_client: FlaskClient, session: Session) -> None:
    platform = lms(session)
    failures(session, 2, platform.id)
    failures(session, 3, cause="unreachable", last_error="The platform cannot be reached.\nReadTimeout")
    platform.silent_since = platform.quiet_until = utcnow() + timedelta(hours=1)
    session.commit()
    page = admin_client.get(PLACE, query_string={"cause": "http_403", "platform": str(platform.id), "lang": "en"})
    assert page.text.count("HTTP 403") == 2
    assert "ReadTimeout" not in page.text
    assert "Platforms that do not answer" in page.text
    token = form_token(page)
    answer = admin_client.post(f"{PLACE}/replay?cause=http_403&platform={platform.id}", data={"csrf_token": token})
    assert answer.status_code == 303
    session.commit()
    states = dict(session.execute(sa.select(OutboxJob.cause, OutboxJob.status).distinct()).tuples().all())
    assert states == {"http_403": "pending", "unreachable": "failed"}
    session.refresh(platform)
    assert platform.quiet_until is None
    assert count(session, AuditEntry, AuditEntry.action == "delivery_replay") == 1


def test_an_administrator_of_a_platform_sees_that_one_alone(admin_client: FlaskClient, session: Session) -> None:
    failures(session, 1)
    page = admin_client.get(PLACE)
    assert "HTTP 403" not in page.text
    one = session.scalars(sa.select(OutboxJob.id)).one()
    session.commit()
    token = form_token(page)
    assert admin_client.post(f"{PLACE}/{one}/replay", data={"csrf_token": token}).status_code == 404
    assert admin_client.post(f"{PLACE}/replay", data={"csrf_token": token}).status_code == 303
    session.commit()
    assert session.scalars(sa.select(OutboxJob.status)).one() == "failed"


def test_one_failure_is_sent_again(admin_client: FlaskClient, session: Session) -> None:
    failures(session, 2, lms(session).id)
    one = session.scalars(sa.select(OutboxJob.id).order_by(OutboxJob.id)).first()
    session.commit()
    token = form_token(admin_client.get(PLACE))
    assert admin_client.post(f"{PLACE}/{one}/replay", data={"csrf_token": token}).status_code == 303
    assert admin_client.post(f"{PLACE}/99999/replay", data={"csrf_token": token}).status_code == 404
    session.commit()
    assert count(session, OutboxJob, OutboxJob.status == "pending") == 1


def test_grades_that_differ_are_shown_and_sent_again(admin_client: FlaskClient, session: Session) -> None:
    row = learner(session)
    link = course(session, lineitem="https://lms.example.org/items/1", lti_id="compared")
    told = joins(session, row.person_id, link)
    told.score_sent, told.score_sent_at, told.result_seen = Fraction(1, 2), utcnow(), Fraction(1, 10)
    told.result_seen_at = link.reconciled_at = utcnow()
    link.differing, link.title = 1, "Décideurs publics"
    session.commit()
    page = admin_client.get(PLACE)
    assert "Décideurs publics" in page.text
    sent = admin_client.post(f"{PLACE}/columns/{link.id}/send", data={"csrf_token": form_token(page)})
    assert sent.status_code == 303
    session.commit()
    session.expire_all()
    assert session.scalars(sa.select(Participation.score_sent).filter_by(id=told.id)).one() is None
    kinds = set(session.scalars(sa.select(OutboxJob.kind)))
    session.commit()
    assert {"send_score", "reconcile_scores"} <= kinds
    token = form_token(page)
    assert admin_client.post(f"{PLACE}/columns/9999/send", data={"csrf_token": token}).status_code == 404
    assert admin_client.post(f"{PLACE}/compare", data={"csrf_token": token}).status_code == 303
