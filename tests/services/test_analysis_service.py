"""What the database says of a module's questions: which results are read, as what, in how many statements."""

import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from assessments.analysis import analyse
from assessments.draw import revision_of
from assessments.gathered import Gathered
from lms.models import Attempt, Grading, Membership
from lms.services import analysis
from lms.services.analysis import Asked
from lms.services.library import Library
from tests.crowds_in_test import FIRST, crowd
from tests.learner_in_test import TRACK, course, data, joins, learner, module, statements, take
from tests.regrading_in_test import D1, QUESTION, mended, module_of

ALL = Asked(TRACK.key, D1.key)


def gathered(session: Session, asked: Asked = ALL) -> analysis.Read:
    return analysis.gather(session, asked, Library(session))


def test_every_answer_is_read_in_one_query(session: Session) -> None:
    crowd(session, TRACK, D1, 60)
    tracks = Library(session)
    assert TRACK.key in tracks
    assert tracks[TRACK.key].key == TRACK.key  # a process reads a revision once
    with statements() as heard:
        read = analysis.gather(session, ALL, tracks)
    assert len(data(heard)) == 1
    found = analyse(read.gathered)
    assert found is not None
    assert (found.attempts, sum(item.count for item in found.items)) == (60, 600)
    # The same as counted from the record, the plain way.
    record = session.scalars(sa.select(Grading)).all()
    for item in found.items:
        marks = [row.marks[item.item.key] for row in record if item.item.key in row.marks]
        assert item.count == len(marks)
        assert Fraction(item.difficulty).limit_denominator(1000) == sum(
            int(mark["points"]) for mark in marks
        ) / Fraction(len(marks))
        asked = D1.question(item.item.key)
        assert asked is not None
        assert item.item.revision == revision_of(asked)
        uses = {use.option: round(use.share * item.count) for use in item.uses}
        said = [f"choice={option}" for mark in marks for option in mark["response"]["choice"]]
        assert uses == {f"choice={option.key}": said.count(f"choice={option.key}") for option in asked.options}
        assert item.item.wrong == {f"choice={option.key}" for option in asked.options if not option.correct}


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.tuples(st.sampled_from(["0", "1/2", "1"]), st.text() | st.sampled_from(['}, "q": {', "}}, ", '\\"}, {'])),
        max_size=5,
    ),
    st.sampled_from([(", ", ": "), (",", ":")]),
)
def test_marks_are_cut_apart_whatever_was_written(
    marks: dict[str, tuple[str, str]], separators: tuple[str, str]
) -> None:
    stored = {key: {"points": points, "reason": "partial", "response": {"text": [said], "b": []}}
              for key, (points, said) in marks.items()}  # fmt: skip
    read = analysis.Read(Gathered(), {})
    for _again in range(2):
        numbers = analysis._numbers(analysis._Cells(read, None), json.dumps(stored, separators=separators))
        cells = [read.gathered.cells[number] for number in numbers]
        told = [(read.gathered.items[cell.item].key, cell.points, cell.answered) for cell in cells]
        assert told == [(key, float(Fraction(points)), bool(said.strip())) for key, (points, said) in marks.items()]


def test_the_result_that_counts_is_read_and_a_withdrawn_question_is_not(session: Session) -> None:
    attempt = take(session, learner(session), D1)
    (first,) = session.scalars(sa.select(Grading))
    keys = list(first.marks)
    again = {**first.marks, keys[0]: {**first.marks[keys[0]], "points": "0", "reason": "wrong"},
             keys[1]: {"points": "1", "reason": "withdrawn", "response": {}}}  # fmt: skip
    for counts, marks in ((True, again), (False, first.marks)):
        session.add(Grading(attempt_id=attempt.id, cause="regraded", score=first.score, passed=True, marks=marks,
                            counts=counts, track_digest=first.track_digest))  # fmt: skip
        session.commit()
    found = analyse(gathered(session).gathered)
    assert found is not None
    assert {item.item.key: item.difficulty for item in found.items} == {
        key: 0.0 if key == keys[0] else 1.0 for key in keys if key != keys[1]
    }


def test_what_waits_for_a_person_and_what_is_open_are_left_out(session: Session) -> None:
    take(session, learner(session), D1)
    waits = take(session, learner(session, 2), D1)
    session.execute(sa.update(Attempt).where(Attempt.id == waits.id).values(score=None, passed=None))
    session.commit()
    assert len(gathered(session).gathered) == 1
    assert [row.attempts for row in analysis.followed(session, ALL)] == [1]


def test_revisions_and_periods_are_told_apart(session: Session) -> None:
    crowd(session, TRACK, D1, 10)
    wanted = mended(session)
    crowd(session, wanted.track, module_of(wanted.track), 20)
    read = gathered(session)
    assert len(read.gathered) == 30
    revisions = {revision for key, revision in read.questions if key == QUESTION.key}
    assert len(revisions) == 2
    assert [(row.version, row.attempts) for row in analysis.followed(session, ALL)] == [
        ("2099.1", 20),
        (TRACK.version, 10),
    ]
    only = replace(ALL, digests=frozenset({TRACK.digest}))
    assert len(gathered(session, only).gathered) == 10
    middle = FIRST + timedelta(minutes=5)
    assert len(gathered(session, replace(ALL, until=middle)).gathered) == 4
    assert len(gathered(session, replace(ALL, since=middle)).gathered) == 26
    assert len(gathered(session, Asked(TRACK.key, "d2")).gathered) == 0


def test_likeness_is_looked_for_among_the_learners_of_the_course(session: Session) -> None:
    inside, outside, left = (learner(session, number) for number in range(3))
    link = course(session)
    for row in (inside, left):
        joins(session, row.person_id, link)
    session.execute(sa.update(Membership).where(Membership.person_id == left.person_id).values(left_at=FIRST))
    for row in (inside, outside, left):
        take(session, row, D1, 7)
    (found,) = analysis.wrong_answers(session, link.context_id, TRACK.key, "d1", 400)
    assert (found[0], found[1], len(found[2])) == (inside.person_id, 1, 3)


def test_trainers_of_a_course_with_the_track_are_known(session: Session) -> None:
    teaches, elsewhere = (learner(session, number).person_id for number in range(2))
    joins(session, teaches, course(session), "trainer")
    joins(session, elsewhere, course(session, "other", track_key="another"), "trainer")
    assert [len(analysis.trains_track(session, who, TRACK.key)) for who in (teaches, elsewhere)] == [1, 0]
    assert module("d1").quiz is not None
