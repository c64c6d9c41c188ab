"""A trainer's cohorts: the courses they train, and how far each learner is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, joinedload

from curricula.model import Track
from curricula.progress import TrackProgress
from lms.models import Certificate, Context, Enrolment, Membership, Person, ResourceLink, utcnow
from lms.services.learning import progresses

IDLE = timedelta(days=14)


@dataclass(frozen=True)
class Cohort:
    """A course as its trainer lists it."""

    context: Context
    learners: int
    certified: int
    idle: int
    last_at: datetime | None
    tracks: tuple[str, ...]


@dataclass(frozen=True)
class CohortLearner:
    """One learner in one track: status and scores, never answers. ``last_at`` is the last activity."""

    person: Person
    progress: TrackProgress | None
    certified: bool
    last_at: datetime | None
    idle: bool


def cohorts(session: Session, person_id: int, now: datetime | None = None) -> list[Cohort]:
    """The courses a person trains, by title; three queries."""
    query = (
        select(Context)
        .join(Membership, Membership.context_id == Context.id)
        .where(Membership.person_id == person_id, Membership.role == "trainer")
    )
    contexts = session.scalars(query.order_by(Context.title)).all()
    ids = [context.id for context in contexts]
    idle = case((Membership.last_seen_at < (now or utcnow()) - IDLE, Membership.person_id))
    counted = session.execute(
        select(
            Membership.context_id,
            func.count(Membership.person_id.distinct()),
            func.count(Certificate.person_id.distinct()),
            func.count(idle.distinct()),
            func.max(Membership.last_seen_at),
        )
        .outerjoin(Certificate, and_(Certificate.person_id == Membership.person_id, Certificate.status == "valid"))
        .where(Membership.context_id.in_(ids), Membership.role == "learner")
        .group_by(Membership.context_id)
    )
    counts = {row[0]: (row[1], row[2], row[3], row[4]) for row in counted}
    links = session.execute(
        select(ResourceLink.context_id, ResourceLink.track_key)
        .where(ResourceLink.context_id.in_(ids), ResourceLink.track_key.is_not(None))
        .distinct()
    ).all()
    found = []
    for context in contexts:
        learners, certified, idle_count, last_at = counts.get(context.id, (0, 0, 0, None))
        placed = sorted(track for owner, track in links if owner == context.id and track)
        found.append(Cohort(context, learners, certified, idle_count, last_at, tuple(placed)))
    return found


def trains(session: Session, person_id: int, context_id: int) -> Context | None:
    """The course if that person trains it: a trainer's power ends at their own courses."""
    query = (
        select(Context)
        .join(Membership, Membership.context_id == Context.id)
        .where(Context.id == context_id, Membership.person_id == person_id, Membership.role == "trainer")
    )
    return session.scalars(query).first()


def cohort_tracks(session: Session, context_id: int) -> Sequence[str]:
    """The tracks placed in a course."""
    query = select(ResourceLink.track_key).where(
        ResourceLink.context_id == context_id, ResourceLink.track_key.is_not(None)
    )
    return [key for key in session.scalars(query.distinct().order_by(ResourceLink.track_key)) if key]


def learners(session: Session, context_id: int, track: Track, now: datetime | None = None) -> list[CohortLearner]:
    """Each learner of a course in one track, by name; five queries whatever their number."""
    now = now or utcnow()
    members = session.scalars(
        select(Membership)
        .where(Membership.context_id == context_id, Membership.role == "learner")
        .options(joinedload(Membership.person))
    ).all()
    ids = [member.person_id for member in members]
    rows = session.scalars(
        select(Enrolment).where(Enrolment.person_id.in_(ids), Enrolment.track_key == track.key)
    ).all()
    states = progresses(session, rows, {track.key: track})
    by_person = {row.person_id: row for row in rows}
    certified = set(
        session.scalars(
            select(Certificate.person_id).where(
                Certificate.person_id.in_(ids), Certificate.award_key == track.key, Certificate.status == "valid"
            )
        )
    )
    found = []
    for member in members:
        row = by_person.get(member.person_id)
        last = row.last_at if row else None
        state = states.get(row.id) if row else None
        seen = last or member.last_seen_at
        idle = seen is not None and seen < now - IDLE and not (state and state.completed)
        found.append(CohortLearner(member.person, state, member.person_id in certified, last, idle))
    return sorted(found, key=lambda learner: (learner.person.family_name, learner.person.given_name))
