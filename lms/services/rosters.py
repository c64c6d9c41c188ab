"""The roster of a course, as its platform has it: who is in it, who left, and in which groups they are.

A reading goes from ``begin`` to ``end``, batch by batch, each in a transaction of its own. Nobody is said to have
left before the whole roster was read, so that a reading that stops halfway changes nothing it should not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, exists, or_, select, update
from sqlalchemy.orm import Session, joinedload

from lms.lti.groups import Group
from lms.lti.members import Member
from lms.lti.model import Registration
from lms.lti.roles import map_roles
from lms.models import Context, Membership, OutboxJob, utcnow
from lms.services import roster_rows
from lms.services.audit import record
from lms.services.launches import STRENGTH
from lms.services.outbox import promise
from lms.services.platforms import registration

KIND = "sync_roster"
#: How old a roster may grow before the worker reads it again, and how long after the last visit it stops.
FRESH = timedelta(hours=24)
LIVELY = timedelta(days=60)
#: Those who run a platform open courses whose rosters do not name them: a trainer who came so recently has not left.
VISIT = timedelta(hours=24)


@dataclass(frozen=True)
class Reading:
    """A roster being read since ``at``; ``groups_url`` and ``sets_url`` are None where the platform has no groups."""

    context_id: int
    platform: Registration
    url: str
    groups_url: str | None
    sets_url: str | None
    at: datetime


def ask(session: Session, context: Context, person_id: int | None = None) -> bool:
    """Promise to read the roster now; False when the platform offers none, or when that is promised already."""
    if not context.members_url or reading_awaited(session, context.id):
        return False
    promise(session, KIND, _key(context.id), {"context_id": context.id})
    record(session, "roster_asked", _key(context.id), person_id)
    return True


def reading_awaited(session: Session, context_id: int) -> bool:
    """Whether a reading is promised, and has neither ended nor failed since."""
    job = (OutboxJob.kind == KIND) & (OutboxJob.key == _key(context_id))
    waits = exists().where(job, OutboxJob.status == "pending", OutboxJob.last_error.is_(None))
    return bool(session.scalar(select(waits)))


def promise_due(session: Session, now: datetime | None = None) -> int:
    """Promise to read each roster that has grown old in a course people still open; gives how many.

    A reading that failed is not promised again before a day: its own tries were spent.
    """
    now = now or utcnow()
    lively = exists().where(Membership.context_id == Context.id, Membership.last_seen_at > now - LIVELY)
    due = session.scalars(
        select(Context.id).where(
            Context.members_url.is_not(None), or_(Context.roster_at.is_(None), Context.roster_at < now - FRESH), lively
        )
    ).all()
    recent = select(OutboxJob.key).where(
        OutboxJob.kind == KIND, or_(OutboxJob.status == "pending", OutboxJob.due_at > now - FRESH)
    )
    under_way = set(session.scalars(recent))
    wanted = [context_id for context_id in due if _key(context_id) not in under_way]
    for context_id in wanted:
        promise(session, KIND, _key(context_id), {"context_id": context_id})
    return len(wanted)


def begin(session: Session, context_id: int, now: datetime | None = None) -> Reading | None:
    """What is needed to read a roster; None when the course is gone or its platform offers no roster any more.

    ``LtiError``: ``suspended``.
    """
    query = select(Context).where(Context.id == context_id).options(joinedload(Context.deployment))
    context = session.scalars(query).first()
    if context is None or not context.members_url:
        return None
    platform = registration(session, context.deployment.platform_id)
    if context.deployment_id not in platform.deployments.values():
        return None  # a suspended deployment: nothing is asked about its courses
    return Reading(
        context.id, platform, context.members_url, context.groups_url, context.group_sets_url, now or utcnow()
    )


def take(session: Session, reading: Reading, members: Iterable[Member]) -> None:
    """Write a batch: people and memberships are made or brought up to date; those who left are passed over."""
    active = {member.user_id: member for member in members if member.status == "Active"}
    if not active:
        return
    rows = [_row(member, reading.platform) for member in active.values()]
    roster_rows.put_people(session, reading.platform.platform_id, rows)
    roster_rows.put_memberships(session, reading.platform.platform_id, reading.context_id, reading.at, rows)


def take_groups(session: Session, reading: Reading, groups: Sequence[Group]) -> None:
    """Bring the groups of the course up to date; those the platform no longer has go, with who was in them."""
    rows = [{"lti_id": group.id, "name": group.name, "set_name": group.set_name} for group in groups]
    roster_rows.put_groups(session, reading.context_id, rows)


def take_group_members(session: Session, reading: Reading, groups: Mapping[str, Iterable[str]]) -> None:
    """Put each person (LTI user id) in exactly these groups of the course."""
    pairs = [{"subject": subject, "group": each} for subject, own in groups.items() for each in own]
    roster_rows.put_group_members(session, reading.platform.platform_id, reading.context_id, list(groups), pairs)


def end(session: Session, reading: Reading) -> int:
    """The whole roster was read: whoever it did not name has left; gives how many. Their results stay."""
    came_since = Membership.last_seen_at >= reading.at
    visits = (Membership.role != "learner") & (Membership.last_seen_at >= reading.at - VISIT)
    absent = or_(Membership.roster_at.is_(None), Membership.roster_at < reading.at)
    here = or_(Membership.last_seen_at.is_(None), ~(came_since | visits))
    gone = update(Membership).where(
        Membership.context_id == reading.context_id, Membership.left_at.is_(None), absent, here
    )
    result = session.execute(gone.values(left_at=reading.at).execution_options(synchronize_session=False))
    left = cast("CursorResult[Any]", result).rowcount
    roster_rows.empty_groups_of_departed(session, reading.context_id)
    note(session, reading.context_id, None, read_at=reading.at)
    record(session, "roster_read", _key(reading.context_id), left=left)
    return left


def note(session: Session, context_id: int, why: str | None, *, read_at: datetime | None = None) -> None:
    """Keep what stopped a reading, in words to translate, or that nothing did; and when a whole one began."""
    values: dict[str, Any] = {"roster_error": why[:500] if why else None}
    if read_at is not None:
        values["roster_at"] = read_at
    change = update(Context).where(Context.id == context_id).values(values)
    session.execute(change.execution_options(synchronize_session=False))


def _key(context_id: int) -> str:
    return f"context:{context_id}"


def _row(member: Member, platform: Registration) -> dict[str, str]:
    return {
        "subject": member.user_id,
        "given_name": member.given_name,
        "family_name": member.family_name,
        "full_name": member.full_name,
        "sourced_id": member.sourced_id,
        "role": max(map_roles(member.roles, platform.role_map), key=STRENGTH.index),
    }
