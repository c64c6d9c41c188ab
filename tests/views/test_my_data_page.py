"""One's own personal data: what is kept and why, a copy, what can be put right, asking to be erased."""

import inspect
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from curricula.write import folder_of
from lms.models import (
    AuditEntry,
    Base,
    Certificate,
    Context,
    Enrolment,
    ErasureRequest,
    Person,
    utcnow,
)
from lms.services import library
from lms.services.privacy import taken_out
from lms.services.revisions import publish
from lms.services.sittings import open_sitting
from tests.account_in_test import browser_of
from tests.conftest import make_config
from tests.exam_in_test import Exam, publish_exam
from tests.functional.test_privacy import certify
from tests.learner_in_test import count, module, take
from tests.platform_in_test import PlatformInTest, field, form_token, person, trainer
from tests.questions_in_test import varied

PAGE = "/account/data"


def page(client: FlaskClient, query: str = "?lang=en") -> str:
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    return answer.text


def ask(client: FlaskClient, **more: str) -> int:
    token = form_token(client.get(PAGE))
    return client.post(PAGE + "/erasure", data={"csrf_token": token, "sure": "y", **more}).status_code


def test_what_is_kept_is_said_with_its_reason_its_end_and_its_origin(
    platform: PlatformInTest, session: Session, learner_client: FlaskClient
) -> None:
    take(session, session.query(Enrolment).one(), module("d1"))
    text = page(learner_client)
    for said in (
        "To mark, to explain the result, to judge an appeal", "one year after the last result", "RGPD, art. 6",
        "5 years after your last activity", "5 years after the end of their validity", "Your training platform",
        f"On your training platform: {platform.name}.", "Ask your human resources", "/account/settings",
        "data protection officer", "CNIL",
    ):  # fmt: skip
        assert said in text, said
    assert "To mark" not in page(learner_client, "?lang=fr")
    assert 'href="/account/data"' in learner_client.get("/account/settings").text


def test_durations_and_contact_are_those_of_the_settings(app: Flask, learner_client: FlaskClient) -> None:
    old = app.extensions["mpia"]
    app.extensions["mpia"] = make_config(
        old.database_url, old.data_dir, keep_attempts_days=400, privacy_contact="dpo@ministere.example"
    )
    text = page(learner_client)
    assert "400 days after the last result" in text
    assert 'href="mailto:dpo@ministere.example"' in text
    public = learner_client.get("/personal-data?lang=en").text
    assert "400 days after the last result" in public
    assert "dpo@ministere.example" in public


def test_a_copy_holds_ones_own_data_and_nobody_elses(
    platform: PlatformInTest, session: Session, learner_client: FlaskClient
) -> None:
    platform.launched(**person(2))
    file = learner_client.get(PAGE + "/data.json")
    assert file.content_type.startswith("application/json")
    assert "attachment" in file.headers["Content-Disposition"]
    data = json.loads(file.data)
    assert data["person"]["email"] == "ada.martin@example.org"
    assert data["sessions"]
    assert "token_hash" not in data["sessions"][0]
    assert "agent2@example.org" not in file.text


def copy(client: FlaskClient) -> dict[str, Any]:
    return json.loads(client.get(PAGE + "/data.json").data)


DRAW = {"seed", "questions", "put_last", "marks"}


def test_a_copy_made_during_an_assessment_gives_no_answer(platform: PlatformInTest, session: Session) -> None:
    track = varied("ordering")
    publish(session, folder_of(track), "imported", note="x")
    session.commit()
    library.forget(session)
    client = platform.launched(custom={"track": track.key})
    start = f"/learn/{track.key}/{track.modules[0].key}/assessment"
    url = client.post(start, data={"csrf_token": form_token(client.get(start))}).location
    shown = client.get(url)
    fields = re.findall(r'<select[^>]*name="a\.([^"]+)"', shown.text)
    values = {f"a.{each}": str(place) for place, each in enumerate(fields, start=1)}
    client.post(url, data={"permission": field(shown, "permission"), "go": "1", **values})
    (attempt,), (answer,), held = (copy(client)[name] for name in ("attempts", "answers", "held_back"))
    assert not DRAW & attempt.keys()
    assert answer["response"] == {each: [str(place)] for place, each in enumerate(fields, start=1)}
    assert [(each["attempt"], each["until"]) for each in held] == [(attempt["id"], "it is submitted")]
    client.post(
        url.rsplit("/", 1)[0] + "/submit",
        data={"csrf_token": form_token(client.get(url.rsplit("/", 1)[0] + "/review"))},
    )
    (attempt,), (answer,), held = (copy(client)[name] for name in ("attempts", "answers", "held_back"))
    assert attempt.keys() >= DRAW
    assert set(answer["response"]) == set(attempt["questions"][0]["options"])
    assert held == []


@pytest.mark.parametrize(
    ("rule", "until"), [("never", "always: its correction is never shown"), ("closed", "its sitting is over")]
)
def test_a_copy_gives_no_correction_before_its_time(
    platform: PlatformInTest, session: Session, rule: str, until: str
) -> None:
    platform.launched(**trainer())
    publish_exam(session, correction=rule, supervised=True)
    library.forget(session)
    now, place = utcnow(), session.query(Context).one().id
    window = now, now + timedelta(hours=1)
    sitting = open_sitting(session, place, "decideurs", "d1", window, session.query(Person).one().id, now)
    session.commit()
    exam = Exam(platform.launched(), code=sitting.code)
    exam.submit()
    data = copy(exam.client)
    assert not DRAW & data["attempts"][0].keys()
    assert data["attempts"][0]["score"] is not None
    assert "marks" not in data["results"][0]
    assert [each["until"] for each in data["held_back"]] == [until]
    sitting.cancelled_at = now
    session.commit()
    data = copy(exam.client)
    assert (data["attempts"][0].keys() >= DRAW) is (rule == "closed")
    assert ("marks" in data["results"][0]) is (rule == "closed")


