"""An LMS may send far more than we need: what we do not need is written nowhere (RGPD, article 5(1)(c))."""

import base64
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import Agent, Base, Enrolment, Person, utcnow
from lms.worker import Worker
from tests.conftest import make_config
from tests.figures_in_test import agent_in, follows, person_of
from tests.learner_in_test import module, take
from tests.platform_in_test import CLAIM, TRACK, PlatformInTest, trainer

#: Standard OpenID Connect claims, LTI's own that we do not read, and what platforms add to them.
UNNEEDED: dict[str, Any] = {
    "picture": "https://lms.example.org/unneeded-picture.jpg", "phone_number": "+33 6 unneeded-phone",
    "phone_number_verified": True, "birthdate": "1971-unneeded-birth", "gender": "unneeded-gender",
    "address": {"formatted": "1 rue unneeded-address", "locality": "unneeded-town"}, "nickname": "unneeded-nickname",
    "middle_name": "unneeded-middle", "profile": "https://unneeded-profile.example", "zoneinfo": "unneeded/zone",
    "website": "https://unneeded-website.example", "preferred_username": "unneeded-username",
    "https://lms.example.org/claim/nir": "unneeded-nir",
    "https://lms.example.org/claim/health": {"a": ["unneeded-health"]},
    CLAIM + "role_scope_mentor": ["unneeded-mentee"], CLAIM + "tool_platform": {"guid": "unneeded-guid", "name": "M"},
    "http://www.example.com/session": {"id": "unneeded-session"},
}  # fmt: skip
LIS = {
    "person_sourcedid": "A-0001", "course_offering_sourcedid": "unneeded-offering",
    "course_section_sourcedid": "unneeded-section", "outcome_service_url": "https://unneeded-outcome.example",
    "result_sourcedid": "unneeded-result",
}  # fmt: skip
CUSTOM = {
    "track": TRACK, "person_address": "unneeded-custom-address", "user_phone": "unneeded-custom-phone",
    "nir": "unneeded-custom-nir", "birthday": "unneeded-custom-birthday",
}  # fmt: skip
PRESENTATION = {"locale": "fr", "document_target": "iframe", "css_url": "https://unneeded-css.example", "width": 320}


def everything(**more: Any) -> dict[str, Any]:
    """The claims of a launch that says all a platform may."""
    return {**UNNEEDED, "lis": LIS, "custom": CUSTOM, "launch_presentation": PRESENTATION, **more}


def found(session: Session, word: str) -> list[str]:
    """Where that word stands, in whatever column of whatever table, bytes and JSON read too."""
    places = []
    for table in Base.metadata.sorted_tables:
        for row in session.execute(sa.select(table)).mappings():
            for name, value in row.items():
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                encoded = base64.b64encode(word.encode()).decode().rstrip("=")
                if word in text or encoded in text:
                    places.append(f"{table.name}.{name}")
    return places


@pytest.mark.parametrize("role", ["learner", "trainer"])
def test_nothing_that_is_not_needed_is_stored(
    app: Flask, platform: PlatformInTest, session: Session, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = platform.launched(**(everything() if role == "learner" else {**trainer(), **everything()}))
    client.get("/")
    client.get(f"/learn/{TRACK}")
    for enrolment in session.query(Enrolment):
        take(session, enrolment, module("d1"))
    worker = Worker(app)
    worker.upkeep()
    worker.drain()
    session.expire_all()
    assert found(session, "unneeded") == []
    assert "unneeded" not in caplog.text
    # The words above would be found where they stand: what we need is.
    assert "person.sourced_id" in found(session, "A-0001")
    assert found(session, "IA et service public") == ["context.title"]


def test_a_platform_that_sends_no_name_is_served(platform: PlatformInTest, session: Session) -> None:
    """What a platform withholds is not asked for: an identifier is enough to learn."""
    nothing = {"given_name", "family_name", "name", "email", CLAIM + "lis"}
    state, nonce = platform.begin(client := platform.app.test_client())
    claims = {name: value for name, value in platform.claims(nonce).items() if name not in nothing}
    assert platform.post(client, state, platform.sign(claims)).status_code == 303
    row = session.query(Person).one()
    assert (row.display_name, row.email, row.sourced_id) == ("", None, None)
    assert client.get(f"/learn/{TRACK}").status_code == 200


def test_a_reason_of_an_accommodation_has_nowhere_to_be(session: Session) -> None:
    columns = {column.name for column in Base.metadata.tables["accommodation"].columns}
    assert not {name for name in columns if any(word in name for word in ("reason", "why", "note", "comment", "words"))}


def test_files_of_statistics_name_nobody(app: Flask, platform: PlatformInTest, session: Session) -> None:
    """Analyses of questions carry no name, address, identifier of a person nor of an attempt."""
    for number in range(6):
        names = {"name": f"Zyxnom {number}", "given_name": "Zyxnom", "family_name": "Wvut"}
        address = {"email": f"zyx{number}@secret.example", "lis": {"person_sourcedid": f"SECRET-{number}"}}
        platform.launched(sub=f"secret-sub-{number}", **names, **address)
    attempts = [take(session, row, module("d1"), 4) for row in session.query(Enrolment)]
    client = platform.launched(**trainer())
    answer = client.get(f"/teach/analysis/{TRACK}/d1/questions.csv")
    assert answer.status_code == 200, answer.text
    text = answer.get_data().decode("utf-8-sig", "replace")
    assert "d1-q" in text
    numbers = [str(each.id) for each in attempts]
    for secret in ("secret-sub", "Zyxnom", "Wvut", "secret.example", "SECRET-", *numbers):
        assert secret not in text


def test_open_data_names_nobody(app: Flask, platform: PlatformInTest, session: Session) -> None:
    old = app.extensions["mpia"]
    opened = {"open_data": True, "open_data_contact": "donnees@example.org", "mask_below": 0}
    app.extensions["mpia"] = make_config(old.database_url, old.data_dir, **opened)
    who = person_of(session, agent_in(session, None))
    who.given_name, who.family_name, who.full_name = "Zyxnom", "Wvut", "Zyxnom Wvut"
    follows(session, who, at=utcnow() - timedelta(days=45))
    agent = session.query(Agent).one()
    agent.family_name, agent.number = "Wvut", "SECRET-1"
    session.commit()
    for form in ("csv", "json"):
        answer = app.test_client().get(f"/open-data/figures.{form}")
        assert answer.status_code == 200
        assert not any(secret in answer.text for secret in ("Zyxnom", "Wvut", "SECRET", who.subject))
