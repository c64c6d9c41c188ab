"""What the learner, their trainer and the jury read of awards: one decision, in plain words; statements asked for."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from curricula.model import Track
from lms.models import Attempt, Certificate, Context, Enrolment, JuryMember, OutboxJob, Person, ResourceLink
from lms.services import learning
from lms.worker import Worker
from tests.awards_in_test import before_a_jury, decides, follows, labelled, passes, published
from tests.learner_in_test import data, statements
from tests.platform_in_test import PlatformInTest, form_token, person, trainer

ASK = "/learn/chiefs/c1/attendance"


def read(browser: FlaskClient, url: str) -> str:
    answer = browser.get(f"{url}{'&' if '?' in url else '?'}lang=en")
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text.replace("\N{NO-BREAK SPACE}", " "))


def post(browser: FlaskClient, url: str, **form: Any) -> Any:
    return browser.post(url, data={"csrf_token": form_token(browser.get("/verify")), **form})


@pytest.fixture
def track(session: Session) -> Track:
    return published(session, labelled())


@pytest.fixture
def browser(platform: PlatformInTest) -> FlaskClient:
    """The learner's."""
    return platform.launched()


@pytest.fixture
def row(session: Session, browser: FlaskClient, track: Track) -> Enrolment:
    """Their enrolment; the track is placed in their course."""
    context = session.scalars(sa.select(Context)).one()
    session.add(ResourceLink(context=context, track_key=track.key, lti_id="chiefs"))
    learner = session.scalars(sa.select(Person).filter_by(subject="learner-1")).one()
    learner.certificate_name = "Ada Martin"
    return follows(session, learner.id, track)


@pytest.fixture
def link(session: Session, row: Enrolment) -> ResourceLink:
    return session.scalars(sa.select(ResourceLink).filter_by(lti_id="chiefs")).one()


def reads_whole(session: Session, row: Enrolment, track: Track) -> None:
    part = track.modules[0]
    for lesson in part.lessons:
        learning.read_lesson(session, row, part, lesson)
    session.commit()


def jobs(session: Session) -> list[str]:
    session.expire_all()
    found = list(session.scalars(sa.select(OutboxJob.key).filter_by(kind="issue_certificate", status="pending")))
    session.commit()
    return found


