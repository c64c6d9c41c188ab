"""The placement test: what it exempts from counts as passed everywhere, at once; it is taken once, before attempts."""

from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import Track
from lms.config import Config
from lms.models import Attempt, Certificate, Enrolment, Exemption, OutboxJob, Placement, utcnow
from lms.services import attempts, issuing, learning, placement, privacy
from lms.services.attempts import AttemptRefused
from lms.services.authority import open_authority, publish
from lms.services.competencies import reached
from lms.services.evidence import evidence
from lms.services.library import Library
from lms.services.participations import followed
from lms.services.results import gradebook_score
from lms.services.scores import owed
from tests.learner_in_test import answer as answers
from tests.learner_in_test import course, data, joins, learner, right, statements, together, wrong
from tests.placed_in_test import placed_track, published


@pytest.fixture
def track(session: Session) -> Track:
    return published(session, placed_track())


def follows(session: Session, track: Track, number: int = 1) -> Enrolment:
    person = learner(session, number).person_id
    learning.enrol(session, person, track)
    found = learning.enrolment(session, person, track.key)
    assert found is not None
    session.commit()
    return found


@pytest.fixture
def row(session: Session, track: Track) -> Enrolment:
    return follows(session, track)


def takes(session: Session, row: Enrolment, track: Track, *known: str) -> Placement:
    """The whole test, every question about those modules answered rightly, and no other."""
    made = placement.begin(session, row, track, utcnow())
    while made.finished_at is None:
        ask = placement.asked(track, made)
        assert ask is not None
        chosen = right(ask.question) if ask.module.key in known else wrong(ask.question)
        placement.answer(session, made, track, ask, {"choice": tuple(chosen)}, utcnow(), track)
    session.commit()
    return made


def test_what_is_known_is_passed_and_the_rest_is_to_follow(session: Session, row: Enrolment, track: Track) -> None:
    made = takes(session, row, track, "p1")
    assert [(each.module.key, each.reached, each.score) for each in placement.outcome(track, made)] == [
        ("p1", True, 1), ("p2", False, 0),
    ]  # fmt: skip
    assert session.execute(sa.select(Exemption.module_key, Exemption.score)).all() == [("p1", Fraction(1))]
    first, second = learning.track_progress(session, row, track).modules
    assert (first.state, first.exempt, first.best) == ("passed", True, 1)
    assert (second.state, second.exempt, second.best) == ("todo", False, None)
    p1, p2 = track.modules
    stand = attempts.standing(session, row, p1)
    assert (stand.passed, stand.best, stand.attempts) == (True, 1, [])
    with pytest.raises(AttemptRefused, match="passed"):
        attempts.start(session, row, p1)
    assert attempts.start(session, row, p2).number == 1


def test_each_step_is_recorded_as_it_was(session: Session, row: Enrolment, track: Track) -> None:
    made = takes(session, row, track, "p1")
    session.expire_all()
    asked = [(step["module"], step["points"]) for step in made.steps]
    assert asked == [("p1", "1"), ("p1", "1"), ("p1", "1"), ("p2", "0")]
    for step in made.steps:
        part = track.module(step["module"])
        question = part.question(step["key"]) if part else None
        assert question is not None
        chosen = right(question) if step["module"] == "p1" else wrong(question)
        assert step["response"] == {"choice": chosen}
        assert sorted(step["options"]) == sorted(option.key for option in question.options)
        assert len(step["revision"]) == 16


def test_it_is_taken_once_and_before_any_attempt(session: Session, row: Enrolment, track: Track) -> None:
    made = takes(session, row, track)
    with pytest.raises(PermissionError, match="done"):
        placement.begin(session, row, track, utcnow())
    assert placement.standing(session, row, track).row is made
    other = follows(session, track, 2)
    begun = placement.begin(session, other, track, utcnow())
    assert placement.begin(session, other, track, utcnow()) is begun
    attempts.start(session, other, track.modules[0])
    assert placement.standing(session, other, track).state == "closed"
    with pytest.raises(PermissionError, match="closed"):
        placement.begin(session, other, track, utcnow())
    decideurs = learner(session, 3)
    assert placement.standing(session, decideurs, Library(session)["decideurs"]).state == "none"


def test_two_who_begin_at_once_begin_one_test(app: Flask, session: Session, row: Enrolment, track: Track) -> None:
    number = row.id
    session.commit()

    def begin(own: Session) -> Any:
        found = placement.begin(own, own.get_one(Enrolment, number), track, utcnow()).id
        own.commit()
        return found

    assert len(set(together(app, [begin] * 3))) == 1


