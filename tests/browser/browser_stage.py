"""The running demo as the browser tests need it: more learners, results already earned, a tool that can restart."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from secrets import token_hex
from typing import Any

from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from curricula.model import Module, Question, Track
from curricula.typography import typeset
from lms.app import create_app
from lms.cookies import CookieSessions
from lms.demo import Addresses, Demo
from lms.devlms import HeadlessBrowser, serve
from lms.i18n import gettext
from lms.lti.model import DeepLinkSettings
from lms.models import (
    Attempt,
    Certificate,
    CertificateFile,
    Context,
    DeepLinkRequest,
    Draft,
    Enrolment,
    OutboxJob,
    Person,
    WebSession,
    db,
    utcnow,
)
from lms.models.secrets import hashed, new_token
from lms.services import attempts, drafts, learning, rosters
from lms.services.accounts import make_account
from lms.services.answers import drawn_questions, responses
from lms.services.invitations import invite
from tests.learner_in_test import choose
from tests.running_in_test import free_port

TRACK = "decideurs"
LEARNER, TRAINER, HR = "11", "13", "14"
#: A local account that may do what no launch allows: HR for the whole institution, and administration.
STEWARD, PASSWORD = "intendance@example.org", "une phrase de passe de démonstration"


class Stage:
    """The demo on free ports; use it as a context."""

    def __init__(self, directory: Path) -> None:
        self.demo = Demo(directory, Addresses(free_port(), free_port()))
        self.tool, self.lms = self.demo.addresses.tool, self.demo.addresses.lms
        self.track: Track = self.demo.tracks[TRACK]
        self.app: Flask = self.demo.app
        self._restarted: list[Flask] = []
        with self.app.app_context():
            make_account(db.session(), STEWARD, PASSWORD, ["hr", "administrator"], "Intendance de démonstration")
            db.session.commit()
            db.session.remove()

    def __enter__(self) -> "Stage":
        self.demo.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.demo.__exit__(*error)
        for app in self._restarted:
            with app.app_context():
                db.engine.dispose()
            app.extensions["outbound"].close()

    @property
    def campus(self) -> Any:
        """The development LMS."""
        return self.demo.devlms.extensions["devlms"]

    @property
    def served(self) -> Flask:
        """The application that answers browsers now."""
        return self._restarted[-1] if self._restarted else self.app

    def learner(self, name: str = "Agent", locale: str = "fr") -> str:
        """A new person of the course, who has never come; gives the ``as=`` of the LMS's pages."""
        people: Mapping[str, Any] = self.campus.people
        number = str(100 + len(people))
        model = people[LEARNER]
        new = replace(
            model, id=number, given_name=name, family_name=f"de démonstration {number}", sourcedid=f"B-{number}",
            email=f"agent.{number}@example.org", locale=locale,
        )  # fmt: skip
        self.campus.people = {**people, number: new}
        return number

    def arrived(self, name: str = "Agent", *, confirmed: bool = True, **scores: int) -> str:
        """A new learner who was launched once, with a submitted attempt for each module: its right answers.

        Without ``name``, the platform withholds it; a certificate waits until the name is ``confirmed``.
        """
        who = self.learner(name)
        quirks = self.campus.quirks
        self.campus.quirks = replace(quirks, names_withheld=not name)
        with HeadlessBrowser(self.lms) as browser:
            assert browser.launch(who, TRACK).status_code == 200
        self.campus.quirks = quirks
        if name and confirmed:
            self.confirm_name(who, f"{name} de démonstration {who}")
        for key, right in scores.items():
            self.attempt(who, key, right)
        return who

    def confirm_name(self, who: str, name: str) -> None:
        """Somebody confirms the name to print."""
        with self.app.app_context():
            db.session.scalars(select(Person).where(Person.subject == who)).one().certificate_name = name
            db.session.commit()
            db.session.remove()

    def leave(self, who: str) -> None:
        """Somebody leaves the course, and its roster is read."""
        self.campus.leave(who, "Inactive")
        with self.app.app_context():
            for context in db.session.scalars(select(Context)):
                rosters.ask(db.session(), context)
            db.session.commit()
            db.session.remove()

    def attempt(self, who: str, module_key: str, right: int | None, since: datetime | None = None) -> Attempt:
        """An attempt at a module with that many right answers, its lessons read; left open when None.

        ``since``: see ``attempts.standing``.
        """
        with self.app.app_context():
            session, module = db.session(), self.module(module_key)
            row = self._follow(session, who, module, len(module.lessons))
            attempt = attempts.start(session, row, module, since=since)
            if right is not None:
                self._answer(session, attempt, module, right)
                attempts.submit(session, attempt, self.track, module)
            session.commit()
            session.refresh(attempt)
            session.expunge(attempt)
            db.session.remove()
        return attempt

    def read(self, who: str, module_key: str, lessons: int) -> None:
        """Read the first lessons of a module and open the next one."""
        with self.app.app_context():
            module = self.module(module_key)
            row = self._follow(db.session(), who, module, lessons)
            learning.open_lesson(db.session(), row, module, module.lessons[lessons], utcnow())
            db.session.commit()
            db.session.remove()

    def _follow(self, session: Session, who: str, module: Module, lessons: int) -> Enrolment:
        row = session.scalars(select(Enrolment).join(Enrolment.person).where(Person.subject == who)).one()
        for lesson in module.lessons[:lessons]:
            learning.open_lesson(session, row, module, lesson, utcnow())
            learning.read_lesson(session, row, module, lesson)
        return row

    def _answer(self, session: Session, attempt: Attempt, module: Module, right: int) -> None:
        for number, item in enumerate(drawn_questions(attempt)):
            asked = self.question(module, item.key)
            chosen = right_keys(asked) if number < right else wrong_keys(asked)
            choose(session, attempt, item.key, chosen)

    def answer(self, attempt: Attempt, number: int, *, flagged: bool = False) -> None:
        """A right answer to one question of an open attempt."""
        key = attempt.questions[number - 1]["key"]
        chosen = right_keys(self.question(self.module(attempt.module_key), key))
        with self.app.app_context():
            choose(db.session(), attempt, key, chosen, flagged=flagged)
            db.session.commit()
            db.session.remove()

    def module(self, key: str) -> Module:
        """A module of the track."""
        found = self.track.module(key)
        assert found is not None
        return found

    def question(self, module: Module, key: str) -> Question:
        """A question of a module's bank."""
        found = module.question(key)
        assert found is not None
        return found

    def say(self, message: str, **values: object) -> str:
        """A message of the interface as French readers see it."""
        with self.app.test_request_context(headers={"Accept-Language": "fr"}):
            return gettext(message, **values)

    def typeset(self, text: str) -> str:
        """A text of the curriculum as French readers see it."""
        return typeset(text, "fr")

    def settle(self, seconds: float = 20, patience: float = 120) -> None:
        """Wait for the worker to have tried everything due within ``seconds``: certificates issued, scores sent."""
        now = utcnow()
        soon, end = now + timedelta(seconds=seconds), now + timedelta(seconds=patience)
        untried = select(OutboxJob.kind, OutboxJob.due_at, OutboxJob.leased_until).where(
            OutboxJob.status == "pending", OutboxJob.last_error.is_(None), OutboxJob.due_at <= soon
        )
        while True:
            with self.app.app_context():
                waiting = db.session.execute(untried).all()
                db.session.remove()
            if not waiting:
                return
            assert utcnow() < end, f"the worker has not tried {waiting}"
            time.sleep(0.1)

    def certificate(self, who: str) -> Certificate:
        """The certificate of a person."""
        with self.app.app_context():
            query = select(Certificate).join(Person, Person.id == Certificate.person_id).where(Person.subject == who)
            found = db.session.scalars(query).one()
            db.session.expunge_all()
            db.session.remove()
        return found

    def certificate_file(self, who: str, form: str) -> bytes:
        """A stored form of that certificate."""
        with self.app.app_context():
            query = select(CertificateFile.content).filter_by(certificate_id=self.certificate(who).id, format=form)
            content: bytes = db.session.scalars(query).one()
            db.session.remove()
        return content

    def cookie(self, who: str) -> Any:
        """A session of that person, as the cookie a browser outside the LMS would hold."""
        roles = {TRAINER: ["trainer"], HR: ["hr"], STEWARD: ["hr", "administrator"]}.get(who, ["learner"])
        with self.app.app_context():
            person = db.session.scalars(select(Person).where(Person.subject == who)).one()
            token, now = new_token(), utcnow()
            row = WebSession(
                token_hash=hashed(token), person_id=person.id, roles=roles, created_at=now,
                expires_at=now + timedelta(hours=1),
            )  # fmt: skip
            db.session.add(row)
            db.session.commit()
            db.session.remove()
        serializer = CookieSessions(self.app).get_signing_serializer(self.app)
        # With its form token: the service then sets no cookie of its own, which would be another one (Partitioned).
        value = serializer.dumps({"sid": token, "csrf_token": token_hex(20)})
        return {"name": "mpia", "value": value, "url": self.tool, "httpOnly": True}

    def invitation(self) -> str:
        """The secret of a new connection address."""
        with self.app.app_context():
            token = invite(db.session())
            db.session.commit()
            db.session.remove()
        return token

    def choice(self, page: Page, **changes: Any) -> str:
        """A request to choose content, for whoever is signed in to that page; gives the picker's address."""
        serializer = CookieSessions(self.app).get_signing_serializer(self.app)
        cookie = next(each for each in page.context.cookies(self.tool) if each.get("name") == "mpia")
        asked = DeepLinkSettings(f"{self.lms}/deep-linking?request=none", ("ltiResourceLink",), ("iframe",), **changes)
        token, now = new_token(), utcnow()
        with self.app.app_context():
            row = DeepLinkRequest(
                token_hash=hashed(token), session_hash=hashed(serializer.loads(cookie.get("value", ""))["sid"]),
                deployment_id=1, settings=asdict(asked), created_at=now, expires_at=now + timedelta(hours=1),
            )  # fmt: skip
            db.session.add(row)
            db.session.commit()
            db.session.remove()
        return f"/teach/pick/{token}"

    def person_id(self, who: str) -> int:
        """Our number of a person."""
        with self.app.app_context():
            number = db.session.scalars(select(Person.id).where(Person.subject == who)).one()
            db.session.remove()
        return number

    def kept_answers(self, attempt_id: Any) -> dict[str, list[str]]:
        """What the database holds of an attempt: question key → options chosen."""
        with self.app.app_context():
            kept = {key: list(said.get("choice", ())) for key, said in responses(db.session(), attempt_id).items()}
            db.session.remove()
        return kept

    def attempts_of(self, who: str) -> list[Attempt]:
        """Every attempt of a person, the first one first."""
        with self.app.app_context():
            query = select(Attempt).join(Attempt.enrolment).join(Enrolment.person).where(Person.subject == who)
            rows = list(db.session.scalars(query.order_by(Attempt.started_at)))
            db.session.expunge_all()
            db.session.remove()
        return rows

    def end_sessions(self, who: str) -> None:
        """End every session of a person on the server, as an administrator or the clock would."""
        with self.app.app_context():
            person = select(Person.id).where(Person.subject == who).scalar_subquery()
            db.session.execute(delete(WebSession).where(WebSession.person_id == person))
            db.session.commit()
            db.session.remove()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The service stopped for a while; its worker and the LMS go on.

        It starts again on its port, whatever happened: a new application, which remembers nothing but the database.
        """
        self.demo._servers[0].stop()
        try:
            yield
        finally:
            fresh = create_app(self.demo.config)
            self._restarted.append(fresh)
            self.demo._servers[0] = serve(fresh, "127.0.0.1", self.demo.addresses.port)

    def draft(self, session: Session, person_id: int | None = None) -> Draft:
        """A draft of the track as it is published, whatever another journey left of its own."""
        left = drafts.open_draft(session, TRACK)
        if left is not None:
            drafts.discard(session, left, None)
        return drafts.begin(session, TRACK, person_id)

    def grade(self, who: str) -> float | None:
        """The grade in force of a person in the LMS's gradebook, for the track's link."""
        with HeadlessBrowser(self.lms) as browser:
            rows = [row for row in browser.grades() if row["userId"] == who and row["resourceLinkId"] == TRACK]
        return rows[0]["grade"] if rows else None


def right_keys(question: Question) -> list[str]:
    """The options that answer a question."""
    return [option.key for option in question.options if option.correct]


def wrong_keys(question: Question) -> list[str]:
    """One option that does not."""
    return [next(option.key for option in question.options if not option.correct)]


def percent(right: int, of: int = 10) -> str:
    """A score as French pages show it."""
    return f"{int(Fraction(right, of) * 100)} %"
