"""Whether the service lives and is ready, for whoever operates it."""

from alembic.runtime.migration import MigrationContext
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from lms.migrations.head import head
from lms.models import ToolKey, db

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
