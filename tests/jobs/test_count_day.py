"""A day of the past is counted by a worker where there are many agents, and kept as long as it is right."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lms.models import (
    AgentMatch,
    AgentState,
    Closing,
    CountedDay,
    CountedFigure,
    CountedUnit,
    Enrolment,
    OutboxJob,
    Person,
    Unit,
    db,
    utcnow,
)
from lms.services import closings, counted_days, day_counting
from lms.services.closings import day_end
from lms.services.counted_days import BeingCounted
from lms.services.dashboards import Asked, board
from lms.services.figure_facts import COUNTS, Cell, plain
from lms.services.figures import refresh_all, touch
from lms.services.organisation import Scope
from lms.services.sources import source
from lms.worker import Worker
from tests.figures_in_test import agent_in, follows, organisation, person_of, two_ministries
from tests.services.test_figures import World, event
from tests.views.test_hr_pages import sign_in

DAY, AUTUMN = date(2025, 10, 15), datetime(2025, 10, 1, tzinfo=UTC)
ASKED = f"/hr/?lang=en&day={DAY}"


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if more agents than a page counts were there."""
    monkeypatch.setattr(counted_days, "MOST_AGENTS", 3)


@pytest.fixture
def autumn(app: Flask, many: None) -> dict[str, int]:
    """Two ministries, their officers, and what they did a year ago: all were there, seven trained in October."""
    del many
    with app.app_context():
        session = db.session()
        found = two_ministries(session)
        session.execute(update(Enrolment).values(enrolled_at=AUTUMN))
        done = Enrolment.completed_at.is_not(None)
        session.execute(update(Enrolment).where(done).values(completed_at=AUTUMN + timedelta(days=9)))
        for agent_id in session.scalars(select(AgentMatch.agent_id)).all():
            touch(session, agents=[agent_id])
        refresh_all(session)
        session.commit()
        return found


def kept(session: Session) -> dict[Cell, tuple[int, ...]]:
    columns = [getattr(CountedFigure, name) for name in (*Cell._fields, *COUNTS)]
    return {Cell(*row[:6]): tuple(row[6:]) for row in session.execute(select(*columns))}


def count_it(session: Session, day: date = DAY) -> None:
    number = day_counting.begin(session, day)
    assert number is not None
    assert day_counting.keep(session, number, closings.read(session, day))


def how_many(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def page_of(client: FlaskClient, path: str = ASKED) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"[\u00a0\u202f]", " ", answer.text)


@given(st.lists(event, min_size=10, max_size=25), st.integers(0, 530))
@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_the_day_kept_is_what_the_facts_say(
    session: Session, events: list[tuple[int, int, int, int]], after: int
) -> None:
    day = date(2025, 6, 1) + timedelta(days=after)
    with session.begin_nested() as point:
        world = World(session)
        for each in events:
            world.happens(*each)
        session.execute(delete(CountedDay))
        count_it(session, day)
        assert kept(session) == plain(session, day_end(day))
        point.rollback()
    session.expire_all()


def test_the_page_says_of_a_kept_day_what_it_computes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    units = organisation(session)
    for place in range(12):
        person = person_of(session, agent_in(session, units[1 + place % 2], category="AB"[place % 2]))
        follows(session, person, at=AUTUMN, completed_at=AUTUMN + timedelta(days=9) if place < 10 else None)
    refresh_all(session)

    def said(unit: int | None) -> tuple[Any, ...]:
        found = board(session, Scope(), Asked(unit, day=DAY), utcnow().date(), 5)
        return tuple(value for name, value in vars(found).items() if name not in ("how", "counted_at"))

    whose = [None, *(unit.id for unit in units)]
    computed = [said(unit) for unit in whose]
    monkeypatch.setattr(counted_days, "MOST_AGENTS", 3)
    with pytest.raises(BeingCounted):
        said(None)
    assert source(session, Scope(), DAY).how == "plain"  # an export is in no hurry
    count_it(session)
    assert source(session, Scope(), DAY).how == "counted"
    assert [said(unit) for unit in whose] == computed
    assert computed[0][2].counts["completed"] == 10


def test_from_the_page_to_the_job_and_back(app: Flask, client: FlaskClient, autumn: dict[str, int]) -> None:
    sign_in(app, client, autumn["whole"], "hr")
    page = page_of(client, f"{ASKED}&track=decideurs")
    assert "This day is being counted" in page
    assert 'role="status"' in page
    again = re.search(r'href="([^"]+)">See whether the figures are there', page)
    assert again
    address = again[1].replace("&amp;", "&")
    assert "track=decideurs" in address
    assert f"day={DAY}" in address
    assert "are trained" not in page
    assert "Ce jour est en cours de comptage" in page_of(client, f"/hr/?lang=fr&day={DAY}")
    Worker(app).drain()
    page = page_of(client, f"{ASKED}&track=decideurs")
    assert "This day is being counted" not in page
    assert "of the agents of the population are trained." in page
    assert "counted from the facts." in page
    with app.app_context():
        assert how_many(db.session(), CountedDay) == 1
        assert how_many(db.session(), CountedUnit) == 4


def test_a_download_of_that_day_waits_for_it_too(app: Flask, client: FlaskClient, autumn: dict[str, int]) -> None:
    sign_in(app, client, autumn["whole"], "hr")
    file = f"/hr/export/indicators.csv?lang=en&day={DAY}"
    waiting = client.get(file)
    assert waiting.status_code == 202
    assert "This day is being counted" in waiting.text
    assert f'href="{file.replace("&", "&amp;")}"' in waiting.text
    Worker(app).drain()
    made = client.get(file)
    assert (made.status_code, made.mimetype) == (200, "text/csv")
    assert made.text.count("\n") > 1


