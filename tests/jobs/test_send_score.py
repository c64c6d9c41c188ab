"""Scores on their way to a gradebook: served by a real platform on the loopback, whatever mood it is in."""

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Response

from lms.devlms.gradebook import LineItem
from lms.lti import grades
from lms.models import OutboxJob, Participation, Platform, utcnow
from lms.services.performing import BACKOFF
from lms.services.results import promise_scores
from tests.gradebook_in_test import LINKS, SUBJECT, Gradebook, out_of
from tests.learner_in_test import TRACK, course, joins, learner


def test_a_score_arrives_once_with_the_last_value(book: Gradebook) -> None:
    book.earn(2)
    last = book.earn(9)
    job = book.deliver()
    assert (job.status, job.last_error) == ("done", None)
    # The track's value: the mean over the modules its certificate asks for.
    assert book.grades() == [out_of(last / 2)]
    assert book.received()[0].user_id == SUBJECT
    assert book.received()[0].activity_progress == "InProgress"
    book.deliver()
    assert len(book.received()) == 1
    sent = book.session.scalars(sa.select(Participation)).one()
    assert sent.score_sent == last / 2


def test_the_whole_track_is_completed(book: Gradebook) -> None:
    scores = [book.earn(key=part.key) for part in TRACK.published_modules]
    book.deliver()
    assert scores == [1, 1]
    assert book.grades() == [100.0]
    assert book.received()[0].activity_progress == "Completed"


def test_a_gradebook_address_with_a_query(book: Gradebook) -> None:
    """Moodle's: ``/scores`` goes before it."""
    book.link.lineitem_url = book.column("track") + "?type_id=1"
    book.session.commit()
    book.earn(9)
    assert book.deliver().status == "done"
    assert len(book.received()) == 1


def test_a_track_and_a_module_have_their_own_columns(book: Gradebook) -> None:
    link = course(book.session, lineitem=book.column("d2"), module_key="d2")
    joins(book.session, book.row.person_id, link)
    first = book.earn(9)
    book.deliver()
    assert book.grades(2) == [], "nothing was submitted in the module of that link"
    second = book.earn(9, "d2")
    book.deliver()
    assert book.grades(1)[-1] == out_of((first + second) / 2)
    assert book.grades(2) == [out_of(second)]
    assert book.received(2)[0].activity_progress == "Completed"


def test_only_whom_the_score_concerns(book: Gradebook) -> None:
    other = learner(book.session, "other", subject="12")
    joins(book.session, other.person_id, book.link)
    book.earn(9)
    book.deliver()
    assert {score.user_id for score in book.received()} == {SUBJECT}


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("token", [False, True])
def test_a_platform_that_is_down_loses_nothing(book: Gradebook, html: bool, token: bool) -> None:
    if token:
        book.earn(1)
        assert book.deliver().status == "done"
    book.mood(down=True, html_errors=html)
    book.earn(4)
    job = book.deliver()
    assert job.status == "pending"
    assert job.last_error is not None
    assert job.last_error.split("\n") == (
        ["The platform gave an answer that is not expected.", "HTTP 503"]
        if token
        else ["The platform cannot be reached.", "HTTP 503"]
    )
    last = book.earn(9)
    assert book.deliver().status == "pending"
    assert len(book.received()) == int(token)
    book.mood(down=False, html_errors=False)
    book.recovers(last / 2)


def test_a_platform_that_is_gone_loses_nothing(book: Gradebook) -> None:
    url = book.column("track")
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    book.link.lineitem_url = f"http://127.0.0.1:{nobody}/lineitem"
    book.session.scalars(sa.select(Platform)).one().hosts = [f"127.0.0.1:{nobody}"]
    book.session.commit()
    score = book.earn(9)
    job = book.deliver()
    assert (job.status, job.last_error) == ("pending", "The platform cannot be reached.\nConnectError")
    book.link.lineitem_url = url
    book.session.commit()
    book.recovers(score / 2)


def test_a_platform_that_is_slow_loses_nothing(book: Gradebook) -> None:
    """It even kept the score that we thought lost: sent again, the gradebook says the same."""
    book.earn(1)
    assert book.deliver().status == "done"
    book.patience(0.2)
    book.mood(slow_seconds=0.6)
    score = book.earn(9)
    job = book.deliver()
    assert (job.status, job.last_error) == ("pending", "The platform cannot be reached.\nReadTimeout")
    book.mood(slow_seconds=0.0)
    book.patience(10)
    threading.Event().wait(1.0)
    assert book.grades()[-1] == out_of(score / 2)
    book.recovers(score / 2)


