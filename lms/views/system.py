"""Whether the service lives and is ready, for whoever operates it."""

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from lms.counting import counts
from lms.metrics import exposition
from lms.migrations.head import head, is_later, revision_of
from lms.models import ToolKey, db, utcnow
from lms.models.pooling import let_go, writes
from lms.models.secrets import same
from lms.pages import config, tool_keys
from lms.replica import replica
from lms.scanning import scanner
from lms.services import workers

blueprint = Blueprint("system", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Liveness: the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Readiness: the database answers and takes what is written, its migrations are known, the LTI key is there.

    Migrations of the next release will do: it is being installed, and this one goes on, for they only add. The
    worker's last sign of life is told and decides nothing: pages serve without it, and what it owes them waits.
    """
    life: dict[str, Any] = {"alive": None, "seen_at": None}
    checks = {"database": False, "migrations": False, "keys": False}
    try:
        connection = db.session.connection()
        checks["database"] = writes(connection)
        revision = revision_of(connection)
        checks["migrations"] = revision == head() or is_later(revision)
        checks["keys"] = checks["migrations"] and db.session.query(ToolKey.id).first() is not None
        if checks["migrations"]:
            found = workers.life(db.session(), utcnow())
            life = {"alive": found.alive, "seen_at": found.seen_at.isoformat() if found.seen_at else None}
    except Exception:  # noqa: BLE001 - any database error means not ready; the answer says which check
        let_go(db.session())
    good = all(checks.values())
    return jsonify(status="ok" if good else "unavailable", checks=checks, workers=life), 200 if good else 503


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Figures in Prometheus's format, for whoever bears the token of the settings; without one, for this machine."""
    if not _may_read_metrics():
        abort(404)
    figures = exposition(db.session(), tool_keys(), config(), counts(), replica(), scanner())
    return Response(figures, content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics() -> bool:
    token = config().metrics_token
    if token:
        return same(request.headers.get("Authorization", ""), f"Bearer {token}")
    # What a proxy passes on comes from this machine too, and is not this machine's question.
    passed_on = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP"))
    return request.remote_addr in {"127.0.0.1", "::1"} and not passed_on
