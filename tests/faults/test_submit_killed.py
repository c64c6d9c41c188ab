"""A web process killed at any step of a submission, and several that are handed the same one at the same moment.

Whoever was told that it is submitted has a result, with all that follows from it; whoever was not submits again.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import Attempt, Enrolment, Grading, OutboxJob, Participation, utcnow
from lms.services import attempts
from tests.faults.crowd_in_test import Crowd
from tests.faults.dying_in_test import MOST, Processes, buried
from tests.faults.serving_in_test import Ticket, ticket
from tests.gradebook_in_test import Gradebook, gradebook
from tests.learner_in_test import TRACK, answer, count, module
from tests.postgresql_in_test import Server

WANTED = TRACK.certificate
assert WANTED is not None
LAST = module(WANTED.modules[-1])


@pytest.fixture
def database_url(postgresql: Server) -> Iterator[str]:
    """PostgreSQL alone: SQLite has no more steps, and dies the same."""
    with postgresql.lent() as url:
        yield url


@pytest.fixture
def book(app: Flask, session: Session, tmp_path: Path) -> Iterator[Gradebook]:
    with gradebook(app, session, tmp_path, roster_size=Crowd.SIZE * 3) as made:
        yield made


@pytest.fixture
def web(app: Flask) -> Processes:
    return Processes(app)


class Candidates:
    """Learners whose last module is answered: handing it in completes the track and earns its certificate."""

    def __init__(self, book: Gradebook) -> None:
        self.book, self.session = book, book.session
        members = (person for _place, person in book.campus.people.members())
        self._subjects = (person.id for person in members if person.name.startswith("Membre"))

    def next(self) -> tuple[Enrolment, Ticket]:
        """One more, and what lets their browser hand it in."""
        assert WANTED is not None
        session, now = self.session, utcnow()
        row = self.book.another(next(self._subjects))
        for key in WANTED.modules[:-1]:
            session.add(
                Attempt(
                    id=uuid4(), enrolment_id=row.id, module_key=key, number=1, track_version=row.track_version,
                    track_digest=row.track_digest, seed="x", questions=[], started_at=now, submitted_at=now,
                    score=Fraction(1), passed=True, marks={},
                )
            )  # fmt: skip
        session.flush()
        attempt = attempts.start(session, row, LAST)
        answer(session, attempt, LAST)
        held = ticket(self.book.app, session, row.person_id, attempt.id)
        session.commit()
        return row, held


def handing_in(held: Ticket) -> dict[str, object]:
    """What the browser posts, for a process to answer."""
    return {
        "method": "POST", "path": f"/learn/attempts/{held.attempt}/submit", "data": {"csrf_token": held.csrf},
        "headers": held.headers,
    }  # fmt: skip


def followed(session: Session, row: Enrolment, held: Ticket) -> str:
    """« open » or « done »; whichever, all of it: result, completion, what is owed to the gradebook and the learner."""
    session.expire_all()
    attempt = session.get_one(Attempt, held.attempt)
    places = set(session.scalars(sa.select(Participation.id).filter_by(person_id=row.person_id)))
    owed = {
        kind: session.scalars(sa.select(OutboxJob.payload).filter_by(kind=kind)).all()
        for kind in ("send_score", "issue_certificate")
    }
    mine = {
        "result": count(session, Grading, Grading.attempt_id == held.attempt),
        "score": sum(each["participation_id"] in places for each in owed["send_score"]),
        "certificate": sum(each == {"enrolment_id": row.id} for each in owed["issue_certificate"]),
    }  # fmt: skip
    done = attempt.submitted_at is not None
    score = attempt.score
    session.rollback()
    assert mine == dict.fromkeys(mine, int(done))
    assert (score is not None) == done
    return "done" if done else "open"


def test_killed_at_any_step_of_a_submission(session: Session, book: Gradebook, web: Processes) -> None:
    candidates, found = Candidates(book), set()
    client = book.app.test_client(use_cookies=False)
    for step in range(1, MOST):
        row, held = candidates.next()
        said = web.does("request", step, **handing_in(held))
        buried(session)
        state = followed(session, row, held)
        if said != "killed":
            assert (said[0], said[1].rpartition("/")[2], state) == (303, "result", "done")
            break
        found.add(state)
        again = client.open(**handing_in(held))
        assert (again.status_code, again.location.rpartition("/")[2]) == (303, "result"), f"killed at step {step}"
        assert followed(session, row, held) == "done"
    else:
        pytest.fail("no process lived to the end")
    assert found == {"open", "done"}
    assert step > 10
    # Every score arrives, once.
    session.execute(sa.delete(OutboxJob).where(OutboxJob.kind != "send_score"))
    book.deliver_all()
    assert len(book.received()) == len({each.user_id for each in book.received()}) == step
    assert {each.grade for each in book.received()} == {100.0}


def test_handed_in_twice_at_the_same_moment(session: Session, book: Gradebook, web: Processes) -> None:
    row, held = Candidates(book).next()
    twice = {"act": "request", **handing_in(held)}
    for said in web.at_once(twice, twice, twice):
        assert (said[0], said[1].rpartition("/")[2]) == (303, "result")
    buried(session)
    assert followed(session, row, held) == "done"
    versions = session.scalars(sa.select(OutboxJob.version).where(OutboxJob.kind != "resolve_lineitem")).all()
    assert set(versions) == {1}, "promised once: the second found it done"
