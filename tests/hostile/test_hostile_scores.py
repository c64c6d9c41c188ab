"""Scores and columns put to the test (LTI.md S10 to S14, S16): the worker against a real platform."""

import json
import threading
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Response, current_app, request

from lms.devlms.gradebook import LineItem
from lms.models import Attempt, Deployment, Membership, OutboxJob, Participation, Platform, utcnow
from lms.services import scores
from tests.faults.crowd_in_test import Crowd, moments
from tests.gradebook_in_test import SUBJECT, Gradebook, out_of
from tests.hostile.court import case
from tests.hostile.network import LoopbackNetwork

# S10


@pytest.mark.parametrize("stale", [{"stale_is_400": True}, {}], ids=["Open edX", "Moodle"])
@case("S10 a trainer's later grade: reconciled, then sent with a later moment")
def test_a_trainers_later_grade_is_passed_by_in_the_end(crowd: Crowd, stale: dict[str, Any]) -> None:
    crowd.book.mood(whole_second_timestamps=True, **stale)
    crowd.earn(20, [0])
    crowd.book.deliver_all()
    crowd.book.overrides(crowd.people[0], 12.0, utcnow() + timedelta(seconds=2))
    crowd.earn(60, [0])
    crowd.book.deliver_all()
    assert crowd.states() == {("pending", "http_409"): 1}
    assert (crowd.book.asked["scores"], crowd.book.asked["results"]) == (2, 1)
    threading.Event().wait(3.1)  # whole seconds are compared
    crowd.book.deliver_all()
    assert crowd.states() == {("done", None): 1}
    assert crowd.received(0)[-1].grade == crowd.expected(60)


@case("S10 the score itself is what is held: done, not sent again")
def test_a_conflict_with_ourselves(book: Gradebook) -> None:
    score = book.earn(9)
    book.overrides(SUBJECT, out_of(score / 2), utcnow() + timedelta(minutes=5))
    assert book.deliver().status == "done"
    book.deliver()
    assert (book.asked["scores"], book.asked["results"], len(book.received())) == (1, 1, 1)


@case("S10 without end, where results cannot be read: twelve tries, then an administrator")
def test_a_conflict_without_end(book: Gradebook) -> None:
    said: list[str] = []

    def refuse() -> Response:
        said.append(json.loads(request.data)["timestamp"])
        return Response("", 409)

    book.instead["/scores"] = refuse
    book.instead["/results"] = lambda: Response("", 403)
    book.earn(9)
    for _ in range(15):
        job = book.deliver()
    assert (job.status, job.cause) == ("failed", "http_409")
    assert len(said) == 12
    assert said == sorted(set(said)), "each of a later moment"


# S11


@pytest.mark.parametrize("value", [Fraction(101, 100), Fraction(7)], ids=str)
@case("S11 our own score outside its bounds")
def test_a_score_outside_its_bounds(book: Gradebook, value: Fraction) -> None:
    book.earn(9)
    book.session.execute(sa.update(Attempt).values(score=value * 2))
    job = book.deliver()
    assert (job.status, job.cause, book.asked["scores"]) == ("failed", "score", 0)
    book.deliver()
    assert book.asked["scores"] == 0


NUMBERS = {
    "S11 a result that is NaN": "NaN", "S11 a result that is infinite": "-Infinity", "S11 a result of 1e300": "1e300",
    "S11 a result of 400 digits": "9" * 400, "S11 a result of 5 000 digits": "9" * 5000,
    "S11 a result in words": '"ten"',
    "S11 a result that is true": "true", "S11 a result out of nearly nothing": '1, "resultMaximum": 1e-300',
}  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_results_that_are_no_grade(book: Gradebook, number: str) -> None:
    """They are no grade, and stop nobody's score."""
    shown = f'[{{"userId": "{SUBJECT}", "resultScore": {number}}}]'
    book.instead["/results"] = lambda: Response(shown, content_type="application/json")
    score = book.earn(9)
    book.deliver()
    book.compare()
    causes = book.session.scalars(sa.select(OutboxJob.cause).where(OutboxJob.status != "done")).all()
    assert set(causes) <= {"answer_not_json"}
    assert book.session.scalars(sa.select(Participation)).one().result_seen is None
    assert book.grades() == [out_of(score / 2)]


