"""What the benches of load stand on: learners who go all the way, and a nation whose figures are those of the facts."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.models import Attempt, LessonProgress, OutboxJob, db
from lms.services import figures
from lms.services.library import Library
from tests.bench.bench_load import MODULE, TRACK
from tests.bench.nation import LESSONS, count_everybody, fill
from tests.bench.site import site
from tests.bench.traffic import journey, without_rest
from tests.learner_in_test import count

AGENTS = 200


def test_learners_go_all_the_way_on_the_service_as_it_runs(tmp_path: Path) -> None:
    """Launched with keys fetched over HTTP, by a web worker and a worker on one SQLite file."""
    with site("sqlite", tmp_path, workers=1) as here:
        assert len(here.workers) == 1
        with here.app.app_context():
            module = Library(db.session())[TRACK].module(MODULE)
            db.session.remove()
        assert module is not None
        assert module.quiz is not None
        learners = [journey(here.platform, TRACK, module, number) for number in range(3)]
        with ThreadPoolExecutor(1) as apart:  # a loop of its own, where tests with a browser left theirs running
            found = apart.submit(lambda: asyncio.run(without_rest(here.port, learners, 3))).result()
        assert not found.errors
        assert found.finished == 3
        assert here.faults() == 0
        assert len(found.took["answer"]) == 3 * module.quiz.questions
        with here.app.app_context():
            session = db.session()
            assert count(session, LessonProgress, LessonProgress.read_at.is_not(None)) == 3 * len(module.lessons)
            assert count(session, Attempt, Attempt.submitted_at.is_not(None)) == 3
            assert count(session, OutboxJob, OutboxJob.kind == "send_score") == 3
            db.session.remove()


@pytest.mark.usefixtures("platform")
def test_a_nation_counts_as_its_facts_do(session: Session) -> None:
    tracks = list(Library(session).values())
    session.commit()
    fill(db.engine, AGENTS, tracks)
    figures.know_every_duration(session)
    session.commit()
    count_everybody(db.engine, AGENTS, tracks)
    assert figures.differences(session) == {}
    assert count(session, LessonProgress) == AGENTS * LESSONS
    session.commit()
    # What is made afterwards finds its numbers free, and its agent where they were counted.
    figures.touch_moved(session)
    assert session.scalar(sa.select(sa.func.count()).select_from(figures._DIRTY)) == 0
    session.commit()
    figures.touch(session, agents=range(1, AGENTS + 1))
    figures.refresh(session)
    session.commit()
    assert figures.differences(session) == {}
