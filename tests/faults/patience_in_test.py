"""Learners who go on through faults of the database: each sends again what was not acknowledged, as a browser does.

Their scores go to a gradebook, brought there by a worker. What they were told is what is asked for afterwards.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.models import Answer, Attempt, OutboxJob, utcnow
from lms.security import BY_SESSION
from lms.services import attempts
from lms.services.answers import drawn_questions, responses
from lms.worker import Worker
from tests.exam_in_test import publish_exam
from tests.faults.serving_in_test import Served, Ticket, ticket
from tests.faults.test_exam_killed import consistent, drawn_questions_of
from tests.gradebook_in_test import Gradebook
from tests.learner_in_test import answer, joins, learner

ANSWERING, SUBMITTING = range(2), range(2, 6)
PATIENCE = 240
#: Between two requests of a learner, in seconds: a fifth more than what a session is allowed makes.
PAUSE = 1.2 * 60 / BY_SESSION


def said_clearly(refused: httpx.Response) -> None:
    """503, in words for a person, with when to try again; nothing of what is behind."""
    assert refused.status_code == 503, refused.text
    assert int(refused.headers["Retry-After"]) >= 5
    if refused.headers["Content-Type"] == "application/json":
        said = refused.json()
        assert said["message"]
        assert "again" in said["fix"]
        assert said["reference"]
    else:
        assert "<h1>The service " in refused.text
        assert "Try again" in refused.text or "send it again" in refused.text
        assert (f'href="{refused.url}"' in refused.text) == (refused.request.method == "GET")
    assert "psycopg" not in refused.text
    assert "Traceback" not in refused.text


class Patients:
    """Learners in an exam, each in a thread, and a worker in one more."""

    def __init__(self, book: Gradebook, served: Served) -> None:
        self.book, self.served, session = book, served, book.session
        track = publish_exam(session)
        exam = track.module("d1")
        assert exam is not None
        members = [person.id for _place, person in book.campus.people.members() if person.name.startswith("Membre")]
        self.tickets: list[Ticket] = []
        self.subjects: list[str] = []
        for number in (*ANSWERING, *SUBMITTING):
            row = learner(session, number, subject=members[number], platform_id=book.row.person.platform_id)
            row.track_version, row.track_digest = track.version, track.digest
            joins(session, row.person_id, book.link)
            attempt = attempts.start(session, row, exam)
            if number in SUBMITTING:
                answer(session, attempt, exam, correct=3)
            self.tickets.append(ticket(book.app, session, row.person_id, attempt.id))
            self.subjects.append(members[number])
        session.commit()
        #: What each answering learner was told is saved: {(learner, question): [option, …]}.
        self.told: dict[tuple[int, int], list[str]] = defaultdict(list)
        self.submitted: list[int] = []
        self.refused: list[int] = []
        #: What whoever was refused was told.
        self.told_instead: set[str] = set()
        self.failures: list[BaseException] = []
        self._ending = threading.Event()
        self._worker = Worker(book.app)
        self._work: list[threading.Thread] = []

    def __enter__(self) -> "Patients":
        self._go(lambda: self._worker.run(0.05))
        for number in ANSWERING:
            self._go(lambda number=number: self._answer(number))  # type: ignore[misc]
        return self

    def __exit__(self, *error: Any) -> None:
        self.rest()

    def rest(self) -> None:
        """Let learners and worker end what they are at."""
        self._ending.set()
        self._worker.stop()
        for thread in self._work:
            thread.join(60)

    def submit(self) -> None:
        """Let those who submit do so, each until it is acknowledged."""
        for number in SUBMITTING:
            self._go(lambda number=number: self._submit(number))  # type: ignore[misc]

    def saves_more(self, count: int = 4) -> None:
        """Wait until so many more answers are acknowledged."""
        before = self._saved()
        self.waits_for(lambda: self._saved() >= before + count)

    def waits_for(self, happened: Callable[[], bool]) -> None:
        """Wait until something is so, as long as nobody failed."""
        clock = threading.Event()
        for _ in range(PATIENCE * 20):
            assert not self.failures, self.failures
            if happened():
                return
            clock.wait(0.05)
        raise TimeoutError

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A page, in English."""
        asked = {"Accept-Language": "en", **headers}
        return httpx.get(self.served.url + path, headers=asked, trust_env=False, timeout=60)

    def page(self, number: int, language: str = "en") -> httpx.Response:
        """A learner's page of the exam."""
        mine = self.tickets[number]
        asked = {"Cookie": mine.cookie, "Accept-Language": language}
        return self.get(f"/learn/attempts/{mine.attempt}/1", **asked)

    def nothing_is_lost(self, url: str) -> None:
        """What was acknowledged is in that database, once; scores are in the gradebook, once."""
        self.waits_for(lambda: len(self.submitted) == len(SUBMITTING))
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.waits_for(lambda: self._delivered(engine))
        self._ending.set()
        for thread in self._work[1:]:
            thread.join(60)  # the worker goes on
        assert not self.failures, self.failures
        with Session(engine) as session:
            for number in ANSWERING:
                attempt = session.get_one(Attempt, self.tickets[number].attempt)
                kept = responses(session, attempt.id)
                for place, item in enumerate(drawn_questions(attempt), start=1):
                    told = self.told[number, place]
                    assert list(kept.get(item.key, {}).get("choice", ())) == told[-1:]
                assert attempt.submitted_at is None
                turns = session.scalars(sa.select(Answer.turn).filter_by(attempt_id=attempt.id)).all()
                assert len(turns) == len(set(turns)), "an answer sent again was written twice"
            for number in SUBMITTING:
                assert consistent(session, self.tickets[number]) == "submitted"
        for number in SUBMITTING:
            arrived = [score.grade for score in self.book.received() if score.user_id == self.subjects[number]]
            assert arrived == [float(round(Fraction(3, 4) / 2 * 100, 2))], "each score arrives once"

    def _delivered(self, engine: sa.Engine) -> bool:
        """Whether every score is; what was held when the database went away is taken for free, and delays pass."""
        with engine.begin() as connection:
            waiting = sa.select(OutboxJob.id).filter_by(status="pending", kind="send_score")
            free = waiting.with_for_update(
                skip_locked=True
            )  # the worker has the others, and takes them in its own order
            connection.execute(
                sa.update(OutboxJob).where(OutboxJob.id.in_(free)).values(leased_until=None, due_at=utcnow())
            )
            query = sa.select(OutboxJob.status, sa.func.count()).filter_by(kind="send_score").group_by(OutboxJob.status)
            return [tuple(row) for row in connection.execute(query)] == [("done", len(SUBMITTING))]

    def _saved(self) -> int:
        return sum(map(len, list(self.told.values())))

    def _go(self, do: Callable[[], None]) -> None:
        def work() -> None:
            try:
                do()
            except BaseException as error:  # noqa: BLE001 - told by whoever waits
                self.failures.append(error)

        self._work.append(threading.Thread(target=work))
        self._work[-1].start()

    def _answer(self, number: int) -> None:
        mine, turn = self.tickets[number], 0
        drawn = drawn_questions_of(self.book.session.get_bind(), mine)
        with self._client(number) as client:
            while not self._ending.is_set():
                turn += 1
                place = turn % len(drawn) + 1
                option = drawn[place - 1][turn // len(drawn) % 2]
                form = {
                    "permission": mine.permission, "a.choice": option, "page": f"{number:016x}", "turn": str(turn),
                }  # fmt: skip
                self._until_taken(client, number, f"/learn/attempts/{mine.attempt}/{place}", form, 200)
                self.told[number, place].append(option)

    def _submit(self, number: int) -> None:
        mine = self.tickets[number]
        with self._client(number) as client:
            form = {"csrf_token": mine.csrf}
            done = self._until_taken(client, number, f"/learn/attempts/{mine.attempt}/submit", form, 303)
        assert done.headers["Location"].endswith("/result")
        self.submitted.append(number)

    def _until_taken(
        self, client: httpx.Client, number: int, path: str, form: dict[str, str], wanted: int
    ) -> httpx.Response:
        while True:
            threading.Event().wait(PAUSE)
            answer = client.post(path, data=form)
            if answer.status_code == wanted:
                return answer
            said_clearly(answer)
            self.told_instead.add(answer.text)
            self.refused.append(number)

    def _client(self, number: int) -> httpx.Client:
        headers = {**self.tickets[number].headers, "Accept-Language": "en"}
        return httpx.Client(base_url=self.served.url, headers=headers, trust_env=False, timeout=60)