@pytest.mark.parametrize(
    "number", ["NaN", "1e300", "9" * 400, "-1", '"x"'], ids=["NaN", "1e300", "400 digits", "-1", "x"]
)
@case("S11 a column whose maximum is no number")
def test_columns_whose_maximum_is_no_number(book: Gradebook, number: str) -> None:
    url = book.column("track")
    item = f'[{{"id": "{url}", "label": "x", "scoreMaximum": {number}, "resourceLinkId": "track"}}]'
    book.instead["/lineitems"] = lambda: Response(item, content_type="application/json")
    book.link.lineitem_url = None
    score = book.earn(9)
    assert book.deliver().status == "done"
    assert book.grades() == [out_of(score / 2)]


# S12


@case("S12 three scores in one second")
def test_scores_of_one_second_in_their_order(crowd: Crowd) -> None:
    """Moodle compares whole seconds; Open edX says 400 where Moodle says 409."""
    crowd.book.mood(whole_second_timestamps=True, stale_is_400=True, strict_media_types=True)
    for percent in (10, 20, 90):
        crowd.earn(percent, [0, 1])
        crowd.book.deliver_all()
    for number in (0, 1):
        assert crowd.values(number) == [10.0, 20.0, 90.0]
        said = moments(crowd.received(number))
        assert said == sorted(set(said))
        assert all(moment.microsecond == 0 and moment.tzinfo is not None for moment in said)


