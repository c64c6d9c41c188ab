"""A launch, from the platform's click to our page: who arrives where, and as whom."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.lti.state import LIFETIME
from lms.models import Context, Enrolment, LaunchState, Membership, OutboxJob, Participation, Person, WebSession, utcnow
from tests.learner_in_test import TRACK, count, module, take
from tests.platform_in_test import (
    ABSENT,
    MEMBERSHIP,
    SCORE_SCOPE,
    TOOL,
    PlatformInTest,
    administrator,
    author,
    hr_officer,
    person,
    trainer,
)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_asks_the_platform_as_the_standard_says(platform: PlatformInTest, method: str) -> None:
    answer = platform.login(platform.app.test_client(), method)
    assert answer.status_code == 302
    door, asked = answer.location.split("?")[0], parse_qs(urlsplit(answer.location).query)
    assert door == platform.auth_url
    assert {name: values for name, values in asked.items() if name not in {"state", "nonce"}} == {
        "scope": ["openid"], "response_type": ["id_token"], "response_mode": ["form_post"], "prompt": ["none"],
        "client_id": [platform.client_id], "redirect_uri": [f"{TOOL}/lti/launch"], "login_hint": ["someone"],
        "lti_message_hint": ['{"cmid":"3"}'],
    }  # fmt: skip
    assert len(asked["state"][0]) >= 43
    assert len(asked["nonce"][0]) >= 43


def test_a_door_that_has_a_query_keeps_it(platform: PlatformInTest, session: Session) -> None:
    from lms.models import Platform

    session.get_one(Platform, platform.id).auth_url = f"{platform.auth_url}?tenant=a%20b"
    session.commit()
    answer = platform.login(platform.app.test_client())
    asked = parse_qs(urlsplit(answer.location).query)
    assert answer.location.startswith(f"{platform.auth_url}?tenant=a%20b&")
    assert asked["tenant"] == ["a b"]
    assert asked["scope"] == ["openid"]


def test_a_login_without_message_hint_invents_none(platform: PlatformInTest) -> None:
    answer = platform.login(platform.app.test_client(), lti_message_hint=ABSENT)
    assert "lti_message_hint" not in answer.location


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_learner_arrives_on_the_track(platform: PlatformInTest, session: Session, method: str) -> None:
    client = platform.app.test_client()
    state, nonce = platform.begin(client, method)
    answer = platform.post(client, state, platform.sign(platform.claims(nonce)))
    assert (answer.status_code, answer.location) == (303, "/learn/decideurs")
    page = client.get(answer.location)
    assert page.status_code == 200
    assert TRACK.title["fr"] in page.text
    row = session.query(Enrolment).one()
    assert (row.person.display_name, row.person.sourced_id) == ("Ada Martin", "A-0001")
    assert session.query(Context).one().title == "IA et service public"


@pytest.mark.parametrize(
    ("custom", "page"),
    [
        ({"track": "decideurs", "module": "d2"}, "/learn/decideurs/d2"),
        ({"track": "decideurs", "module": "d7"}, "/learn/decideurs"),  # announced, not published yet
        ({"track": "decideurs", "module": "gone"}, "/learn/decideurs"),
        ({}, "/learn/"),
    ],
)
def test_a_link_leads_where_it_says(platform: PlatformInTest, custom: dict[str, str], page: str) -> None:
    answer = platform.launch(platform.app.test_client(), custom=custom)
    assert answer.location == page


@pytest.mark.parametrize(
    ("who", "room"),
    [(trainer, "/teach/"), (author, "/learn/decideurs"), (hr_officer, "/hr/"), (administrator, "/admin/")],
)
def test_each_role_arrives_in_its_room(platform: PlatformInTest, who: Any, room: str) -> None:
    client = platform.launched(**who())
    page = client.get("/", follow_redirects=True)
    arrived = platform.launch(platform.app.test_client(), **who())
    landed = arrived.location if arrived.location != "/" else page.request.path
    assert landed.startswith(room)
    assert client.get(landed).status_code == 200


@pytest.mark.parametrize(
    ("roles", "powers"),
    [
        ([MEMBERSHIP + "Learner"], {"learn"}),
        (["Learner"], {"learn"}),
        (["Instructor"], {"learn", "teach"}),
        (["urn:lti:role:ims/lis/Instructor"], {"learn", "teach"}),
        ([MEMBERSHIP + "TeachingAssistant"], {"learn", "teach"}),
        ([MEMBERSHIP + "Mentor"], {"learn"}),
        ([MEMBERSHIP + "Learner", MEMBERSHIP + "Instructor"], {"learn", "teach"}),
        ([MEMBERSHIP + "Manager"], {"hr"}),
    ],
)
def test_roles_give_powers(platform: PlatformInTest, roles: list[str], powers: set[str]) -> None:
    client = platform.launched(roles=roles)
    # Whoever is signed in reads the catalogue: to learn is to open a track.
    rooms = {"learn": "/learn/decideurs", "teach": "/teach/", "hr": "/hr/", "admin": "/admin/"}
    assert {room for room, path in rooms.items() if client.get(path).status_code not in {401, 403}} == powers


def test_the_powers_of_a_launch_are_those_of_that_launch(platform: PlatformInTest) -> None:
    """A trainer who comes back as a learner has lost the cohort."""
    client = platform.launched(roles=[MEMBERSHIP + "Instructor"])
    assert client.get("/teach/").status_code == 200
    platform.launched(client)
    assert client.get("/teach/").status_code == 403


def test_a_relaunch_keeps_everybody_one(platform: PlatformInTest, session: Session) -> None:
    for title in ("IA et service public", "IA et service public, session 2", "IA et service public, session 2"):
        platform.launched(context={"id": "course-1", "title": title, "label": "IA"})
    assert count(session, Person) == count(session, Context) == count(session, Membership) == 1
    assert count(session, Participation) == count(session, Enrolment) == 1
    assert session.query(Context).one().title == "IA et service public, session 2"


def test_names_withheld_are_no_obstacle(platform: PlatformInTest, session: Session) -> None:
    """Moodle and Open edX send none unless asked."""
    nameless = dict.fromkeys(("name", "given_name", "family_name", "email", "lis"), ABSENT)
    client = platform.launched(**nameless)
    page = client.get("/learn/decideurs")
    assert page.status_code == 200
    assert "Ada" not in page.text
    assert session.query(Person).one().display_name == ""


def test_two_platforms_and_two_deployments(platform: PlatformInTest, session: Session) -> None:
    """The same numbers everywhere: people are of a platform, courses of a deployment."""
    platform.register("2")
    other = PlatformInTest(platform.app, "other")
    platform.launched()
    platform.launched(deployment_id="2")
    other.launched()
    people = session.query(Person).order_by(Person.id).all()
    assert [(row.platform_id, row.subject) for row in people] == [(platform.id, "learner-1"), (other.id, "learner-1")]
    assert count(session, Context) == 3


def test_two_registrations_of_one_issuer(platform: PlatformInTest) -> None:
    """Open edX gives each block a client of its own; the client_id tells them apart."""
    second = PlatformInTest(platform.app, "second", issuer=platform.issuer)
    for each in (platform, second):
        answer = each.login(each.app.test_client())
        assert answer.location.startswith(each.auth_url + "?")
        assert each.launched().get("/learn/decideurs").status_code == 200


def test_a_deployment_not_named_at_login_is_named_by_the_message(platform: PlatformInTest) -> None:
    client = platform.app.test_client()
    state, nonce = platform.begin(client, lti_deployment_id=ABSENT)
    assert platform.post(client, state, platform.sign(platform.claims(nonce))).status_code == 303


@pytest.mark.parametrize(
    ("locale", "language"),
    [("fr-FR", "fr"), ("en_GB", "en"), ("en", "en"), ("EN-us", "en"), ("de-DE", "fr"), (ABSENT, "fr"), ("", "fr")],
)
def test_the_page_speaks_the_platforms_language(platform: PlatformInTest, locale: str, language: str) -> None:
    presentation = {"document_target": "iframe"} | ({} if locale is ABSENT else {"locale": locale})
    client = platform.launched(launch_presentation=presentation)
    assert f'<html lang="{language}"' in client.get("/learn/decideurs").text


def test_a_language_chosen_here_outlives_the_platforms(platform: PlatformInTest) -> None:
    client = platform.launched()
    token = client.get("/learn/").text.split('name="csrf_token" value="')[1].split('"')[0]
    client.post("/account/language", data={"csrf_token": token, "language": "en", "next": "/learn/"})
    again = platform.launched(launch_presentation={"locale": "fr"})
    assert '<html lang="en"' in again.get("/learn/decideurs").text


def test_two_activities_opened_at_once_in_one_browser(platform: PlatformInTest) -> None:
    client = platform.app.test_client()
    first, second = platform.begin(client), platform.begin(client)
    for state, nonce in (second, first):
        assert platform.post(client, state, platform.sign(platform.claims(nonce))).status_code == 303
    assert client.get("/learn/").status_code == 200


def test_nothing_of_the_last_visitor_stays_in_the_browser(platform: PlatformInTest) -> None:
    client = platform.launched(**trainer())
    with client.session_transaction() as cookie:
        cookie["left"] = "by the trainer"
        first = cookie["sid"]
    platform.launched(client)
    with client.session_transaction() as cookie:
        assert "left" not in cookie
        assert cookie["sid"] != first


def test_the_cookie_travels_in_the_platforms_frame_alone(platform: PlatformInTest) -> None:
    client = platform.app.test_client()
    answers = [platform.login(client)]
    answers.append(platform.launch(client))
    for answer in answers:
        (cookie,) = answer.headers.getlist("Set-Cookie")
        flags = {flag.strip() for flag in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= flags
        assert "Ada" not in cookie
        assert "learner-1" not in cookie


def test_a_state_lives_ten_minutes_and_shows_nothing(platform: PlatformInTest, session: Session) -> None:
    state, nonce = platform.begin(platform.app.test_client())
    row = session.query(LaunchState).one()
    assert abs((row.expires_at - utcnow() - LIFETIME).total_seconds()) < 30
    assert state not in row.state_hash
    assert row.nonce == nonce


def test_first_launches_of_one_person_at_once_make_one_person(
    app: Flask, platform: PlatformInTest, session: Session
) -> None:
    platform.launched(**person("before"))  # the platform's keys are known
    number, ready = 6, []
    for _ in range(number):
        client = app.test_client()
        state, nonce = platform.begin(client)
        ready.append((client, state, platform.sign(platform.claims(nonce))))
    together = Barrier(number)

    def come(browser: tuple[FlaskClient, str, str]) -> int:
        together.wait()
        return platform.post(*browser).status_code

    with ThreadPoolExecutor(number) as pool:
        assert list(pool.map(come, ready)) == [303] * number
    assert count(session, Person, Person.subject == "learner-1") == 1
    assert count(session, WebSession) == number + 1
    assert count(session, Enrolment) == 2


def test_a_score_already_earned_reaches_the_column_of_a_new_course(platform: PlatformInTest, session: Session) -> None:
    platform.launched()
    take(session, session.query(Enrolment).one(), module("d1"))
    session.query(OutboxJob).delete()
    session.commit()
    column = {"scope": [SCORE_SCOPE], "lineitem": "https://lms.example.org/items/2"}
    elsewhere = {"context": {"id": "course-2"}, "resource_link": {"id": "link-2"}, "ags": column}
    platform.launched(**elsewhere)
    (job,) = session.query(OutboxJob)
    assert job.kind == "send_score"
    assert session.get_one(Participation, job.payload["participation_id"]).resource_link.lti_id == "link-2"
    job.status = "done"
    session.commit()
    platform.launched(**elsewhere)
    session.expire_all()
    assert session.query(OutboxJob).one().status == "done"


def test_the_tools_public_keys(platform: PlatformInTest) -> None:
    answer = platform.app.test_client().get("/lti/jwks.json")
    assert answer.json is not None
    (key,) = answer.json["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert not {"d", "p", "q", "dp", "dq", "qi"} & key.keys()
    assert "max-age" in answer.headers["Cache-Control"]
