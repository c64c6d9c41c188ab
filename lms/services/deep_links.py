"""Choosing content for a course: a request kept from its launch until it is answered, once, by who began it."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, delete, insert, select, update
from sqlalchemy.orm import Session

from lms.lti.deep_linking import Addressee
from lms.lti.model import DeepLinking, DeepLinkSettings
from lms.models import DeepLinkRequest, Deployment, Platform, utcnow
from lms.models.base import table_of
from lms.models.secrets import hashed, new_token

#: How long a trainer may take to choose.
LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class PendingChoice:
    """A request not answered yet."""

    addressee: Addressee
    settings: DeepLinkSettings
    #: Our row of the deployment.
    deployment: int


def remember(own: Connection, message: DeepLinking, session_hash: str) -> str:
    """Keep a request for the browser of that session; gives the secret part of the picker's address."""
    token, now = new_token(), utcnow()
    values = {
        "token_hash": hashed(token), "session_hash": session_hash, "deployment_id": message.deployment,
        "settings": asdict(message.settings), "created_at": now, "expires_at": now + LIFETIME,
    }  # fmt: skip
    own.execute(insert(table_of(DeepLinkRequest)), values)
    return token


def pending(session: Session, token: str, session_hash: str) -> PendingChoice | None:
    """The request of that address if that session began it, it is not answered yet and its platform may still be."""
    query = (
        select(DeepLinkRequest.settings, Deployment.id, Deployment.deployment_id, Platform.issuer, Platform.client_id)
        .join(Deployment, Deployment.id == DeepLinkRequest.deployment_id)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(*_named(token, session_hash), Platform.status == "active", Deployment.status == "active")
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    kept = row.settings
    settings = DeepLinkSettings(
        **{
            **kept,
            "accept_types": tuple(kept["accept_types"]),
            "accept_targets": tuple(kept["accept_targets"]),
        }
    )
    return PendingChoice(Addressee(row.issuer, row.client_id, row.deployment_id), settings, row.id)


def take(session: Session, token: str, session_hash: str) -> bool:
    """Use a request up. Of concurrent answers exactly one gets True (LTI.md D9)."""
    done = session.execute(delete(DeepLinkRequest).where(*_named(token, session_hash)))
    return cast("CursorResult[Any]", done).rowcount == 1


def hand_over(session: Session, old_hash: str, new_hash: str) -> None:
    """Let a session that goes on in another tab answer what it was asked: ``old_hash`` is about to end."""
    mine = DeepLinkRequest.session_hash == old_hash
    session.execute(update(DeepLinkRequest).where(mine).values(session_hash=new_hash))


def sweep(session: Session) -> None:
    """Remove the requests that nobody answered in time."""
    session.execute(delete(DeepLinkRequest).where(DeepLinkRequest.expires_at < utcnow()))


def _named(token: str, session_hash: str) -> tuple[Any, ...]:
    return (
        DeepLinkRequest.token_hash == hashed(token),
        DeepLinkRequest.session_hash == session_hash,
        DeepLinkRequest.expires_at > utcnow(),
    )
