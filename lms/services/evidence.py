"""What a learner did in a track: lessons read, attempts with each point explained, awards. Never the answers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import Connection, Select, select
from sqlalchemy.orm import Session, contains_eager

from curricula.progress import ModuleProgress, TrackProgress, progress
from lms.lti.model import LtiError, SubmissionReview
from lms.models import (
    Attempt,
    Enrolment,
    Exemption,
    LessonProgress,
    Membership,
    Person,
    ResourceLink,
)
from lms.models.upsert import insert_new
from lms.services.awards import Award, awards
from lms.services.cohorts import learns
from lms.services.learning import enrolment
from lms.services.library import Library


@dataclass(frozen=True)
class ModuleEvidence:
    """One module: how far, when each lesson was read (lesson key → moment), every attempt in order."""

    step: ModuleProgress
    read_at: dict[str, datetime]
    attempts: Sequence[Attempt]
    exemption: Exemption | None = None


@dataclass(frozen=True)
class Evidence:
    """A whole track. ``enrolment`` is None for somebody who has not begun."""

    enrolment: Enrolment | None
    state: TrackProgress
    modules: tuple[ModuleEvidence, ...]
    awards: Sequence[Award]


@dataclass(frozen=True)
class Reviewed:
    """What a review is about: a person, and the track or module of its link where one is known."""

    person_id: int
    track_key: str | None
    module_key: str | None


def evidence(session: Session, person_id: int, key: str, tracks: Library) -> Evidence:
    """What a person did in a track, in the revision they follow; few queries, as many whatever it was."""
    row = enrolment(session, person_id, key)
    track = (tracks.followed(key, row.track_digest) if row else None) or tracks[key]
    read: dict[str, dict[str, datetime]] = defaultdict(dict)
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    if row is not None:
        lessons = select(LessonProgress.module_key, LessonProgress.lesson_key, LessonProgress.read_at)
        for part, lesson, moment in session.execute(lessons.where(LessonProgress.enrolment_id == row.id)):
            if moment is not None:
                read[part][lesson] = moment
        query = select(Attempt).filter_by(enrolment_id=row.id).order_by(Attempt.module_key, Attempt.number)
        for attempt in session.scalars(query):
            attempts[attempt.module_key].append(attempt)
    exempt: dict[str, Exemption] = {}
    if row is not None:
        spared = session.scalars(select(Exemption).filter_by(enrolment_id=row.id))
        exempt = {exemption.module_key: exemption for exemption in spared}
    best: dict[str, Fraction] = {}
    for part, tried in attempts.items():
        scores = [attempt.score for attempt in tried if attempt.score is not None]
        best |= {part: max(scores)} if scores else {}
    spared_at = {part: exemption.score for part, exemption in exempt.items()}
    state = progress(track, {part: set(keys) for part, keys in read.items()}, best, spared_at)
    return Evidence(
        row,
        state,
        tuple(
            ModuleEvidence(step, read[step.module.key], attempts[step.module.key], exempt.get(step.module.key))
            for step in state.modules
        ),
        awards(session, person_id, track),
    )


def learner_of(session: Session, context_id: int, person_id: int) -> Membership | None:
    """That person in the course, if they came to it as a learner, and left or not: its trainers see what they did."""
    return session.scalars(_members(context_id, person_id).where(learns(Membership))).first()


def enrolled(session: Session, context_id: int, person_id: int) -> Membership | None:
    """That person in the course, if they are a learner of it now, even one whom the roster alone names."""
    here = (Membership.role == "learner", Membership.left_at.is_(None))
    return session.scalars(_members(context_id, person_id).where(*here)).first()


def _members(context_id: int, person_id: int) -> Select[Membership]:
    query = select(Membership).join(Membership.person).options(contains_eager(Membership.person))
    return query.where(Membership.context_id == context_id, Membership.person_id == person_id)


def reviewed(own: Connection, message: SubmissionReview, person_id: int, context_id: int) -> Reviewed:
    """Whom and what a review is about (LTI.md M2, M5), for the launched person of that course.

    ``LtiError``: ``not_in_course`` when the learner is none of this very course, or never came to it.
    """
    link = message.link
    identity = {"context_id": context_id, "lti_id": link.id}
    # A link that nobody opened yet is noted; one we know stays as its own launches said.
    insert_new(own, ResourceLink, identity, {"title": link.title, "track_key": link.track, "module_key": link.module})
    known = own.execute(select(ResourceLink.track_key, ResourceLink.module_key).filter_by(**identity)).one()
    if message.about == message.user.subject:
        return Reviewed(person_id, known.track_key, known.module_key)
    if not message.context.id:
        raise LtiError("not_in_course", "the review names no course")
    about = (
        select(Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.platform_id == message.registration.platform_id, Person.subject == message.about)
        .where(Membership.context_id == context_id, learns(Membership))
    )
    found = own.execute(about).scalar()
    if found is None:
        raise LtiError("not_in_course")
    return Reviewed(found, known.track_key, known.module_key)
