"""Signed-in browsers: opened by a launch or a local account, kept in the database, revocable."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, delete, insert, select, update
from sqlalchemy.orm import Session, joinedload

from lms.lti.addresses import origin_of
from lms.lti.model import Message
from lms.models import LocalAccount, Person, Platform, WebSession, utcnow
from lms.models.base import table_of
from lms.models.prepared import Prepared
from lms.models.secrets import hashed, new_token

#: How long, in minutes, the address that carries a session to a tab of its own may be used, once.
HANDOVER = 5

#: How long after signing in one may end one's other sessions (ASVS 5.0, 7.5.2).
FRESH = timedelta(minutes=10)

_INSERT = Prepared(insert(table_of(WebSession)))


def open_session(
    own: Session | Connection,
    person_id: int,
    roles: frozenset[str],
    minutes: int,
    *,
    launch: Message | None = None,
    context_id: int | None = None,
    resource_link_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """A new session for ``minutes``; gives the token its cookie must carry, which is stored hashed.

    ``since``, ``until``: when the person signed in and is signed out at the latest, where this goes on with a session
    of before.
    """
    token = new_token()
    now = utcnow()
    ends = now + timedelta(minutes=minutes)
    _INSERT.run(
        own,
        {
            "token_hash": hashed(token),
            "person_id": person_id,
            "roles": sorted(roles),
            "context_id": context_id,
            "resource_link_id": resource_link_id,
            "platform_origin": origin_of(launch.registration.auth_url) if launch and launch.embedded else None,
            "return_url": launch.return_url if launch else None,
            "created_at": since or now,
            "expires_at": ends if until is None else min(ends, until),
        },
    )
    return token


def live_session(session: Session, token: str) -> WebSession | None:
    """The session of that token with its person, unless it ended; one query."""
    query = select(WebSession).where(WebSession.token_hash == hashed(token)).options(joinedload(WebSession.person))
    row = session.scalars(query).first()
    return row if row is not None and row.expires_at > utcnow() else None


def end_by_inactivity(row: WebSession, minutes: int, idle_minutes: int) -> datetime:
    """When a session that is used now ends: ``idle_minutes`` from now, ``minutes`` after signing in at the latest."""
    return min(row.created_at + timedelta(minutes=minutes), utcnow() + timedelta(minutes=idle_minutes))


def change_end(session: Session, row: WebSession, ends: datetime) -> None:
    """Let a session end then, unless it was ended meanwhile."""
    session.execute(update(WebSession).where(WebSession.token_hash == row.token_hash).values(expires_at=ends))


def sessions_of(session: Session, person_id: int) -> Sequence[WebSession]:
    """The open sessions of a person, with their course, the last begun first; one query."""
    query = select(WebSession).where(WebSession.person_id == person_id, WebSession.expires_at > utcnow())
    query = query.options(joinedload(WebSession.context)).order_by(WebSession.created_at.desc(), WebSession.token_hash)
    return session.scalars(query).unique().all()


def key_of(row: WebSession) -> str:
    """What a session is called on the page of its person: it opens nothing."""
    return hashed(row.token_hash)[:16]


def is_fresh(row: WebSession) -> bool:
    """Whether its person has just signed in, or come from their platform."""
    return utcnow() - row.created_at < FRESH


def close_session(session: Session | Connection, token_hash: str) -> bool:
    """Sign one browser out. Of concurrent calls exactly one gets True."""
    done = session.execute(delete(WebSession).where(WebSession.token_hash == token_hash))
    return cast("CursorResult[Any]", done).rowcount == 1


def close_sessions(session: Session, person_id: int, but: str = "") -> int:
    """Sign a person out everywhere, but in the browser of hash ``but``; gives how many browsers that was."""
    mine = WebSession.person_id == person_id, WebSession.token_hash != but
    done = session.execute(delete(WebSession).where(*mine))
    return int(cast("CursorResult[Any]", done).rowcount)


def close_sessions_of_platform(session: Session, platform_id: int) -> None:
    """Sign the people of a platform out everywhere."""
    people = select(Person.id).where(Person.platform_id == platform_id)
    session.execute(delete(WebSession).where(WebSession.person_id.in_(people)))


def close_every_session(session: Session) -> int:
    """Sign everybody out; gives how many browsers that was."""
    return int(cast("CursorResult[Any]", session.execute(delete(WebSession))).rowcount)


def sweep(session: Session) -> None:
    """Remove ended sessions, and those opened while their account was being closed, or their platform suspended."""
    session.execute(delete(WebSession).where(WebSession.expires_at < utcnow()))
    closed = select(LocalAccount.person_id).where(LocalAccount.closed_at.is_not(None))
    session.execute(delete(WebSession).where(WebSession.person_id.in_(closed)))
    suspended = select(Person.id).join(Person.platform).where(Platform.status == "suspended")
    session.execute(delete(WebSession).where(WebSession.person_id.in_(suspended)))
