"""What is measured of a nation: the pages people open, a launch, and what the worker does."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import LocalAccount, Person, Platform, db, utcnow
from lms.services import claiming, closings, figures, reminders, retention
from lms.services.library import Library
from tests.faults.serving_in_test import signed_cookie
from tests.platform_in_test import PlatformInTest, person, trainer


class Connected(PlatformInTest):
    """The platform of all these people: connected the first time, found again afterwards."""

    def register(self, deployment: str) -> int:
        with self.app.app_context():
            known = db.session.scalar(sa.select(Platform.id).filter_by(client_id=self.client_id))
            db.session.remove()
        return known or super().register(deployment)


def officer(app: Flask) -> tuple[FlaskClient, FlaskClient]:
    """Browsers of an HR officer and of an administrator who see the whole institution."""
    session, browsers = db.session(), list[FlaskClient]()
    for role in ("hr", "administrator"):
        row = session.scalars(sa.select(Person).filter_by(subject=f"{role}@example.org")).first()
        if row is None:
            row = Person(subject=f"{role}@example.org", email=f"{role}@example.org", full_name="Camille Exemple")
            session.add(row)
            session.flush()
            session.add(LocalAccount(person_id=row.id, email=row.subject, password_hash="none", roles=[role]))
        client = app.test_client(use_cookies=False)
        client.environ_base["HTTP_COOKIE"] = signed_cookie(app, session, row.id, role)
        browsers.append(client)
    session.commit()
    return browsers[0], browsers[1]


def pages(
    app: Flask, platform: Connected, agents: int, hr: FlaskClient, admin: FlaskClient
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is measured, by name: each asks for a page and checks that it came."""
    learner = platform.launched(**person(agents - 1), **_course(agents - 1))
    teacher = platform.launched(**trainer(**_course(1)))
    with app.app_context():
        track = next(key for key, found in Library(db.session()).items() if found)
        db.session.remove()
    numbers = iter(range(1, 10_000))

    def page(client: FlaskClient, path: str) -> Callable[[], Any]:
        def ask() -> None:
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200, (path, answer.status_code)

        return ask

    yield "HR: dashboard", page(hr, "/hr/")
    yield "HR: dashboard of a ministry", page(hr, "/hr/?unit=1")
    yield "HR: dashboard of a track", page(hr, f"/hr/?track={track}")
    yield "HR: agents to train", page(hr, "/hr/gaps")
    yield "HR: agents to train, page 200", page(hr, "/hr/gaps?page=200")
    yield "HR: agents to train, a service", page(hr, "/hr/gaps?unit=1001")
    yield "HR: budget", page(hr, "/hr/budget")
    yield "HR: exports", page(hr, "/hr/exports")
    yield "HR: organisation", page(hr, "/hr/organisation/")
    yield "HR: population", page(hr, "/hr/population/")
    yield "HR: who is whom", page(hr, "/hr/matches/")
    yield "HR: who is whom, those sure", page(hr, "/hr/matches/?state=sure")
    yield "HR: files", page(hr, "/hr/imports")
    yield "HR: registers", page(hr, "/hr/register")
    yield "administration: deliveries", page(admin, "/admin/deliveries")
    yield "administration: certificates", page(admin, "/admin/certificates/")
    yield "administration: a holder's name", page(admin, "/admin/certificates/?q=Zzz")
    yield "administration: a common name", page(admin, "/admin/certificates/?q=prenom1+nom12")
    yield "/metrics", page(app.test_client(), "/metrics")
    yield "launch, someone known", lambda: platform.launched(**person(next(numbers) * 7), **_course(next(numbers)))
    yield "launch, someone new", lambda: platform.launched(**person(f"new-{time.time_ns()}"), **_course(1))
    yield "learner: catalogue", page(learner, "/learn/")
    yield "learner: track", page(learner, f"/learn/{track}")
    yield "trainer: courses", page(teacher, "/teach/")
    yield "trainer: a course of 100", page(teacher, "/teach/1")


def _course(number: int) -> dict[str, Any]:
    """The claims of the course that agent is in."""
    course = 1 + (number - 1) // 100
    return {"context": {"id": f"course-{course}", "title": "Cours"}, "resource_link": {"id": "link-1"}}


def works(app: Flask, agents: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What the worker does, a step of each; what it changes is undone."""
    session, now = db.session(), utcnow()

    def undone(work: Callable[[Session], Any]) -> Callable[[], Any]:
        def run() -> Any:
            try:
                return work(session)
            finally:
                session.rollback()

        return run

    def refresh(own: Session) -> None:
        figures.touch(own, agents=range(1, min(1000, agents) + 1))
        figures.refresh(own)

    def purge(rule: retention.Rule) -> Callable[[Session], Any]:
        def step(own: Session) -> int:
            cut = retention._cut(rule, app.extensions["mpia"], now, None)
            return len(own.scalars(rule.due(cut).limit(retention.BATCH)).all())

        return step

    yield "outbox: claim 1", undone(lambda own: claiming.claim_many(own, 1))
    yield "outbox: claim 100 more of a kind", undone(lambda own: claiming.claim_many(own, 100, kinds=["send_score"]))
    yield (
        "outbox: claim of a rare kind",
        undone(lambda own: claiming.claim_many(own, 1, kinds=["export_report", "purge"])),
    )
    yield "figures: 1 000 agents again", undone(refresh)
    yield "figures: who moved (hourly)", undone(figures.touch_moved)
    yield "figures: months to close (hourly)", undone(lambda own: closings.due(own, now))
    yield "reminders (hourly)", undone(lambda own: list(reminders._due(own, now))[:0])
    for rule in retention.RULES:
        if rule.what != "journal":
            yield f"purge, a batch: {rule.what}", undone(purge(rule))
