"""The lines of a budget and what each holds in a year: entered by hand, never rewritten."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lms.budget_pages import asked_unit, asked_year, budget_scope, frame, money, why_not
from lms.forms.budgets import AMOUNT_NAMES, LineForm, YearForm
from lms.i18n import gettext as _
from lms.models import BudgetLine, BudgetYear, db, utcnow
from lms.security import requires, visitor
from lms.services import budgets
from lms.services.budget_sums import lines_of, totals
from lms.services.budgets import AMOUNTS, Amounts, BudgetRefused
from lms.services.organisation import sees

blueprint = Blueprint("budget_lines", __name__, url_prefix="/hr/budget/lines")
#: Lines of a page.
SHOWN = 200


@blueprint.route("", methods=["GET", "POST"])
@requires("hr")
def index() -> ResponseReturnValue:
    """The lines of a unit and of those under it in a year, and a form for a new one."""
    unit, year = asked_unit(budget_scope()), asked_year(utcnow().year)
    form = LineForm()
    if form.validate_on_submit():
        try:
            line = budgets.make_line(
                db.session(), form.programme.data, form.bop.data, form.uo.data, form.label.data, unit,
                visitor().person.id,
            )  # fmt: skip
        except BudgetRefused as refused:
            form.programme.errors = [why_not(refused.reason)]
        else:
            db.session.commit()
            flash(_("The line %(code)s is made: enter its amounts.", code=line.code), "ok")
            return redirect(url_for("budget_lines.show", line_id=line.id, year=year), 303)
    holds = (BudgetYear.line_id == BudgetLine.id) & (BudgetYear.year == year) & BudgetYear.until.is_(None)
    query = (
        select(BudgetLine, BudgetYear)
        .options(joinedload(BudgetLine.unit))
        .outerjoin(BudgetYear, holds)
        .where(lines_of(unit))
    )
    found = db.session.execute(query.order_by(BudgetLine.code).limit(SHOWN + 1)).tuples().all()
    page = render_template(
        "hr/budget/lines.html",
        **frame(unit, "budget_lines.index", _("Budget lines")),
        form=form,
        year=year,
        years=[(each, url_for("budget_lines.index", unit=unit.code if unit else None, year=each))
               for each in range(year - 1, year + 3)],
        lines=[_line(line, held, year) for line, held in found[:SHOWN]],
        more=len(found) > SHOWN,
        shown=SHOWN,
        total=_amounts(totals(db.session(), year, unit)),
        names=_names(),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.route("/<int:line_id>", methods=["GET", "POST"])
@requires("hr")
def show(line_id: int) -> ResponseReturnValue:
    """What a line holds in a year: change it, and see what was said before."""
    line = db.session.get(BudgetLine, line_id)
    if line is None or not sees(budget_scope(), line.unit):
        abort(404)
    year = asked_year(utcnow().year)
    told = budgets.history(db.session(), line.id, year)
    current = next((each for each in told if each.until is None), None)
    values = {name: getattr(current, name) for name in AMOUNTS} if current else {"ae_committed": 0, "cp_paid": 0}
    form = YearForm(data={"year": year, **values})
    if form.validate_on_submit():
        try:
            changed = budgets.enter(
                db.session(), line, form.year.data, form.amounts, person_id=visitor().person.id
            )  # fmt: skip
        except BudgetRefused as refused:
            form[refused.field or "year"].errors = [why_not(refused.reason)]
        else:
            db.session.commit()
            words = _("%(year)s is entered.", year=form.year.data) if changed else _("It said so already.")
            flash(words, "ok")
            return redirect(url_for("budget_lines.show", line_id=line.id, year=form.year.data), 303)
    page = render_template(
        "hr/budget/line.html",
        **frame(line.unit, "budget_lines.show", _("Line %(code)s", code=line.code)),
        line=line,
        year=year,
        years=[(each, url_for("budget_lines.show", line_id=line.id, year=each)) for each in range(year - 1, year + 3)],
        form=form,
        told=[{"since": each.since, "until": each.until, "file": each.import_id is not None, **_amounts(each)}
              for each in told],
        names=_names(),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _line(line: BudgetLine, held: BudgetYear | None, year: int) -> dict[str, Any]:
    return {
        "code": line.code,
        "label": line.label,
        "unit": line.unit.name if line.unit else _("The whole institution"),
        "url": url_for("budget_lines.show", line_id=line.id, year=year),
        **_amounts(held),
    }


def _amounts(held: BudgetYear | Amounts | None) -> dict[str, str]:
    return {name: money(getattr(held, name) if held else None) for name in AMOUNTS}


def _names() -> list[tuple[str, str]]:
    return [(name, _(words)) for name, words in AMOUNT_NAMES.items()]
