"""Platforms as registered, for verifying messages and for administrators."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.lti.model import LtiError, Registration
from lms.models import Deployment, Platform


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


def find_registration(session: Session, issuer: str, client_id: str | None, deployment_id: str | None) -> Registration:
    """The active registration a login speaks for (LTI.md L1 to L6).

    ``LtiError``: ``issuer_unknown``, ``client_ambiguous`` when several registrations fit, ``suspended``.
    """
    query = select(Platform).where(Platform.issuer == issuer).options(selectinload(Platform.deployments))
    if client_id:
        query = query.where(Platform.client_id == client_id)
    found = session.scalars(query).all()
    if deployment_id is not None:
        found = [p for p in found if any(d.deployment_id == deployment_id for d in p.deployments)]
    if not found:
        raise LtiError("issuer_unknown", "no registration for this issuer, client and deployment")
    if len(found) > 1:
        raise LtiError("client_ambiguous", "client_id is needed: several registrations share this issuer")
    return _registration(found[0])


def registration(session: Session, platform_id: int) -> Registration:
    """The active registration of that row. ``LtiError``: ``issuer_unknown``, ``suspended``."""
    platform = session.get(Platform, platform_id, options=[selectinload(Platform.deployments)])
    if platform is None:
        raise LtiError("issuer_unknown")
    return _registration(platform)


def _registration(platform: Platform) -> Registration:
    if platform.status != "active":
        raise LtiError("suspended")
    return Registration(
        platform_id=platform.id,
        issuer=platform.issuer,
        client_id=platform.client_id,
        auth_url=platform.auth_url,
        token_url=platform.token_url,
        jwks_url=platform.jwks_url,
        deployments={row.deployment_id: row.id for row in platform.deployments},
        role_map=platform.role_map,
    )


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
    if problems:
        raise PlatformRefused(problems)
    query = select(Platform).where(Platform.issuer == new.issuer, Platform.client_id == new.client_id)
    platform = session.scalars(query.options(selectinload(Platform.deployments))).first()
    if platform is None:
        platform = Platform(
            name=new.name, issuer=new.issuer, client_id=new.client_id, auth_url=new.auth_url,
            token_url=new.token_url, jwks_url=new.jwks_url, role_map=role_map or {},
        )  # fmt: skip
        session.add(platform)
    elif (platform.auth_url, platform.token_url, platform.jwks_url) != (new.auth_url, new.token_url, new.jwks_url):
        raise PlatformRefused(["This issuer and client_id are already registered with other addresses."])
    if all(row.deployment_id != new.deployment_id for row in platform.deployments):
        platform.deployments.append(Deployment(deployment_id=new.deployment_id))
    session.flush()
    return platform


def all_platforms(session: Session) -> Sequence[Platform]:
    """Every platform with its deployments, by name."""
    query = select(Platform).order_by(Platform.name).options(selectinload(Platform.deployments))
    return session.scalars(query).all()
