"""Learners that tests enrol and assess without a browser, and work done by several at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import Module, Question, Track
from lms.models import (
    Attempt,
    Context,
    Deployment,
    Enrolment,
    Membership,
    Participation,
    Person,
    Platform,
    ResourceLink,
    db,
)
from lms.services import attempts, learning
from lms.services.answers import Saved, Sent, drawn_questions, save_answer
from tests.tracks_in_test import fixed_tracks

T = TypeVar("T")

TRACK: Track = fixed_tracks()["decideurs"]


def module(key: str) -> Module:
    """A published module of the track."""
    found = TRACK.module(key)
    assert found is not None
    return found


def learner(session: Session, number: int | str = 1, **more: Any) -> Enrolment:
    """Someone who follows the track and has confirmed the name to print, committed."""
    known: dict[str, Any] = {
        "given_name": "Ada",
        "family_name": f"Martin {number}",
        "full_name": f"Ada Martin {number}",
    }
    known["certificate_name"] = more.get("full_name", known["full_name"]) or None
    person = Person(**{"subject": f"learner-{number}", "email": f"learner-{number}@example.org", **known, **more})
    session.add(person)
    session.flush()
    learning.enrol(session, person.id, TRACK)
    row = learning.enrolment(session, person.id, TRACK.key)
    assert row is not None
    session.commit()
    return row


def right(question: Question) -> list[str]:
    """The options that earn every point."""
    return [option.key for option in question.options if option.correct]


def wrong(question: Question) -> list[str]:
    """An option that earns none."""
    return [next(option.key for option in question.options if not option.correct)]


def answer(session: Session, attempt: Attempt, part: Module, correct: int | None = None) -> None:
    """Answer every question of an attempt, the first ``correct`` of them (or all) rightly."""
    for place, item in enumerate(drawn_questions(attempt)):
        question = part.question(item.key)
        assert question is not None
        chosen = right(question) if correct is None or place < correct else wrong(question)
        save_answer(session, attempt, question, Sent({"choice": tuple(chosen)}))


def choose(session: Session, attempt: Attempt, key: str, chosen: Sequence[str], *, flagged: bool = False) -> Saved:
    """Choose these options of a question."""
    question = module(attempt.module_key).question(key)
    assert question is not None
    return save_answer(session, attempt, question, Sent({"choice": tuple(chosen)}, flagged))


def take(session: Session, row: Enrolment, part: Module, correct: int | None = None) -> Attempt:
    """A whole attempt, submitted and committed."""
    attempt = attempts.start(session, row, part)
    answer(session, attempt, part, correct)
    attempts.submit(session, attempt, TRACK, part)
    session.commit()
    return attempt


def earn(session: Session, row: Enrolment) -> None:
    """Pass every module that the track's certificate asks for."""
    assert TRACK.certificate is not None
    for key in TRACK.certificate.modules:
        take(session, row, module(key))


def course(session: Session, number: int | str = 1, lineitem: str | None = None, **link: Any) -> ResourceLink:
    """A course of a platform with one link to the track; the same number gives one more link of that course."""
    platform = session.scalars(sa.select(Platform)).first()
    if platform is None:
        url = "https://lms.example.org"
        platform = Platform(name="LMS", issuer=url, client_id="c", auth_url=url, token_url=url, jwks_url=url)
        platform.deployments.append(Deployment(deployment_id="1"))
        session.add(platform)
        session.flush()
    place = session.scalars(sa.select(Context).filter_by(lti_id=f"course-{number}")).first()
    if place is None:
        place = Context(deployment=platform.deployments[0], lti_id=f"course-{number}", title=f"Course {number}")
    count = session.scalar(sa.select(sa.func.count()).select_from(ResourceLink)) or 0
    values = {"track_key": TRACK.key, "lti_id": f"link-{count}", **link}
    row = ResourceLink(context=place, lineitem_url=lineitem, **values)
    session.add(row)
    session.commit()
    return row


def joins(session: Session, person_id: int, link: ResourceLink, role: str = "learner") -> Participation:
    """Put someone in the course of a link, as a launch does."""
    known = session.scalars(sa.select(Membership).filter_by(person_id=person_id, context_id=link.context_id)).first()
    if known is None:
        session.add(Membership(person_id=person_id, context_id=link.context_id, role=role))
    row = Participation(person_id=person_id, resource_link_id=link.id)
    session.add(row)
    session.commit()
    return row


def together(app: Flask, work: Sequence[Callable[[Session], T]]) -> list[T]:
    """Do each work in a thread and a session of its own, all begun at the same instant; results in order."""
    barrier = threading.Barrier(len(work))

    def one(task: Callable[[Session], T]) -> T:
        with app.app_context():
            barrier.wait(30)
            try:
                return task(db.session())
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(one, work))


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement sent to the database meanwhile, with BEGIN, COMMIT and ROLLBACK among them."""
    engine, heard = db.engine, list[str]()

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):  # SQLite's own is heard as the event
            heard.append(statement)

    marks = {
        name.lower(): (lambda _connection, name=name: heard.append(name)) for name in ("BEGIN", "COMMIT", "ROLLBACK")
    }
    sa.event.listen(engine, "before_cursor_execute", hear)
    for name, mark in marks.items():
        sa.event.listen(engine, name, mark)
    try:
        yield heard
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)
        for name, mark in marks.items():
            sa.event.remove(engine, name, mark)


def data(heard: Sequence[str]) -> list[str]:
    """Those that read or write data."""
    return [text for text in heard if not text.upper().startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA"))]


def writes(heard: Sequence[str]) -> list[str]:
    """Those that write data."""
    return [text for text in heard if text.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]


def count(session: Session, model: type[Any], *conditions: Any) -> int:
    """How many rows of a model there are."""
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0
