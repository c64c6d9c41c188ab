"""A roster of tens of thousands (LTI.md S15): read whole, in bounded memory, however the platform answers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from sqlalchemy.orm import Session

from lms.lti import members
from lms.models import Membership, OutboxJob, Person, utcnow
from lms.services import rosters
from tests.campus_in_test import Course, campus_course
from tests.learner_in_test import count

#: Enough for memory to show (``tests.bench.bench_roster`` reads a hundred thousand).
SIZES = {"sqlite": 20_000, "postgresql": 5_000}
#: Most growth, in megabytes.
MOST = 25
GONE = 500


@pytest.fixture
def size(session: Session) -> int:
    return SIZES[session.get_bind().dialect.name]


@pytest.fixture
def course(app: Flask, session: Session, tmp_path: Path, size: int) -> Iterator[Course]:
    with campus_course(app, session, tmp_path, roster_size=size) as made:
        yield made


def everyone_at_once(size: int) -> Response:
    """What a platform that ignores ``limit`` answers: one body, of some thirty megabytes for a hundred thousand."""

    def body() -> Iterator[str]:
        yield '{"id": "x", "context": {"id": "2"}, "members": [{"user_id": "13", "roles": ["Instructor"]}'
        for number in range(size):
            member = {
                "status": "Active", "user_id": str(number + 1_000_001), "roles": ["Learner"],
                "name": f"Membre {number:06d}", "given_name": "Membre", "family_name": f"{number:06d}",
                "email": f"membre.{number:06d}@example.org", "picture": f"https://lms.example.org/{number}.png",
                "lis_person_sourcedid": f"M-{number:06d}",
            }  # fmt: skip
            yield ", " + json.dumps(member)
        yield "]}"

    return Response(body(), content_type=members.MEDIA)


def read_elsewhere(course: Course, folder: Path, keys_dir: Path) -> dict[str, Any]:
    """Let a process of its own read the roster; gives what that took."""
    rosters.ask(course.session, course.context)
    course.session.execute(sa.update(OutboxJob).values(due_at=utcnow()))
    course.session.commit()
    url = course.session.get_bind().engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.jobs.roster_process", url, str(folder), str(keys_dir)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("at_once", [False, True], ids=["pages", "one body"])
def test_a_large_roster_is_read_in_bounded_memory(
    course: Course, tmp_path: Path, keys_dir: Path, size: int, *, at_once: bool
) -> None:
    if at_once:
        course.instead["/memberships"] = partial(everyone_at_once, size)
    took = read_elsewhere(course, tmp_path, keys_dir)
    print(took)
    assert took["job"] == ["done", None]
    assert took["growth"] < MOST
    assert count(course.session, Membership, Membership.role == "learner") >= size
    assert count(course.session, Person, Person.email.is_not(None)) == 0
    assert len(course.asked) == (1 if at_once else -(-(size + 5) // members.PAGE))
    if at_once:
        return
    course.session.commit()
    # The next day: some have left.
    for number in range(GONE):
        course.campus.leave(str(1_000_001 + number))
    took = read_elsewhere(course, tmp_path, keys_dir)
    print(took)
    assert took["growth"] < MOST
    assert count(course.session, Membership, Membership.left_at.is_not(None)) == GONE
