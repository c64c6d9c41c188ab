"""A timed exam as its learner lives it: the time left, pauses, the end, without script and with it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import Answer, Attempt, Pause, utcnow
from tests.exam_in_test import JSON, START, Exam, publish_exam
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest

MINUTE = timedelta(minutes=1)


@pytest.fixture
def learner(platform: PlatformInTest, session: Session) -> FlaskClient:
    publish_exam(session, pauses=2)
    return platform.launched()


@pytest.fixture
def exam(learner: FlaskClient) -> Exam:
    return Exam(learner)


def passes(session: Session, time: timedelta) -> None:
    """So much time passes: everything that was noted was noted so much earlier."""
    attempt = session.query(Attempt).one()
    attempt.started_at -= time
    assert attempt.due_at is not None
    attempt.due_at -= time
    for pause in session.query(Pause):
        pause.began_at -= time
    session.commit()


def attempt_of(session: Session) -> Attempt:
    session.expire_all()
    found = session.query(Attempt).one()
    session.commit()
    return found


def left(page: Any) -> int:
    """The seconds left that a page says."""
    found = re.search(r'role="timer"[^>]*data-clock="(\d+)"', page.text)
    assert found is not None
    return int(found[1])


def test_the_rules_are_told_before(learner: FlaskClient) -> None:
    page = learner.get(START).text.replace("\u00a0", " ").replace("\u202f", " ")
    assert "Votre temps : 1 h" in page
    assert "2 pauses" in page
    assert "pas de limite de temps" not in page


def test_each_page_says_what_is_left_and_when_it_ends(exam: Exam, session: Session) -> None:
    assert 3590 <= left(exam.get(1)) <= 3600
    passes(session, 20 * MINUTE)
    for path in ("2", "review"):
        page = exam.get(path)
        assert 2390 <= left(page) <= 2400
        assert "Fin à" in page.text
    assert "le temps continue" in exam.get(1).text.lower()
    assert "n’est jamais sanctionné" in exam.get(1).text
    saved = exam.answer(exam.permission(), "a", headers=JSON)
    assert saved.json is not None
    assert 2390 <= saved.json["left"] <= 2400
    resumed = exam.client.get(START).text
    assert "Le temps court jusqu’au" in resumed


def test_a_pause_hides_the_questions_and_stops_the_clock(exam: Exam, session: Session) -> None:
    permission = exam.permission()
    paused = exam.answer(permission, "a", number=2, go="pause")
    assert paused.location == f"{exam.url}/pause?at=2"
    assert count(session, Answer) == 1, "what was answered is saved first"
    session.commit()
    passes(session, 10 * MINUTE)
    for path in ("1", "2", "review"):
        hidden = exam.get(path)
        assert hidden.status_code == 303
        assert "/pause" in hidden.location
    page = exam.client.get(paused.location).text
    assert "a.choice" not in page
    assert "Le temps est arrêté" in page
    back = exam.post("pause", at="2")
    assert back.location == f"{exam.url}/2"
    assert left(exam.get(2)) >= 3590
    assert exam.get("pause").location == f"{exam.url}/1"
    exam.answer(permission, "b", number=3, go="pause")
    passes(session, 25 * MINUTE)
    assert "La pause est terminée" in exam.get("pause").text
    exam.post("pause", at="77")
    assert 2990 <= left(exam.get(1)) <= 3000, "ten minutes ran by rule"
    refused = exam.answer(permission, "c", number=3, go="pause")
    assert refused.location == f"{exam.url}/3"
    assert "Toutes les pauses sont prises" in exam.get(3).text


def test_answering_from_another_tab_ends_the_pause(exam: Exam, session: Session) -> None:
    permission = exam.permission()
    exam.answer(permission, "a", go="pause")
    passes(session, MINUTE)
    assert exam.answer(permission, "b", headers=JSON).status_code == 200
    assert exam.get(1).status_code == 200


def test_when_the_time_is_up_there_is_only_to_submit(exam: Exam, session: Session) -> None:
    permission = exam.permission()
    passes(session, 60 * MINUTE)
    assert exam.get(1).location == f"{exam.url}/review"
    assert "Le temps est écoulé" in exam.get("review").text
    saved = exam.answer(permission, "a", headers=JSON)
    assert (saved.status_code, saved.json and saved.json["left"]) == (200, 0), "on its way, it counts"
    exam.submit()
    assert not attempt_of(session).timed_out


@pytest.mark.parametrize("touch", ["question", "review", "pause", "result", "answer", "form", "start", "submit"])
def test_whatever_touches_it_after_its_time_closes_it(exam: Exam, session: Session, touch: str) -> None:
    permission = exam.permission()
    exam.answer(permission, "a")
    passes(session, 61 * MINUTE)
    if touch in {"answer", "form"}:
        late = exam.answer(permission, "b", headers=JSON if touch == "answer" else None)
        assert late.status_code == (409 if touch == "answer" else 303)
        assert [row.standing for row in session.query(Answer).order_by(Answer.id)] == ["kept", "late"]
        session.commit()
        assert exam.get("result").text.count("Une autre réponse est arrivée") == 1
    elif touch == "start":
        assert exam.client.get(START).status_code == 200
    elif touch == "submit":
        assert exam.submit().location == f"{exam.url}/result"
    else:
        exam.get("1" if touch == "question" else touch)
    closed = attempt_of(session)
    assert closed.timed_out
    assert closed.submitted_at == closed.due_at
    assert closed.submitted_at is not None
    assert closed.submitted_at < utcnow()
    assert "Le temps était écoulé" in exam.get("result").text


def test_nothing_counts_twice_nor_after(exam: Exam, session: Session) -> None:
    permission = exam.permission()
    passes(session, 61 * MINUTE)
    for _turn in range(2):
        assert exam.submit().status_code == 303
    assert exam.post("pause").status_code == 303
    assert exam.answer(permission, "a", headers=JSON).status_code == 409
    assert count(session, Attempt, Attempt.submitted_at.is_not(None)) == 1


def test_a_megabyte_of_text_is_refused_and_changes_nothing(exam: Exam, session: Session) -> None:
    permission = exam.permission()
    assert exam.answer(permission, "a", headers=JSON).status_code == 200
    assert exam.answer(permission, "x" * 3_000_000, headers=JSON).status_code == 413
    assert [row.response for row in session.query(Answer)] == [{"choice": ["a"]}]
    session.commit()
    exam.answer(permission, ["a", "x" * 1_000_000], headers=JSON)
    assert [row.response for row in session.query(Answer)] == [{"choice": ["a"]}]


def test_a_correction_that_is_never_shown_is_not(platform: PlatformInTest, session: Session) -> None:
    publish_exam(session, correction="never")
    exam = Exam(platform.launched())
    exam.answer(exam.permission(), "a")
    exam.submit()
    page = exam.get("result").text
    assert 'class="choice' not in page
    assert "ne sont pas montrées de nouveau" in page
    assert 'id="by-objective"' in page
    mine = exam.client.get("/learn/review?track=decideurs").text
    assert 'data-label="Note"' not in mine
