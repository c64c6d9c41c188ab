"""What training cost: entered here, shared among enrolments by the rule the page says."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lms.budget_pages import asked_unit, asked_year, budget_scope, frame, money, why_not
from lms.forms.budgets import KINDS, CostForm
from lms.i18n import gettext as _
from lms.i18n import localized, number
from lms.models import BudgetLine, Context, Cost, ResourceLink, db, utcnow
from lms.pages import tracks
from lms.security import requires, visitor
from lms.services import costs
from lms.services.budgets import lines_in
from lms.services.costs import COUNTED, CostRefused
from lms.services.imputation import covered, whole
from lms.services.organisation import Scope

blueprint = Blueprint("costs", __name__, url_prefix="/hr/budget/costs")
#: Costs, courses and lines of a page.
SHOWN = 500


@blueprint.route("", methods=["GET", "POST"])
@requires("hr")
def index() -> ResponseReturnValue:
    """The costs of a year with what each comes to for an enrolment, and a form for another."""
    scope = budget_scope()
    unit, year = asked_unit(scope), asked_year(utcnow().year)
    form = CostForm(_tracks(), _courses() if scope.whole else [], _lines(scope))
    if not form.is_submitted():
        form.year.data = year
    if form.validate_on_submit():
        try:
            if not scope.whole and not form.line.data:  # what is of nobody's line is the whole institution's
                raise CostRefused("scope")
            costs.enter(db.session(), form.cost, visitor().person.id)
        except CostRefused as refused:
            field = {"nothing": "track", "scope": "line"}.get(refused.reason, refused.reason)
            form[field].errors = [why_not(refused.reason)]
        else:
            db.session.commit()
            flash(_("The cost is kept."), "ok")
            return redirect(url_for("costs.index", unit=unit.code if unit else None, year=form.year.data), 303)
    found = costs.costs(db.session(), scope, year)
    counts = covered(db.session(), found)
    page = render_template(
        "hr/budget/costs.html",
        **frame(unit, "costs.index", _("Costs of training")),
        form=form,
        year=year,
        years=[(each, url_for("costs.index", unit=unit.code if unit else None, year=each))
               for each in range(year - 1, year + 3)],
        costs=_table(found[:SHOWN], counts),
        more=len(found) > SHOWN,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.post("/<int:cost_id>/close")
@requires("hr")
def close(cost_id: int) -> ResponseReturnValue:
    """Make a cost count no longer; the history keeps it."""
    cost = db.session.get(Cost, cost_id)
    if cost is None or cost.id not in {each.id for each in costs.costs(db.session(), budget_scope(), cost.year)}:
        abort(404)
    costs.close(db.session(), cost, visitor().person.id)
    db.session.commit()
    flash(_("This cost counts no longer."), "ok")
    return redirect(url_for("costs.index", year=cost.year), 303)


def _table(found: Sequence[Cost], counts: Mapping[int, int]) -> list[dict[str, Any]]:
    courses = _by_number(Context, {cost.context_id for cost in found})
    lines = _by_number(BudgetLine, {cost.line_id for cost in found})
    rows = []
    for cost in found:
        count = counts.get(cost.id, 0)
        total, track = whole(cost, count), tracks().get(cost.track_key or "")
        course, line = courses.get(cost.context_id), lines.get(cost.line_id)
        to = (
            localized(track.title) if track else cost.track_key,
            course and (course.title or course.lti_id),
            line and line.code,
        )
        rows.append(
            {
                "id": cost.id,
                "label": cost.label or _(KINDS[cost.kind]),
                "kind": _(KINDS[cost.kind]),
                "rate": f"{number(cost.quantity)} × {money(cost.amount)}" if cost.kind in COUNTED else "",
                "total": money(total),
                "to": ", ".join(each for each in to if each),
                "count": number(count),
                "each": money(total // count) if count else "–",
                "exact": not count or total % count == 0,
            }
        )
    return rows


def _by_number(model: Any, numbers: Set[int | None]) -> dict[int | None, Any]:
    return {each.id: each for each in db.session.scalars(select(model).where(model.id.in_(numbers - {None})))}


def _tracks() -> list[tuple[str, str]]:
    return [(key, localized(track.title)) for key, track in tracks().items()]


def _courses() -> list[tuple[str, str]]:
    """Courses where a track is placed, the last first."""
    placed = select(ResourceLink.context_id).where(ResourceLink.track_key.is_not(None))
    query = select(Context).where(Context.id.in_(placed)).order_by(Context.created_at.desc(), Context.id.desc())
    rows = db.session.scalars(query.limit(SHOWN))
    return [(str(each.id), each.title or each.label or each.lti_id) for each in rows]


def _lines(scope: Scope) -> list[tuple[str, str]]:
    rows = db.session.scalars(select(BudgetLine).where(lines_in(scope)).order_by(BudgetLine.code).limit(SHOWN))
    return [(str(each.id), f"{each.code} {each.label}".strip()) for each in rows]