@case("S12 our clock set back by an hour")
def test_a_clock_set_back(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd.earn(10, [0])
    crowd.book.deliver_all()
    monkeypatch.setattr(scores, "utcnow", lambda: utcnow() - timedelta(hours=1))
    crowd.earn(90, [0])
    crowd.book.deliver_all()
    assert crowd.values(0) == [10.0, 90.0]
    assert crowd.states() == {("done", None): 1}


@case("S12 a score kept back while a better one is earned")
def test_the_last_value_alone_leaves(crowd: Crowd) -> None:
    crowd.book.mood(down=True)
    crowd.earn(10, [0])
    crowd.book.deliver_all()
    crowd.earn(90, [0])
    crowd.book.mood(down=False)
    crowd.book.deliver_all()
    assert crowd.values(0) == [90.0]


# S13


@case("S13 somebody who left, as the platform says")
def test_people_who_left_are_not_tried_for_ever(crowd: Crowd) -> None:
    """One refusal, then an administrator's list; the others are served."""
    crowd.book.campus.leave(crowd.people[0])
    crowd.earn(60)
    for _ in range(4):
        crowd.book.deliver_all()
    assert crowd.states() == {("done", None): Crowd.SIZE - 1, ("failed", "http_400"): 1}
    assert crowd.values(0) == []
    assert crowd.book.asked["scores"] == Crowd.SIZE


@case("S13 somebody who left, as the roster said")
def test_people_who_left_are_not_sent(crowd: Crowd) -> None:
    crowd.earn(60)
    learners = sa.update(Membership).where(Membership.role == "learner")
    crowd.session.execute(learners.values(left_at=utcnow()))
    for _ in range(4):
        crowd.book.deliver_all()
    assert crowd.states() == {("failed", "person_left"): Crowd.SIZE}
    assert crowd.book.asked["scores"] == 0


@case("S13 a teacher")
def test_teachers_are_not_tried_for_ever(book: Gradebook) -> None:
    row = book.another("13")
    book.earn(9, row=row)
    for _ in range(4):
        job = book.deliver()
    assert (job.status, job.cause) == ("failed", "http_400")
    assert (book.received(), book.asked["scores"]) == ([], 1)


# S14


@case("S14 the link's column is another tenant's")
def test_a_column_of_another_tenant(book: Gradebook, stranger: LoopbackNetwork) -> None:
    """That platform is connected too: its address is one we know, and not this one's."""
    where = f"{stranger.url}/lti"
    other = Platform(name="B", issuer=where, client_id="b", auth_url=where, token_url=where, jwks_url=where)
    other.deployments.append(Deployment(deployment_id="1"))
    book.session.add(other)
    book.link.lineitem_url = f"{where}/items/1"
    book.earn(9)
    job = book.deliver()
    assert (job.status, job.cause) == ("failed", "foreign_address")
    assert (book.asked["scores"], stranger.requests) == (0, [])


@case("S14 columns listed are another tenant's")
def test_a_column_listed_elsewhere(book: Gradebook, stranger: LoopbackNetwork) -> None:
    foreign = [{"id": f"{stranger.url}/items/1", "label": "x", "scoreMaximum": 1, "resourceLinkId": "track"}]
    book.instead["/lineitems"] = lambda: Response(json.dumps(foreign), content_type="application/json")
    book.link.lineitem_url = None
    book.earn(9)
    book.deliver()
    job = book.session.scalars(sa.select(OutboxJob).filter_by(kind="resolve_lineitem")).one()
    assert (job.status, job.cause) == ("failed", "foreign_address")
    assert (book.link_now().lineitem_url, stranger.requests) == (None, [])


@case("S14 a column of another tool on the same host")
def test_a_column_of_another_tool(book: Gradebook) -> None:
    """Its address passes: the platform itself says that it is not ours, and a column of our own is found."""
    theirs = book.campus.store.add_line_item(LineItem("Autre", 20.0, "x", client_id="other-tool"))
    ours = book.column("track")
    book.link.lineitem_url = ours.replace("/1/", f"/{theirs.id}/")
    score = book.earn(9)
    assert book.deliver().status == "done"
    assert book.received(theirs.id) == []
    assert (book.link_now().lineitem_url, book.grades()) == (ours, [out_of(score / 2)])


# S16


def lost() -> Response:
    """The platform takes what it is sent, and its answer is lost on the way."""
    assert request.endpoint is not None
    if request.method == "POST":
        current_app.ensure_sync(current_app.view_functions[request.endpoint])(**request.view_args or {})
        return Response("Gateway timeout", 504)
    return Response("[]", content_type="application/json")


@pytest.mark.parametrize("habits", [{"stale_is_400": True}, {}], ids=["Open edX", "Moodle"])
@case("S16 a score taken, its answer lost in a proxy")
def test_the_answer_to_a_score_is_lost(book: Gradebook, habits: dict[str, Any]) -> None:
    book.mood(whole_second_timestamps=True, **habits)
    book.instead["/scores"] = lost
    score = book.earn(9)
    assert book.deliver().status == "pending"
    book.instead.clear()
    assert book.deliver().status == "done"
    assert (book.grades(), book.asked["results"]) == ([out_of(score / 2)], 1)


@case("S16 a column made, the answer lost in a proxy")
def test_the_answer_to_a_column_is_lost(book: Gradebook) -> None:
    book.mood(no_line_item_claim=True)
    book.link.lineitem_url = None
    book.instead["/lineitems"] = lost
    score = book.earn(9)
    book.deliver()
    book.instead.clear()
    book.deliver()
    (made,) = (item for item in book.campus.store.line_items({"resource_link_id": "track"}) if not item.own)
    assert book.grades(made.id) == [out_of(score / 2)]


@case("S16 scores taken by a platform slower than we wait")
def test_a_platform_slower_than_we_wait(crowd: Crowd) -> None:
    """It takes every score and answers too late: none is sent twice, and its learners are not asked for at once."""
    crowd.earn(10)
    crowd.book.deliver_all()
    crowd.book.patience(0.3)
    crowd.book.mood(slow_seconds=0.6)
    crowd.earn(60)
    before = crowd.book.asked["scores"]
    crowd.book.deliver_all()
    assert crowd.book.asked["scores"] == before + 1, "one is enough to know"
    crowd.book.mood(slow_seconds=0.0)
    crowd.book.patience(10)
    threading.Event().wait(0.7)
    crowd.delivered()
    assert [crowd.values(number) for number in range(Crowd.SIZE)] == [[10.0, 60.0]] * Crowd.SIZE
    # The one that was taken without our knowing was found by its result.
    assert crowd.book.asked["results"] == 1
