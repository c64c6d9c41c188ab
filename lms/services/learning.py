"""Following a track: enrolment, lessons read, where one is."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, literal, select, union_all
from sqlalchemy.orm import Session

from curricula.model import Lesson, Module, Track
from curricula.progress import TrackProgress, progress
from lms.models import Attempt, Enrolment, Exemption, LessonProgress, utcnow
from lms.models.upsert import insert_new, insert_or_find
from lms.services.figures import touch
from lms.services.library import Library

#: A lesson opened again within this time is not written again.
REOPENED_AFTER = timedelta(minutes=1)


def enrol(own: Session | Connection, person_id: int, track: Track) -> None:
    """Enrol the person in the track, in the version published now, unless they follow it already."""
    identity = {"person_id": person_id, "track_key": track.key}
    values = {"track_version": track.version, "track_digest": track.digest}
    if insert_new(own, Enrolment, identity, values) is not None:
        touch(own, person_id=person_id)


def enrolments(session: Session, person_id: int) -> Sequence[Enrolment]:
    """Every track a person follows, the last one opened first."""
    query = select(Enrolment).where(Enrolment.person_id == person_id)
    return session.scalars(query.order_by(Enrolment.last_at.desc().nulls_last(), Enrolment.id)).all()


def enrolment(session: Session, person_id: int, track_key: str) -> Enrolment | None:
    """The person's enrolment in one track."""
    return session.scalars(select(Enrolment).filter_by(person_id=person_id, track_key=track_key)).first()


def track_progress(session: Session, row: Enrolment, track: Track) -> TrackProgress:
    """How far the learner is; two queries."""
    return _progresses(session, [(row, track)])[row.id]


def progresses(session: Session, rows: Sequence[Enrolment], tracks: Library) -> dict[int, TrackProgress]:
    """The progress of many enrolments by enrolment id, each in the revision it follows; two queries."""
    known = ((row, tracks.followed(row.track_key, row.track_digest)) for row in rows)
    return _progresses(session, [(row, track) for row, track in known if track is not None])


def _progresses(session: Session, followed: Sequence[tuple[Enrolment, Track]]) -> dict[int, TrackProgress]:
    ids = [row.id for row, _track in followed]
    read: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for owner, module, lesson in session.execute(
        select(LessonProgress.enrolment_id, LessonProgress.module_key, LessonProgress.lesson_key).where(
            LessonProgress.enrolment_id.in_(ids), LessonProgress.read_at.is_not(None)
        )
    ):
        read[owner][module].add(lesson)
    best: dict[int, dict[str, Fraction]] = defaultdict(dict)
    exempt: dict[int, dict[str, Fraction]] = defaultdict(dict)
    tried = select(Attempt.enrolment_id, Attempt.module_key, Attempt.score, literal(False)).where(
        Attempt.enrolment_id.in_(ids), Attempt.submitted_at.is_not(None)
    )
    spared = select(Exemption.enrolment_id, Exemption.module_key, Exemption.score, literal(True)).where(
        Exemption.enrolment_id.in_(ids)
    )
    scores: Any = union_all(tried, spared)
    for owner, module, score, exempted in session.execute(scores):
        if exempted:
            exempt[owner][module] = score
        elif score is not None:
            best[owner][module] = max(score, best[owner].get(module, Fraction(0)))
    return {row.id: progress(track, read[row.id], best[row.id], exempt[row.id]) for row, track in followed}


def opens_new_ground(row: Enrolment, module: Module, lesson: Lesson, now: datetime) -> bool:
    """Whether opening this lesson changes what is stored: its place, or the time of the visit."""
    here = (row.last_module, row.last_lesson) == (module.key, lesson.key)
    return not here or row.last_at is None or now - row.last_at > REOPENED_AFTER


def open_lesson(session: Session, row: Enrolment, module: Module, lesson: Lesson, now: datetime) -> None:
    """Note that a lesson was opened: the learner resumes there."""
    identity = {"enrolment_id": row.id, "module_key": module.key, "lesson_key": lesson.key}
    insert_new(session, LessonProgress, identity, {})
    row.started_at = row.started_at or now
    row.last_module, row.last_lesson, row.last_at = module.key, lesson.key, now
    session.flush()


def read_lesson(session: Session, row: Enrolment, module: Module, lesson: Lesson) -> None:
    """Note that a lesson was read to its end; once read, always read."""
    identity = {"enrolment_id": row.id, "module_key": module.key, "lesson_key": lesson.key}
    done = insert_or_find(session, LessonProgress, identity, {})
    if done.read_at is None:
        done.read_at = utcnow()
        touch(session, person_id=row.person_id)
    row.started_at = row.started_at or done.opened_at
    session.flush()
