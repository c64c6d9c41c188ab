"""Platforms connected by dynamic registration: who may take an issuer, and the platform made or reconnected."""

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.lti.addresses import host_of
from lms.lti.families import family_of
from lms.lti.model import LtiError
from lms.lti.registration import PlatformConfiguration, Registered
from lms.models import AccessToken, Deployment, Invitation, Platform
from lms.services.audit import record
from lms.services.connections import WATCHED, promise_check


def check_issuer(session: Session, invitation: Invitation, issuer: str) -> None:
    """Refuse an issuer that this invitation may not take (LTI.md G7).

    ``LtiError``: ``issuer_taken`` when it is another platform's here, ``issuer_differs`` when the invitation was made
    to reconnect a platform of another issuer, ``suspended`` when that platform is: an administrator resumes it first.
    """
    if invitation.platform_id is not None:
        known = session.get(Platform, invitation.platform_id)
        if known is None or known.issuer != issuer:
            raise LtiError("issuer_differs")
        if known.status != "active":
            raise LtiError("suspended")
        return
    # Schools hosted by one vendor share its issuer: each has its own client, and so its own tenant.
    if family_of(issuer) is None and session.scalar(select(Platform.id).where(Platform.issuer == issuer).limit(1)):
        raise LtiError("issuer_taken")


def connect(session: Session, invitation: Invitation, found: PlatformConfiguration, answer: Registered) -> Platform:
    """The platform as registered, made or reconnected, its first check promised.

    ``LtiError``: those of ``check_issuer``, and ``client_taken`` when that client is another platform's here (G6).
    """
    check_issuer(session, invitation, found.issuer)
    same = session.scalars(select(Platform).filter_by(issuer=found.issuer, client_id=answer.client_id)).first()
    if same is not None and same.id != invitation.platform_id:
        raise LtiError("client_taken")
    platform = session.get(Platform, invitation.platform_id) if invitation.platform_id else None
    action = "platform_reconnect" if platform else "platform_connect"
    if platform is None:
        platform = Platform(name=found.name, issuer=found.issuer)
        session.add(platform)
    platform.client_id, platform.auth_url, platform.token_url = answer.client_id, found.auth_url, found.token_url
    platform.jwks_url, platform.token_audience, platform.product = found.jwks_url, found.token_audience, found.product
    platform.checks, platform.checked_at = {}, None
    platform.hosts = sorted({*(platform.hosts or ()), *_more_hosts(found)})
    try:
        session.flush()
    except IntegrityError as error:  # another registration got the same client at the same moment
        raise LtiError("client_taken") from error
    session.execute(delete(AccessToken).where(AccessToken.platform_id == platform.id))
    if answer.deployment_id is not None:
        _deploy(platform, answer.deployment_id)
    record(session, action, f"platform:{platform.id}", product=found.product)
    promise_check(session, platform.id, WATCHED)
    return platform


def _deploy(platform: Platform, deployment_id: str) -> None:
    """The deployment of the answer. The only one of a reconnected platform takes the new id: its courses stay."""
    if any(row.deployment_id == deployment_id for row in platform.deployments):
        return
    if len(platform.deployments) == 1:
        platform.deployments[0].deployment_id = deployment_id
    else:
        platform.deployments.append(Deployment(deployment_id=deployment_id))


def _more_hosts(found: PlatformConfiguration) -> set[str]:
    """Hosts the platform may use beside its addresses': those admitted, and where its configuration came from."""
    own = {host_of(url) for url in (found.issuer, found.auth_url, found.token_url, found.jwks_url)}
    more = {host if ":" in host else f"{host}:443" for host in found.hosts} | {host_of(found.url)}
    return {host.removesuffix(":443") for host in (more | {host_of(found.registration_url)}) - own}
