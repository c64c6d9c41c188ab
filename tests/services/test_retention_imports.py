"""What HR's files leave behind goes in its time, and they are undone no more."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import Agent, ImportChange, ImportFile, ImportRun, Person, utcnow
from lms.services import import_files
from lms.services.authority import Authority, open_authority
from lms.services.import_undo import NothingToUndo, undo
from lms.worker import Worker
from tests.learner_in_test import count
from tests.purged_in_test import purged
from tests.services.test_agent_imports import file, take_file


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


def test_what_undoing_a_file_of_hr_needs_goes_and_the_file_is_undone_no_more(
    session: Session, authority: Authority
) -> None:
    header = "identifiant agent;nom;prénom;versant;corps/emploi"
    for corps in ("Attachée", "Greffière"):
        done = take_file(session, file(header, f"00042;Lefèvre;Zoé;FPE;{corps}"))
        session.add(ImportFile(kind="agents", name="agents.csv", run_id=done.run_id, report=b"00042"))
        session.commit()
    first, second = session.scalars(sa.select(ImportRun).order_by(ImportRun.id))
    first.created_at -= timedelta(days=10)
    session.commit()
    # Of the first alone, ten days older: the last one is undone, and nothing before it.
    assert purged(session, authority, timedelta(days=175)) == {"changes": 1, "files": 1}
    assert (first.settled_at is None, second.settled_at is None) == (False, True)
    undo(session, "agents", second.id)
    session.commit()
    assert session.scalars(sa.select(Agent.corps)).all() == ["Attachée"]
    with pytest.raises(NothingToUndo):
        undo(session, "agents")
    session.rollback()
    assert purged(session, authority, timedelta(days=181))["files"] == 1
    assert count(session, ImportChange) == count(session, ImportFile) == 0
    assert count(session, ImportRun) == 2
    assert count(session, Agent) == 1


def test_a_file_of_agents_that_nobody_took_in_is_forgotten_though_no_other_comes(app: Flask, session: Session) -> None:
    session.add(Person(subject="hr@example.org", email="hr@example.org"))
    session.flush()
    officer = session.scalars(sa.select(Person.id)).one()
    kept = import_files.receive(
        session, "agents", officer, "agents.csv", b"identifiant agent;nom\n00042;Lef\xc3\xa8vre\n"
    )
    session.commit()
    Worker(app).upkeep()
    session.expire_all()
    assert count(session, ImportFile) == 1, "it waits for a day"
    kept.sent_at = utcnow() - timedelta(days=1, hours=1)
    session.commit()
    Worker(app).upkeep()
    assert count(session, ImportFile) == 0
