"""Platforms as registered, for verifying messages and for administrators."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session, selectinload

from lms.lti.model import LtiError, PendingLogin, Registration
from lms.models import Deployment, LaunchState, Platform, utcnow
from lms.models.base import table_of
from lms.models.prepared import Prepared
from lms.models.secrets import hashed
from lms.services.audit import record
from lms.services.invitations import end_reconnections
from lms.services.sessions import close_sessions_of_platform

_HOST = re.compile(r"(?=.{1,255}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[1-9]\d{0,4})?")

# Every launch reads these: made once, and free of the ORM.
_PLATFORM, _DEPLOYMENT, _STATE = table_of(Platform), table_of(Deployment), table_of(LaunchState)
_REGISTRATIONS = (
    select(
        _PLATFORM.c.id, _PLATFORM.c.issuer, _PLATFORM.c.client_id, _PLATFORM.c.auth_url, _PLATFORM.c.token_url,
        _PLATFORM.c.jwks_url, _PLATFORM.c.token_audience, _PLATFORM.c.hosts, _PLATFORM.c.role_map, _PLATFORM.c.status,
        _DEPLOYMENT.c.deployment_id, _DEPLOYMENT.c.id.label("row_id"), _DEPLOYMENT.c.status.label("deployment_status"),
    )
    .outerjoin_from(_PLATFORM, _DEPLOYMENT, _DEPLOYMENT.c.platform_id == _PLATFORM.c.id)
    .order_by(_PLATFORM.c.id)
)  # fmt: skip
_BY_ISSUER = Prepared(_REGISTRATIONS.where(_PLATFORM.c.issuer == bindparam("issuer")))
_BY_ID = Prepared(_REGISTRATIONS.where(_PLATFORM.c.id == bindparam("id")))
_BY_STATE = Prepared(
    _REGISTRATIONS.join(_STATE, _STATE.c.platform_id == _PLATFORM.c.id)
    .where(_STATE.c.state_hash == bindparam("state"))
    .add_columns(
        _STATE.c.deployment_id.label("asked_deployment"), _STATE.c.nonce, _STATE.c.target, _STATE.c.browser_hash,
        _STATE.c.login_hint, _STATE.c.message_hint, _STATE.c.storage_target, _STATE.c.expires_at,
    )
)  # fmt: skip


class PlatformRefused(ValueError):
    """A platform that cannot be added: ``problems`` says why, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


@dataclass(frozen=True)
class NewPlatform:
    """What an administrator enters to connect an LMS by hand."""

    name: str
    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    deployment_id: str
    #: As ``Platform`` has them.
    hosts: tuple[str, ...] = ()
    token_audience: str | None = None
    product: str = ""


def find_registration(
    own: Session | Connection, issuer: str, client_id: str | None, deployment_id: str | None
) -> Registration:
    """The active registration a login speaks for (LTI.md L1 to L6).

    ``LtiError``: ``issuer_unknown``, ``client_ambiguous`` when several registrations fit, ``suspended``,
    ``deployment_suspended``.
    """
    found = _read(_BY_ISSUER.rows(own, {"issuer": issuer}))
    if client_id:
        found = [each for each in found if each[0].client_id == client_id]
    if deployment_id is not None:
        if any(deployment_id in each[0].suspended for each in found):
            raise LtiError("deployment_suspended")
        found = [each for each in found if deployment_id in each[0].deployments]
    if not found:
        raise LtiError("issuer_unknown", "no registration for this issuer, client and deployment")
    if len(found) > 1:
        raise LtiError("client_ambiguous", "client_id is needed: several registrations share this issuer")
    return _active(*found[0])


def registration(own: Session | Connection, platform_id: int) -> Registration:
    """The active registration of that row. ``LtiError``: ``issuer_unknown``, ``suspended``."""
    found = _read(_BY_ID.rows(own, {"id": platform_id}))
    if not found:
        raise LtiError("issuer_unknown")
    return _active(*found[0])


def login_under_way(own: Session | Connection, state: str) -> tuple[PendingLogin, Registration]:
    """The unconsumed login of that state, and the active registration it speaks for; one query.

    ``LtiError``: ``state_unknown``, ``suspended``.
    """
    rows = _BY_STATE.rows(own, {"state": hashed(state)})
    if not rows or rows[0].expires_at < utcnow():
        raise LtiError("state_unknown", "already used, expired, or never begun here")
    row = rows[0]
    login = PendingLogin(
        row.id, row.asked_deployment, row.nonce, row.target, row.browser_hash, row.expires_at, row.login_hint,
        row.message_hint, row.storage_target,
    )  # fmt: skip
    return login, _active(*_read(rows)[0])


