"""A gradebook for tests: a development LMS served on the loopback, whatever mood it is in."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request
from sqlalchemy.orm import Session

from lms.devlms import (
    Campus,
    CourseLink,
    DevLmsSettings,
    Quirks,
    ServerHandle,
    create_devlms,
    registration,
    serve,
)
from lms.devlms.gradebook import Score as Received
from lms.devlms.vocabulary import AGS_SCOPES
from lms.lti.http import TIMEOUT
from lms.models import Enrolment, OutboxJob, Platform, ResourceLink, utcnow
from lms.services.platforms import NewPlatform, add_platform
from lms.worker import Worker
from tests.learner_in_test import course, joins, learner, module, take
from tests.made_once import give_platform_key
from tests.running_in_test import free_port

SCOPES = list(AGS_SCOPES)
LINKS = (CourseLink("track", "Décideurs publics"), CourseLink("d2", "D2"))
SUBJECT = "11"


@dataclass
class Gradebook:
    """The platform, and the worker that writes to it."""

    session: Session
    app: Flask
    campus: Campus
    worker: Worker
    link: ResourceLink
    row: Enrolment
    #: Answers given instead of the platform's own, by the end of the address.
    instead: dict[str, Callable[[], Response | None]] = field(default_factory=dict)
    #: Requests that reached it, by the end of the address.
    asked: Counter[str] = field(default_factory=Counter)
    #: The platform as an application, and its servers; the last one is in force.
    devlms: Flask | None = None
    servers: list[ServerHandle] = field(default_factory=list)

    def mood(self, **quirks: Any) -> None:
        self.campus.quirks = replace(self.campus.quirks, **quirks)

    def column(self, link_id: str) -> str:
        url = self.campus.service_urls(link_id).line_item
        assert url is not None
        return url

    def earn(self, correct: int | None = None, key: str = "d1", row: Enrolment | None = None) -> Fraction:
        """A result whose score is promised to the gradebook, of that learner if given."""
        part = module(key)
        assert part.quiz is not None
        free = replace(part, quiz=replace(part.quiz, attempts=0, cooldown_minutes=0))
        score = take(self.session, row or self.row, free, correct).score
        assert score is not None
        return score

    def deliver(self) -> OutboxJob:
        """Let every delay pass and the worker do what is due; gives the delivery of the track's link."""
        self.deliver_all()
        return self.job()

    def deliver_all(self) -> None:
        """Let every delay pass and the worker do what is due."""
        self.session.execute(sa.update(OutboxJob).where(OutboxJob.status == "pending").values(due_at=utcnow()))
        self.session.execute(sa.update(Platform).values(quiet_until=None))
        self.session.commit()
        self.worker.drain()

    def recovers(self, expected: Fraction) -> None:
        """The platform is itself again: what waited is delivered, with the value of today."""
        job = self.deliver()
        if job.status == "pending":  # it had kept a score of this very second: the next one is later
            threading.Event().wait(1.1)
            job = self.deliver()
        assert (job.status, job.last_error) == ("done", None)
        assert self.campus.store.current_scores()[0].grade == out_of(expected)

    def patience(self, seconds: float) -> None:
        """How long our side waits for an answer."""
        self.app.extensions["outbound"].timeout = dict.fromkeys(TIMEOUT, seconds)

    def compare(self) -> None:
        """Let the worker compare the columns in use with what they were sent."""
        self.session.commit()
        self.worker.upkeep()
        self.deliver_all()

    def another(self, subject: str) -> Enrolment:
        """One more learner who came through the link."""
        row = learner(self.session, subject, subject=subject, platform_id=self.row.person.platform_id)
        joins(self.session, row.person_id, self.link)
        return row

    def restart(self, away: float = 0.2) -> None:
        """The platform goes away for so many seconds, and comes back without the tokens it gave."""
        last = self.servers[-1]
        last.stop()
        self.campus.tokens.revoke_all()
        time.sleep(away)
        assert self.devlms is not None
        self.servers.append(serve(self.devlms, "127.0.0.1", last.port))

    def overrides(self, subject: str, grade: float, moment: datetime, column: int = 1) -> None:
        """A trainer writes another grade in the gradebook."""
        changed = Received(
            subject, moment.isoformat(timespec="seconds"), "Completed", "FullyGraded", grade, 100.0, grade=grade,
            line_item_id=column,
        )  # fmt: skip
        self.campus.store.add_score(changed, lambda _latest: changed)

    def platform(self) -> Platform:
        """The platform as the service knows it."""
        self.session.commit()
        self.session.expire_all()
        found = self.session.scalars(sa.select(Platform)).one()
        self.session.commit()
        return found

    def link_now(self) -> ResourceLink:
        """The track's link, as the database has it."""
        self.session.commit()
        self.session.refresh(self.link)
        return self.link

    def job(self) -> OutboxJob:
        self.session.commit()
        self.session.expire_all()
        query = sa.select(OutboxJob).filter_by(kind="send_score").order_by(OutboxJob.id)
        return self.session.scalars(query).all()[0]

    def ended_with(self, cause: str) -> str:
        """The state of the one job that met this."""
        self.session.commit()
        self.session.expire_all()
        return self.session.scalars(sa.select(OutboxJob).filter_by(cause=cause)).one().status

    def received(self, column: int = 1) -> list[Received]:
        return [score for score in self.campus.store.scores() if score.line_item_id == column]

    def grades(self, column: int = 1) -> list[float | None]:
        return [score.grade for score in self.received(column)]


def out_of(score: Fraction) -> float:
    return float(round(score * 100, 2))


@contextmanager
def gradebook(
    app: Flask, session: Session, directory: Path, *, roster_size: int = 0, **quirks: Any
) -> Iterator[Gradebook]:
    """A connected development LMS, and somebody who came through its link to the track."""
    tool = serve(app, "127.0.0.1", 0)
    port = free_port()
    settings = DevLmsSettings(
        issuer=f"http://127.0.0.1:{port}", tool_url=tool.url, client_id="tool", deployment_id="1",
        data_dir=directory / "devlms", links=LINKS, quirks=Quirks(**quirks), roster_size=roster_size,
    )  # fmt: skip
    give_platform_key(settings.data_dir)
    devlms = create_devlms(settings)
    instead: dict[str, Callable[[], Response | None]] = {}
    asked, lock = Counter[str](), threading.Lock()

    def answer_instead() -> Response | None:
        with lock:
            asked[request.path.rpartition("/")[2]] += 1
        give = next((give for end, give in instead.items() if request.path.endswith(end)), None)
        return give() if give else None

    # Before the platform's own moods: what arrives is counted when it arrives.
    devlms.before_request_funcs[None].insert(0, answer_instead)
    servers = [serve(devlms, "127.0.0.1", port)]
    platform = add_platform(session, NewPlatform(name="LMS", **registration(settings)))
    session.commit()
    app.extensions["tool_keys"].ensure(session)
    session.commit()
    campus: Campus = devlms.extensions["devlms"]
    row = learner(session, subject=SUBJECT, platform_id=platform.id)
    urls = campus.service_urls("track")
    link = course(session, lineitem=urls.line_item, lineitems_url=urls.line_items, lti_id="track", ags_scopes=SCOPES)
    joins(session, row.person_id, link)
    try:
        yield Gradebook(session, app, campus, Worker(app), link, row, instead, asked, devlms, servers)
    finally:
        servers[-1].stop()
        tool.stop()
