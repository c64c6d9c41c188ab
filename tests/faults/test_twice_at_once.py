"""One request to several processes at the same moment, as a double click or a platform that repeats itself makes."""

import json

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import AuditEntry, IssuingRun, Membership, OutboxJob
from tests.faults.dying_in_test import Processes, buried
from tests.faults.test_launch_killed import Entry, there
from tests.functional.test_notices import notice
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK, count
from tests.platform_in_test import PlatformInTest, form_token, trainer


@pytest.fixture
def web(app: Flask, platform: PlatformInTest) -> Processes:
    return Processes(app, platform)


def test_the_same_entry(session: Session, platform: PlatformInTest, web: Processes) -> None:
    entry = Entry(platform, 1)
    posted = entry.posted()
    said = web.at_once(*[{"act": "request", **posted}] * 3)
    buried(session)
    assert sorted(each[0] for each in said) == [303, 400, 400], "one enters; the others are told how to go on"
    assert there(session, entry.subject) == (1,) * 6
    assert platform.post(entry.client, posted["data"]["state"], posted["data"]["id_token"]).status_code == 400


def test_the_same_notice(session: Session, platform: PlatformInTest, web: Processes) -> None:
    platform.launched()
    body = json.dumps({"notices": [{"jwt": platform.sign(notice(platform))}]})
    post = {
        "act": "request", "method": "POST", "path": "/lti/notices", "data": body, "content_type": "application/json",
    }  # fmt: skip
    said = web.at_once(post, post)
    buried(session)
    assert sorted(each[0] for each in said) == [200, 409]
    assert count(session, AuditEntry, AuditEntry.action == "course_copied") == 1


def test_a_trainer_who_clicks_twice_asks_for_one_run(
    session: Session, platform: PlatformInTest, web: Processes
) -> None:
    client = platform.launched(**trainer())
    place = class_of(session, 4, "class")
    teacher = session.scalars(sa.select(Membership.person_id).filter_by(role="trainer")).one()
    session.add(Membership(person_id=teacher, context_id=place.id, role="trainer"))
    session.commit()
    address = f"/teach/{place.id}/certificates?track={TRACK.key}"
    session.rollback()
    page, cookie = client.get(address), client.get_cookie("mpia")
    assert cookie is not None
    click = {
        "act": "request", "method": "POST", "path": address, "data": {"csrf_token": form_token(page)},
        "headers": {"Cookie": f"mpia={cookie.value}"},
    }  # fmt: skip
    said = web.at_once(click, click)
    buried(session)
    assert {each[0] for each in said} == {303}
    assert len({each[1] for each in said}) == 1, "both lead to the same run"
    assert count(session, IssuingRun) == count(session, OutboxJob, OutboxJob.kind == "issue_run") == 1
