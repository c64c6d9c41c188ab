"""The institution's administrator says who writes, reviews and publishes tracks."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import AuditEntry, Institution, Person, StudioRole, db
from tests.account_in_test import browser_of, make_person, signed_in
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest, administrator, form_token


def account(app: Flask, email: str, role: str = "author", name: str = "") -> int:
    with app.app_context():
        number = make_person(db.session(), email, account=role, name=name)
        db.session.commit()
        db.session.remove()
    return number


@pytest.fixture
def steward(app: Flask) -> FlaskClient:
    """The institution's administrator, signed in."""
    return browser_of(app, "admin@example.org", account="administrator")


def post(browser: FlaskClient, url: str, status: int = 303, **values: str | list[str]) -> str:
    token = form_token(browser.get("/admin/authors/"))
    answer = browser.post(f"/admin/authors/{url}", data={**values, "csrf_token": token})
    assert answer.status_code == status, answer.text
    return answer.text if status != 303 else browser.get("/admin/authors/").text


def give(browser: FlaskClient, email: str, *roles: str, reach: str = "", person: str = "", status: int = 303) -> str:
    return post(browser, "grant", status, email=email, roles=list(roles), reach=reach, person=person)


def test_a_role_counts_from_the_next_page_of_a_session_already_open(
    app: Flask, steward: FlaskClient, session: Session
) -> None:
    account(app, "zoe@example.org", name="Zoé")
    zoe = signed_in(app, "zoe@example.org")
    assert zoe.get("/author/decideurs/").status_code == 404
    page = give(steward, " ZOE@example.org", "author", "publisher", reach="track:decideurs")
    assert "Zoé" in page
    assert "Décideurs publics" in page
    assert zoe.get("/author/decideurs/").status_code == 200
    give(steward, "zoe@example.org", "author", reach="track:decideurs")  # twice is once
    rows = session.query(StudioRole).order_by(StudioRole.role).all()
    assert [(row.role, row.track_key) for row in rows] == [("author", "decideurs"), ("publisher", "decideurs")]
    numbers = [row.id for row in rows]
    session.rollback()
    for number in (*numbers, numbers[0]):  # one that is gone already stays gone
        post(steward, f"{number}/revoke")
    assert zoe.get("/author/decideurs/").status_code == 404
    acts = [(line.action, line.details["role"]) for line in session.query(AuditEntry).order_by(AuditEntry.id)
            if line.action.startswith("studio_role")]  # fmt: skip
    given, taken = "studio_role_granted", "studio_role_revoked"
    assert acts == [(given, "author"), (given, "publisher"), (taken, "author"), (taken, "publisher")]


def test_an_institution_is_added_renamed_and_given_its_authors(
    app: Flask, steward: FlaskClient, session: Session
) -> None:
    account(app, "zoe@example.org")
    page = post(steward, "institutions", name="  École de démonstration ")
    row = session.query(Institution).one()
    assert row.name == "École de démonstration"
    number = row.id
    session.rollback()
    assert "École de démonstration" in page
    assert "déjà" in post(steward, "institutions", 400, name="école de DÉMONSTRATION".lower())
    refused = post(steward, f"institutions/{number}", 400, name="x" * 201)
    assert "x" * 201 in refused, "what was typed is still there"
    post(steward, f"institutions/{number}", name="Institut de démonstration")
    post(steward, "institutions", name="École de démonstration")
    assert "déjà" in post(steward, f"institutions/{number}", 400, name="École de démonstration")
    post(steward, "institutions", 400, name=" ")
    post(steward, "institutions/77", 404, name="Personne")
    give(steward, "zoe@example.org", "author", reach=f"institution:{number}")
    assert session.query(StudioRole).one().institution_id == number
    assert {line.action for line in session.query(AuditEntry)} >= {"institution_added", "institution_renamed"}


def test_who_comes_from_a_platform_is_chosen_under_its_name(app: Flask, steward: FlaskClient, session: Session) -> None:
    address = "ada.martin@example.org"
    for name in ("lms", "elsewhere"):
        PlatformInTest(app, name).launched()
    page = give(steward, address, "author", status=400)
    assert "Ada Martin · lms" in page
    assert "Ada Martin · elsewhere" in page
    assert count(session, StudioRole) == 0
    there = session.query(Person).filter(Person.platform.has(name="elsewhere")).one().id
    session.rollback()
    stranger = session.query(Person).filter_by(subject="admin@example.org").one().id
    session.rollback()
    give(steward, address, "author", person=str(stranger), status=400)  # of another address
    give(steward, address, "author", person=str(there))
    assert session.query(StudioRole).one().person_id == there
    session.rollback()
    account(app, address)  # and the local account is one more person of that address
    assert len(re.findall('name="person"', give(steward, address, "author", status=400))) == 3


def test_one_person_of_a_platform_is_asked_about_too(app: Flask, steward: FlaskClient, session: Session) -> None:
    """A platform says any address it likes: it never takes a role by it."""
    PlatformInTest(app).launched(email="director@example.org")
    give(steward, "director@example.org", "publisher", status=400)
    assert count(session, StudioRole) == 0


def test_what_cannot_be_given_is_refused_and_nothing_is_lost(
    app: Flask, steward: FlaskClient, session: Session
) -> None:
    account(app, "zoe@example.org")
    page = give(steward, "nobody@example.org", "author", reach="track:decideurs", status=400)
    assert "nobody@example.org" in page
    assert re.search(r"selected value=\"track:decideurs\"", page)
    give(steward, "zoe@example.org", status=400)
    give(steward, "zoe@example.org", "minister", status=400)
    give(steward, "zoe@example.org", "author", reach="track:none", status=400)
    give(steward, "zoe@example.org", "author", reach="institution:9", status=400)
    give(steward, "<script>@" + "x" * 400, "author", status=400)
    assert count(session, StudioRole) == 0


def test_an_administrator_of_a_platform_gives_nothing(app: Flask, platform: PlatformInTest) -> None:
    theirs = platform.launched(**administrator())
    assert theirs.get("/admin/authors/").status_code == 403
    assert "/admin/authors/" not in theirs.get("/admin/").text


def test_the_administration_leads_there(steward: FlaskClient) -> None:
    assert 'href="/admin/authors/"' in steward.get("/admin/").text
