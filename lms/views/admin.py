"""Administration: the platforms connected."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import AuditEntry, Platform, db
from lms.pages import config
from lms.security import requires, visitor
from lms.services import deliveries
from lms.services.platforms import all_platforms

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("/")
@requires("administrator")
def index() -> ResponseReturnValue:
    """How the connections stand, the failures first."""
    platforms = all_platforms(db.session())
    numbers = deliveries.counts(db.session())
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
            "oldest": deliveries.oldest(db.session()),
            "url": url_for("deliveries.index"),
        },
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
