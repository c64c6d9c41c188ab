"""The budget against its path: what is known, what is foreseen, what more training would change."""

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lms.budget_charts import path_drawings
from lms.budget_pages import (
    asked_at,
    asked_unit,
    asked_year,
    budget_scope,
    frame,
    money,
    place_name,
    share,
    short_money,
    signed,
)
from lms.forms.budgets import ForecastForm, SimulationForm, typed_cost
from lms.i18n import gettext as _
from lms.i18n import localized, ngettext, number
from lms.models import Unit, db, utcnow
from lms.pages import tracks
from lms.security import requires
from lms.services.budget_sums import by_year, parts
from lms.services.budgets import Amounts
from lms.services.coverage import track_cost, trained_of
from lms.services.forecast import Answer, Assumptions, Wish, forecast, simulate
from lms.services.indicators import INDICATORS_VERSION
from lms.services.organisation import Scope, sees
from lms.services.trajectory import BudgetedYear, Trajectory, trajectory

blueprint = Blueprint("budget", __name__, url_prefix="/hr/budget")


@blueprint.get("")
@requires("hr")
def index() -> ResponseReturnValue:
    """The path, the years, the parts, the forecast and the simulator; everything asked is in the address."""
    scope = budget_scope()
    unit, at = asked_unit(scope), asked_at()
    known = by_year(db.session(), unit, at)
    year = asked_year(max(known, default=utcnow().year))
    found = trajectory(db.session(), unit, at)
    growth = ForecastForm(request.args)
    seen = forecast(found, growth.growth.data) if found and growth.validate() else forecast(found) if found else None
    shown = seen.trajectory if seen else found
    titles = [(key, localized(track.title)) for key, track in tracks().items()]
    wish = SimulationForm(request.args if "agents" in request.args else None, titles)
    if "agents" not in request.args and shown:
        wish.first.data = wish.last.data = next((each.year for each in shown.years if each.projected), year)
    answer = _answer(wish, shown, unit) if shown and "agents" in request.args and wish.validate() else None
    chosen = shown.year(year) if shown else None
    years = sorted({*known, *(each.year for each in shown.years)} if shown else known)
    page = render_template(
        "hr/budget/index.html",
        **frame(unit, "budget.index", _("Training budget")),
        at=at,
        asked=request.args.get("at", "")[:10] if at else "",
        year=year,
        years=[(each, _here(unit, year=each)) for each in years],
        sentence=_sentence(chosen, shown, year, known.get(year)),
        facts=_facts(chosen),
        drawings=path_drawings(shown.years, short_money) if shown else [],
        drawing_words=_drawing_words(shown) if shown else "",
        rows=[_row(each, unit, year) for each in shown.years] if shown else [],
        reference=found.reference if found else None,
        definitions=INDICATORS_VERSION,
        assumptions=_assumptions(seen.assumptions) if seen and any(y.projected for y in seen.trajectory.years) else [],
        parts=_parts(scope, unit, year, at),
        tops=_tops(scope, unit),
        above=_above(scope, unit),
        growth=growth,
        wish=wish,
        answer=_told(answer) if answer else None,
        answer_rows=[_row(each, unit, year) for each in answer.after.years if each.amounts] if answer else [],
    )  # fmt: skip
    refused = bool(growth.errors or wish.errors)
    return page, 422 if refused else 200


def _here(unit: Unit | None, **more: Any) -> str:
    at = request.args.get("at", "")[:10] or None
    return url_for("budget.index", unit=unit.code if unit else None, at=at, **more)


def _answer(form: SimulationForm, shown: Trajectory, unit: Unit | None) -> Answer | None:
    cost = typed_cost(form)
    if cost is None and form.track.data in tracks():
        cost = track_cost(db.session(), form.track.data)
    if cost is None:
        form.cost.errors = [_("No cost is known for this track yet: write the cost of each agent.")]
        return None
    first, last = shown.years[0].year, shown.years[-1].year
    if not first <= form.first.data <= form.last.data <= last:
        form.first.errors = [_("The path goes from %(first)s to %(last)s.", first=first, last=last)]
        return None
    try:
        wish = Wish(form.agents.data, cost, form.first.data, form.last.data, form.added.data)
    except ValueError:
        form.agents.errors = [_("This costs more than a budget may hold.")]
        return None
    return simulate(shown, wish, *trained_of(db.session(), unit))


def _sentence(chosen: BudgetedYear | None, shown: Trajectory | None, year: int, known: Amounts | None) -> str:
    """What the year says, in a few sentences."""
    if known is None and (chosen is None or chosen.amounts is None):
        return _("Nothing is entered for %(year)s yet.", year=year)
    if shown is None or chosen is None or chosen.amounts is None:
        amount = money(known.ae_opened if known else None)
        if shown is None:
            return _(
                "In %(year)s, %(amount)s of commitments are opened. Approve a baseline to compare the years with it.",
                year=year, amount=amount,
            )  # fmt: skip
        return _("In %(year)s, %(amount)s of commitments are opened, outside of the path’s years.",
                 year=year, amount=amount)  # fmt: skip
    told = [
        _("In %(year)s the budget would be %(amount)s, %(growth)s against B₀.", year=year,
          amount=money(chosen.budget), growth=signed(chosen.growth))
        if chosen.projected
        else _("In %(year)s the budget is %(amount)s, %(growth)s against B₀.", year=year,
               amount=money(chosen.budget), growth=signed(chosen.growth))
    ]  # fmt: skip
    if chosen.gap is not None and chosen.gap < 0:
        told.append(_("It is %(gap)s under the path.", gap=money(-chosen.gap)))
    elif chosen.gap:
        told.append(_("It is %(gap)s above the path.", gap=money(chosen.gap)))
    else:
        told.append(_("It is on the path."))
    if chosen.earmarking is not None:
        told.append(_("%(share)s of the rise goes to AI.", share=share(chosen.earmarking)))
        if chosen.shortfall:
            told.append(_("AI lacks %(amount)s of it.", amount=money(chosen.shortfall)))
    return " ".join(told)


