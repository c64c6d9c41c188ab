"""Courses and links that were copied from others (LTI.md R18): where they come from, and the track they lead to.

What people did stays with the course they did it in; a copy begins with columns and participations of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from lms.lti.model import LaunchLink, Message
from lms.models import Context, Deployment, ResourceLink
from lms.models.base import table_of
from lms.models.upsert import insert_new

_C, _D, _L = table_of(Context), table_of(Deployment), table_of(ResourceLink)


def origin_course(own: Session | Connection, platform_id: int, history: Sequence[str]) -> int | None:
    """Our course that is nearest in a history of ids of that platform; None when we know none of them."""
    found: int | None = _nearest(own, _C.c.lti_id, _C.c.id, platform_id, history)
    return found


def inherited(own: Session | Connection, message: Message, link: LaunchLink) -> tuple[LaunchLink, int | None]:
    """(the link with the track of the one it was copied from, that one's number); itself when it names a track.

    Asked of links that are new to us: a platform may lose custom parameters when it copies a course.
    """
    origin = _nearest(own, _L.c.lti_id, _L.c.id, message.registration.platform_id, link.history)
    if origin is None or link.track is not None:
        return link, origin
    row: Any = own.execute(select(_L.c.track_key, _L.c.module_key).where(_L.c.id == origin)).one()
    return replace(link, track=row.track_key, module=row.module_key), origin


def note_copy(own: Session | Connection, deployment: int, lti_id: str, title: str, origin: int) -> int:
    """Keep that a course is the copy of another, before anybody opens it; gives its number."""
    identity = {"deployment_id": deployment, "lti_id": lti_id}
    values = {"title": title, "label": "", "copied_from_id": origin}
    number = insert_new(own, Context, identity, values)
    if number is None:
        mine = (_C.c.deployment_id == deployment) & (_C.c.lti_id == lti_id)
        number = own.execute(select(_C.c.id).where(mine)).scalar_one()
        if number != origin:
            own.execute(update(_C).where(_C.c.id == number).values(copied_from_id=origin))
    return int(number)


def _nearest(own: Session | Connection, lti_id: Any, number: Any, platform_id: int, history: Sequence[str]) -> Any:
    if not history:
        return None
    courses = _C.join(_D, _D.c.id == _C.c.deployment_id)
    source = courses if lti_id.table is _C else courses.join(_L, _L.c.context_id == _C.c.id)
    query = select(lti_id, number).select_from(source).where(_D.c.platform_id == platform_id, lti_id.in_(history))
    known = {row[0]: row[1] for row in own.execute(query.order_by(number))}
    return next((known[each] for each in history if each in known), None)
