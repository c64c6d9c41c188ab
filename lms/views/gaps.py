"""The agents to train next, by name, for whoever has them in their scope: every page read is in the journal."""

from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.board_pages import category_name, track_names
from lms.forms.board import BoardForm
from lms.models import db, utcnow, writing
from lms.replica import reporting
from lms.security import requires, visitor
from lms.services.audit import record
from lms.services.dashboards import NotInScope, today_here
from lms.services.organisation import scope_of
from lms.services.training_gaps import PAGE, to_train

blueprint = Blueprint("gaps", __name__, url_prefix="/hr/gaps")
#: Pages that can be turned; further ones are narrowed to instead.
LAST_PAGE = 2000


@blueprint.get("")
@requires("hr")
def index() -> ResponseReturnValue:
    """One page of the list; its line in the journal is written first."""
    names = track_names()
    form = BoardForm(request.args, names, today_here(utcnow()))
    form.validate()
    asked = form.asked()
    page = min(max(request.args.get("page", 0, type=int), 0), LAST_PAGE)
    scope = scope_of(db.session(), visitor().person)
    try:
        found, more = to_train(reporting(), scope, asked, page)
    except NotInScope:
        abort(404)
    kept: dict[str, Any] = {
        "unit": asked.unit_id,
        "branch": asked.branch,
        "category": asked.category,
        "track": asked.track or None,
    }
    with writing(db.session()):
        record(
            db.session(), "hr.view", "gaps", visitor().person.id, purpose="training_plan", page=page,
            filters={key: value for key, value in kept.items() if value is not None},
        )  # fmt: skip
        db.session.commit()
    html = render_template(
        "hr/gaps.html",
        hr_url=url_for("hr.index", **kept),
        form=form,
        unit_id=asked.unit_id,
        track=names.get(asked.track),
        rows=[(row, category_name(row.category)) for row in found],
        first=page * PAGE + 1,
        next_url=url_for("gaps.index", page=page + 1, **kept) if more and page < LAST_PAGE else None,
        before_url=url_for("gaps.index", page=page - 1, **kept) if page else None,
    )
    return html, 400 if form.errors else 200