def _read(every: Iterable[Any]) -> list[tuple[Registration, str]]:
    """Registrations with their status; a row is a platform with one of its deployments."""
    found = []
    for _key, rows in groupby(every, key=itemgetter(0)):
        first, *others = rows
        deployments = {row.deployment_id: row.row_id for row in (first, *others) if row.deployment_status == "active"}
        known = Registration(
            platform_id=first.id, issuer=first.issuer, client_id=first.client_id, auth_url=first.auth_url,
            token_url=first.token_url, jwks_url=first.jwks_url, deployments=deployments, role_map=first.role_map,
            token_audience=first.token_audience, hosts=tuple(first.hosts),
            suspended=frozenset(row.deployment_id for row in (first, *others) if row.deployment_status == "suspended"),
        )  # fmt: skip
        found.append((known, first.status))
    return found


def _active(found: Registration, status: str) -> Registration:
    if status != "active":
        raise LtiError("suspended")
    return found


def add_platform(session: Session, new: NewPlatform, role_map: dict[str, str] | None = None) -> Platform:
    """Register a platform, or add a deployment to one already known by (issuer, client_id).

    Raises ``PlatformRefused``. Addresses of a known platform are not changed here.
    """
    problems = [
        f"{name} must be a web address that begins with https:// (or http:// on a private network)."
        for name in ("issuer", "auth_url", "token_url", "jwks_url")
        if urlsplit(getattr(new, name)).scheme not in {"https", "http"} or not urlsplit(getattr(new, name)).netloc
    ]
    problems += [f"{name} is missing." for name in ("name", "client_id", "deployment_id") if not getattr(new, name)]
    problems += [
        f"{host} is no host name: lms.example, or lms.example:8443." for host in new.hosts if not is_host(host)
    ]
    if problems:
        raise PlatformRefused(problems)
    query = select(Platform).where(Platform.issuer == new.issuer, Platform.client_id == new.client_id)
    platform = session.scalars(query.options(selectinload(Platform.deployments))).first()
    if platform is None:
        platform = Platform(
            name=new.name, issuer=new.issuer, client_id=new.client_id, auth_url=new.auth_url,
            token_url=new.token_url, jwks_url=new.jwks_url, role_map=role_map or {}, hosts=list(new.hosts),
            token_audience=new.token_audience, product=new.product,
        )  # fmt: skip
        session.add(platform)
    elif (platform.auth_url, platform.token_url, platform.jwks_url) != (new.auth_url, new.token_url, new.jwks_url):
        raise PlatformRefused(["This issuer and client_id are already registered with other addresses."])
    if all(row.deployment_id != new.deployment_id for row in platform.deployments):
        platform.deployments.append(Deployment(deployment_id=new.deployment_id))
    session.flush()
    return platform


def suspend(session: Session, platform: Platform, by: int | None = None) -> None:
    """Let nobody in from a platform and send it nothing: its people's sessions end, no address reconnects it.

    Pages of an assessment that are open keep what is answered there, as they do once a session has ended.
    """
    platform.status = "suspended"
    session.flush()
    close_sessions_of_platform(session, platform.id)
    end_reconnections(session, platform.id)
    record(session, "platform_suspend", f"platform:{platform.id}", by)


def resume(session: Session, platform: Platform, by: int | None = None) -> None:
    """Let people in from a platform again."""
    platform.status = "active"
    session.flush()
    record(session, "platform_resume", f"platform:{platform.id}", by)


def platform_names(session: Session) -> Sequence[tuple[int, str]]:
    """(id, name) of every platform, in name order."""
    query = select(Platform.id, Platform.name).order_by(Platform.name, Platform.id)
    return [(number, name) for number, name in session.execute(query)]


def add_deployment(session: Session, platform: Platform, deployment_id: str) -> bool:
    """Admit one more deployment, of exactly that id; False when it is known already."""
    if any(row.deployment_id == deployment_id for row in platform.deployments):
        return False
    platform.deployments.append(Deployment(deployment_id=deployment_id))
    session.flush()
    return True


def is_host(text: str) -> bool:
    """Whether a text is a host name, perhaps with a port, and nothing more."""
    return _HOST.fullmatch(text) is not None


def all_platforms(session: Session) -> Sequence[Platform]:
    """Every platform with its deployments, by name."""
    query = select(Platform).order_by(Platform.name).options(selectinload(Platform.deployments))
    return session.scalars(query).all()
