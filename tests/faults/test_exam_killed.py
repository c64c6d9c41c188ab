"""The service is killed in the middle of an exam: learners resume with every saved answer and the time they had.

Some are answering and some are submitting when every process of ``lms serve`` dies; it is started again and serves.
"""

import re
import threading
from collections import defaultdict
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import Module
from lms.config import Config
from lms.models import Attempt, Grading, OutboxJob, utcnow
from lms.services import attempts
from lms.services.answers import drawn_questions, responses
from tests.exam_in_test import examinee, publish_exam
from tests.faults.serving_in_test import Served, Ticket, ticket
from tests.learner_in_test import answer, course, joins

ANSWERING, SUBMITTING = range(3), range(3, 9)
#: So many answers were acknowledged before the service dies, and so many submissions.
ENOUGH, FIRST = 12, 1


class Room:
    """Learners in an exam, each in a thread, until the service dies."""

    def __init__(self, app: Flask, session: Session, served: Served) -> None:
        self.session, self.served = session, served
        track = publish_exam(session)
        found = track.module("d1")
        assert found is not None
        self.exam: Module = found
        link = course(session, lineitem="https://lms.example.org/items/1")
        self.tickets: list[Ticket] = []
        for number in (*ANSWERING, *SUBMITTING):
            row = examinee(session, track, number)
            joins(session, row.person_id, link)
            attempt = attempts.start(session, row, self.exam)
            if number in SUBMITTING:
                answer(session, attempt, self.exam, correct=3)
            self.tickets.append(ticket(app, session, row.person_id, attempt.id))
        session.commit()
        self.due = {row.id: row.due_at for row in session.scalars(sa.select(Attempt))}
        session.commit()
        #: What each answering learner was told is saved, and what was under way: {(learner, question): [option, …]}.
        self.told: dict[tuple[int, int], list[str]] = defaultdict(list)
        self.sent: dict[tuple[int, int], list[str]] = defaultdict(list)
        self.submitted: set[int] = set()
        self._enough = threading.Event()

    def until_killed(self) -> None:
        """Everybody works; the service is killed once enough was acknowledged."""
        work = [threading.Thread(target=self._answer, args=(number,)) for number in ANSWERING]
        for thread in work:
            thread.start()
        assert self._enough.wait(60)
        self._enough.clear()
        ends = [threading.Thread(target=self._submit, args=(number,)) for number in SUBMITTING]
        for thread in ends:
            thread.start()
        assert self._enough.wait(60)
        self.served.kill()
        for thread in (*work, *ends):
            thread.join(60)

    def _client(self, number: int) -> httpx.Client:
        return httpx.Client(base_url=self.served.url, headers=self.tickets[number].headers, trust_env=False, timeout=60)

    def _answer(self, number: int) -> None:
        mine, turn = self.tickets[number], 0
        drawn = drawn_questions_of(self.session.get_bind(), mine)
        with self._client(number) as client:
            while True:
                turn += 1
                place = turn % len(drawn) + 1
                option = drawn[place - 1][turn // len(drawn) % 2]
                form = {
                    "permission": mine.permission, "a.choice": option, "page": f"{number:016x}", "turn": str(turn),
                }  # fmt: skip
                self.sent[number, place].append(option)
                try:
                    saved = client.post(f"/learn/attempts/{mine.attempt}/{place}", data=form)
                except httpx.TransportError:
                    return
                assert saved.status_code == 200, saved.text
                self.told[number, place].append(option)
                if sum(map(len, list(self.told.values()))) >= ENOUGH and not self.submitted:
                    self._enough.set()

    def _submit(self, number: int) -> None:
        if self.submit(number):
            self.submitted.add(number)
            if len(self.submitted) >= FIRST:
                self._enough.set()

    def submit(self, number: int) -> bool:
        """Submit; whether the service said that it was done."""
        mine = self.tickets[number]
        with self._client(number) as client:
            try:
                done = client.post(f"/learn/attempts/{mine.attempt}/submit", data={"csrf_token": mine.csrf})
            except httpx.TransportError:
                return False
        assert done.status_code == 303
        return done.headers["Location"].endswith("/result")

    def page(self, number: int, path: str) -> httpx.Response:
        """A page, as that learner sees it."""
        with self._client(number) as client:
            return client.get(f"/learn/attempts/{self.tickets[number].attempt}/{path}")


def drawn_questions_of(bind: Any, mine: Ticket) -> list[list[str]]:
    """The options of each question drawn."""
    with Session(bind) as own:
        return [list(item.options) for item in drawn_questions(own.get_one(Attempt, mine.attempt))]


@pytest.fixture
def room(app: Flask, session: Session, config: Config) -> Any:
    served = Served(config)
    made = Room(app, session, served)
    with served:
        yield made


def test_killed_while_answers_are_saved_and_attempts_submitted(room: Room) -> None:
    room.until_killed()
    room.served.start()
    session = room.session
    # Whoever was answering: what they were told is saved is there, or what was under way after it.
    for number in ANSWERING:
        attempt = session.get_one(Attempt, room.tickets[number].attempt)
        kept, answers = responses(session, attempt.id), dict[int, list[str]]()
        for place, item in enumerate(drawn_questions(attempt), start=1):
            told, sent = room.told[number, place], room.sent[number, place]
            answers[place] = found = list(kept.get(item.key, {}).get("choice", ()))
            assert found in ([told[-1]] if told else [], [sent[-1]] if sent else [])
        assert (attempt.submitted_at, attempt.due_at) == (None, room.due[attempt.id])
        session.commit()
        page = room.page(number, "2").text
        shown = re.search(r'data-clock="(\d+)"', page)
        assert shown is not None
        assert attempt.due_at is not None
        assert abs(int(shown[1]) - (attempt.due_at - utcnow()).total_seconds()) < 5
        assert re.findall(r'value="([^"]*)"[^>]* checked', page) == answers[2]
    # Whoever was submitting: one result with all that follows from it, or none at all and every answer.
    for number in SUBMITTING:
        assert consistent(session, room.tickets[number])
    done = {number for number in SUBMITTING if consistent(session, room.tickets[number]) == "submitted"}
    assert room.submitted <= done, "who was told that it is submitted has a result"
    for number in SUBMITTING:
        assert room.submit(number)
        assert room.page(number, "result").status_code == 200
    for number in SUBMITTING:
        assert consistent(session, room.tickets[number]) == "submitted"
    owed = sa.select(sa.func.count()).select_from(OutboxJob).filter_by(kind="send_score")
    assert session.scalar(owed) == len(SUBMITTING)
    session.commit()


def consistent(session: Session, mine: Ticket) -> str:
    """« open » or « submitted »; whichever, all of it."""
    session.expire_all()
    attempt = session.get_one(Attempt, mine.attempt)
    results = session.scalars(sa.select(Grading).filter_by(attempt_id=attempt.id)).all()
    answered = len(responses(session, attempt.id))
    state = "open" if attempt.submitted_at is None else "submitted"
    score = attempt.score
    session.commit()
    assert answered == 4
    assert len(results) == (state == "submitted")
    assert (score is not None) == (state == "submitted")
    if results:
        assert results[0].score == score
    return state
