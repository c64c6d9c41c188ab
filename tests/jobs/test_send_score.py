"""Scores on their way to a gradebook: served by a real platform on the loopback, whatever mood it is in."""

import socket
import threading
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Response, request

from lms.devlms.gradebook import LineItem
from lms.lti import grades
from lms.lti.http import Outbound
from lms.models import OutboxJob, Participation, Platform, utcnow
from lms.services.outbox import BACKOFF
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


def test_each_score_is_later_than_the_one_before(book: Gradebook) -> None:
    """Several in one second, on a platform that compares whole seconds as Moodle does."""
    book.mood(whole_second_timestamps=True, strict_media_types=True)
    for correct in (1, 5, 9):
        book.earn(correct)
        assert book.deliver().status == "done"
    moments = [datetime.fromisoformat(score.timestamp) for score in book.received()]
    assert len(moments) == 3
    assert moments == sorted(set(moments))
    assert all(moment.microsecond == 0 and moment.tzinfo is not None for moment in moments)


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


def recovers(book: Gradebook, expected: Fraction) -> None:
    """The platform is itself again: what waited is delivered, with the value of today."""
    job = book.deliver()
    if job.status == "pending":  # it had kept a score of this very second: the next one is later
        threading.Event().wait(1.1)
        job = book.deliver()
    assert (job.status, job.last_error) == ("done", None)
    assert book.campus.store.current_scores()[0].grade == out_of(expected)


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
    recovers(book, last / 2)


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
    recovers(book, score / 2)


def test_a_platform_that_is_slow_loses_nothing(book: Gradebook) -> None:
    """It even kept the score that we thought lost: sent again, the gradebook says the same."""
    book.earn(1)
    assert book.deliver().status == "done"
    outbound: Outbound = book.app.extensions["outbound"]
    outbound._client.timeout = httpx.Timeout(0.2)
    book.mood(slow_seconds=0.6)
    score = book.earn(9)
    job = book.deliver()
    assert (job.status, job.last_error) == ("pending", "The platform cannot be reached.\nReadTimeout")
    book.mood(slow_seconds=0.0)
    outbound._client.timeout = httpx.Timeout(10)
    threading.Event().wait(1.0)
    assert book.grades()[-1] == out_of(score / 2)
    recovers(book, score / 2)


def test_a_page_of_a_proxy_is_no_token(book: Gradebook) -> None:
    book.instead["/token"] = lambda: Response("<html>Sign in</html>", content_type="text/html")
    score = book.earn(9)
    job = book.deliver()
    why = "The platform answered with something else than an access token. Check its token address."
    assert (job.status, job.last_error, job.cause) == ("pending", f"{why}\nit is no JSON object", "token_answer")
    book.instead.clear()
    recovers(book, score / 2)


def test_a_way_to_a_sign_in_page_is_no_delivery(book: Gradebook) -> None:
    book.instead["/scores"] = lambda: Response("", 302, {"Location": "/login"})
    score = book.earn(9)
    job = book.deliver()
    assert job.status == "pending"
    assert job.last_error == "The platform gave an answer that is not expected.\nHTTP 302"
    book.instead.clear()
    recovers(book, score / 2)


def test_a_token_that_no_longer_holds_is_renewed(book: Gradebook) -> None:
    book.earn(1)
    assert book.deliver().status == "done"
    book.campus.tokens.revoke_all()
    score = book.earn(9)
    job = book.deliver()
    assert (job.status, job.tries) == ("done", 1)
    assert book.grades()[-1] == out_of(score / 2)


def test_a_token_refused_twice_waits(book: Gradebook) -> None:
    asked: list[str] = []

    def refuse() -> Response:
        asked.append(request.headers["Authorization"])
        return Response("no", 401)

    book.instead["/scores"] = refuse
    score = book.earn(9)
    job = book.deliver()
    assert job.status == "pending"
    assert job.last_error is not None
    assert job.last_error.startswith("The platform refused our access token.")
    assert job.last_error.endswith("HTTP 401")
    assert len(set(asked)) == len(asked) == 2, "each with a token of its own"
    book.instead.clear()
    recovers(book, score / 2)


@pytest.mark.parametrize(("said", "wait"), [("600", timedelta(seconds=600)), ("0", BACKOFF[0]), ("soon", BACKOFF[0])])
def test_a_platform_that_asks_to_slow_down_is_obeyed(book: Gradebook, said: str, wait: timedelta) -> None:
    book.instead["/scores"] = lambda: Response("slow down", 429, {"Retry-After": said})
    score = book.earn(9)
    before = utcnow()
    job = book.deliver()
    assert (job.status, job.last_error) == ("pending", "The platform asks to slow down.\nHTTP 429")
    assert wait <= job.due_at - before < wait + timedelta(seconds=20)
    book.instead.clear()
    recovers(book, score / 2)


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
    recovers(book, book.earn(9) / 2)


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
    recovers(book, score / 2)


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
    recovers(book, score / 2)


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
    recovers(book, score / 2)
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
