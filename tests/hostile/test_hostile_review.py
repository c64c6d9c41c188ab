"""Reviews of what a learner did, asked by or about the wrong person (LTI.md M1, M2, M5)."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from lms.models import Context, Membership, Person, ResourceLink, db
from tests.hostile.browser import Browser
from tests.hostile.court import Court, case
from tests.platform_in_test import ABSENT, CLAIM, MEMBERSHIP, person, trainer

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
    "M1 no lineitem": ({"ags": lambda platform: {"scope": [], "lineitems": f"{platform.base}/items"}}, "message"),
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
def course(court: Court) -> Court:
    """A course with its learner, other people elsewhere, and a judge of what comes next."""
    court.platform.register("2")
    court.platform.launched()
    court.platform.launched(**person("other-course"), context={"id": "course-2", "title": "Autre cours"})
    court.another("elsewhere").launched(**person("elsewhere"))
    court.platform.launched(**trainer(sub="trainer-2"))
    court.network.forget()
    court.settle()
    return court


@pytest.mark.parametrize(("changes", "cause"), REFUSED.values(), ids=REFUSED)
def test_a_hostile_review_is_refused(course: Court, changes: dict[str, Any], cause: str) -> None:
    said = {name: value(course.platform) if callable(value) else value for name, value in changes.items()}
    course.refuses(course.launch_without_hint(**review(**said)), cause)


def test_a_review_of_their_learner_is_served(course: Court) -> None:
    """The cases above differ from this one by what makes them hostile."""
    answer = course.launch_without_hint(**review())
    assert answer.status_code == 303
    page = course.browser.get(answer.location)
    assert page.status_code == 200
    assert "Ada Martin" in page.text


def _known(court: Court, subject: str = "learner-1") -> tuple[int, int]:
    """(course, somebody of the platform), by number."""
    course = sa.select(Context.id).where(
        Context.lti_id == "course-1", Context.deployment.has(platform_id=court.platform.id)
    )
    somebody = sa.select(Person.id).where(Person.subject == subject, Person.platform_id == court.platform.id)
    with court.app.app_context():
        numbers = db.session.scalars(course).first(), db.session.scalars(somebody).one()
        db.session.remove()
    assert numbers[0] is not None
    return numbers


def _other_learner(court: Court) -> Browser:
    return court.platform.launched(sub="learner-2")


def _trainer_of_another_course(court: Court) -> Browser:
    return court.platform.launched(**trainer(sub="trainer-3"), context={"id": "course-3", "title": "Autre"})


def _trainer_of_another_platform(court: Court) -> Browser:
    return court.another("beyond").launched(**trainer())


OTHERS: dict[str, Callable[[Court], Browser]] = {
    "M2 another learner": _other_learner,
    "M5 a trainer of another course": _trainer_of_another_course,
    "M5 a trainer of another platform": _trainer_of_another_platform,
}


@pytest.mark.parametrize("who", OTHERS.values(), ids=OTHERS)
def test_the_page_of_a_learner_is_for_their_trainers(course: Court, who: Any) -> None:
    context_id, person_id = _known(course)
    page = who(course).get(f"/teach/{context_id}/learners/{person_id}")
    assert page.status_code in {403, 404}
    assert "Ada" not in page.text


@case("M5 a trainer sees no learner of another course under the address of theirs")
def test_a_trainer_sees_no_learner_of_another_course_under_the_address_of_theirs(course: Court) -> None:
    context_id, _learner = _known(course)
    _course, other = _known(course, "learner-other-course")
    _course, colleague = _known(course, "trainer-2")
    browser = course.platform.launched(**trainer())
    for number in (other, colleague, 0, 2**31, 10**12, "9" * 5000):
        assert browser.get(f"/teach/{context_id}/learners/{number}").status_code == 404
        assert browser.get(f"/teach/{number}/learners/{other}").status_code == 404
    assert browser.get(f"/teach/{10**12}").status_code == 404


@case("M5 a track of another course is not shown")
def test_a_track_of_another_course_is_not_shown(course: Court) -> None:
    """What is asked in the address opens nothing: the tracks are those of the course."""
    context_id, person_id = _known(course)
    browser = course.platform.launched(**trainer())
    page = browser.get(f"/teach/{context_id}/learners/{person_id}?track=nowhere&module=%22%3E%3Cscript%3E")
    assert page.status_code == 200
    assert "%22" not in page.text.split("<main")[1]


def test_a_review_changes_nothing_of_the_link(course: Court) -> None:
    """What a gradebook adds to the custom parameters of a review does not move the activity."""
    before, people = _links(course), course.count(Membership)
    course.launch_without_hint(**review(custom={"track": "elsewhere", "module": "x"}))
    assert _links(course) == before
    assert course.count(Membership) == people + 1  # the trainer who asks


def _links(court: Court) -> list[tuple[int, str | None, str | None]]:
    """What each link of every platform leads to."""
    with court.app.app_context():
        query = sa.select(ResourceLink.id, ResourceLink.track_key, ResourceLink.module_key).order_by(ResourceLink.id)
        found = [(row.id, row.track_key, row.module_key) for row in db.session.execute(query)]
        db.session.remove()
    return found
