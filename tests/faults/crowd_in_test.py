"""Many learners of one link, whose scores are set at will and counted where they arrive."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

import sqlalchemy as sa

from lms.devlms.gradebook import Score as Received
from lms.models import Attempt, Enrolment, Membership, OutboxJob, Participation, Person, utcnow
from lms.services.results import promise_scores
from tests.gradebook_in_test import Gradebook, out_of
from tests.learner_in_test import TRACK


class Crowd:
    """Learners by number, from 0. The score of a learner is that of the module, half of it for the track."""

    SIZE = 30

    def __init__(self, book: Gradebook) -> None:
        self.book, self.session = book, book.session
        self.token_requests = 0
        self.people: list[str] = []
        self.rows: list[int] = []
        ids = [person.id for _place, person in book.campus.people.members() if person.name.startswith("Membre")]
        for subject in ids[: self.SIZE]:
            self._enrol(subject)
        self.session.commit()

    def _enrol(self, subject: str) -> None:
        now, session = utcnow(), self.session
        person = Person(platform_id=self.book.row.person.platform_id, subject=subject)
        session.add(person)
        session.flush()
        row = Enrolment(person_id=person.id, track_key=TRACK.key, track_version="1", track_digest="x")
        session.add_all(
            [
                row,
                Membership(person_id=person.id, context_id=self.book.link.context_id, role="learner"),
                Participation(person_id=person.id, resource_link_id=self.book.link.id),
            ]
        )
        session.flush()
        session.add(
            Attempt(
                enrolment_id=row.id, module_key="d1", number=1, track_version="1", track_digest="x",
            seed="x", questions=[],
                started_at=now, submitted_at=now, score=Fraction(0), passed=False, marks={},
            )
        )  # fmt: skip
        self.people.append(subject)
        self.rows.append(row.id)

    def earn(self, percent: int, who: Iterable[int] | None = None) -> None:
        """Give these learners (all by default) a score and promise it."""
        for number in range(len(self.rows)) if who is None else who:
            row = self.session.get_one(Enrolment, self.rows[number])
            mine = sa.update(Attempt).where(Attempt.enrolment_id == row.id)
            self.session.execute(mine.values(score=Fraction(percent, 100)))
            promise_scores(self.session, row.person_id, TRACK)
        self.session.commit()

    def received(self, number: int) -> list[Received]:
        """What arrived of one learner, in order."""
        return [score for score in self.book.received() if score.user_id == self.people[number]]

    def values(self, number: int) -> list[float | None]:
        """The values that arrived of one learner, as scores of the module."""
        return [None if score.score_given is None else score.score_given * 2 for score in self.received(number)]

    def arrived_once(self, percent: int) -> None:
        """Every learner's score arrived, once, and the worker knows."""
        self.session.commit()
        counts = {number: self.values(number) for number in range(len(self.people))}
        assert counts == {number: [float(percent)] for number in counts}
        assert self.states() == {("done", None): len(self.people)}

    def delivered(self, rounds: int = 12) -> None:
        """Let delays pass, round after round, until everything is delivered."""
        for _ in range(rounds):
            self.book.deliver_all()
            if set(self.states()) == {("done", None)}:
                return

    def states(self) -> dict[tuple[str, str | None], int]:
        """Number of scores by state and cause."""
        self.session.commit()
        query = sa.select(OutboxJob.status, OutboxJob.cause, sa.func.count()).filter_by(kind="send_score")
        rows = self.session.execute(query.group_by(OutboxJob.status, OutboxJob.cause))
        return {(status, cause): count for status, cause, count in rows}

    def expected(self, percent: int) -> float:
        """What the gradebook shows of that score."""
        return out_of(Fraction(percent, 200))


def moments(scores: Iterable[Received]) -> list[datetime]:
    """When scores say they were given."""
    return [datetime.fromisoformat(score.timestamp) for score in scores]
