"""What a verified launch changes: the person, the course, the link, the membership, the participation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.lti.model import Launch
from lms.models import Context, Membership, Participation, Person, Platform, ResourceLink, utcnow
from lms.models.upsert import insert_or_find

T = TypeVar("T")

#: Roles from the weakest: a membership keeps the strongest one the launch gave.
STRENGTH = ("learner", "author", "trainer", "hr", "administrator")
#: How old « last seen » may be before a launch writes it again.
SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Arrival:
    """Where a launch arrives: rows already flushed."""

    person: Person
    context: Context
    link: ResourceLink
    roles: frozenset[str]


def arrive(session: Session, launch: Launch, language: str | None, now: datetime | None = None) -> Arrival:
    """Record a launch: rows are made once and changed only where the platform says something new.

    Two launches of one person at the same time make one row of each (unique constraints decide).
    """
    now = now or utcnow()
    platform_id = launch.registration.platform_id
    person = _person(session, launch, language)
    context = _row(
        session, Context, {"deployment_id": launch.deployment, "lti_id": launch.context.id},
        {"title": launch.context.title, "label": launch.context.label},
    )  # fmt: skip
    link = _row(session, ResourceLink, {"context_id": context.id, "lti_id": launch.link.id}, _link(launch))
    role = max(launch.roles, key=STRENGTH.index)
    member = _row(session, Membership, {"person_id": person.id, "context_id": context.id}, {"role": role})
    if now - member.last_seen_at > SEEN_EVERY:
        member.last_seen_at = now
    if "learner" in launch.roles:
        _row(session, Participation, {"person_id": person.id, "resource_link_id": link.id}, {})
    session.execute(
        update(Platform)
        .where(Platform.id == platform_id)
        .where((Platform.last_launch_at.is_(None)) | (Platform.last_launch_at < now - SEEN_EVERY))
        .values(last_launch_at=now)
    )
    session.flush()
    return Arrival(person, context, link, launch.roles)


def _person(session: Session, launch: Launch, language: str | None) -> Person:
    user = launch.user
    person = _row(
        session, Person,
        {"platform_id": launch.registration.platform_id, "subject": user.subject},
        # What the platform withholds today does not erase what it gave before.
        {
            name: value
            for name, value in {
                "given_name": user.given_name, "family_name": user.family_name, "full_name": user.full_name,
                "email": user.email, "sourced_id": user.sourced_id,
            }.items()
            if value
        },
    )  # fmt: skip
    if person.language is None and language is not None:
        person.language = language
    return person


def _link(launch: Launch) -> dict[str, Any]:
    link = launch.link
    return {
        "title": link.title,
        "track_key": link.track,
        "module_key": link.module,
        "lineitem_url": link.lineitem_url,
        "ags_scopes": list(link.ags_scopes),
    }


def _row(session: Session, model: type[T], identity: dict[str, Any], values: dict[str, Any]) -> T:
    row = session.scalars(select(model).filter_by(**identity)).first()
    if row is None:
        row = insert_or_find(session, model, identity, values)
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    return row
