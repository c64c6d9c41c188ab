"""What administrators read of what was purged; what a learner reads of answers that are no longer kept."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import Enrolment, utcnow
from lms.services import retention
from lms.services.authority import open_authority
from tests.account_in_test import browser_of
from tests.learner_in_test import module, take


def test_the_log_and_the_settings_are_shown(app: Flask, session: Session, learner_client: FlaskClient) -> None:
    attempt = take(session, session.query(Enrolment).one(), module("d1"), 5)
    office = browser_of(app, "admin@example.org", account="administrator")
    assert "Nothing was removed yet." in office.get("/admin/personal-data?lang=en").text
    config = app.extensions["mpia"]
    result = f"/learn/attempts/{attempt.id}/result?lang=en"
    assert "Your answers, explained" in learner_client.get(result).text
    for _taken in retention.purge(session, config, open_authority(config).keys, utcnow() + timedelta(days=366)):
        session.commit()
    text = office.get("/admin/personal-data?lang=en").text
    for said in ("Answers of assessments", "keep_attempts_days=365", "LMS_KEEP_JOURNAL_DAYS", "one year", "5 years"):
        assert said in text, said
    assert "Ada" not in text
    shown = learner_client.get(result)
    assert shown.status_code == 200
    assert "Your answers are no longer kept." in shown.text
    assert "Your answers, explained" not in shown.text
    assert learner_client.get("/learn/review").status_code == 200
    assert learner_client.get(f"/learn/attempts/{attempt.id}/appeal").status_code == 200
