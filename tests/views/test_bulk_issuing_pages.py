"""A trainer issues the certificates of a course: the page, the run, its report; nobody else's course is touched."""

import csv
from io import StringIO

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import Certificate, Context, IssuingRun, Membership, Person
from lms.worker import Worker
from tests.issuing_in_test import class_of
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest, form_token, person, trainer


@pytest.fixture
def place(session: Session, trainer_client: FlaskClient) -> int:
    """A course of that trainer: four learners, of whom three earned the certificate, one without a name to print."""
    made = class_of(session, 4, "class", earned=3)
    teacher = session.scalars(sa.select(Membership.person_id).filter_by(role="trainer")).one()
    session.add(Membership(person_id=teacher, context_id=made.id, role="trainer"))
    one = session.scalars(sa.select(Person).filter_by(family_name="Martin class-00002")).one()
    one.certificate_name = None
    session.commit()
    number = made.id
    session.rollback()
    return number


def pages(place: int) -> str:
    return f"/teach/{place}/certificates"


def ask(client: FlaskClient, place: int) -> str:
    page = client.get(f"{pages(place)}?lang=en")
    answer = client.post(pages(place), data={"csrf_token": form_token(page)})
    assert answer.status_code == 303
    return str(answer.location)


def test_from_the_course_to_the_report(app: Flask, trainer_client: FlaskClient, session: Session, place: int) -> None:
    assert f"{pages(place)}?track=decideurs" in trainer_client.get(f"/teach/{place}").text
    page = trainer_client.get(f"{pages(place)}?lang=en").text
    assert "Issue the 2 certificates" in page
    assert "Ada Martin class-00000" in page
    assert "has not confirmed the name to print yet" in page
    assert "Not passed yet: D1, D2." in page
    run = ask(trainer_client, place)
    waiting = trainer_client.get(f"{run}?lang=en").text
    assert "0 of 2 are done." in waiting
    assert "Issue the" not in trainer_client.get(f"{pages(place)}?lang=en").text, "one run at a time"
    assert ask_again(trainer_client, place) == run
    Worker(app).drain()
    done = trainer_client.get(f"{run}?lang=en").text
    number = session.scalars(sa.select(Certificate.number).order_by(Certificate.number)).first()
    session.rollback()
    assert number is not None
    assert number in done
    assert "are done." not in done
    french = trainer_client.get(f"{run}.csv?lang=en")
    assert french.headers["Content-Disposition"].startswith("attachment; filename=certificates-")
    rows = list(csv.DictReader(StringIO(french.text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert french.text.startswith("\ufeff")
    assert [row["Learner"] for row in rows] == ["Ada Martin class-00000", "Ada Martin class-00001"]
    assert {row["Result"] for row in rows} == {"Issued"}
    plain = trainer_client.get(f"{run}.csv?lang=en&form=plain").text
    assert next(csv.DictReader(StringIO(plain, newline="")))["Certificate"] == number
    after = trainer_client.get(f"{pages(place)}?lang=en").text
    assert "Nobody for now." in after
    assert "2 issued, 0 held already, 0 not issued." in after


def ask_again(client: FlaskClient, place: int) -> str:
    answer = client.post(f"{pages(place)}?lang=en", data={"csrf_token": form_token(client.get("/verify"))})
    return str(answer.location)


def test_nothing_to_issue_is_said(app: Flask, trainer_client: FlaskClient, session: Session, place: int) -> None:
    ask(trainer_client, place)
    Worker(app).drain()
    assert ask_again(trainer_client, place) == f"{pages(place)}?track=decideurs"
    assert "Nobody here can be given a certificate now" in trainer_client.get(f"{pages(place)}?lang=en").text
    assert count(session, IssuingRun) == 1


def test_a_cell_never_runs_as_a_formula(app: Flask, trainer_client: FlaskClient, session: Session, place: int) -> None:
    someone = session.scalars(sa.select(Person).filter_by(family_name="Martin class-00000")).one()
    someone.certificate_name = "=cmd(1)"
    session.commit()
    run = ask(trainer_client, place)
    assert "'=cmd(1)" in trainer_client.get(f"{run}.csv").text


def test_a_course_of_somebody_else_is_not_there(
    platform: PlatformInTest, trainer_client: FlaskClient, session: Session, place: int
) -> None:
    run = ask(trainer_client, place)
    learner = platform.launched(**person(2))
    other = PlatformInTest(platform.app, "elsewhere").launched(**trainer())
    own = session.scalars(sa.select(Context.id).where(Context.id != place)).first()
    session.rollback()
    for path in (pages(place), run, f"{run}.csv"):
        assert learner.get(path).status_code == 403, path
        assert other.get(path).status_code == 404, path
    token = form_token(other.get("/verify"))
    assert other.post(pages(place), data={"csrf_token": token}).status_code == 404
    assert trainer_client.post(pages(place)).status_code == 400, "a form token is asked"
    assert trainer_client.get(run.replace(f"/{place}/", f"/{own}/")).status_code == 404, "a run of another course"
    for bad in (f"{pages(place)}?track=nothing", f"{pages(place)}/99999", f"{pages(999999)}"):
        assert trainer_client.get(bad).status_code == 404, bad


def test_a_trainer_who_left_opens_it_no_more(trainer_client: FlaskClient, session: Session, place: int) -> None:
    row = session.scalars(sa.select(Membership).filter_by(role="trainer", context_id=place)).one()
    row.left_at = row.first_seen_at
    session.commit()
    assert trainer_client.get(pages(place)).status_code == 404
