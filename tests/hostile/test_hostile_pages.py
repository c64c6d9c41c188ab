"""Lists whose pages lead astray, or are many (LTI.md S1, S2, S15, S17): the worker against a real platform."""

import json
from collections.abc import Callable

import pytest
from flask import Response, request

from lms.devlms.people import PEOPLE
from lms.devlms.roster import Roster
from lms.lti import client, members
from lms.lti.addresses import host_of
from lms.models import Membership
from tests.campus_in_test import Course
from tests.gradebook_in_test import Gradebook
from tests.hostile.court import case
from tests.hostile.network import LoopbackNetwork
from tests.learner_in_test import count

EVERYONE = ["11", "12", "13", "14", "15"]


def page(following: str) -> Response:
    """A page of a list, and where it says the next one is."""
    body = '{"members": [{"user_id": "11", "roles": ["Learner"]}]}' if "/memberships" in request.path else "[]"
    return Response(body, content_type="application/json", headers={"Link": f'<{following}>; rel="next"'})


ELSEWHERE: dict[str, Callable[[str, str], str]] = {
    "S1 next page on another port": lambda _ours, theirs: f"http://{theirs}/x",
    "S1 next page without a scheme": lambda _ours, theirs: f"//{theirs}/x",
    "S1 next page behind our platform's name": lambda ours, theirs: f"http://{ours}@{theirs}/x",
    "S1 next page under another name of the same machine": lambda ours, _theirs: (
        f"http://localhost:{ours.partition(':')[2]}/x"
    ),
}


@pytest.mark.parametrize("address", ELSEWHERE.values(), ids=ELSEWHERE)
def test_next_page_elsewhere(course: Course, stranger: LoopbackNetwork, address: Callable[[str, str], str]) -> None:
    ours, theirs = host_of(str(course.context.members_url)), host_of(stranger.url)
    course.instead["/memberships"] = lambda: page(address(ours, theirs))
    job = course.read()
    assert job.status == "failed"
    assert "a host the platform is not known by" in (job.last_error or "")
    assert (len(course.asked), stranger.requests) == (1, [])
    assert course.here() == EVERYONE


@case("S1 next page of the results elsewhere, on a host of the same platform")
def test_next_results_elsewhere(book: Gradebook, stranger: LoopbackNetwork) -> None:
    book.platform().hosts = [host_of(stranger.url)]
    book.earn(9)
    book.deliver()
    book.instead["/results"] = lambda: page(f"{stranger.url}/x")
    book.compare()
    assert (book.ended_with("foreign_address"), stranger.requests) == ("failed", [])


@case("S1 next page of the columns elsewhere")
def test_next_columns_elsewhere(book: Gradebook, stranger: LoopbackNetwork) -> None:
    book.link.lineitem_url = None
    book.instead["/lineitems"] = lambda: page(f"{stranger.url}/x")
    book.earn(9)
    book.deliver_all()
    assert (book.ended_with("foreign_address"), stranger.requests) == ("failed", [])


LOOPS: dict[str, Callable[[int], int]] = {
    "S2 a page that leads to itself": lambda _number: 1,
    "S2 two pages that lead to each other": lambda number: 3 - number,
    "S2 pages without end": lambda number: number + 1,
}


@pytest.mark.parametrize("after", LOOPS.values(), ids=LOOPS)
def test_loops(course: Course, monkeypatch: pytest.MonkeyPatch, after: Callable[[int], int]) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 20)
    course.instead["/memberships"] = lambda: page(f"?page={after(int(request.args.get('page', 1)))}")
    job = course.read()
    assert "lead nowhere" in (job.last_error or "")
    assert len(course.asked) <= 20
    assert course.here() == EVERYONE


NEXT = {
    "S17 capitals and escapes in the query": (
        '<{}?Curseur=aB%2fCd%2FE&Z=%C3%A9>; rel="next"', "?Curseur=aB%2fCd%2FE&Z=%C3%A9",
    ),
    "S17 curly quotes, escaped ampersands": ("<{}?Curseur=AbC&amp;Type_Id=1>; rel=“next”", "?Curseur=AbC&Type_Id=1"),
    "S17 no quotes, other relations before": (
        "<{}?A=1>; rel=first, <{}?Curseur=Suite==>; REL=NEXT; title=Page", "?Curseur=Suite==",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("link", "query"), NEXT.values(), ids=NEXT)
def test_case_of_the_next_address(course: Course, link: str, query: str) -> None:
    where = str(course.context.members_url)

    def first() -> Response:
        answer = Response('{"members": []}', content_type=members.MEDIA)
        if "urseur" not in request.full_path:
            answer.headers["Link"] = link.replace("{}", where).encode().decode("latin-1")
        else:
            answer.data = json.dumps({"members": [{"user_id": each, "roles": ["Learner"]} for each in EVERYONE]})
        return answer

    course.instead["/memberships"] = first
    assert course.read().status == "done"
    assert course.asked[1:] == ["/services/nrps/Cours-IA/memberships" + query]


@case("S15 roster of 5 000 members in pages of 500; tests/jobs/test_large_roster.py reads 100 000")
def test_a_long_roster(course: Course) -> None:
    course.campus._roster = Roster(PEOPLE, 5000)
    course.mood(page_size=500)
    assert course.read().status == "done"
    assert count(course.session, Membership, Membership.left_at.is_(None)) == 5005
    assert len(course.asked) == 11
