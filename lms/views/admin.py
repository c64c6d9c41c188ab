"""Administration: the platforms connected, and what waits to be delivered."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import AuditEntry, OutboxJob, Platform, db
from lms.security import requires, visitor
from lms.services import outbox
from lms.services.connections import worst
from lms.services.platforms import all_platforms

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("/")
@requires("administrator")
def index() -> ResponseReturnValue:
    """How the connections stand, the failures first."""
    own = visitor().platform_id  # an administrator who comes from a platform sees that one alone
    platforms = [row for row in all_platforms(db.session()) if own in {None, row.id}]
    numbers = outbox.counts(db.session())
    waiting = outbox.waiting(db.session(), "failed", "pending")
    troubled = [job for job in waiting if job.last_error]
    count = numbers.get("pending", 0) + numbers.get("failed", 0)
    sentence = " ".join(
        (
            ngettext("One platform is connected.", "%(num)s platforms are connected.", len(platforms))
            if platforms
            else _("No platform is connected yet."),
            ngettext("One delivery waits.", "%(num)s deliveries wait.", count) if count else _("Nothing waits."),
        )
    )
    return render_template(
        "admin/index.html",
        sentence=sentence,
        connect_url=url_for("platforms.connect") if own is None else None,
        platforms=[_platform(platform) for platform in platforms],
        deliveries={
            "pending": numbers.get("pending", 0),
            "failed": numbers.get("failed", 0),
            "sent": numbers.get("done", 0),
            "oldest": min((job.created_at for job in waiting if job.status == "pending"), default=None),
        },
        failures=[_failure(job) for job in troubled],
        replay_all_url=url_for("admin.replay_all") if troubled else None,
    )


@blueprint.post("/deliveries/<int:job_id>/replay")
@requires("administrator")
def replay(job_id: int) -> ResponseReturnValue:
    """Try one delivery again now."""
    if not outbox.replay(db.session(), job_id):
        abort(404)
    _note("delivery_replay", str(job_id))
    db.session.commit()
    flash(_("The delivery will be tried again within a few seconds."), "ok")
    return redirect(url_for("admin.index"), 303)


@blueprint.post("/deliveries/replay")
@requires("administrator")
def replay_all() -> ResponseReturnValue:
    """Try every failed delivery again now."""
    for job in outbox.waiting(db.session(), "failed", "pending"):
        if job.last_error:
            outbox.replay(db.session(), job.id)
    _note("delivery_replay", "all")
    db.session.commit()
    flash(_("Every delivery will be tried again."), "ok")
    return redirect(url_for("admin.index"), 303)


def _note(action: str, target: str) -> None:
    db.session.add(AuditEntry(person_id=visitor().person.id, action=action, target=target))


def _platform(row: Platform) -> dict[str, Any]:
    return {
        "name": row.name,
        "url": url_for("platforms.status", platform_id=row.id) if visitor().platform_id is None else None,
        "issuer": row.issuer,
        "client_id": row.client_id,
        "deployment": ", ".join(deployment.deployment_id for deployment in row.deployments),
        "state": row.status if row.status != "active" else _standing(row),
        "last_launch": row.last_launch_at,
    }


def _standing(row: Platform) -> str:
    """What to say of an active connection: failing, waiting for its first entry, connected."""
    if worst(row) == "bad" or not row.deployments:
        return "failing"
    return "connected" if row.last_launch_at else "waiting"


def _failure(job: OutboxJob) -> dict[str, Any]:
    kinds = {
        "send_score": _("Score to the gradebook"),
        "issue_certificate": _("Certificate to issue"),
        "check_platform": _("Check of a connection"),
        "sync_roster": _("Members of a course"),
    }
    why, _newline, detail = (job.last_error or "").partition("\n")
    return {
        "kind": kinds.get(job.kind, job.kind),
        "since": job.created_at,
        "attempts": job.tries,
        "error": _(why) if why else "",
        "fix": detail or None,
        "next_try": job.due_at if job.status == "pending" else None,
        "replay_url": url_for("admin.replay", job_id=job.id),
    }
