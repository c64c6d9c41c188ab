"""Sessions that see or change others' affairs end when nobody uses them; a learner who reads for an hour stays."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lms.models import WebSession, db, utcnow
from tests.platform_in_test import PlatformInTest, form_token, hr_officer

HOUR, DAY = timedelta(hours=1), timedelta(minutes=480)
BY_ITSELF = {"Sec-Fetch-Dest": "empty"}
MOMENT = timedelta(minutes=2)


def end(session: Session) -> datetime:
    """When the only session ends."""
    session.rollback()
    found = session.query(WebSession).one().expires_at
    session.rollback()  # SQLite has one writer, and this session would be it
    return found


def near(found: datetime, left: timedelta) -> bool:
    return abs(found - utcnow() - left) < MOMENT


def change(session: Session, **values: datetime) -> None:
    session.query(WebSession).update(values)
    session.commit()


def test_an_hour_without_a_page_ends_the_session_of_an_hr_officer(hr_client: FlaskClient, session: Session) -> None:
    assert near(end(session), DAY)
    assert hr_client.get("/hr/").status_code == 200
    assert near(end(session), HOUR)
    change(session, expires_at=utcnow() - timedelta(seconds=1))
    assert hr_client.get("/hr/").status_code == 401


def test_each_page_puts_it_off(hr_client: FlaskClient, session: Session) -> None:
    change(session, expires_at=utcnow() + MOMENT)
    assert hr_client.get("/hr/").status_code == 200
    assert near(end(session), HOUR)


def test_so_does_each_form(hr_client: FlaskClient, session: Session) -> None:
    token = form_token(hr_client.get("/hr/"))
    change(session, expires_at=utcnow() + MOMENT)
    assert hr_client.post("/account/language", data={"csrf_token": token, "language": "en"}).status_code == 303
    assert near(end(session), HOUR)


def test_what_a_page_asks_by_itself_does_not(hr_client: FlaskClient, session: Session) -> None:
    """Else a page that waits for something would keep the session open for as long as it is left there."""
    change(session, expires_at=utcnow() + MOMENT)
    assert hr_client.get("/hr/", headers=BY_ITSELF).status_code == 200
    assert end(session) < utcnow() + MOMENT


def test_the_end_of_the_day_comes_all_the_same(hr_client: FlaskClient, session: Session) -> None:
    change(session, created_at=utcnow() - DAY + 5 * MOMENT)
    assert hr_client.get("/hr/").status_code == 200
    assert near(end(session), 5 * MOMENT)


def test_it_is_written_down_once_a_minute_at_most(hr_client: FlaskClient, session: Session) -> None:
    hr_client.get("/hr/")
    with updates_of_sessions() as seen:
        hr_client.get("/hr/")
    assert seen == []


def test_a_database_that_takes_no_writing_shows_its_pages(hr_client: FlaskClient, session: Session) -> None:
    with updates_of_sessions(OperationalError("update", {}, Exception("disk full"))) as seen:
        assert hr_client.get("/hr/").status_code == 200
    assert len(seen) == 1
    assert near(end(session), DAY), "as it was"


def test_a_page_says_when_it_ends_and_may_put_it_off(hr_client: FlaskClient, session: Session) -> None:
    """Whoever needs more time is told before, and has it by one button (WCAG 2.2, 2.2.1)."""
    page = hr_client.get("/hr/")
    assert 3590 < int(page.text.split('data-left="')[1].split('"')[0]) <= 3600
    assert 'data-warn="300"' in page.text
    change(session, expires_at=utcnow() + MOMENT)
    assert hr_client.get("/account/sessions/left", headers=BY_ITSELF).json["left"] <= 120
    stayed = hr_client.post("/account/sessions/left", headers={**BY_ITSELF, "X-CSRFToken": form_token(page)})
    assert stayed.json["left"] > 3590
    assert near(end(session), HOUR)


def test_pages_that_have_no_such_end_say_nothing_of_it(learner_client: FlaskClient) -> None:
    assert "data-idle" not in learner_client.get("/learn/").text


def test_a_learner_who_reads_for_an_hour_stays(learner_client: FlaskClient, session: Session) -> None:
    assert learner_client.get("/learn/").status_code == 200
    assert near(end(session), DAY)


@pytest.mark.parametrize("changed", [{"idle_minutes": 0}, {"idle_roles": ()}, {"idle_roles": ("administrator",)}])
def test_the_settings_decide(app: Flask, hr_client: FlaskClient, session: Session, changed: dict[str, Any]) -> None:
    app.extensions["mpia"] = replace(app.extensions["mpia"], **changed)
    assert hr_client.get("/hr/").status_code == 200
    assert near(end(session), DAY)


def test_another_launch_by_the_same_browser_needs_no_session_of_before(
    platform: PlatformInTest, hr_client: FlaskClient, session: Session
) -> None:
    change(session, expires_at=utcnow() - timedelta(seconds=1))
    platform.launch(hr_client, **hr_officer())
    assert hr_client.get("/hr/").status_code == 200


@contextmanager
def updates_of_sessions(refusal: Exception | None = None) -> Iterator[list[str]]:
    """What is written of sessions; refused so, where it is given."""
    seen = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("UPDATE web_session"):
            seen.append(statement)
            if refusal is not None:
                raise refusal

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)
