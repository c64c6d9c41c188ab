"""A trainer's cohorts: the courses they train, listed with their figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.models import Certificate, Context, Membership, ResourceLink, utcnow

IDLE = timedelta(days=14)


@dataclass(frozen=True)
class Cohort:
    """A course as its trainer lists it; those who left it are not counted."""

    context: Context
    learners: int
    certified: int
    idle: int
    last_at: datetime | None
    tracks: tuple[str, ...]


def cohorts(session: Session, person_id: int, now: datetime | None = None) -> list[Cohort]:
    """The courses a person trains, by title; three queries."""
    contexts = session.scalars(trained(person_id).order_by(Context.title)).all()
    ids = [context.id for context in contexts]
    idle = case((Membership.last_seen_at < (now or utcnow()) - IDLE, Membership.person_id))
    # A statement of attendance, « track/module », certifies nothing.
    holds = (Certificate.status == "valid", Certificate.award_key.not_like("%/%"))
    counted = session.execute(
        select(
            Membership.context_id,
            func.count(Membership.person_id.distinct()),
            func.count(Certificate.person_id.distinct()),
            func.count(idle.distinct()),
            func.max(Membership.last_seen_at),
        )
        .outerjoin(Certificate, and_(Certificate.person_id == Membership.person_id, *holds))
        .where(Membership.context_id.in_(ids), Membership.role == "learner", Membership.left_at.is_(None))
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
    """The course if that person trains it: a trainer's power ends at their own courses, and when they leave one."""
    return session.scalars(trained(person_id).where(Context.id == context_id)).first()


def cohort_tracks(session: Session, context_id: int) -> Sequence[str]:
    """The tracks placed in a course."""
    query = select(ResourceLink.track_key).where(
        ResourceLink.context_id == context_id, ResourceLink.track_key.is_not(None)
    )
    return [key for key in session.scalars(query.distinct().order_by(ResourceLink.track_key)) if key]


def trained(person_id: int) -> Select[Context]:
    """The courses that person trains."""
    mine = (Membership.person_id == person_id, Membership.role == "trainer", Membership.left_at.is_(None))
    return select(Context).join(Membership, Membership.context_id == Context.id).where(*mine)


def learns(member: type[Membership]) -> ColumnElement[bool]:
    """Whether a ``Membership`` is of a learner who came to that course themselves.

    A roster alone makes nobody's trainer: any teacher of an LMS may enrol anybody of it in a course of theirs.
    """
    return and_(member.role == "learner", member.first_seen_at.is_not(None))


def teaches(context_id: Any, of_track: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether a course has a track for which ``of_track`` holds, or names none in any of its links: it may be any."""
    link = aliased(ResourceLink)
    here = exists().where(link.context_id == context_id)
    return or_(here.where(of_track(link.track_key)), ~here.where(link.track_key.is_not(None)))