@pytest.mark.parametrize(("status", "says"), [(400, "left the course"), (403, "Allow grade synchronisation")])
def test_a_refusal_that_lasts_waits_for_an_administrator(book: Gradebook, status: int, says: str) -> None:
    book.instead["/scores"] = lambda: Response("no", status)
    book.earn(4)
    job = book.deliver()
    assert job.status == "failed"
    assert job.last_error is not None
    assert says in job.last_error
    assert job.last_error.endswith(f"HTTP {status}")
    book.instead.clear()
    book.recovers(book.earn(9) / 2)


def test_a_column_that_is_gone_is_made_again(book: Gradebook) -> None:
    book.earn(4)
    assert book.deliver().status == "done"
    book.campus.store.remove_line_item(1)
    score = book.earn(9)
    assert book.deliver().status == "done"
    (item,) = book.campus.store.line_items({"resource_link_id": "track"})
    assert (item.tag, item.resource_id, item.score_maximum) == ("mpia", "decideurs", 100)
    assert book.grades(item.id) == [out_of(score / 2)]
    assert len(book.campus.store.line_items()) == len(LINKS)


def test_a_column_that_is_gone_where_none_can_be_made(book: Gradebook) -> None:
    book.link.lineitems_url = None
    book.session.commit()
    book.campus.store.remove_line_item(1)
    score = book.earn(9)
    job = book.deliver()
    assert (job.status, job.cause) == ("failed", "http_404")
    assert job.last_error is not None
    assert job.last_error.startswith("The gradebook column no longer exists. Open the activity again")
    # What the next launch brings: the address of the new column, and the promise to fill it.
    book.campus.store.add_line_item(LineItem("Décideurs publics", 100.0, "track", own=True))
    book.link.lineitem_url = book.column("track")
    promise_scores(book.session, book.row.person_id, TRACK, book.link.id)
    book.session.commit()
    book.recovers(score / 2)


def test_a_gradebook_taken_away_owes_nothing(book: Gradebook) -> None:
    book.earn(9)
    book.link.lineitem_url = book.link.lineitems_url = None
    book.session.commit()
    assert book.deliver().status == "done"
    assert book.received() == []


def test_a_gradebook_that_lets_nobody_write(book: Gradebook) -> None:
    book.link.ags_scopes = ["https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"]
    book.session.commit()
    book.earn(9)
    job = book.deliver()
    assert job.status == "failed"
    assert job.last_error is not None
    assert "Allow grade synchronisation" in job.last_error
    assert book.received() == []


def test_a_suspended_platform_waits_as_long_as_it_must(book: Gradebook) -> None:
    platform = book.session.scalars(sa.select(Platform)).one()
    platform.status = "suspended"
    book.session.commit()
    score = book.earn(9)
    for _ in range(len(BACKOFF) + 2):
        job = book.deliver()
    assert (job.status, job.last_error) == ("pending", "The connection with the platform is suspended.")
    assert book.received() == []
    book.session.scalars(sa.select(Platform)).one().status = "active"
    book.session.commit()
    book.recovers(score / 2)


def test_a_worker_killed_after_sending_sends_nothing_twice(book: Gradebook, monkeypatch: pytest.MonkeyPatch) -> None:
    score = book.earn(9)
    publish = grades.publish

    def sent_then_killed(*arguments: Any) -> None:
        publish(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(grades, "publish", sent_then_killed)
        with pytest.raises(KeyboardInterrupt):
            book.deliver()
    book.session.rollback()
    assert book.grades() == [out_of(score / 2)]
    assert book.job().status == "pending"
    book.session.execute(sa.update(OutboxJob).values(leased_until=utcnow() - timedelta(seconds=1)))
    book.session.commit()
    book.recovers(score / 2)
    assert book.grades() == [out_of(score / 2)]


def test_no_transaction_is_open_while_the_platform_answers(book: Gradebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow platform must not hold back those who learn meanwhile."""
    idle: list[int] = []
    publish = grades.publish

    def watched(*arguments: Any) -> None:
        pool: Any = sa.inspect(book.session.get_bind()).engine.pool
        idle.append(pool.checkedout())
        publish(*arguments)

    monkeypatch.setattr(grades, "publish", watched)
    book.earn(9)
    book.deliver()
    assert idle == [0]
