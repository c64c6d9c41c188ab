"""Reviews of what a learner did, asked by or about the wrong person (LTI.md M1, M2, M5)."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import Context, Membership, Person, ResourceLink
from tests.hostile.conftest import Court
from tests.platform_in_test import ABSENT, CLAIM, MEMBERSHIP, PlatformInTest, person, trainer

FOR_USER = CLAIM + "for_user"


def review(about: Any = "learner-1", **changes: Any) -> dict[str, Any]:
    """The claims of a trainer's review of that learner."""
    return trainer(message_type="LtiSubmissionReviewRequest", **{FOR_USER: {"user_id": about}, **changes})


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "M1 no for_user": ({FOR_USER: ABSENT}, "claim"),
    "M1 for_user is a text": ({FOR_USER: "learner-1"}, "claim"),
    "M1 for_user without user_id": ({FOR_USER: {"name": "Ada"}}, "message"),
    "M1 user_id is empty": ({FOR_USER: {"user_id": ""}}, "claim"),
    "M1 user_id is a number": ({FOR_USER: {"user_id": 1}}, "claim"),
    "M1 user_id in a list": ({FOR_USER: {"user_id": ["learner-1"]}}, "claim"),
    "M1 no gradebook": ({"ags": ABSENT}, "claim"),
    "M1 no lineitem": ({"ags": {"scope": [], "lineitems": "https://lms.example.org/items"}}, "message"),
    "M1 lineitem is null": ({"ags": {"lineitem": None}}, "claim"),
    "M1 lineitem elsewhere": ({"ags": {"lineitem": "https://evil.example.org/1"}}, "foreign_address"),
    "M1 no resource link": ({"resource_link": ABSENT}, "claim"),
    "M2 another learner": ({"sub": "learner-2", "roles": [MEMBERSHIP + "Learner"]}, "role"),
    "M2 a mentor": ({"sub": "mentor-1", "roles": [MEMBERSHIP + "Mentor"]}, "role"),
    "M2 an author": ({"sub": "author-1", "roles": [MEMBERSHIP + "ContentDeveloper"]}, "role"),
    "M2 no role": ({"sub": "learner-2", "roles": []}, "role"),
    "M5 nobody we know": ({FOR_USER: {"user_id": "learner-77"}}, "not_in_course"),
    "M5 a learner of another course": ({FOR_USER: {"user_id": "learner-other-course"}}, "not_in_course"),
    "M5 a learner of another platform": ({FOR_USER: {"user_id": "learner-elsewhere"}}, "not_in_course"),
    "M5 a trainer of the course": ({FOR_USER: {"user_id": "trainer-2"}}, "not_in_course"),
    "M5 a course that the learner is not in": ({"context": {"id": "course-9", "title": "Autre"}}, "not_in_course"),
    "M5 no course": ({"context": ABSENT}, "not_in_course"),
    "M5 another deployment": ({"deployment_id": "2"}, "not_in_course"),
}


@pytest.fixture
def course(platform: PlatformInTest, court: Court) -> Court:
    """A course with its learner, other people elsewhere, and a judge of what comes next."""
    platform.register("2")
    platform.launched()
    platform.launched(**person("other-course"), context={"id": "course-2", "title": "Autre cours"})
    PlatformInTest(platform.app, "elsewhere").launched(**person("elsewhere"))
    platform.launched(**trainer(sub="trainer-2"))
    court.logs.clear()
    return Court(platform.app, platform, court.logs)


@pytest.mark.parametrize("case", REFUSED)
def test_a_hostile_review_is_refused(course: Court, case: str) -> None:
    changes, cause = REFUSED[case]
    course.platform.network.asked.clear()
    course.refuses(course.launch_without_hint(**review(**changes)), cause)


def test_a_review_of_their_learner_is_served(course: Court) -> None:
    """The cases above differ from this one by what makes them hostile."""
    answer = course.launch_without_hint(**review())
    assert answer.status_code == 303
    page = course.browser.get(answer.location)
    assert page.status_code == 200
    assert "Ada Martin" in page.text


def _known(session: Session) -> tuple[int, int]:
    """(course, learner), by number."""
    context = session.query(Context).filter_by(lti_id="course-1").first()
    found = session.query(Person).filter_by(subject="learner-1").first()
    assert context is not None
    assert found is not None
    numbers = context.id, found.id
    session.commit()
    return numbers


def _other_learner(platform: PlatformInTest) -> FlaskClient:
    return platform.launched(sub="learner-2")


def _trainer_of_another_course(platform: PlatformInTest) -> FlaskClient:
    return platform.launched(**trainer(sub="trainer-3"), context={"id": "course-3", "title": "Autre"})


def _trainer_of_another_platform(platform: PlatformInTest) -> FlaskClient:
    return PlatformInTest(platform.app, "beyond").launched(**trainer())


OTHERS: dict[str, Callable[[PlatformInTest], FlaskClient]] = {
    "M2 another learner": _other_learner,
    "M5 a trainer of another course": _trainer_of_another_course,
    "M5 a trainer of another platform": _trainer_of_another_platform,
}


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
def test_the_page_of_a_learner_is_for_their_trainers(course: Court, session: Session, who: Any) -> None:
    context_id, person_id = _known(session)
    page = who(course.platform).get(f"/teach/{context_id}/learners/{person_id}")
    assert page.status_code in {403, 404}
    assert "Ada" not in page.text


def test_m5_a_trainer_sees_no_learner_of_another_course_under_the_address_of_theirs(
    course: Court, session: Session
) -> None:
    context_id, _learner = _known(session)
    other = session.query(Person).filter_by(subject="learner-other-course").one().id
    colleague = session.query(Person).filter_by(subject="trainer-2").one().id
    session.commit()
    browser = course.platform.launched(**trainer())
    for number in (other, colleague, 0, 2**31, 10**12, "9" * 5000):
        assert browser.get(f"/teach/{context_id}/learners/{number}").status_code == 404
        assert browser.get(f"/teach/{number}/learners/{other}").status_code == 404
    assert browser.get(f"/teach/{10**12}").status_code == 404


def test_m5_a_track_of_another_course_is_not_shown(course: Court, session: Session) -> None:
    """What is asked in the address opens nothing: the tracks are those of the course."""
    context_id, person_id = _known(session)
    browser = course.platform.launched(**trainer())
    page = browser.get(f"/teach/{context_id}/learners/{person_id}?track=nowhere&module=%22%3E%3Cscript%3E")
    assert page.status_code == 200
    assert "%22" not in page.text.split("<main")[1]


def test_a_review_changes_nothing_of_the_link(course: Court, session: Session) -> None:
    """What a gradebook adds to the custom parameters of a review does not move the activity."""
    before = [(row.lti_id, row.track_key, row.module_key) for row in session.query(ResourceLink)]
    people = session.query(Membership).count()
    session.commit()
    course.launch_without_hint(**review(custom={"track": "elsewhere", "module": "x"}))
    session.expire_all()
    assert [(row.lti_id, row.track_key, row.module_key) for row in session.query(ResourceLink)] == before
    assert session.query(Membership).count() == people + 1  # the trainer who asks
