"""The baseline of a budget: proposed by one officer of HR, approved or refused by another."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.budget_pages import asked_unit, asked_year, budget_scope, frame, money, why_not
from lms.errors import Refused
from lms.forms.budgets import PATH_NAMES, BaselineForm, DecisionForm
from lms.i18n import gettext as _
from lms.models import Baseline, Person, Unit, db, utcnow
from lms.security import requires, visitor
from lms.services import baselines
from lms.services.baselines import BaselineRefused, Reference, target_of
from lms.services.budget_sums import totals
from lms.services.indicators import HORIZON
from lms.services.organisation import sees

blueprint = Blueprint("baselines", __name__, url_prefix="/hr/budget/baseline")
#: Where a refusal of the service is shown.
_FIELDS = {"year": "reference_year", "amount": "base", "ai": "ai_base", "custom": "first", "double": "third"}


@blueprint.route("", methods=["GET", "POST"])
@requires("hr")
def index() -> ResponseReturnValue:
    """The baseline in force, the one that waits for a decision, the earlier ones; a form to propose another."""
    unit = asked_unit(budget_scope())
    year = asked_year(utcnow().year)
    form = BaselineForm(data=_suggested(unit, year))
    if form.validate_on_submit():
        try:
            baselines.propose(db.session(), visitor().person, unit, form.proposal, form.reason.data)
        except BaselineRefused as refused:
            form[_FIELDS.get(refused.reason, "reason")].errors = [why_not(refused.reason)]
        else:
            db.session.commit()
            flash(_("The baseline is proposed: somebody else of human resources decides on it."), "ok")
            return redirect(url_for("baselines.index", unit=unit.code if unit else None), 303)
    return _page(unit, form, DecisionForm(formdata=None), 422 if form.errors else 200)


@blueprint.post("/<int:baseline_id>/<any(approve, refuse):decision>")
@requires("hr")
def decide(baseline_id: int, decision: str) -> ResponseReturnValue:
    """Approve or refuse what somebody else proposed, with a reason."""
    baseline = db.session.get(Baseline, baseline_id)
    if baseline is None or not sees(budget_scope(), baseline.unit):
        abort(404)
    form = DecisionForm()
    unit = baseline.unit
    if not form.validate_on_submit():
        return _page(unit, BaselineForm(formdata=None, data=_suggested(unit, baseline.reference_year)), form, 422)
    try:
        baselines.decide(db.session(), visitor().person, baseline, form.answer.data, approve=decision == "approve")
    except BaselineRefused as refused:
        status = 403 if refused.reason in ("same", "scope") else 409
        raise Refused(why_not(refused.reason), status=status, cause=f"baseline_{refused.reason}") from refused
    db.session.commit()
    flash(_("The baseline is approved.") if decision == "approve" else _("The baseline is refused."), "ok")
    return redirect(url_for("baselines.index", unit=unit.code if unit else None), 303)


def _page(unit: Unit | None, form: BaselineForm, decision: DecisionForm, status: int) -> ResponseReturnValue:
    waiting, current = baselines.pending(db.session(), unit), baselines.in_force(db.session(), unit)
    mine = waiting is not None and baselines.same_human(db.session(), visitor().person, waiting.proposed_by)
    page = render_template(
        "hr/budget/baseline.html",
        **frame(unit, "baselines.index", _("Baseline of the budget")),
        form=form,
        decision=decision,
        waiting=_shown(waiting) if waiting else None,
        waiting_id=waiting.id if waiting else None,
        mine=mine,
        blocked=waiting is not None and not mine,
        current=_shown(current) if current else None,
        earlier=[_shown(each) for each in baselines.history(db.session(), unit) if each not in (waiting, current)],
    )
    return page, status


def _suggested(unit: Unit | None, year: int) -> dict[str, Any]:
    """What the lines say of that year, to start from."""
    known = totals(db.session(), year, unit)
    return {"reference_year": year, "base": known.ae_opened or None, "ai_base": known.ai_ae, "path": "linear"}


def _shown(baseline: Baseline) -> dict[str, Any]:
    first, reference = baseline.reference_year, Reference.of(baseline)
    return {
        "year": first,
        "base": money(baseline.base),
        "ai_base": money(baseline.ai_base),
        "path": _(PATH_NAMES[baseline.path]),
        "targets": [(year, money(target_of(reference, year))) for year in range(first + 1, first + HORIZON + 1)],
        "reason": baseline.reason,
        "state": baseline.state,
        "proposed_by": _name(baseline.proposed_by),
        "proposed_at": baseline.proposed_at,
        "decided_by": _name(baseline.decided_by),
        "decided_at": baseline.decided_at,
        "answer": baseline.answer,
    }


def _name(person_id: int | None) -> str:
    person = db.session.get(Person, person_id) if person_id is not None else None
    if person is None:
        return _("somebody who left")
    return person.display_name or person.email or _("Human resources")
