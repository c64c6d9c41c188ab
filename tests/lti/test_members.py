"""Rosters as platforms write them: tolerant of what is wrong in an entry, strict about what is no roster."""

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.lti import members
from lms.lti.addresses import host_of
from lms.lti.client import ServiceClient
from lms.lti.groups import Group, groups, groups_of
from lms.lti.links import next_link
from lms.lti.members import GroupEnrolment, Member, batches, roster, with_query
from lms.lti.model import LtiError, Registration

URL = "https://lms.example.org/members"
PLATFORM = Registration(1, "https://lms.example.org", "tool", f"{URL}/auth", f"{URL}/token", f"{URL}/jwks", {"1": 1})


class Stream(httpx.SyncByteStream):
    """A body too large for memory, as ``Outbound`` gives it."""

    def __init__(self, body: bytes) -> None:
        self.body, self.closed = body, False

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), 1000):
            yield self.body[start : start + 1000]

    def close(self) -> None:
        self.closed = True


def large(body: bytes) -> httpx.Response:
    return httpx.Response(200, stream=Stream(body))


def small(body: bytes) -> httpx.Response:
    return httpx.Response(200, content=body)


class Pages(ServiceClient):
    """A platform whose every address has an answer."""

    def __init__(self, answers: dict[str, httpx.Response]) -> None:
        self.answers, self.asked, self.accepted = answers, list[str](), set[str]()

    def call(
        self, platform: Registration, scopes: tuple[str, ...], method: str, url: str, **more: Any
    ) -> httpx.Response:
        del platform, scopes, method
        self.asked.append(url)
        self.accepted.add(more["accept"])
        return self.answers[url]


def container(*found: Any, **more: Any) -> bytes:
    return json.dumps({"id": URL, "context": {"id": "2"}, "members": list(found), **more}).encode()


def read(answer: httpx.Response) -> list[Member]:
    return [member for batch in batches(answer) for member in batch.members]


BODIES = pytest.mark.parametrize("answer", [small, large])


@BODIES
def test_a_member_as_the_specification_has_it(answer: Any) -> None:
    entry = {
        "status": "Active", "user_id": "11", "name": "Agent A", "given_name": "Agent", "family_name": "A",
        "email": "a@example.org", "picture": "https://lms.example.org/a.png", "lis_person_sourcedid": "A-1",
        "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        "group_enrollments": [{"group_id": "g1"}, {"group_id": 2}, {"group_id": None}, "g3"],
        "message": [{"https://purl.imsglobal.org/spec/lti/claim/custom": {"deep": [{"deeper": []}]}}],
    }  # fmt: skip
    assert read(answer(container(entry))) == [
        Member(
            "11", ("http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",), "Active", "Agent", "A", "Agent A",
            "A-1", (GroupEnrolment("g1"), GroupEnrolment("2")),
        )
    ]  # fmt: skip


@BODIES
@pytest.mark.parametrize(
    ("entry", "member"),
    [
        ({"user_id": "1"}, Member("1")),
        ({"user_id": 17, "roles": None}, Member("17")),
        ({"user_id": "1", "roles": ["Instructor", 5, None]}, Member("1", ("Instructor",))),
        ({"user_id": "1", "roles": "Instructor"}, Member("1")),
        ({"user_id": "1", "status": "deleted"}, Member("1", status="Deleted")),
        ({"user_id": "1", "status": "Inactive"}, Member("1", status="Inactive")),
        ({"user_id": "1", "status": "Graduated"}, Member("1")),
        ({"user_id": "1", "status": None}, Member("1")),
        ({"user_id": "1", "name": 5, "given_name": [], "lis_person_sourcedid": {}}, Member("1")),
        ({"user_id": "1", "name": "a\x00b"}, Member("1", full_name="ab")),
        ({"user_id": "1", "name": None, "email": "\x00"}, Member("1")),
        ({"user_id": "1", "group_enrollments": [{"group_id": ""}]}, Member("1", enrolments=())),
        ({"user_id": "1", "given_name": "x" * 300}, Member("1", given_name="x" * 200)),
        ({"user_id": "1", "group_enrollments": []}, Member("1", enrolments=())),
        ({"user_id": "1", "group_enrollments": 5}, Member("1", enrolments=())),
        ({"user_id": "é" * 255}, Member("é" * 255)),
    ],
)
def test_what_is_wrong_in_an_entry_is_left_out(answer: Any, entry: Any, member: Member) -> None:
    assert read(answer(container(entry))) == [member]


@BODIES
def test_half_a_character_harms_nobody(answer: Any) -> None:
    (member,) = read(answer(container({"user_id": "1", "name": "a\ud800b"})))
    assert member.full_name in {"ab", "a?b"}


@BODIES
@pytest.mark.parametrize(
    "entry",
    [None, 5, "11", [], {}, {"user_id": ""}, {"user_id": None}, {"user_id": True}, {"user_id": "x" * 256},
     {"user_id": "a\x00"}, {"user_id": ["1"]}, {"user_id": 1.5}],
)  # fmt: skip
def test_an_entry_that_names_nobody_is_counted_and_passed_over(answer: Any, entry: Any) -> None:
    (batch,) = batches(answer(container(entry, {"user_id": "1"})))
    assert (batch.members, batch.unread) == ((Member("1"),), 1)


