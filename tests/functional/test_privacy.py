"""A platform's administrator asks for what is held about somebody, or has it erased (LTI Data Privacy Launch)."""

import json
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.lti.binding import proof_of
from lms.models import (
    Agent,
    AgentMatch,
    Attempt,
    AuditEntry,
    Certificate,
    CertificateEvent,
    Correction,
    Enrolment,
    HrScope,
    Membership,
    Participation,
    Person,
    Reminder,
    StatusList,
    WebSession,
)
from lms.services import scopes
from lms.services.matching import match
from lms.services.units import make_unit
from tests.conftest import SECRET
from tests.learner_in_test import count, module, take
from tests.platform_in_test import ABSENT, CLAIM, PlatformInTest, form_token, trainer

INSTITUTION_ADMIN = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"


def asking(about: str = "learner-1", **more: Any) -> dict[str, Any]:
    """The claims of a data privacy launch by an administrator."""
    return {
        "sub": "admin-9", "name": "Administrateur", "message_type": "DataPrivacyLaunchRequest",
        "resource_link": ABSENT, "context": ABSENT, "custom": ABSENT, "ags": ABSENT, "lis": ABSENT,
        "roles": [INSTITUTION_ADMIN], CLAIM + "for_user": {"user_id": about}, **more,
    }  # fmt: skip


def asked(platform: PlatformInTest, about: str = "learner-1", **more: Any) -> tuple[FlaskClient, str]:
    """(the administrator's browser, the page of the request)."""
    client = platform.app.test_client()
    answer = platform.launch(client, **asking(about, **more))
    assert answer.status_code == 303, answer.text
    return client, answer.location


@pytest.fixture
def learner(platform: PlatformInTest, session: Session) -> Enrolment:
    """A learner who has read and answered."""
    platform.launched()
    row = session.query(Enrolment).one()
    take(session, row, module("d1"))
    session.commit()
    return row


def certify(session: Session, row: Enrolment) -> Certificate:
    made = Certificate(
        person_id=row.person_id, enrolment_id=row.id, award_key="decideurs", number="N-1", code="C-1",
        record={"holder": "Ada Martin"}, status_list_id=0, status_index=1,
    )  # fmt: skip
    listed = StatusList()
    session.add(listed)
    session.flush()
    made.status_list_id = listed.id
    session.add(made)
    session.commit()
    return made


def test_everything_is_given_back(platform: PlatformInTest, learner: Enrolment) -> None:
    client, page = asked(platform)
    shown = client.get(page)
    assert "Ada Martin" in shown.text
    file = client.get(page + "/data.json")
    assert "attachment" in file.headers["Content-Disposition"]
    data = json.loads(file.data)
    assert data["person"]["given_name"] == "Ada"
    assert [row["title"] for row in data["courses"]] == ["IA et service public"]
    assert len(data["attempts"]) == 1
    assert data["answers"]
    assert data["attempts"][0]["score"].count("/") == 1 or data["attempts"][0]["score"] in {"0", "1"}


def test_who_took_a_copy_about_somebody_is_in_the_journal(
    platform: PlatformInTest, session: Session, learner: Enrolment
) -> None:
    client, page = asked(platform)
    about = learner.person_id
    assert client.get(page + "/data.json").status_code == 200
    session.expire_all()
    (line,) = session.query(AuditEntry).filter_by(action="person_exported")
    asker = session.query(Person).filter_by(subject="admin-9").one()
    assert (line.target, line.person_id) == (f"person:{about}", asker.id)


def test_somebody_unknown(platform: PlatformInTest) -> None:
    client, page = asked(platform, "nobody")
    shown = client.get(page)
    assert shown.status_code == 200
    assert "<form" not in shown.text.split("<main")[1]
    assert client.get(page + "/data.json").status_code == 404
    assert client.post(page, data={"csrf_token": form_token(shown), "sure": "y"}).status_code == 404


def test_erasing_asks_first(platform: PlatformInTest, session: Session, learner: Enrolment) -> None:
    client, page = asked(platform)
    token = form_token(client.get(page))
    refused = client.post(page, data={"csrf_token": token})
    assert refused.status_code == 400
    assert client.post(page, data={"sure": "y"}).status_code == 400  # no form token
    assert count(session, Person, Person.subject == "learner-1") == 1


def test_who_holds_no_certificate_leaves_nothing(
    platform: PlatformInTest, session: Session, learner: Enrolment
) -> None:
    client, page = asked(platform)
    done = client.post(page, data={"csrf_token": form_token(client.get(page)), "sure": "y"})
    assert done.status_code == 303
    session.expire_all()
    assert count(session, Person, Person.subject == "learner-1") == 0
    for model in (Enrolment, Attempt, Participation, Membership):
        assert count(session, model) == 0
    (line,) = session.query(AuditEntry).filter_by(action="person_erased")
    assert line.details == {"certificates_kept": False}
    assert client.get(page).status_code == 200


