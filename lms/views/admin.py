"""Administration: the platforms connected, and what waits to be delivered."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import AuditEntry, OutboxJob, Platform, db
from lms.pages import config
from lms.security import requires, visitor
from lms.services import outbox
from lms.services.platforms import all_platforms

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("/")
@requires("administrator")
def index() -> ResponseReturnValue:
    """How the connections stand, the failures first."""
    platforms = all_platforms(db.session())
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
        platforms=[_platform(platform) for platform in platforms],
        endpoints=[
            {"key": "login", "label": _("Initiate login URL"), "value": _url("lti.login")},
            {"key": "launch", "label": _("Redirection URI and tool URL"), "value": _url("lti.launch")},
            {"key": "jwks", "label": _("Public keyset URL"), "value": _url("lti.jwks")},
        ],
        deliveries={
            "pending": numbers.get("pending", 0),
            "failed": numbers.get("failed", 0),
            "sent": numbers.get("done", 0),
            "oldest": min((job.created_at for job in waiting if job.status == "pending"), default=None),
        },
        failures=[_failure(job) for job in troubled],
        replay_all_url=url_for("admin.replay_all") if troubled else None,
    )


@blueprint.post("/platforms/<int:platform_id>/<any(suspend, resume):action>")
@requires("administrator")
def platform(platform_id: int, action: str) -> ResponseReturnValue:
    """Suspend a platform (no launch, no delivery), or resume it."""
    row = db.session.get(Platform, platform_id)
    if row is None:
        abort(404)
    row.status = "suspended" if action == "suspend" else "active"
    _note("platform_" + action, str(row.id))
    db.session.commit()
    return redirect(url_for("admin.index"), 303)


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


def _url(endpoint: str) -> str:
    return config().base_url + url_for(endpoint)


def _platform(row: Platform) -> dict[str, Any]:
    active = row.status == "active"
    return {
        "name": row.name,
        "issuer": row.issuer,
        "client_id": row.client_id,
        "deployment": ", ".join(deployment.deployment_id for deployment in row.deployments),
        "state": row.status,
        "last_launch": row.last_launch_at,
        "suspend_url": url_for("admin.platform", platform_id=row.id, action="suspend") if active else None,
        "resume_url": None if active else url_for("admin.platform", platform_id=row.id, action="resume"),
    }


def _failure(job: OutboxJob) -> dict[str, Any]:
    kinds = {
        "send_score": _("Score to the gradebook"),
        "issue_certificate": _("Certificate to issue"),
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
