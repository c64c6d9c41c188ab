"""Programs that may read the API: made, given tokens, recognised, revoked. Their secrets are shown once, never kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from lms.models import ApiClient, ApiToken, Unit, utcnow
from lms.models.secrets import hashed, new_token, same
from lms.services.api_resources import SCOPES
from lms.services.audit import record
from lms.services.organisation import Scope

Kind = Literal["client", "token"]

#: How long a token given for an id and a secret lasts, and at most one that is shown once on the page.
SHORT = timedelta(minutes=30)
LONGEST = timedelta(days=366)
#: Whoever finds one of these in a file knows what it is, and so do programs that look for lost secrets.
SECRET_PREFIX, SHORT_PREFIX, LONG_PREFIX = "mpia_cs_", "mpia_at_", "mpia_lt_"
#: How often the last use is noted.
SEEN = timedelta(hours=1)


class ClientRefused(Exception):
    """What was asked is refused. ``error`` is the protocol's word (RFC 6749, section 5.2), ``why`` a sentence."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(error)
        self.error, self.why = error, why


@dataclass(frozen=True)
class Caller:
    """The program behind a request: who, for what purpose, with which scopes, over which part of the organisation."""

    id: int
    key: str
    purpose: str
    scopes: frozenset[str]
    reach: Scope
    used_at: datetime | None


def make(
    session: Session,
    kind: Kind,
    name: str,
    purpose: str,
    scopes: Iterable[str],
    unit: Unit | None = None,
    *,
    by: int | None = None,
    days: int = 365,
) -> tuple[ApiClient, str]:
    """A new client, or a long token that ends after so many days; and its secret, which is stored nowhere.

    Raises ``ValueError`` for a scope that does not exist, none at all, no name or purpose, or too many days.
    """
    wanted = sorted(set(scopes))
    if not wanted or set(wanted) - set(SCOPES):
        raise ValueError("scopes")
    if not name.strip() or not purpose.strip():
        raise ValueError("name and purpose")
    now = utcnow()
    lasts = timedelta(days=days)
    if kind == "token" and not timedelta(0) < lasts <= LONGEST:
        raise ValueError("days")
    secret = (SECRET_PREFIX if kind == "client" else LONG_PREFIX) + new_token()
    row = ApiClient(
        kind=kind, key=f"mpia-{new_token()[:16]}", name=name.strip(), purpose=purpose.strip(),
        secret_hash=hashed(secret), scopes=wanted, unit=unit, created_by=by, created_at=now,
        expires_at=now + lasts if kind == "token" else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    where = unit.code if unit else ""
    record(session, "api_client_make", f"api:{row.key}", by, kind=kind, scopes=wanted, unit=where)
    return row, secret


def revoke(session: Session, row: ApiClient, by: int | None = None) -> None:
    """Refuse a client and every token it holds from now on."""
    if row.revoked_at is None:
        row.revoked_at = utcnow()
        session.execute(delete(ApiToken).where(ApiToken.client_id == row.id))
        record(session, "api_client_revoke", f"api:{row.key}", by)
        session.flush()


def every(session: Session) -> Sequence[ApiClient]:
    """All of them with their unit, those in use first, then the last made."""
    query = select(ApiClient).options(joinedload(ApiClient.unit))
    return session.scalars(query.order_by(ApiClient.revoked_at.is_not(None), ApiClient.id.desc())).all()


def named(session: Session, key: str) -> ApiClient | None:
    """The client of that public name."""
    return session.scalars(select(ApiClient).filter_by(key=key)).first()


def give_token(session: Session, key: str, secret: str, asked: str) -> tuple[str, list[str]]:
    """A short token for an id and its secret, with the scopes asked for (all of its own by default); and those.

    Raises ``ClientRefused``: ``invalid_client``, ``invalid_scope``.
    """
    row = named(session, key)
    held = row.secret_hash if row is not None and row.kind == "client" else hashed("nobody")
    if not same(hashed(secret), held) or row is None or row.revoked_at is not None:
        raise ClientRefused("invalid_client", "This client_id and this secret do not go together, or were revoked.")
    scopes = sorted(set(asked.split())) or list(row.scopes)
    beyond = set(scopes) - set(row.scopes)
    if beyond:
        raise ClientRefused("invalid_scope", f"This client may not ask for: {' '.join(sorted(beyond))}.")
    now = utcnow()
    token = SHORT_PREFIX + new_token()
    session.add(ApiToken(token_hash=hashed(token), client_id=row.id, scopes=scopes, expires_at=now + SHORT))
    row.used_at = now
    session.flush()
    return token, scopes


def caller(session: Session, token: str) -> Caller | None:
    """Who bears that token; None when it is unknown, ended or revoked. One query."""
    now, held = utcnow(), hashed(token)
    if token.startswith(LONG_PREFIX):
        query = select(ApiClient).where(ApiClient.secret_hash == held, ApiClient.kind == "token")
        query = query.where(ApiClient.revoked_at.is_(None), ApiClient.expires_at > now)
        row = session.scalars(query.options(joinedload(ApiClient.unit))).first()
        return _caller(row, row.scopes) if row is not None else None
    alive = select(ApiToken).join(ApiToken.client).outerjoin(ApiClient.unit)
    alive = alive.options(contains_eager(ApiToken.client).contains_eager(ApiClient.unit))
    alive = alive.where(ApiToken.token_hash == held, ApiToken.expires_at > now, ApiClient.revoked_at.is_(None))
    short = session.scalars(alive).first()
    return _caller(short.client, short.scopes) if short is not None else None


def note_use(session: Session, who: Caller, now: datetime) -> None:
    """Note that a program was seen, once an hour."""
    if who.used_at is None or now - who.used_at > SEEN:
        session.get_one(ApiClient, who.id).used_at = now
        session.flush()


def sweep(session: Session) -> None:
    """Remove short tokens that ended."""
    session.execute(delete(ApiToken).where(ApiToken.expires_at <= utcnow()))


def _caller(row: ApiClient, scopes: Iterable[str]) -> Caller:
    # The unit as it is now: wherever it was moved to, the client sees it and no more.
    reach = Scope((row.unit.path,)) if row.unit is not None else Scope()
    return Caller(row.id, row.key, row.purpose, frozenset(scopes), reach, row.used_at)