def test_certificates_stay_and_say_no_name_in_public(
    platform: PlatformInTest, session: Session, learner: Enrolment
) -> None:
    made = certify(session, learner)
    made.share_token = "a-token"
    certificate = {"certificate_id": made.id}
    session.add(Correction(**certificate, name="Ada Lovelace", words="My other name"))
    session.add(Reminder(**certificate, step="one_month"))
    agent = Agent(number="A-0001", family_name="Martin", given_name="Ada", branch="FPE")
    session.add(agent)
    session.flush()
    match(session, [made.person_id])
    scopes.give(session, made.person_id, [make_unit(session, "M1", "Ministère")])
    session.add(
        CertificateEvent(**certificate, action="suspended", reason="inquiry", words="A doubt", capacity="trainer")
    )
    session.commit()
    client, page = asked(platform)
    taken = json.loads(client.get(page + "/data.json").data)
    assert [row["name"] for row in taken["names_asked"]] == ["Ada Lovelace"]
    assert [row["reason"] for row in taken["certificate_events"]] == ["inquiry"]
    assert [(row["agent_id"], row["state"]) for row in taken["agent_matches"]] == [(agent.id, "sure")]
    assert [row["step"] for row in taken["reminders"]] == ["one_month"]
    assert "They go 5 years after the end of their validity." in client.get(page + "?lang=en").text
    client.post(page, data={"csrf_token": form_token(client.get(page)), "sure": "y"})
    session.expire_all()
    person = session.get_one(Person, made.person_id)
    assert (person.subject, person.display_name, person.email, person.sourced_id) == (
        f"erased-{person.id}", "", None, None,
    )  # fmt: skip
    assert (made.record, made.name_public, made.enrolment_id) == ({"holder": "Ada Martin"}, False, None)
    assert count(session, Enrolment) == count(session, Attempt) == 0
    assert (count(session, AgentMatch), count(session, HrScope), count(session, Agent)) == (0, 0, 1)
    assert count(session, WebSession, WebSession.person_id == person.id) == 0
    assert made.share_token is None
    assert (count(session, Correction), count(session, Reminder), count(session, CertificateEvent)) == (0, 0, 1)


def test_the_page_is_for_the_session_that_asked(platform: PlatformInTest, learner: Enrolment) -> None:
    _client, page = asked(platform)
    again, _other = asked(platform)
    for stranger, status in ((platform.app.test_client(), 401), (again, 404), (platform.launched(**trainer()), 404)):
        assert stranger.get(page).status_code == status
        assert stranger.get(page + "/data.json").status_code == status
    assert again.get(page[:-1] + ("a" if page[-1] != "a" else "b")).status_code == 404


def test_a_request_goes_on_in_a_tab_where_frames_keep_no_cookie(platform: PlatformInTest, learner: Enrolment) -> None:
    state, nonce = platform.begin(platform.app.test_client())
    form = {"state": state, "id_token": platform.sign(platform.claims(nonce, **asking()))}
    framed, tab = platform.app.test_client(), platform.app.test_client()
    page = framed.post(
        "/lti/launch", data={**form, "proof": proof_of(state, SECRET)}, headers={"Origin": "http://localhost:8000"}
    )
    address = unescape(page.text.split('action="/account/arrive/')[1].split('"')[0])
    landed = tab.post("/account/arrive/" + address, headers={"Sec-Fetch-Site": "same-origin"})
    assert landed.status_code == 303
    assert "Ada Martin" in tab.get(landed.location).text
    assert platform.launched(**asking()).get(landed.location).status_code == 404, "of that session alone"


def test_a_request_goes_on_in_a_tab_of_its_own(platform: PlatformInTest, learner: Enrolment) -> None:
    client, page = asked(platform)
    tab = platform.app.test_client()
    opening = client.get("/account/new-tab", query_string={"next": page}).text
    address = unescape(opening.split('action="/account/arrive/')[1].split('"')[0])
    landed = tab.post("/account/arrive/" + address, headers={"Sec-Fetch-Site": "same-origin"})
    assert [each.get(where).status_code for each, where in ((tab, landed.location), (client, page))] == [200, 200]
    assert (tab.get(page).status_code, client.get(landed.location).status_code) == (404, 404)


def test_people_of_another_platform_are_not_found(platform: PlatformInTest, learner: Enrolment) -> None:
    other = PlatformInTest(platform.app, "other")
    client, page = asked(other)
    assert "Ada Martin" not in client.get(page).text
