"""Learners of the shipped track, and what they answer."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import Module, Question, Track
from curricula.registry import shipped_tracks
from lms.models import Attempt, Enrolment, Person, db
from lms.services import attempts
from lms.services.learning import enrol, enrolment

TRACK: Track = shipped_tracks()["decideurs"]
D1, D2 = TRACK.published_modules[0], TRACK.published_modules[1]
assert D1.quiz is not None
assert D2.quiz is not None

T = TypeVar("T")


def new_learner(session: Session, subject: str = "learner-1", **more: Any) -> Enrolment:
    """Someone who follows the track; committed."""
    values = {"email": f"{subject}@example.org", "given_name": "Ada", "family_name": "Martin", **more}
    person = Person(subject=subject, **values)
    session.add(person)
    session.flush()
    enrol(session, person.id, TRACK)
    session.commit()
    row = enrolment(session, person.id, TRACK.key)
    assert row is not None
    session.commit()
    return row


def right(question: Question) -> list[str]:
    """The right options of a question."""
    return [option.key for option in question.options if option.correct]


def wrong(question: Question) -> list[str]:
    """A wrong answer to a question."""
    return [next(option.key for option in question.options if not option.correct)]


def answer(session: Session, attempt: Attempt, module: Module, mistakes: int = 0) -> None:
    """Answer every question drawn, the first ``mistakes`` of them wrongly."""
    for number, drawn in enumerate(attempts.drawn_questions(attempt)):
        question = module.question(drawn.key)
        assert question is not None
        keys = wrong(question) if number < mistakes else right(question)
        attempts.save_answer(session, attempt, drawn.key, keys, flagged=False)


def take(session: Session, row: Enrolment, module: Module, mistakes: int = 0) -> Attempt:
    """A whole attempt, submitted and committed."""
    attempt = attempts.start(session, row, module)
    session.flush()
    answer(session, attempt, module, mistakes)
    done = attempts.submit(session, attempt, TRACK, module)
    session.commit()
    return done


def pass_all(session: Session, row: Enrolment) -> None:
    """Every published module passed."""
    for module in TRACK.published_modules:
        take(session, row, module)


def at_once(app: Flask, count: int, work: Callable[[int], T]) -> list[T]:
    """What ``work`` gives to each of ``count`` threads that begin together, each in the application's context."""
    together = Barrier(count)

    def one(number: int) -> T:
        with app.app_context():
            together.wait()
            try:
                return work(number)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def count(session: Session, model: type[Any], *conditions: Any) -> int:
    """How many rows of a model there are."""
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0


class Statements:
    """The SQL an application runs: statements that read or write data, and transactions."""

    def __init__(self) -> None:
        self.data: list[str] = []
        self.commits = 0

    @property
    def writes(self) -> Sequence[str]:
        """Statements that change data."""
        return [each for each in self.data if each.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]


@contextmanager
def statements(app: Flask) -> Iterator[Statements]:
    """Record what the application asks of its database meanwhile."""
    seen = Statements()

    def ran(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.upper().startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            seen.data.append(statement)

    def committed(_connection: Any) -> None:
        seen.commits += 1

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", ran)
    sa.event.listen(engine, "commit", committed)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", ran)
        sa.event.remove(engine, "commit", committed)
