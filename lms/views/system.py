"""Whether the service lives and is ready, for whoever operates it."""

from alembic.runtime.migration import MigrationContext
from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from lms.metrics import exposition
from lms.migrations.head import head
from lms.models import ToolKey, db
from lms.models.secrets import same
from lms.pages import config, tool_keys

blueprint = Blueprint("system", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Liveness: the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Readiness: the database answers, its migrations are those of this release, the LTI key is there."""
    checks = {"database": False, "migrations": False, "keys": False}
    try:
        context = MigrationContext.configure(db.session.connection())
        checks["database"] = True
        checks["migrations"] = context.get_current_revision() == head()
        checks["keys"] = checks["migrations"] and db.session.query(ToolKey.id).first() is not None
    except Exception:  # noqa: BLE001 - any database error means not ready; the answer says which check
        db.session.rollback()
    good = all(checks.values())
    return jsonify(status="ok" if good else "unavailable", checks=checks), 200 if good else 503


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Figures in Prometheus's format, for whoever bears the token of the settings; without one, for this machine."""
    if not _may_read_metrics():
        abort(404)
    return Response(exposition(db.session(), tool_keys()), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics() -> bool:
    token = config().metrics_token
    if token:
        return same(request.headers.get("Authorization", ""), f"Bearer {token}")
    # What a proxy passes on comes from this machine too, and is not this machine's question.
    passed_on = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP"))
    return request.remote_addr in {"127.0.0.1", "::1"} and not passed_on
