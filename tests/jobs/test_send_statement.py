"""xAPI: a store that keeps to the specification takes our statements, once each, whatever happens on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config, ConfigError, load_config
from lms.models import Enrolment, EventListener, Grading, OutboxJob
from lms.worker import Worker
from tests.conftest import BASE_URL
from tests.learner_in_test import TRACK, earn, learner, module, take
from tests.lrs_in_test import KEY, SECRET, Lrs
from tests.receiver_in_test import Receiver, let_leave, receiving, waiting


@dataclass
class Told:
    """The store, the worker that tells it, and a learner."""

    lrs: Lrs
    receiver: Receiver
    worker: Worker
    row: Enrolment


@pytest.fixture
def told(app: Flask, session: Session, tmp_path: Path) -> Iterator[Told]:
    secret = tmp_path / "lrs"
    secret.write_text(SECRET + "\n")
    with receiving() as receiver:
        config: Config = app.extensions["mpia"]
        app.extensions["mpia"] = replace(config, lrs_url=f"{receiver.url}/xapi", lrs_key=KEY, lrs_secret_file=secret)
        worker = Worker(app)
        worker.upkeep()
        yield Told(Lrs(receiver), receiver, worker, learner(session))


def test_results_and_completion_are_told_as_the_specification_says(session: Session, told: Told) -> None:
    take(session, told.row, module("d1"), 4)
    failed = session.scalars(sa.select(Grading)).one()
    earn(session, learner(session, 2, email="zoe@example.org"))
    let_leave(session, told.worker)
    assert told.lrs.wrong == []
    assert sorted(set(told.lrs.verbs())) == ["completed", "failed", "passed"]
    first = next(iter(told.lrs.statements.values()))
    assert first["result"] == {
        "score": {"scaled": float(failed.score or 0)}, "success": False, "completion": True,
        "extensions": {f"{BASE_URL}/xapi/exact-score": str(failed.score)},
    }  # fmt: skip
    assert Fraction(first["result"]["extensions"][f"{BASE_URL}/xapi/exact-score"]) == failed.score
    assert first["object"]["id"] == f"{BASE_URL}/learn/decideurs/d1/assessment"
    assert first["actor"]["account"]["homePage"] == BASE_URL
    completed = [each for each in told.lrs.statements.values() if each["verb"]["id"].endswith("completed")]
    assert [each["object"]["id"] for each in completed] == [f"{BASE_URL}/learn/decideurs"]
    assert completed[0]["context"]["revision"] == TRACK.version
    # Two people, two pseudonyms, and nothing that names them.
    assert len({each["actor"]["account"]["name"] for each in told.lrs.statements.values()}) == 2
    text = "".join(each.body.decode() for each in told.receiver.received)
    assert "Martin" not in text
    assert "example.org" not in text
    assert waiting(session, "send_statement") == []
    assert max(told.lrs.batches) > 1


def test_a_statement_whose_answer_was_lost_is_told_again_and_is_the_same(session: Session, told: Told) -> None:
    answer = told.receiver.answer
    told.receiver.answer = lambda request: (answer(request), (503, {"Retry-After": "1"}, b""))[1]
    take(session, told.row, module("d1"))
    let_leave(session, told.worker)
    assert len(waiting(session, "send_statement")) == 1
    told.receiver.answer = answer
    let_leave(session, told.worker)
    assert told.lrs.batches == [1, 1]
    assert (len(told.lrs.statements), told.lrs.wrong) == (1, [])
    assert waiting(session, "send_statement") == []


def test_one_that_is_not_taken_spoils_no_other(session: Session, told: Told) -> None:
    told.lrs.refuses = {"failed"}
    take(session, told.row, module("d1"), 0)
    take(session, learner(session, 2), module("d1"))
    let_leave(session, told.worker)
    assert told.lrs.verbs() == ["passed"]
    assert [(job.status, job.cause) for job in waiting(session, "send_statement")] == [("failed", "lrs_not_taken")]


def test_a_key_that_is_refused_waits_for_whoever_can_mend_it(session: Session, told: Told) -> None:
    secret = told.worker._authority.config.lrs_secret_file
    secret.write_text("another")
    take(session, told.row, module("d1"))
    let_leave(session, told.worker)
    assert [job.cause for job in waiting(session, "send_statement")] == ["lrs_refused"]
    secret.unlink()
    let_leave(session, told.worker)
    assert [job.cause for job in waiting(session, "send_statement")] == ["lrs_secret"]
    secret.write_text(SECRET)
    let_leave(session, told.worker)
    assert told.lrs.verbs() == ["passed"]


def test_whoever_left_is_not_told_of_and_without_a_store_nothing_is_kept(
    app: Flask, session: Session, told: Told
) -> None:
    take(session, told.row, module("d1"))
    session.execute(sa.delete(Enrolment))
    session.commit()
    let_leave(session, told.worker)
    assert told.receiver.received == []
    assert waiting(session, "send_statement") == []
    app.extensions["mpia"] = replace(app.extensions["mpia"], lrs_url="")
    Worker(app).upkeep()
    assert session.scalars(sa.select(EventListener)).all() == []
    take(session, learner(session, 2), module("d1"))
    assert session.scalar(sa.select(sa.func.count()).where(OutboxJob.kind == "send_statement")) == 1
    session.rollback()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"LMS_LRS_KEY": ""}, "go together"),
        ({"LMS_LRS_URL": "https://lrs.example/xapi/"}, "without final slash"),
        ({"LMS_LRS_URL": "ftp://lrs.example"}, "web address"),
        ({"LMS_LRS_URL": "https://u:p@lrs.example"}, "web address"),
        ({"LMS_LRS_URL": "http://lrs.example/xapi"}, "must be https"),
        ({"LMS_LRS_KEY": "a:b"}, "no colon"),
        ({"LMS_LRS_SECRET_FILE": "/nowhere"}, "cannot be read"),
        ({"LMS_LRS_SECRET_FILE": "/dev/null"}, "empty"),
        ({"LMS_API_RATE": "0"}, "at least 1"),
    ],
)
def test_settings_are_checked_at_start(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    given = {"LMS_LRS_URL": "https://lrs.example/xapi", "LMS_LRS_KEY": "k", "LMS_LRS_SECRET_FILE": str(secret)}
    data = {"LMS_DATA_DIR": str(tmp_path / "var")}
    assert load_config({**data, **given}).lrs_key == "k"
    with pytest.raises(ConfigError, match=said):
        load_config({**data, **given, **changed})