@BODIES
@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html></html>", b"null", b"[]", b"5", b'{"id": "x"}', b'{"members": null}', b'{"members": 5}',
        b'{"members": {"user_id": "1"}}', b'{"members": {"members": []}}', b'[{"members": []}]',
        b'{"x": {"members": []}}', b'{"members": [{"user_id": "1"}', b'{"members": [{"user_id": "1"}]', b"\xff\xfe",
        b'{"members": [{"user_id": "\xff"}]}', b'{"members": []} trailing',
        b'{"members": ' + b"[" * 50_000, b'{"members": [' + b'{"a":' * 50_000, b'{"members": [' + b"9" * 5000 + b"]}",
    ],
)  # fmt: skip
def test_what_is_no_roster_stops_the_reading(answer: Any, body: bytes) -> None:
    with pytest.raises(LtiError) as caught:
        read(answer(body))
    assert caught.value.cause == "answer_not_roster"


@BODIES
def test_an_empty_roster_is_one(answer: Any) -> None:
    assert read(answer(container())) == []
    assert read(answer(container({"user_id": "1"}, more=[{"members": [{"user_id": "2"}]}]))) == [Member("1")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["members", "user_id", "roles", "status", "name", "group_enrollments", "group_id", "x"]), inner, max_size=4),
    max_leaves=25,
)  # fmt: skip


def stopped_by(answer: httpx.Response) -> str | None:
    """What stops the reading, None when nothing does: then every member is one."""
    try:
        found = read(answer)
    except LtiError as error:
        return error.cause
    assert all(isinstance(member, Member) and member.user_id for member in found)
    return None


@given(JSON, st.integers(0, 1))
def test_any_json_is_a_roster_or_an_lti_error(said: Any, missing: int) -> None:
    body = json.dumps(said).encode()
    for answer in (small(body), large(body[: len(body) - missing])):
        assert stopped_by(answer) in {None, "answer_not_roster"}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_roster_or_an_lti_error(body: bytes) -> None:
    for answer in (small(body), large(body)):
        assert stopped_by(answer) in {None, "answer_not_roster"}


HOSTILE = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=120),
    st.lists(
        st.sampled_from(
            ["<", ">", ";", ",", " rel=", '"', "next", "“", "https://elsewhere.example/x", "//elsewhere.example",
             "/members?page=2", "&amp;", "http://[", "https://lms.example.org:444/", "javascript:alert(1)"]
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip


@given(HOSTILE)
def test_no_link_header_crashes_or_leads_to_another_host(value: str) -> None:
    first = httpx.Response(200, headers=[(b"Link", value.encode())], content=container({"user_id": "1"}))
    following = next_link(first, URL)
    services = Pages({f"{URL}?limit=1000": first})
    if following is not None:
        services.answers[following] = small(container({"user_id": "2"}))
    with suppress(LtiError):
        list(roster(services, PLATFORM, URL))
    assert {host_of(url) for url in services.asked} == {host_of(URL)}


def test_the_next_address_keeps_its_case_and_its_query() -> None:
    first, second = f"{URL}?type_id=1&limit=1000&groups=true", "https://lms.example.org/Members/Next?Page=B&limit=1000"
    link = f"<{second.replace('&', '&amp;')}>; rel=“next”".encode()
    services = Pages(
        {
            first: httpx.Response(200, headers=[(b"Link", link)], content=container({"user_id": "1"})),
            second: small(container({"user_id": "2"})),
        }
    )
    found = [
        member.user_id
        for batch in roster(services, PLATFORM, f"{URL}?type_id=1", groups=True)
        for member in batch.members
    ]
    assert found == ["1", "2"]
    assert services.asked == [first, second]
    assert services.accepted == {members.MEDIA}


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (URL, f"{URL}?limit=5"),
        (f"{URL}?type_id=1", f"{URL}?type_id=1&limit=5"),
        (f"{URL}?limit=50&x=%20a+b&Y=", f"{URL}?x=%20a+b&Y=&limit=5"),
    ],
)
def test_an_address_gains_a_limit_and_loses_nothing(url: str, asked: str) -> None:
    assert with_query(url, limit="5") == asked


def test_a_large_answer_is_closed_and_never_whole_in_memory() -> None:
    stream = Stream(container(*({"user_id": str(number), "email": "x" * 200} for number in range(20_000))))
    services = Pages({f"{URL}?limit=1000": httpx.Response(200, stream=stream)})
    tracemalloc.start()
    seen = sum(len(batch.members) for batch in roster(services, PLATFORM, URL))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen == 20_000
    assert peak < len(stream.body)
    assert stream.closed


def test_an_interrupted_reading_closes_the_answer() -> None:
    stream = Stream(container(*({"user_id": str(number)} for number in range(5_000))))
    found = roster(Pages({f"{URL}?limit=1000": httpx.Response(200, stream=stream)}), PLATFORM, URL)
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert stream.closed


def listed(name: str, *found: Any) -> httpx.Response:
    return small(json.dumps({"id": URL, name: list(found)}).encode())


def test_groups_have_the_name_of_their_set() -> None:
    services = Pages(
        {
            "https://lms.example.org/sets": listed("sets", {"id": "s", "name": "Promotions"}, 5, {"name": "no id"}),
            "https://lms.example.org/groups": listed(
                "groups",
                {"id": "1", "name": "Printemps", "set_id": "s"},
                {"id": 2, "set_id": "unknown"},
                {"name": "x"},
                None,
            ),
            "https://lms.example.org/groups?user_id=a%26b": listed("groups", {"id": "1"}),
        }
    )
    found = groups(services, PLATFORM, "https://lms.example.org/groups", "https://lms.example.org/sets")
    assert found == [Group("1", "Printemps", "Promotions"), Group("2")]
    assert groups_of(services, PLATFORM, "https://lms.example.org/groups", "a&b") == ("1",)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"groups": {}}', b"[" * 100_000])
def test_what_holds_no_groups_is_said(body: bytes) -> None:
    services = Pages({URL: small(body)})
    with pytest.raises(LtiError) as caught:
        groups(services, PLATFORM, URL, None)
    assert caught.value.cause == "answer_not_groups"
