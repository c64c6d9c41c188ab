"""What a verified message changes: the person, the course, the link, the membership, the participation.

Most launches say nothing new: one query finds everything, and nothing is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from lms.lti.model import Launch, LaunchLink, Message, PrivacyRequest
from lms.models import Context, Enrolment, Membership, Participation, Person, Platform, ResourceLink, utcnow
from lms.models.base import table_of
from lms.models.prepared import Prepared
from lms.models.upsert import change, insert_new
from lms.services.copies import inherited, origin_course
from lms.services.matching import DEFAULT_KEYS, Keys, declared, match

#: Roles from the weakest: a membership keeps the strongest one the launch gave.
STRENGTH = ("learner", "author", "trainer", "hr", "administrator")
#: How old « last seen » may be before a launch writes it again.
SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Arrival:
    """Where a message arrives: rows that exist, by number; no course nor link where the message is of none."""

    person_id: int
    context_id: int | None
    link_id: int | None
    roles: frozenset[str]
    track_key: str | None = None
    module_key: str | None = None
    #: Whether the person already follows the track of the link.
    enrolled: bool = False
    #: A gradebook column that this learner had not come through, or that the link did not have.
    new_column: bool = False


def arrive(
    own: Session | Connection,
    message: Message,
    language: str | None,
    now: datetime | None = None,
    keys: Keys = DEFAULT_KEYS,
) -> Arrival:
    """Record a message: rows are made once and changed only where the platform says something new.

    Two launches of one person at the same time make one row of each (unique constraints decide). Who is nobody of HR's
    yet is matched by ``keys``.
    """
    now = now or utcnow()
    link = message.link if isinstance(message, Launch) else None
    told = keys.told(message.user)
    known = _known(own, message, link, told)
    person_id = _person(own, message, known, language, told)
    if known.declared or _renumbered(known, told):
        match(own, [person_id], keys)
    if known.last_launch_at is None or now - known.last_launch_at > SEEN_EVERY:
        change(own, Platform, message.registration.platform_id, {"last_launch_at": now})
    if isinstance(message, PrivacyRequest):
        return Arrival(person_id, None, None, message.roles)
    context_id = _context(own, message, known)
    _member(own, message, known, person_id, context_id, now)
    if link is None:
        return Arrival(person_id, context_id, None, message.roles)
    link, link_id = _placed(own, message, link, known, context_id)
    learner = "learner" in message.roles
    joined = learner and known.participation_id is None
    if joined:
        insert_new(own, Participation, {"person_id": person_id, "resource_link_id": link_id}, {})
    changed = joined or known.lineitem_url != _column(link, known)
    return Arrival(
        person_id, context_id, link_id, message.roles, link.track, link.module,
        enrolled=known.enrolment_id is not None,
        new_column=learner and bool(link.lineitem_url or link.lineitems_url) and changed,
    )  # fmt: skip


def _known(own: Session | Connection, message: Message, link: LaunchLink | None, told: Mapping[str, Any]) -> Any:
    """What is there already, in one row: the platform, and what is known of each of the others."""
    found = _KNOWN.rows(own, {**_identities(message, link), **told})
    if not found:
        raise LookupError("The platform of a verified launch is gone.")
    return found[0]


def _renumbered(known: Any, told: Mapping[str, str | None]) -> bool:
    """Whether the platform now says which agent they are, or says another than before."""
    before = {"sourced_id": known.sourced_id, "agent_key": known.agent_key}
    return known.person_id is not None and any(told[name] and before[name] != told[name] for name in before)


def _column(link: LaunchLink, known: Any) -> str | None:
    """The column of a link: as the platform names it, else the one found or made before, while it has a gradebook."""
    return link.lineitem_url or (known.lineitem_url if link.lineitems_url else None)


# Made once and free of the ORM: every launch runs it.
_P, _C, _L, _M = table_of(Person), table_of(Context), table_of(ResourceLink), table_of(Membership)
_PA, _E, _PL = table_of(Participation), table_of(Enrolment), table_of(Platform)
_KNOWN = Prepared(
    select(
        _PL.c.last_launch_at,
        _P.c.id.label("person_id"), _P.c.given_name, _P.c.family_name, _P.c.full_name, _P.c.email, _P.c.sourced_id,
        _P.c.agent_key, _P.c.language, declared().label("declared"),
        _C.c.id.label("context_id"), _C.c.title.label("context_title"), _C.c.label.label("context_label"),
        _C.c.members_url, _C.c.groups_url, _C.c.group_sets_url,
        _L.c.id.label("link_id"), _L.c.title.label("link_title"), _L.c.track_key, _L.c.module_key, _L.c.lineitem_url,
        _L.c.lineitems_url, _L.c.ags_scopes,
        _M.c.id.label("membership_id"), _M.c.role, _M.c.first_seen_at, _M.c.last_seen_at, _M.c.left_at,
        _PA.c.id.label("participation_id"),
        _E.c.id.label("enrolment_id"),
    )
    .select_from(
        _PL.outerjoin(_P, (_P.c.platform_id == _PL.c.id) & (_P.c.subject == bindparam("subject")))
        .outerjoin(_C, (_C.c.deployment_id == bindparam("deployment")) & (_C.c.lti_id == bindparam("context")))
        .outerjoin(_L, (_L.c.context_id == _C.c.id) & (_L.c.lti_id == bindparam("link")))
        .outerjoin(_M, (_M.c.person_id == _P.c.id) & (_M.c.context_id == _C.c.id))
        .outerjoin(_PA, (_PA.c.person_id == _P.c.id) & (_PA.c.resource_link_id == _L.c.id))
        .outerjoin(_E, (_E.c.person_id == _P.c.id) & (_E.c.track_key == bindparam("track")))
    )
    .where(_PL.c.id == bindparam("platform"))
)  # fmt: skip


def _identities(message: Message, link: LaunchLink | None) -> dict[str, Any]:
    return {
        "platform": message.registration.platform_id,
        "subject": message.user.subject,
        "deployment": message.deployment,
        "context": message.context.id,
        "link": link.id if link else None,
        "track": link.track if link else None,
    }


def _person(
    own: Session | Connection, message: Message, known: Any, language: str | None, keys: Mapping[str, str | None]
) -> int:
    user = message.user
    told = {
        "given_name": user.given_name, "family_name": user.family_name, "full_name": user.full_name,
        "email": user.email, "sourced_id": user.sourced_id, "agent_key": keys["agent_key"],
    }  # fmt: skip
    # What the platform withholds today does not erase what it gave before.
    values: dict[str, Any] = {name: value for name, value in told.items() if value}
    if language is not None and known.language is None:
        values["language"] = language
    identity = {"platform_id": message.registration.platform_id, "subject": user.subject}
    before = {name: getattr(known, name) for name in values}
    return _kept(own, Person, known.person_id, identity, values, before)


def _context(own: Session | Connection, message: Message, known: Any) -> int:
    context = message.context
    values: dict[str, Any] = {
        "title": context.title, "label": context.label, "members_url": context.members_url,
        "groups_url": context.groups_url, "group_sets_url": context.group_sets_url,
    }  # fmt: skip
    identity = {"deployment_id": message.deployment, "lti_id": context.id}
    if known.context_id is None and context.history:
        values["copied_from_id"] = origin_course(own, message.registration.platform_id, context.history)
    before = {
        "title": known.context_title, "label": known.context_label, "members_url": known.members_url,
        "groups_url": known.groups_url, "group_sets_url": known.group_sets_url,
    }  # fmt: skip
    return _kept(own, Context, known.context_id, identity, values, before)


def _placed(
    own: Session | Connection, message: Message, link: LaunchLink, known: Any, context_id: int
) -> tuple[LaunchLink, int]:
    """(the link as it leads, its number): one that was copied leads where its origin does."""
    values: dict[str, Any] = {}
    if link.history and known.link_id is None:
        link, values["copied_from_id"] = inherited(own, message, link)
    elif link.history and link.track is None:
        link = replace(link, track=known.track_key, module=known.module_key)
    values |= {
        "title": link.title,
        "track_key": link.track,
        "module_key": link.module,
        "lineitem_url": _column(link, known),
        "lineitems_url": link.lineitems_url,
        "ags_scopes": list(link.ags_scopes),
    }
    before = {
        "title": known.link_title,
        "track_key": known.track_key,
        "module_key": known.module_key,
        "lineitem_url": known.lineitem_url,
        "lineitems_url": known.lineitems_url,
        "ags_scopes": known.ags_scopes,
    }
    identity = {"context_id": context_id, "lti_id": link.id}
    return link, _kept(own, ResourceLink, known.link_id, identity, values, before)


def _member(
    own: Session | Connection, message: Message, known: Any, person_id: int, context_id: int, now: datetime
) -> None:
    # Whoever comes is no longer one who left, nor one whom the roster alone knew.
    values: dict[str, Any] = {"role": max(message.roles, key=STRENGTH.index), "left_at": None}
    stale = known.last_seen_at is None or known.left_at is not None or now - known.last_seen_at > SEEN_EVERY
    if known.membership_id is not None and stale:
        values |= {"first_seen_at": known.first_seen_at or now, "last_seen_at": now}
    identity = {"person_id": person_id, "context_id": context_id}
    before = {
        "role": known.role, "left_at": known.left_at, "first_seen_at": known.first_seen_at,
        "last_seen_at": known.last_seen_at,
    }  # fmt: skip
    _kept(own, Membership, known.membership_id, identity, values, before)


def _kept(
    own: Session | Connection,
    model: type[Any],
    number: int | None,
    identity: Mapping[str, Any],
    values: Mapping[str, Any],
    before: Mapping[str, Any],
) -> int:
    """The number of the row, made if it was not there, written where ``values`` differ from ``before``."""
    if number is None:
        number = insert_new(own, model, identity, values)
        if number is not None:
            return number
        # Another launch made it a moment ago.
        number, before = own.execute(select(model.id).filter_by(**identity)).scalar_one(), {}
    changed = {name: value for name, value in values.items() if name not in before or before[name] != value}
    if changed:
        change(own, model, number, changed)
    return number
