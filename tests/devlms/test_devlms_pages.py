"""The pages of the development LMS, without a browser."""

import json
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from lms.devlms import DevLmsSettings
from lms.devlms.forms import forms


def test_one_chooses_whom_to_be(client: FlaskClient) -> None:
    assert client.get("/course").headers["Location"] == "/"
    assert client.get("/course/3").headers["Location"] == "/"
    assert "Formateur de démonstration" in client.get("/").text
    chosen = client.post("/", data={"person": "13"})
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/course")
    assert "Vous êtes <strong>Formateur de démonstration</strong>" in client.get("/course").text


def test_the_address_may_choose_the_person(client: FlaskClient) -> None:
    assert "Responsable RH de démonstration" in client.get("/course?as=14").text
    assert "Responsable RH de démonstration" in client.get("/course").text


def test_an_unknown_person_or_activity_is_explained(client: FlaskClient) -> None:
    assert "inscrite" in client.get("/course?as=99").text
    assert client.post("/", data={"person": "99"}).status_code == 404
    assert client.get("/course/99?as=11").status_code == 404
    missing = client.get("/nowhere")
    assert missing.status_code == 404
    assert "adresse" in missing.text


def test_an_activity_starts_the_tools_login(client: FlaskClient, settings: DevLmsSettings) -> None:
    framed, windowed = forms(client.get("/course/3?as=11").text)
    assert (framed.method, framed.action) == ("post", settings.login_url)
    assert framed.auto
    assert not windowed.auto
    hint = json.loads(framed.fields.pop("lti_message_hint"))
    assert hint["cmid"] == "3"
    assert framed.fields == {
        "iss": "http://localhost",
        "login_hint": "11",
        "target_link_uri": settings.launch_url,
        "client_id": "tool-1",
        "lti_deployment_id": "1",
    }


def test_pages_carry_no_inline_code_and_say_so(client: FlaskClient) -> None:
    for path in ("/", "/course?as=11", "/course/3", "/grades"):
        answer = client.get(path)
        assert " style=" not in answer.text
        assert "<script>" not in answer.text
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_an_empty_gradebook_says_so(client: FlaskClient) -> None:
    assert "Aucune note" in client.get("/grades").text


def test_what_comes_from_outside_is_escaped(client: FlaskClient) -> None:
    answer = client.get("/auth?client_id=tool-1&redirect_uri=x&state=<script>")
    assert "<script>" not in answer.text


def test_it_may_be_slow(client: FlaskClient, quirk: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    quirk(slow_seconds=2.5)
    client.get("/")
    assert slept == [2.5]
