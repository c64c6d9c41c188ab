"""The population P: the rule that holds, another counted before it is declared, and those of before."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.errors import Refused
from lms.forms.population import RuleForm
from lms.i18n import gettext as _
from lms.i18n import ngettext, number
from lms.models import db
from lms.security import requires, visitor
from lms.services import population
from lms.services.figure_facts import WHOLE
from lms.services.headcounts import heads
from lms.services.organisation import scope_of
from lms.services.population import Declared, Preview, Rule, UnknownUnits

blueprint = Blueprint("hr_population", __name__, url_prefix="/hr/population")


@blueprint.get("/")
@requires("hr")
def index() -> ResponseReturnValue:
    """The rule that holds; whoever sees the whole may prepare another."""
    return _page(_form() if _whole() else None)


@blueprint.post("/")
@requires("hr")
def declare() -> ResponseReturnValue:
    """Count what a rule would make or, once counted, declare it."""
    if not _whole():
        raise Refused(
            _("The population is of the whole institution, and you see a part of it."),
            _("Ask whoever has the human resources role over the whole."),
            status=403,
            cause="population_scope",
        )
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 400
    session = db.session()
    try:
        counted = population.preview(session, form.rule)
        # Declared as it was counted: a rule changed since is counted again first.
        if request.form.get("declare") and request.form.get("counted") == _mark(form.rule):
            changed = population.declare(session, form.rule, form.words.data.strip(), visitor().person.id)
            session.commit()
            flash(
                ngettext(
                    "The rule is declared: one agent enters or leaves the population.",
                    "The rule is declared: %(shown)s agents enter or leave the population.",
                    changed, shown=number(changed),
                ) if changed else _("The rule is declared: nobody enters nor leaves the population."),
                "ok",
            )  # fmt: skip
            return redirect(url_for("hr_population.index"), 303)
    except UnknownUnits as error:
        session.rollback()
        form.units.errors = [_("No unit has this code: %(codes)s.", codes=", ".join(error.codes)[:300])]
        return _page(form), 400
    return _page(form, counted)


def _whole() -> bool:
    return scope_of(db.session(), visitor().person).whole


def _form() -> RuleForm:
    form, declared = RuleForm(population.known_corps(db.session())), population.current(db.session())
    if request.method == "GET" and declared is not None:
        form.units.data, form.corps.data = "\n".join(declared.rule.units), "\n".join(declared.rule.corps)
        form.branches.data, form.categories.data = list(declared.rule.branches), list(declared.rule.categories)
        form.words.data = declared.words
    return form


def _mark(rule: Rule) -> str:
    """What tells a rule from another in the page."""
    return repr(rule.as_json())


def _page(form: RuleForm | None, counted: Preview | None = None) -> str:
    session = db.session()
    declared = population.history(session)
    holds = declared[0] if declared else None
    counts, late = heads(session, [WHOLE]) if _whole() else ({}, False)
    now = counts.get(WHOLE)
    return render_template(
        "hr/population.html",
        holds=_declared(holds) if holds else None,
        facts=[
            {"value": number(now.agents), "label": _("agents declared")},
            {"value": number(now.population), "label": _("agents of the population")},
        ] if now else [],
        late=late,
        history=[_declared(each) for each in declared],
        form=form,
        counted=_counted(counted) if counted else None,
        mark=_mark(form.rule) if counted and form else None,
    )  # fmt: skip


def _counted(seen: Preview) -> str:
    return _(
        "%(in_all)s agents of %(agents)s would be of the population: %(entering)s enter, %(leaving)s leave.",
        in_all=number(seen.in_all), agents=number(seen.agents), entering=number(seen.entering),
        leaving=number(seen.leaving),
    )  # fmt: skip


def _declared(each: Declared) -> dict[str, Any]:
    author = each.author.display_name or each.author.email if each.author else None
    return {"at": each.at, "words": each.words, "rule": _narrowed(each.rule), "author": author or "—"}


def _narrowed(rule: Rule) -> str:
    """The rule as its parts."""
    parts = [
        (_("Units"), rule.units), (_("Branches of the civil service"), rule.branches), (_("Grades"), rule.categories),
        (_("Corps or positions"), rule.corps),
    ]  # fmt: skip
    said = [_("%(what)s: %(names)s", what=what, names=", ".join(names)) for what, names in parts if names]
    return "; ".join(said) or _("Every agent of the organisation")