#: Tables that name a person and are in no copy, and why.
LEFT_OUT = {
    "audit_person": "a random token, of no meaning to anyone",
    "studio_role": "in the copy as studio",
}


def test_no_table_about_a_person_is_forgotten(session: Session) -> None:
    row = Person(subject="a", email="a@example.org")
    session.add(row)
    session.flush()
    assert taken_out(session, row)["person"]["subject"] == "a"
    about = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.target_fullname == "person.id" and key.ondelete in {"CASCADE", "RESTRICT"}
    }
    names = {mapper.local_table.name: mapper.class_.__name__ for mapper in Base.registry.mappers}
    body = inspect.getsource(taken_out)
    assert {name for name in about if names[name] not in body} == LEFT_OUT.keys()


def test_asking_once_withdrawing_and_reading_the_answer(session: Session, learner_client: FlaskClient) -> None:
    token = form_token(learner_client.get(PAGE))
    assert learner_client.post(PAGE + "/erasure", data={"csrf_token": token}).status_code == 400  # no box ticked
    assert learner_client.post(PAGE + "/erasure", data={"sure": "y"}).status_code == 400  # no form token
    assert ask(learner_client, words="x" * 2001) == 400
    assert count(session, ErasureRequest) == 0
    session.rollback()
    assert ask(learner_client, words="Je quitte l'administration.") == 303
    assert "waits for an answer" in page(learner_client)
    assert learner_client.post(PAGE + "/erasure", data={"csrf_token": token, "sure": "y"}).status_code == 303
    assert count(session, ErasureRequest) == 1
    session.rollback()
    done = learner_client.post(PAGE + "/erasure/withdrawal", data={"csrf_token": token})
    assert done.status_code == 303
    assert "Ask to be erased" in page(learner_client)
    session.expire_all()
    (row,) = session.query(ErasureRequest)
    assert row.state == "withdrawn"
    row.state, row.answer = "refused", "Un recours est ouvert."
    session.commit()
    assert "Un recours est ouvert." in page(learner_client)
    learner_client.post(PAGE + "/erasure/withdrawal", data={"csrf_token": token})  # nothing to withdraw
    session.expire_all()
    assert session.query(ErasureRequest).one().state == "refused"


def admin(app: Flask) -> FlaskClient:
    return browser_of(app, "admin@example.org", account="administrator")


def decide(client: FlaskClient, number: int, go: str, **more: str) -> int:
    token = form_token(client.get("/verify"))
    data = {"csrf_token": token, "go": go, **more}
    return client.post(f"/admin/personal-data/requests/{number}", data=data).status_code


def test_an_administrator_refuses_with_a_reason_or_erases(
    app: Flask, platform: PlatformInTest, session: Session, learner_client: FlaskClient
) -> None:
    row = session.query(Enrolment).one()
    made, number_of_person = certify(session, row).id, row.person_id
    session.rollback()
    ask(learner_client, words="Je pars.")
    office = admin(app)
    assert "Ada Martin" in office.get("/admin/personal-data").text
    assert "/admin/personal-data" in office.get("/admin/").text
    number = session.query(ErasureRequest).one().id
    session.rollback()
    text = office.get(f"/admin/personal-data/requests/{number}?lang=en").text
    assert "Je pars." in text
    assert "Certificates stay as they were issued" in text
    assert decide(office, number, "refuse") == 400  # a reason is needed
    assert decide(office, number, "erase") == 400  # a box is to be ticked
    assert decide(office, number, "refuse", words="Demandez d’abord la correction.") == 303
    assert "Demandez d’abord la correction." in page(learner_client)
    assert decide(office, number, "erase", sure="y") == 404  # answered
    ask(learner_client)
    session.expire_all()
    again = session.query(ErasureRequest).filter_by(state="open").one().id
    session.rollback()
    assert decide(office, again, "erase", sure="y") == 303
    session.expire_all()
    assert count(session, Enrolment) == count(session, ErasureRequest) == 0
    assert session.get_one(Certificate, made).record == {"holder": "Ada Martin"}
    assert session.get_one(Person, number_of_person).display_name == ""
    assert learner_client.get(PAGE).status_code == 401
    actions = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action.startswith("erasure"))).all()
    assert {"erasure_asked", "erasure_refused"} <= set(actions)
    assert count(session, AuditEntry, AuditEntry.action == "person_erased") == 1


def test_nobody_decides_about_themselves(app: Flask, session: Session) -> None:
    office = admin(app)
    assert ask(office) == 303
    number = session.query(ErasureRequest).one().id
    session.rollback()
    assert decide(office, number, "erase", sure="y") == 409
    assert decide(browser_of(app, "other@example.org", account="administrator"), number, "erase", sure="y") == 303
    assert office.get(PAGE).status_code == 401


def test_the_page_of_administrators_is_the_institutions_own(
    client: FlaskClient, admin_client: FlaskClient, hr_client: FlaskClient
) -> None:
    assert client.get("/admin/personal-data").status_code == 401
    for browser in (admin_client, hr_client):
        assert browser.get("/admin/personal-data").status_code == 403
        assert browser.get("/admin/personal-data/requests/1").status_code == 403
        assert decide(browser, 1, "erase", sure="y") == 403
