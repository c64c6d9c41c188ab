"""A course copied in the LMS: its links lead to the same tracks, and what people do there begins anew."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.models import Context, Participation, ResourceLink
from tests.learner_in_test import count
from tests.platform_in_test import SCORE_SCOPE, PlatformInTest, person

HISTORY = {"context_history": "course-1,course-0", "link_history": "link-1"}
COPY = {
    "context": {"id": "course-2", "title": "Copie"},
    "resource_link": {"id": "link-2", "title": "Décideurs publics"},
    "ags": {"scope": [SCORE_SCOPE], "lineitem": "https://lms.example.org/items/2"},
}


@pytest.fixture
def original(platform: PlatformInTest) -> None:
    platform.launched(custom={"track": "decideurs", "module": "d2"})


def copied(session: Session) -> tuple[Context, ResourceLink]:
    session.commit()
    session.expire_all()
    course = session.scalars(sa.select(Context).filter_by(lti_id="course-2")).one()
    link = session.scalars(sa.select(ResourceLink).filter_by(lti_id="link-2")).one()
    return course, link


def test_a_copy_leads_where_its_origin_does(platform: PlatformInTest, session: Session, original: None) -> None:
    client = platform.app.test_client()
    answer = platform.launch(client, **COPY, custom=HISTORY)
    assert answer.location == "/learn/decideurs/d2"
    course, link = copied(session)
    assert (link.track_key, link.module_key) == ("decideurs", "d2")
    assert course.copied_from_id == session.scalars(sa.select(Context.id).filter_by(lti_id="course-1")).one()
    assert link.copied_from_id == session.scalars(sa.select(ResourceLink.id).filter_by(lti_id="link-1")).one()
    assert link.lineitem_url == "https://lms.example.org/items/2"


def test_it_goes_on_leading_there(platform: PlatformInTest, session: Session, original: None) -> None:
    for _ in range(2):
        assert platform.launch(platform.app.test_client(), **COPY, custom=HISTORY).location == "/learn/decideurs/d2"
    assert copied(session)[1].track_key == "decideurs"


def test_what_it_names_itself_wins(platform: PlatformInTest, session: Session, original: None) -> None:
    answer = platform.launch(platform.app.test_client(), **COPY, custom={**HISTORY, "track": "decideurs"})
    assert answer.location == "/learn/decideurs"
    assert copied(session)[1].module_key is None


def test_columns_and_participations_are_its_own(platform: PlatformInTest, session: Session, original: None) -> None:
    platform.launched(**person(7), **COPY, custom=HISTORY)
    _course, link = copied(session)
    assert count(session, Participation, Participation.resource_link_id == link.id) == 1
    assert count(session, Participation) == 2


@pytest.mark.parametrize(
    "custom",
    [
        {"context_history": "$Context.id.history", "link_history": "$ResourceLink.id.history"},
        {"context_history": "", "link_history": ""},
        {"context_history": "unknown", "link_history": "unknown"},
        {"context_history": 5, "link_history": ["link-1"]},
    ],
    ids=["not replaced", "empty", "unknown", "of other types"],
)
def test_a_history_that_tells_nothing(
    platform: PlatformInTest, session: Session, original: None, custom: dict[str, Any]
) -> None:
    assert platform.launch(platform.app.test_client(), **COPY, custom=custom).location == "/learn/"
    course, link = copied(session)
    assert (course.copied_from_id, link.copied_from_id, link.track_key) == (None, None, None)


def test_another_platforms_courses_are_no_origin(platform: PlatformInTest, session: Session, original: None) -> None:
    other = PlatformInTest(platform.app, "other")
    column = {"scope": [SCORE_SCOPE], "lineitem": "https://other.example.org/items/2"}
    answer = other.launch(platform.app.test_client(), **{**COPY, "ags": column}, custom=HISTORY)
    assert answer.location == "/learn/"
    assert copied(session)[0].copied_from_id is None
