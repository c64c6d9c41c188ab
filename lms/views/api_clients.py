"""The programs that may read the API: made, shown their secret once, revoked."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.programs import ClientForm
from lms.i18n import gettext as _
from lms.models import ApiClient, db, utcnow
from lms.pages import config
from lms.program_pages import institution_alone, reach_of, reach_words, scope_words
from lms.security import requires, visitor
from lms.services import api_clients
from lms.services.api_resources import SCOPES

blueprint = Blueprint("api_clients", __name__, url_prefix="/admin/api")
blueprint.before_request(institution_alone)

DAYS = 365


@blueprint.get("")
@requires("administrator")
def index() -> ResponseReturnValue:
    """The programs, and the form that opens the API to one more."""
    return _page(_form())


@blueprint.post("")
@requires("administrator")
def make() -> ResponseReturnValue:
    """Open the API to a program and show its secret, this once."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 400
    said, unit = reach_of(form)
    if not said:
        return _page(form), 400
    row, secret = api_clients.make(
        db.session(), form.kind.data, form.name.data, form.purpose.data, form.scopes.data, unit,
        by=visitor().person.id, days=form.days.data or DAYS,
    )  # fmt: skip
    db.session.commit()
    return _page(_form(empty=True), row, secret)


@blueprint.post("/<int:client_id>/revoke")
@requires("administrator")
def revoke(client_id: int) -> ResponseReturnValue:
    """Let a program in no more."""
    row = db.session.get(ApiClient, client_id)
    if row is None:
        abort(404)
    api_clients.revoke(db.session(), row, visitor().person.id)
    db.session.commit()
    flash(_("« %(name)s » is let in no more, nor is any token it holds.", name=row.name), "ok")
    return redirect(url_for("api_clients.index"), 303)


def _form(*, empty: bool = False) -> ClientForm:
    words = scope_words()
    choices = [(scope, words[scope]) for scope in SCOPES]
    values: dict[str, Any] = {"formdata": None} if empty or request.method == "GET" else {}
    return ClientForm(choices, days=DAYS, **values)


def _page(form: ClientForm, made: ApiClient | None = None, secret: str = "") -> str:  # nosec B107 # nothing to show, no secret
    base = config().base_url
    return render_template(
        "admin/api.html", form=form, made=made, secret=secret,
        clients=[_client(row) for row in api_clients.every(db.session())],
        token_url=f"{base}/api/v1/token", description_url=f"{base}/api/v1/openapi.json", rate=config().api_rate,
    )  # fmt: skip


def _client(row: ApiClient) -> dict[str, Any]:
    words = scope_words()
    ended = row.expires_at is not None and row.expires_at <= utcnow()
    return {
        "name": row.name, "key": row.key, "purpose": row.purpose, "kind": row.kind, "reach": reach_words(row.unit),
        "scopes": [words.get(scope, scope) for scope in row.scopes], "used_at": row.used_at, "until": row.expires_at,
        "state": "revoked" if row.revoked_at else "ended" if ended else "open",
        "revoke_url": url_for("api_clients.revoke", client_id=row.id) if row.revoked_at is None else None,
    }  # fmt: skip