def _facts(chosen: BudgetedYear | None) -> list[dict[str, str]]:
    if chosen is None or chosen.amounts is None:
        return []
    return [
        {"value": short_money(chosen.budget or 0), "label": _("commitments opened"), "why": _("B_t, in AE")},
        {"value": short_money(chosen.gap or 0), "label": _("gap to the path"), "why": money(chosen.gap)},
        {
            "value": share(chosen.earmarking),
            "label": _("earmarking for AI"),
            "why": _("of the rise; the rule asks for all of it"),
        },
        {"value": share(chosen.payment_rate), "label": _("payment rate"), "why": _("AI payments / AI commitments")},
    ]


def _row(each: BudgetedYear, unit: Unit | None, current: int) -> dict[str, Any]:
    return {
        "year": each.year,
        "url": _here(unit, year=each.year),
        "current": each.year == current,
        "step": each.step,
        "projected": each.projected,
        "target": money(each.target),
        "budget": money(each.budget),
        "ai": money(each.amounts.ai_ae if each.amounts else None),
        "gap": money(each.gap),
        "behind": each.gap is not None and each.gap < 0,
        "growth": share(each.growth),
        "earmarking": share(each.earmarking),
        "shortfall": money(each.shortfall),
        "payment_rate": share(each.payment_rate),
    }


def _drawing_words(shown: Trajectory) -> str:
    """The drawing in a sentence."""
    said = [
        _("%(year)s: %(budget)s for a target of %(target)s", year=each.year, budget=short_money(each.budget),
          target=short_money(each.target))
        if each.budget is not None
        else _("%(year)s: target of %(target)s", year=each.year, target=short_money(each.target))
        for each in shown.years
    ]  # fmt: skip
    return ". ".join(said) + "."


def _assumptions(assumed: Assumptions) -> list[str]:
    """Each thing the forecast rests on."""
    if assumed.given:
        growth = _("The budget grows by %(rate)s a year, as you asked.", rate=share(assumed.growth))
    elif assumed.since is None:
        growth = _("No growth is known yet: the budget stays as it is.")
    else:
        growth = _("The budget grows by %(rate)s a year, its growth since %(year)s.", rate=share(assumed.growth),
                   year=assumed.since)  # fmt: skip
    return [
        growth,
        _("AI commitments stay as they are: the budget has not risen above B₀.")
        if assumed.earmarking is None
        else _("AI goes on receiving %(rate)s of the rise over B₀.", rate=share(assumed.earmarking)),
        _("No AI payment is foreseen: none is known.")
        if assumed.payment_rate is None
        else _("AI payments stay %(rate)s of AI commitments.", rate=share(assumed.payment_rate)),
    ]


def _parts(scope: Scope, unit: Unit | None, year: int, at: datetime | None) -> list[dict[str, Any]]:
    """The year by unit, each leading to its own page."""
    found = parts(db.session(), year, "unit", unit, at)
    names = {
        each.code: each for each in db.session.scalars(select(Unit).where(Unit.code.in_([c for c, _a in found if c])))
    }
    return [
        {
            "name": names[code].name
            if code
            else _("Lines of its own")
            if unit
            else _("Lines of the whole institution"),
            "url": _here(names[code], year=year) if code and sees(scope, names[code]) else None,
            "opened": money(amounts.ae_opened),
            "committed": money(amounts.ae_committed),
            "paid": money(amounts.cp_paid),
            "ai": money(amounts.ai_ae),
        }
        for code, amounts in found
    ]


def _tops(scope: Scope, unit: Unit | None) -> list[tuple[str, str]]:
    """The visitor's other units, when they have several."""
    if not scope.paths or len(scope.paths) < 2:
        return []
    rows = db.session.scalars(select(Unit).where(Unit.path.in_(scope.paths)).order_by(Unit.name))
    return [(each.name, _here(each)) for each in rows if unit is None or each.id != unit.id]


def _above(scope: Scope, unit: Unit | None) -> list[tuple[str, str]]:
    """The units above, from the top, that the visitor sees."""
    way: list[tuple[str, str]] = []
    while unit is not None:
        unit = unit.parent
        if sees(scope, unit):
            way.append((place_name(unit), _here(unit)))
    return way[::-1]


def _told(answer: Answer) -> list[str]:
    """What the simulation says."""
    before, after = answer.coverage
    trained = answer.trained
    by_year_said = [
        ngettext("%(shown)s agent in %(year)s", "%(shown)s agents in %(year)s", count, shown=number(count), year=year)
        for year, count in answer.people.items()
        if count
    ]
    said = [
        _("It costs %(amount)s: %(years)s.", amount=money(answer.cost), years=", ".join(by_year_said)),
        _("Coverage goes from %(before)s to %(after)s of the %(count)s agents of the population.",
          before=share(before), after=share(after), count=number(answer.population)),
    ]  # fmt: skip
    if trained[1] - trained[0] < sum(answer.people.values()):
        said.append(_("Only %(count)s agents are still to be trained.", count=number(trained[1] - trained[0])))
    if any(not each.amounts and answer.people.get(each.year) for each in answer.after.years):
        said.append(_("Some of these years have no budget yet: the effect is shown for the others."))
    return said
