"""Administration: the platforms connected."""

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.i18n import capitalized, counted, ngettext
from lms.i18n import gettext as _
from lms.models import Platform, db
from lms.security import requires, visitor
from lms.services import deliveries
from lms.services.connections import worst
from lms.services.platforms import all_platforms

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("/")
@requires("administrator")
def index() -> ResponseReturnValue:
    """How the connections stand, the failures first."""
    own = visitor().platform_id  # an administrator who comes from a platform sees that one alone
    platforms = [row for row in all_platforms(db.session()) if own in {None, row.id}]
    numbers = deliveries.counts(db.session(), own)
    count = numbers.get("pending", 0) + numbers.get("failed", 0)
    sentence = " ".join(
        (
            ngettext("One platform is connected.", "%(num)s platforms are connected.", len(platforms))
            if platforms
            else _("No platform is connected yet."),
            capitalized(ngettext("One delivery waits.", "%(shown)s deliveries wait.", count, shown=counted(count)))
            if count
            else _("Nothing waits."),
        )
    )
    return render_template(
        "admin/index.html",
        sentence=sentence,
        connect_url=url_for("platforms.connect") if own is None else None,
        authors_url=url_for("authors.index") if own is None else None,
        identities_url=url_for("identities.index") if own is None else None,
        scopes_url=url_for("hr_scopes.index") if own is None else None,
        journal_url=url_for("journal.index") if own is None else None,
        personal_data_url=url_for("retention.index") if own is None else None,
        platforms=[_platform(platform) for platform in platforms],
        deliveries={
            "pending": numbers.get("pending", 0),
            "failed": numbers.get("failed", 0),
            "sent": numbers.get("done", 0),
            "oldest": deliveries.oldest(db.session(), own),
            "url": url_for("deliveries.index"),
        },
    )


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
