"""The state of a connection: what was found the last time it was checked, and what its use has shown since."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.lti.checks import Finding, check
from lms.lti.client import ServiceClient
from lms.models import AuditEntry, Context, Deployment, Membership, Person, Platform, utcnow
from lms.services import outbox
from lms.services.platforms import registration

#: How often each connection is checked unasked.
EVERY = timedelta(days=1)
#: A new connection is checked again until it works, at this pace and for so long.
PACE, WATCHED = timedelta(seconds=15), timedelta(hours=1)
#: How far back the journal is looked through.
RECENT = timedelta(days=3)


def promise_check(
    session: Session, platform_id: int, watched: timedelta = timedelta(0), every: timedelta | None = None
) -> None:
    """Ask that a connection be checked, by a worker, after this transaction commits; ``watched``: until it works.

    ``every`` is as ``outbox.promise`` has it.
    """
    until = (utcnow() + watched).isoformat()
    payload = {"platform_id": platform_id, "until": until}
    outbox.promise(session, "check_platform", str(platform_id), payload, platform_id=platform_id, every=every)


def promise_due_checks(session: Session) -> None:
    """Ask for the daily check of every active connection whose last one is a day old."""
    late = Platform.checked_at < utcnow() - EVERY
    query = select(Platform.id).where(Platform.status == "active", late | Platform.checked_at.is_(None))
    for platform_id in session.scalars(query).all():
        promise_check(session, platform_id, every=EVERY / 2)


def run_check(session: Session, client: ServiceClient, platform_id: int) -> list[Finding]:
    """Check a connection now and keep what was found; everything found, uses included. Commits before it calls.

    ``LtiError``: ``suspended``, ``issuer_unknown``.
    """
    found = registration(session, platform_id)
    roster_url = session.scalar(
        select(Context.members_url)
        .join(Deployment)
        .where(Deployment.platform_id == platform_id, Context.members_url.is_not(None))
        .limit(1)
    )
    session.commit()  # no transaction stays open while the platform answers
    findings = check(client, found, roster_url)
    row = session.get_one(Platform, platform_id, populate_existing=True)
    row.checks = {"findings": [asdict(each) for each in findings], "deep_linked": _has_deep_linked(session, row)}
    row.checked_at = utcnow()
    session.flush()
    return all_findings(session, row)


def all_findings(session: Session, row: Platform) -> list[Finding]:
    """What the last check found, then what the use of the connection shows now."""
    checked = [Finding(**each) for each in row.checks.get("findings", ())]
    return [*checked, *_uses(session, row)]


def worst(row: Platform) -> str:
    """How a connection stood when last checked: ok, bad, or none when it was never checked."""
    states = [each["state"] for each in row.checks.get("findings", ())]
    return "bad" if "bad" in states else "ok" if states else "none"


def settled(findings: Sequence[Finding]) -> bool:
    """Whether nothing is awaited any more: no failure, and a first launch came."""
    return all(each.state in {"ok", "warn"} for each in findings if each.key in {"token", "keys", "launch"})


def _uses(session: Session, row: Platform) -> list[Finding]:
    active = [each.deployment_id for each in row.deployments if each.status == "active"]
    last = row.last_launch_at
    return [
        Finding("deployment", "ok", detail=", ".join(active)) if active else Finding("deployment", "bad", "deployment"),
        Finding("launch", "ok", detail=last.isoformat()) if last else Finding("launch", "wait"),
        Finding("deep_linking", "ok" if _has_deep_linked(session, row) else "wait"),
        _roster(session, row),
    ]


def _has_deep_linked(session: Session, row: Platform) -> bool:
    """Whether a trainer came to choose content: noted once by a check, else looked for in the recent journal."""
    if row.checks.get("deep_linked"):
        return True
    query = (
        select(AuditEntry.id)
        .join(Person, Person.id == AuditEntry.person_id)
        .where(AuditEntry.at > utcnow() - RECENT, AuditEntry.action == "launch", Person.platform_id == row.id)
        .where(AuditEntry.details["message"].as_string() == "DeepLinking")
    )
    return session.scalar(query.limit(1)) is not None


def _roster(session: Session, row: Platform) -> Finding:
    mine: Any = (Context.deployment_id == Deployment.id, Deployment.platform_id == row.id)
    read, failed = session.execute(
        select(func.max(Context.roster_at), func.count(Context.roster_error)).where(*mine)
    ).one()
    if failed:
        return Finding("roster", "warn", "roster_error", str(failed))
    if read is None:
        return Finding("roster", "wait")
    members = session.scalar(
        select(func.count(Membership.id)).where(
            Membership.context_id == Context.id, *mine, Membership.left_at.is_(None)
        )
    )
    return Finding("roster", "ok", detail=str(members))