def test_the_track_says_what_the_label_lacks_and_why(
    browser: FlaskClient, session: Session, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    page = read(browser, "/learn/chiefs")
    assert "Where this leads you" in page
    assert "Manager" in page
    assert "0 of 4 conditions are met today." in page
    assert "One of these ways" in page
    assert "Health" in page
    assert "Accepted by a jury" not in page
    assert "The jury has accepted none yet." in page
    passes(session, row, track, "c1", "c2", "c5")
    jury, attempt = before_a_jury(session, row, track, link)
    assert "3 of 4 conditions are met today." in read(browser, "/learn/chiefs")
    decides(session, jury, attempt, track)
    page = read(browser, "/learn/chiefs")
    assert "Being prepared" in page
    assert "Your certificate is being prepared" in page
    session.commit()
    worker = Worker(browser.application)
    worker.upkeep()
    worker.drain()
    made = session.scalars(sa.select(Certificate)).one()
    page = read(browser, "/learn/chiefs")
    assert "What I have obtained" in page
    assert f"Number {made.number}" in page
    assert f'href="/verify/{made.code}"' in page
    assert "To renew it" in page
    assert "To pass again, from" in page


def test_a_statement_is_asked_for_then_there(
    browser: FlaskClient, session: Session, row: Enrolment, track: Track
) -> None:
    assert ASK not in read(browser, "/learn/chiefs")
    refused = post(browser, ASK)
    assert refused.status_code == 409
    assert jobs(session) == []
    reads_whole(session, row, track)
    assert f'action="{ASK}"' in read(browser, "/learn/chiefs")
    assert browser.post(ASK).status_code == 400, "without its token"
    answer = post(browser, ASK)
    assert (answer.status_code, answer.location) == (303, "/learn/chiefs#statements")
    assert jobs(session) == [f"enrolment:{row.id}:chiefs/c1"]
    page = read(browser, "/learn/chiefs")
    assert f'action="{ASK}"' not in page
    assert "Load this page again to see it." in page
    session.commit()
    worker = Worker(browser.application)
    worker.upkeep()
    worker.drain()
    made = session.scalars(sa.select(Certificate)).one()
    assert f'href="/verify/{made.code}"' in read(browser, "/learn/chiefs")
    session.commit()
    assert post(browser, ASK).status_code == 303
    assert jobs(session) == [], "it is there: nothing to do"


def test_nobody_asks_for_what_is_not_there(browser: FlaskClient, platform: PlatformInTest, row: Enrolment) -> None:
    for url in ("/learn/chiefs/nowhere/attendance", "/learn/nowhere/c1/attendance", "/learn/decideurs/d1/attendance"):
        assert post(browser, url).status_code == 404
    fellow = platform.launched(**person(2))
    assert post(fellow, ASK).status_code == 404, "not enrolled"
    anonymous = browser.application.test_client()
    assert post(anonymous, ASK).status_code == 401


def test_a_learner_without_name_is_told_where_to_write_one(
    browser: FlaskClient, session: Session, row: Enrolment, track: Track
) -> None:
    reads_whole(session, row, track)
    row.person.certificate_name = None
    session.commit()
    assert post(browser, ASK).status_code == 303
    assert "Une fois le nom donné, demandez de nouveau l’attestation." in read(browser, "/learn/chiefs")


def test_a_trainer_asks_for_their_learners_alone(
    browser: FlaskClient, platform: PlatformInTest, session: Session, row: Enrolment, track: Track
) -> None:
    coach = platform.launched(**trainer())
    context = session.scalars(sa.select(Context)).one().id
    session.commit()
    page_url = f"/teach/{context}/learners/{row.person_id}?track=chiefs"
    door = f"/teach/{context}/learners/{row.person_id}/attendance"
    asks = f"{door}?award=chiefs/c1"
    assert asks not in read(coach, page_url)
    assert post(coach, asks).status_code == 409
    reads_whole(session, row, track)
    page = read(coach, page_url)
    assert asks in page
    assert "What is obtained" in page
    for award in ("", "chiefs", "manager-in-test", "chiefs/nowhere", "agents/a1", "../x"):
        assert post(coach, f"{door}?award={award}").status_code == 404, award
    elsewhere = PlatformInTest(browser.application, "elsewhere").launched(**trainer())
    assert post(elsewhere, asks).status_code == 404
    assert post(browser, asks).status_code == 403
    assert coach.post(asks).status_code == 400
    assert jobs(session) == []
    assert post(coach, asks).status_code == 303
    assert jobs(session) == [f"enrolment:{row.id}:chiefs/c1"]


def test_a_trainer_reads_the_decision_with_its_evidence(
    browser: FlaskClient, platform: PlatformInTest, session: Session, row: Enrolment, track: Track
) -> None:
    passes(session, row, track, "c1")
    attempt = str(session.scalars(sa.select(Attempt.id)).one())
    session.commit()
    coach = platform.launched(**trainer())
    context = session.scalars(sa.select(Context)).one().id
    session.commit()
    url = f"/teach/{context}/learners/{row.person_id}?track=chiefs"
    page = read(coach, url)
    assert "1 of 4 conditions are met today." in page
    assert f"Rests on: Attempt {attempt[:8]}," in page
    assert "100%: the threshold is reached." in page
    with statements() as heard:
        read(coach, url)
    cost = len(data(heard))
    passes(session, row, track, "c2", "c5")
    with statements() as heard:
        read(coach, url)
    assert len(data(heard)) == cost


@pytest.mark.parametrize("hidden", [False, True])
def test_the_jury_sees_what_its_decision_leads_to(
    browser: FlaskClient, platform: PlatformInTest, session: Session, row: Enrolment, track: Track,
    link: ResourceLink, hidden: bool,
) -> None:  # fmt: skip
    passes(session, row, track, "c1", "c2", "c5")
    jury, attempt = before_a_jury(session, row, track, link)
    jury.anonymous = hidden
    session.commit()
    coach = platform.launched(**trainer())
    me = session.scalars(sa.select(Person).filter_by(subject="trainer-1")).one()
    session.add(JuryMember(jury_id=jury.id, person_id=me.id, name="Formatrice", president=False))
    session.commit()
    url = f"/teach/juries/{jury.id}/candidates/{attempt.id}"
    page = read(coach, url)
    assert "What this decision leads to" in page
    assert "3 of 4 conditions are met today." in page
    assert (row.person.display_name in page) is not hidden
    session.commit()
    decides(session, jury, attempt, track)
    session.commit()
    worker = Worker(browser.application)
    worker.upkeep()
    worker.drain()
    made = session.scalars(sa.select(Certificate)).one()
    session.commit()
    assert f"/verify/{made.code}" in read(coach, url), "names are told once it has decided"


def test_the_criteria_of_a_label_and_of_statements_are_public(
    browser: FlaskClient, row: Enrolment, track: Track
) -> None:
    anyone = browser.application.test_client()
    page = read(anyone, "/tracks/chiefs/2026.1/label")
    assert 'id="C1"' in page
    assert "A work accepted by a jury of 2 members at least." in page
    assert "health-in-test" in page
    page = read(anyone, "/tracks/chiefs/2026.1/attendance")
    assert "Every lesson read to its end." in page
    for url in ("/tracks/chiefs/2026.1/certificate", "/tracks/chiefs/1/label", "/tracks/decideurs/2026.1/label"):
        assert anyone.get(url).status_code == 404
    about = read(browser, "/learn/chiefs/about")
    assert "/tracks/chiefs/2026.1/label" in about
    assert "A work accepted by a jury of 2 members at least." in about
    assert "statement of attendance" in about