def test_each_sees_of_it_their_scope_alone(app: Flask, client: FlaskClient, autumn: dict[str, int]) -> None:
    sign_in(app, client, autumn["whole"], "hr")
    page_of(client)
    Worker(app).drain()
    assert "7 trained of 22" in page_of(client)
    sign_in(app, client, autumn["justice"], "hr")
    page = page_of(client)
    assert "7 trained of 11" in page
    assert "Santé" not in page
    assert client.get(f"{ASKED}&unit={autumn['other']}").status_code == 404
    sign_in(app, client, autumn["campus"], "hr")
    assert "computed again from the facts" in page_of(client)  # the people of one platform are counted at once


def test_two_people_make_one_job(app: Flask, client: FlaskClient, autumn: dict[str, int]) -> None:
    for who in ("whole", "justice", "whole"):
        sign_in(app, client, autumn[who], "hr")
        assert "This day is being counted" in page_of(client)
    with app.app_context():
        jobs = db.session.scalars(select(OutboxJob).filter_by(kind="count_day")).all()
        assert [(job.key, job.version) for job in jobs] == [(DAY.isoformat(), 1)]  # not asked again
    Worker(app).drain()
    with app.app_context():
        session = db.session()
        version = session.scalars(select(OutboxJob.version).filter_by(kind="count_day")).one()
        counted_days.ask(session, DAY)  # a replica that is late does not have it counted again
        assert session.scalars(select(OutboxJob.version).filter_by(kind="count_day")).one() == version
        session.rollback()


def test_many_days_wait_and_no_more(
    app: Flask, client: FlaskClient, autumn: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted_days, "MOST_WAITING", 1)
    sign_in(app, client, autumn["whole"], "hr")
    assert "being counted" in page_of(client)
    assert "Many other days are waiting" in page_of(client, f"/hr/?lang=en&day={DAY + timedelta(days=1)}")
    assert "being counted" in page_of(client)  # the one that waits already
    with app.app_context():
        assert db.session.scalars(select(OutboxJob.key).filter_by(kind="count_day")).all() == [DAY.isoformat()]


def test_a_months_end_is_left_to_closings(app: Flask, client: FlaskClient, autumn: dict[str, int]) -> None:
    sign_in(app, client, autumn["whole"], "hr")
    assert "being counted" in page_of(client, "/hr/?lang=en&day=2025-10-31")
    with app.app_context():
        kinds = set(db.session.scalars(select(OutboxJob.kind)))
    assert "close_figures" in kinds
    assert "count_day" not in kinds
    Worker(app).drain()
    assert "as kept at the end of the month" in page_of(client, "/hr/?lang=en&day=2025-10-31")
    with app.app_context():
        assert db.session.scalar(select(Closing.id).filter_by(day=date(2025, 10, 31)))
        assert how_many(db.session(), CountedDay) == 0


def test_a_day_forgotten_is_counted_again(app: Flask, client: FlaskClient, autumn: dict[str, int]) -> None:
    sign_in(app, client, autumn["whole"], "hr")
    page_of(client)
    Worker(app).drain()
    assert "7 trained of 22" in page_of(client)
    with app.app_context():
        session = db.session()
        row = session.scalars(select(Enrolment).where(Enrolment.completed_at.is_not(None)).limit(1)).one()
        row.completed_at = None
        touch(session, person_id=row.person_id)
        refresh_all(session)
    assert "This day is being counted" in page_of(client)
    Worker(app).drain()
    assert "6 trained of 22" in page_of(client)


def test_what_happens_today_forgets_nothing_and_what_is_old_does(session: Session) -> None:
    units = organisation(session)
    agents = [agent_in(session, unit) for unit in units]
    people = [person_of(session, agent) for agent in agents]
    follows(session, people[0], at=AUTUMN)
    refresh_all(session)

    def forgotten() -> bool:
        refresh_all(session)
        gone = how_many(session, CountedDay) == 0
        session.execute(delete(CountedDay))
        count_it(session)
        return gone

    count_it(session)
    follows(session, people[0], completed_at=utcnow())
    follows(session, people[1], at=utcnow())
    agents[2].left_at = utcnow()
    agents[3].category = "B"
    assert not forgotten()
    follows(session, people[1], "agents", at=AUTUMN)  # arrived late
    assert forgotten()
    session.execute(delete(AgentMatch).where(AgentMatch.person_id == people[0].id))
    touch(session, agents=[agents[0].id])
    assert forgotten()
    session.execute(delete(AgentState).where(AgentState.agent_id == agents[2].id))
    session.execute(delete(AgentMatch).where(AgentMatch.agent_id == agents[2].id))
    session.delete(agents[2])
    touch(session, agents=[agents[2].id])
    assert forgotten()


def test_a_day_forgotten_while_it_is_counted_is_not_kept(session: Session) -> None:
    organisation(session)
    number = day_counting.begin(session, DAY)
    assert number is not None
    found = closings.read(session, DAY)
    counted_days.forget(session)
    assert not day_counting.keep(session, number, found)
    assert how_many(session, CountedUnit) == 0
    count_it(session)
    assert day_counting.begin(session, DAY) is None


def test_a_day_is_kept_for_a_day(session: Session) -> None:
    organisation(session)
    count_it(session)
    counted_days.sweep(session, utcnow())
    assert how_many(session, CountedDay) == 1
    session.execute(update(CountedDay).values(counted_at=utcnow() - counted_days.KEPT))
    assert counted_days.counted(session, DAY) is None
    counted_days.sweep(session, utcnow())
    assert [how_many(session, model) for model in (CountedDay, CountedFigure, CountedUnit)] == [0, 0, 0]
    assert how_many(session, Unit) == 4
    assert how_many(session, Person) == 0
