"""What one learner did, as their trainers and they themselves see it, from the gradebook or from our pages."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.models import Context, Enrolment, Person, utcnow
from lms.services import attempts, learning
from lms.services.roster_rows import put_memberships
from tests.hostile.test_hostile_review import review
from tests.learner_in_test import TRACK, data, module, statements, take, writes
from tests.platform_in_test import PlatformInTest, trainer

D1 = module("d1")


@pytest.fixture
def row(platform: PlatformInTest, session: Session) -> Enrolment:
    """A learner who read a lesson, failed D1 once and passed it once, and began D2."""
    platform.launched()
    found = session.query(Enrolment).one()
    learning.read_lesson(session, found, D1, D1.lessons[0])
    take(session, found, D1, 3)
    found = session.query(Enrolment).one()
    first = attempts.standing(session, found, D1).attempts[0]
    assert first.submitted_at is not None
    first.submitted_at = first.submitted_at.replace(year=first.submitted_at.year - 1)
    session.commit()
    take(session, found, D1)
    attempts.start(session, found, module("d2"))
    session.commit()
    return found


def reviewed(platform: PlatformInTest, **claims: Any) -> Any:
    """The page a review leads to."""
    client = platform.app.test_client()
    answer = platform.launch(client, **claims)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location)


@pytest.mark.usefixtures("row")
def test_a_trainer_reviews_what_a_learner_did(platform: PlatformInTest) -> None:
    page = reviewed(platform, **review())
    assert page.status_code == 200
    assert (
        page.text.count('<details class="question"') == 2 + 1 + 1
    )  # attempts at D1, lessons read of D1, attempt at D2
    assert page.text.count("La question est restée sans réponse") == 0
    assert page.text.count('data-label="') == 2 * 2 * 10  # mark and reason of ten questions, twice
    for module_code in ("D1", "D2"):
        assert module_code in page.text
    # The page says what it shows, and holds none of what was chosen.
    asked = D1.questions[0]
    assert all(option.feedback["fr"] not in page.text for option in asked.options)
    assert "quiz" not in page.text.split("<main")[1]


@pytest.mark.usefixtures("row")
def test_a_review_of_a_module_shows_that_module(platform: PlatformInTest) -> None:
    platform.launched(resource_link={"id": "link-2", "title": "D2"}, custom={"track": "decideurs", "module": "d2"})
    page = reviewed(platform, **review(resource_link={"id": "link-2"}))
    assert page.text.count('id="module-') == 1
    assert "/learners/" in page.text  # the way to the whole track


@pytest.mark.usefixtures("row")
def test_a_learner_reviews_their_own_work(platform: PlatformInTest) -> None:
    own = {name: value for name, value in review().items() if "for_user" in name or name == "message_type"}
    page = reviewed(platform, **own)
    assert page.status_code == 200
    assert page.text.count("/result") == 2  # their answers, explained
    assert "never the options chosen" not in page.text


def test_a_link_nobody_opened_is_reviewed_as_it_says(platform: PlatformInTest, row: Enrolment) -> None:
    del row
    page = reviewed(platform, **review(resource_link={"id": "link-new"}, custom={"track": "decideurs", "module": "d1"}))
    assert page.text.count('id="module-') == 1


def test_somebody_who_has_not_begun_is_said_so(platform: PlatformInTest) -> None:
    platform.launched()
    page = reviewed(platform, **review())
    assert page.status_code == 200
    assert '<details class="question"' not in page.text


def test_the_cohort_leads_to_each_learner_at_a_constant_cost(
    platform: PlatformInTest, session: Session, row: Enrolment
) -> None:
    take(session, row, module("d2"))
    context, learner = session.query(Context).one().id, session.query(Person).filter_by(subject="learner-1").one().id
    session.commit()
    client = platform.launched(**trainer())
    cohort = client.get(f"/teach/{context}").text
    url = f"/teach/{context}/learners/{learner}?track={TRACK.key}"
    assert f'href="{url}"' in cohort
    with statements() as heard:
        assert client.get(url).status_code == 200
    assert len(data(heard)) <= 11
    assert writes(heard) == []


def test_the_roster_alone_shows_no_trainer_what_somebody_did(
    platform: PlatformInTest, session: Session, row: Enrolment
) -> None:
    elsewhere = {"id": "another-course", "title": "Another course"}
    other = platform.launched(**trainer(sub="other-trainer", context=elsewhere))
    place = session.query(Context).filter_by(lti_id="another-course").one()
    there = {"subject": "learner-1", "given_name": "", "family_name": "", "full_name": "", "sourced_id": ""}
    platform_id = place.deployment.platform_id
    put_memberships(session, platform_id, place.id, utcnow(), [{**there, "role": "learner"}])
    session.commit()
    page = f"/teach/{place.id}/learners/{row.person_id}"
    assert other.get(page).status_code == 404
    answer = platform.launch(other, **review(sub="other-trainer", context=elsewhere))
    assert answer.status_code == 403
    # What they need when they come may be set before; the list leads there.
    assert f'href="{page}/accommodation"' in other.get(f"/teach/{place.id}").text
    assert other.get(f"{page}/accommodation").status_code == 200
    platform.launched(context=elsewhere)
    assert other.get(page).status_code == 200
