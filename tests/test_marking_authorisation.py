"""Who may judge, and who may not: every route of marking, juries and appeals × every kind of visitor."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, url_for
from flask.testing import FlaskClient

from lms.models import Appeal, Context, Deposit, Enrolment, Person, db
from lms.services import juries
from lms.services.juries import NewJury
from tests.account_in_test import browser_of, token_of
from tests.judged_in_test import HALF, hand_in, mark, published
from tests.platform_in_test import PlatformInTest, author, hr_officer, person, trainer

#: « member » sits in the jury of the course; « trainer » trains it and does not; « owner » handed in the work.
VISITORS = (
    "anonymous", "owner", "fellow", "member", "trainer", "other trainer", "author", "hr", "administrator",
)  # fmt: skip
TRAINERS = frozenset({"member", "trainer", "other trainer"})
HERE = frozenset({"member", "trainer"})
MEMBER = frozenset({"member"})
OWNER = frozenset({"owner"})

#: (endpoint, method) → who is let in. The others get 401 without session, else 403 or 404.
JUDGED = {
    ("marking.index", "GET"): TRAINERS,
    ("marking.show", "GET"): HERE,
    ("marking.take", "POST"): HERE,
    ("marking.save", "POST"): HERE,
    ("marking.give_back", "POST"): HERE,
    ("marking.file", "GET"): HERE,
    ("juries.index", "GET"): TRAINERS,
    ("juries.new", "GET"): TRAINERS,
    ("juries.new", "POST"): TRAINERS,  # of a course of theirs: test below
    ("juries.show", "GET"): MEMBER,
    ("juries.edit", "GET"): MEMBER,
    ("juries.edit", "POST"): MEMBER,
    ("juries.candidate", "GET"): MEMBER,
    ("juries.candidate", "POST"): MEMBER,
    ("juries.confirm", "POST"): MEMBER,
    ("juries.close", "POST"): MEMBER,
    ("juries.minutes_page", "GET"): MEMBER,
    ("juries.minutes_file", "GET"): MEMBER,
    ("appeals.ask", "GET"): OWNER,
    ("appeals.ask", "POST"): OWNER,
    ("appeals.decide", "GET"): HERE,
    ("appeals.decide", "POST"): HERE,
}


@dataclass
class Scene:
    """A browser for each kind of visitor, and what fills the addresses."""

    app: Flask
    browsers: dict[str, FlaskClient]
    values: dict[str, Any]

    def url(self, endpoint: str) -> str:
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)
        with self.app.test_request_context():
            return url_for(endpoint, **{name: self.values[name] for name in rule.arguments})

    def ask(self, visitor: str, endpoint: str, method: str, **form: Any) -> int:
        browser = self.browsers[visitor]
        sent = {"csrf_token": token_of(browser), **form} if method == "POST" else None
        with browser.open(self.url(endpoint), method=method, data=sent) as answer:
            return int(answer.status_code)


@pytest.fixture
def scene(app: Flask) -> Iterator[Scene]:
    here, there = PlatformInTest(app), PlatformInTest(app, "elsewhere")
    with published(jury=True) as track:
        browsers = {
            "anonymous": app.test_client(),
            "owner": here.launched(),
            "fellow": here.launched(**person(2)),
            "member": here.launched(**trainer()),
            "trainer": here.launched(**trainer(sub="trainer-2")),
            "other trainer": there.launched(**trainer()),
            "author": here.launched(**author()),
            "hr": here.launched(**hr_officer()),
            "administrator": browser_of(app, "someone@example.org", account="administrator"),
        }
        here.launched(**trainer(sub="trainer-3"))
        with app.app_context():
            session = db.session()
            row = session.scalars(sa.select(Enrolment).join(Enrolment.person).filter_by(subject="learner-1")).first()
            assert row is not None
            attempt = hand_in(session, row, track)
            people = session.execute(sa.select(Person.subject, Person.id).filter_by(platform_id=here.id))
            ids = {row.subject: row.id for row in people}
            mark(session, attempt, track, ids["trainer-3"], HALF)
            course = session.scalars(sa.select(Context).filter_by(lti_id="course-1").order_by(Context.id)).first()
            assert course is not None
            sits = [ids["trainer-1"], ids["trainer-3"]]
            jury = juries.create(session, course, NewJury(track.key, "d1", "Jury", date(2026, 12, 2), sits), sits[0])
            deposit = Deposit(
                attempt_id=attempt.id, question_key="project", field="file", name="a.pdf", media="application/pdf",
                size=1, sha256="0" * 64, content=b"%",
            )  # fmt: skip
            appeal = Appeal(attempt_id=attempt.id, text="Une mesure n’a pas été vue.")
            session.add_all([deposit, appeal])
            session.commit()
            values = {
                "attempt_id": attempt.id, "deposit_id": deposit.id, "jury_id": jury.id, "number": appeal.id,
                "place": f"{course.id}/{track.key}/d1", "members": sits,
            }  # fmt: skip
            db.session.remove()
        yield Scene(app, browsers, values)


def test_each_visitor_judges_what_is_theirs_and_nothing_else(scene: Scene) -> None:
    wrong = []
    for endpoint, method in sorted(JUDGED):
        for visitor in VISITORS:
            status = scene.ask(visitor, endpoint, method)
            if visitor in JUDGED[endpoint, method]:
                held = status not in {401, 403, 404, 405, 500, 503}
            else:
                held = status == 401 if visitor == "anonymous" else status in {403, 404}
            if not held:
                wrong.append((endpoint, method, visitor, status))
    assert wrong == []


def test_every_form_of_judgement_asks_for_its_token(scene: Scene) -> None:
    unprotected = []
    for endpoint, method in sorted(JUDGED):
        if method == "POST":
            for visitor in JUDGED[endpoint, method]:
                with scene.browsers[visitor].post(
                    scene.url(endpoint), data={"answer": "Oui.", "go": "accept"}
                ) as answer:
                    if answer.status_code != 400 or "open for too long" not in answer.text.replace(
                        "ouverte trop longtemps", "open for too long"
                    ):
                        unprotected.append((endpoint, visitor, answer.status_code))
    assert unprotected == []


def test_a_jury_is_made_in_a_course_of_ones_own(scene: Scene) -> None:
    form = {
        "place": scene.values["place"], "title": "Jury d’ailleurs", "day": "02/12/2026",
        "members": scene.values["members"], "president": scene.values["members"][0],
    }  # fmt: skip
    assert scene.ask("other trainer", "juries.new", "POST", **form) == 200  # asked again which course
    with scene.app.app_context():
        assert len(juries.juries_of(db.session(), scene.values["members"][0])) == 1
        db.session.remove()
    assert scene.ask("trainer", "juries.new", "POST", **form) == 303
    stranger = {**form, "members": [scene.values["members"][0], 9999]}
    assert scene.ask("trainer", "juries.new", "POST", **stranger) == 400