def test_whoever_knows_everything_is_certified_in_the_same_transaction(
    app: Flask, config: Config, session: Session, track: Track
) -> None:
    authority = open_authority(config)
    publish(session, authority)
    row = follows(session, track)
    link = course(session, lineitem="https://lms.example.org/1", track_key=track.key)
    participation = joins(session, row.person_id, link)
    made = placement.begin(session, row, track, utcnow())
    session.commit()
    with statements() as heard:
        while made.finished_at is None:
            ask = placement.asked(track, made)
            assert ask is not None
            placement.answer(session, made, track, ask, {"choice": tuple(right(ask.question))}, utcnow(), track)
        session.commit()
    assert heard.count("COMMIT") == 1
    assert row.completed_at == made.finished_at
    jobs = set(session.scalars(sa.select(OutboxJob.key)))
    assert jobs == {f"participation:{participation.id}", f"enrolment:{row.id}"}
    assert gradebook_score(learning.track_progress(session, row, track), None) == (1, True)
    told = owed(session, [participation.id], Library(session))[participation.id]
    assert (told.value, told.complete, told.submitted) == (1, True, made.finished_at)
    record = issuing.issue(session, authority, row, track).record
    assert [(module["code"], module["score"]) for module in record["modules"]] == [("P1", "1/1"), ("P2", "1/1")]
    assert {module["achieved_on"] for module in record["modules"]} == {made.finished_at.date().isoformat()}
    assert record["minutes"] == 0, "nothing was followed"
    assert len(record["evidence"]) == 3
    assert session.scalars(sa.select(Certificate)).one()


def test_a_certificate_counts_the_time_of_what_was_followed(
    app: Flask, config: Config, session: Session, row: Enrolment, track: Track
) -> None:
    authority = open_authority(config)
    publish(session, authority)
    takes(session, row, track, "p1")
    attempt = attempts.start(session, row, track.modules[1])
    answers(session, attempt, track.modules[1])
    attempts.submit(session, attempt, track, track.modules[1])
    record = issuing.issue(session, authority, row, track).record
    assert record["minutes"] == track.modules[1].duration_minutes


def test_it_is_told_to_trainers_and_to_human_resources(session: Session, row: Enrolment, track: Track) -> None:
    made = takes(session, row, track, "p1")
    found = evidence(session, row.person_id, track.key, Library(session))
    first, second = found.modules
    assert first.exemption is not None
    assert (first.exemption.score, first.exemption.granted_at, first.step.exempt) == (1, made.finished_at, True)
    assert second.exemption is None
    lines = {line.module_key: line for line in followed(session, Library(session), track_key=track.key)}
    p1, p2 = lines["p1"], lines["p2"]
    assert (p1.state, p1.completed_at, p1.best, p1.minutes) == ("exempt", made.finished_at, 1, 0)
    assert (p2.state, p2.completed_at, p2.best, p2.minutes) == ("enrolled", None, None, 0)
    held = privacy.taken_out(session, row.person)
    assert (len(held["placements"]), len(held["exemptions"]), held["practice"]) == (1, 1, [])


def test_a_copy_of_ones_data_tells_a_placement_test_once_it_is_finished_or_closed(
    session: Session, row: Enrolment, track: Track
) -> None:
    made = placement.begin(session, row, track, utcnow())
    data = privacy.taken_out(session, row.person)
    assert not {"seed", "steps"} & data["placements"][0].keys()
    assert [each["until"] for each in data["held_back"]] == ["it is finished"]
    made.finished_at = utcnow()
    session.flush()
    assert privacy.taken_out(session, row.person)["placements"][0]["seed"] == made.seed
    made.finished_at = None
    attempts.start(session, row, track.modules[0])  # nobody goes on with the test
    assert privacy.taken_out(session, row.person)["placements"][0]["seed"] == made.seed


def test_an_exemption_reaches_the_level_its_objectives_lead_to(session: Session, row: Enrolment, track: Track) -> None:
    def level() -> int | None:
        (found,) = reached(session, row, learning.track_progress(session, row, track))
        return found.reached.level.number if found.reached else None

    assert level() is None
    takes(session, row, track, "p1")
    state = learning.track_progress(session, row, track)
    assert level() == 1
    with statements() as heard:
        reached(session, row, state)
    assert len(data(heard)) == 1


def test_where_nobody_is_exempted_it_only_proposes(session: Session) -> None:
    track = published(session, placed_track(exempts=False))
    row = follows(session, track)
    made = takes(session, row, track, "p1", "p2")
    assert all(each.reached for each in placement.outcome(track, made))
    assert session.scalar(sa.select(sa.func.count()).select_from(Exemption)) == 0
    assert [step.state for step in learning.track_progress(session, row, track).modules] == ["todo", "todo"]


def test_who_is_erased_leaves_no_test(session: Session, row: Enrolment, track: Track) -> None:
    takes(session, row, track, "p1")
    privacy.erase(session, row.person)
    session.commit()
    for model in (Placement, Exemption, Attempt, Enrolment):
        wanted = sa.select(sa.func.count()).select_from(model)
        assert session.scalar(wanted) == 0
