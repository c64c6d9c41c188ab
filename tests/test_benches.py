"""What the benches of load stand on: learners who go all the way, and a nation whose figures are those of the facts."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from curricula.model import Track
from lms.models import Attempt, LessonProgress, OutboxJob, db
from lms.services import figures
from lms.services.figure_facts import WHOLE, plain
from lms.services.library import Library
from lms.services.organisation import Scope
from lms.services.sources import Cut, source
from tests.bench.bench_load import MODULE, TRACK
from tests.bench.nation import LESSONS, count_everybody, fill
from tests.bench.site import site
from tests.bench.traffic import journey, without_rest
from tests.learner_in_test import count

AGENTS = 200
#: PostgreSQL knows how many pages each table has, and believes that they hold nothing.
NOBODY = """
update pg_class set relpages = greatest(1, pg_relation_size(oid) / 8192), reltuples = 0
where relnamespace = 'public'::regnamespace and relkind = 'r'
"""


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


def nation(session: Session) -> list[Track]:
    """Agents with what they did, not counted yet; the tracks that they follow."""
    tracks = list(Library(session).values())
    session.commit()
    fill(db.engine, AGENTS, tracks)
    figures.know_every_duration(session)
    session.commit()
    return tracks


@pytest.mark.usefixtures("platform")
def test_a_nation_counts_as_its_facts_do(session: Session) -> None:
    count_everybody(db.engine, AGENTS, nation(session))
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


@pytest.mark.usefixtures("platform")
def test_people_of_a_platform_are_counted_though_the_database_believes_in_nobody(session: Session) -> None:
    nation(session)
    expected = [row for cell, row in plain(session).items() if (cell.unit_id, cell.track_key) == (WHOLE, "")]
    if session.connection().dialect.name == "postgresql":
        # As when tables were counted while their first rows were being written. Agents were looked for at each agent of
        # each agent, and HR's page waited for minutes.
        session.execute(sa.text(NOBODY))  # in this transaction alone
        session.execute(sa.text("set local statement_timeout to '20s'"))
    theirs = source(session, Scope(None, 1)).sums(Cut(population=None))[()]
    assert theirs.agents == AGENTS
    assert theirs == tuple(map(sum, zip(*expected, strict=True)))
