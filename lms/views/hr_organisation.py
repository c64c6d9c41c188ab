"""The organisation: from its top down to a service, with its agents counted; changed by hand, read at any date."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.errors import Refused
from lms.forms.organisation import DayForm, MoveForm, UnitForm, kind_names
from lms.i18n import gettext as _
from lms.i18n import ngettext, number
from lms.models import Unit, db
from lms.security import requires, visitor
from lms.services import headcounts, units
from lms.services.headcounts import Part
from lms.services.organisation import Scope, ancestors, scope_of, sees
from lms.services.units import UnitRefused

blueprint = Blueprint("hr_organisation", __name__, url_prefix="/hr/organisation")


@blueprint.get("/")
@requires("hr")
def index() -> ResponseReturnValue:
    """The tops of what HR sees."""
    return _page(None)


@blueprint.get("/<int:unit_id>")
@requires("hr")
def show(unit_id: int) -> ResponseReturnValue:
    """A unit: its parts, its history, what can be changed."""
    return _page(_unit(unit_id))


@blueprint.post("/make", defaults={"unit_id": None})
@blueprint.post("/<int:unit_id>/make")
@requires("hr")
def make(unit_id: int | None) -> ResponseReturnValue:
    """A new unit under one that HR sees, or at the top."""
    parent = _unit(unit_id) if unit_id is not None else None
    _changeable(parent)
    form = UnitForm(prefix="new-")
    if form.validate_on_submit():
        try:
            unit = units.make_unit(
                db.session(), form.code.data.strip(), form.name.data.strip(), form.kind.data, parent, form.siret.data,
                by=visitor().person.id,
            )  # fmt: skip
        except UnitRefused as refusal:
            (form.code if refusal.reason == "taken" else form.name).errors = [_why(refusal)]
            db.session.rollback()
        else:
            db.session.commit()
            flash(_("« %(name)s » is made.", name=unit.name), "ok")
            return redirect(url_for("hr_organisation.show", unit_id=unit.id), 303)
    return _page(parent, new=form), 400


@blueprint.post("/<int:unit_id>/rename")
@requires("hr")
def rename(unit_id: int) -> ResponseReturnValue:
    """Another name, kind or SIRET from now on."""
    unit, form = _unit(unit_id), UnitForm(made=True)
    _changeable(_parent(unit))
    if form.validate_on_submit():
        try:
            units.rename_unit(
                db.session(), unit, form.name.data.strip(), form.kind.data, form.siret.data, by=visitor().person.id
            )
        except UnitRefused as refusal:
            form.name.errors = [_why(refusal)]
            db.session.rollback()
        else:
            return _done(unit, _("The unit is called so from now on. Its past keeps the former name."), _of_agents())
    return _page(unit, form=form), 400


@blueprint.post("/<int:unit_id>/move")
@requires("hr")
def move(unit_id: int) -> ResponseReturnValue:
    """Under another unit that HR sees, with all under it."""
    unit, form = _unit(unit_id), MoveForm()
    _changeable(_parent(unit))
    if form.validate_on_submit():
        code = form.under.data.strip()
        target = db.session.query(Unit).filter_by(code=code).one_or_none() if code else None
        if code and (target is None or not sees(_scope(), target)):
            form.under.errors = [_("No unit that you see has this code.")]
        else:
            _changeable(target)
            try:
                units.move_unit(db.session(), unit, target, by=visitor().person.id)
            except UnitRefused as refusal:
                form.under.errors = [_why(refusal)]
                db.session.rollback()
            else:
                return _done(
                    unit, _("The unit has moved, with all under it. Its past stays where it was."), _of_agents()
                )
    return _page(unit, moving=form), 400


@blueprint.post("/<int:unit_id>/close")
@requires("hr")
def close(unit_id: int) -> ResponseReturnValue:
    """A unit that is no longer there."""
    unit = _unit(unit_id)
    _changeable(_parent(unit))
    try:
        units.close_unit(db.session(), unit, by=visitor().person.id)
    except UnitRefused as refusal:
        raise Refused(_why(refusal), _("Move them first, then close it."), status=409, cause="unit") from refusal
    return _done(unit, _("The unit is closed. Figures of before keep it."))


def _of_agents() -> str:
    return _(
        "The nominative follow-up writes ministries and directorates as the last file of agents did, until the next."
    )


def _done(unit: Unit, *said: str) -> ResponseReturnValue:
    db.session.commit()
    flash(" ".join(said), "ok")
    return redirect(url_for("hr_organisation.show", unit_id=unit.id), 303)


def _scope() -> Scope:
    return scope_of(db.session(), visitor().person)


def _unit(unit_id: int) -> Unit:
    """The unit, where HR sees it; else 404, as for one that does not exist."""
    unit = db.session.get(Unit, unit_id)
    if unit is None or not sees(_scope(), unit):
        abort(404)
    return unit


def _parent(unit: Unit) -> Unit | None:
    return db.session.get(Unit, unit.parent_id) if unit.parent_id is not None else None


def _changeable(above: Unit | None) -> None:
    """Refuse who does not see the unit above: the top of what one sees is not one's own to change."""
    if not sees(_scope(), above):
        abort(403)


def _page(
    unit: Unit | None, *, form: UnitForm | None = None, new: UnitForm | None = None, moving: MoveForm | None = None
) -> str:
    session, scope, day = db.session(), _scope(), DayForm(request.args)
    day.validate()
    above: list[Any]
    late = False
    if day.at is not None:
        above, found = headcounts.parts_at(session, scope, unit, day.at)
    else:
        found, late = headcounts.parts(session, scope, unit)
        above = ancestors(session, unit.id) if unit is not None else []
    own = found[0] if unit is not None and found and found[0].id == unit.id else None
    past, here = day.day.data or None if day.at else None, unit is not None and unit.closed_at is None
    mine = unit is not None and here and day.at is None and sees(scope, _parent(unit))
    return render_template(
        "hr/organisation.html",
        unit=unit,
        kind=kind_names()[unit.kind] if unit is not None else None,
        own=own,
        trail=[
            (each.name, url_for("hr_organisation.show", unit_id=each.id, day=past))
            for each in above
            if _visible(scope, each)
        ],
        top_url=url_for("hr_organisation.index", day=past),
        parts=[_row(part, past) for part in found if part is not own],
        direct=own.agents - sum(part.agents for part in found if part is not own) if own else None,
        sentence=_sentence(found, own),
        late=late,
        day=day,
        past=day.at,
        past_day=day.at - timedelta(days=1) if day.at else None,
        nothing=scope.platform_id is not None,
        history=[_past(each) for each in units.history(session, unit)] if unit is not None else [],
        form=(form or UnitForm(made=True, obj=unit)) if mine else None,
        moving=(moving or MoveForm(formdata=None)) if mine else None,
        new=(new or UnitForm(formdata=None, prefix="new-")) if day.at is None and _makes(scope, unit) else None,
    )


def _makes(scope: Scope, unit: Unit | None) -> bool:
    return sees(scope, unit) and (unit is None or unit.closed_at is None)


def _visible(scope: Scope, place: Any) -> bool:
    """Whether a unit above is of what HR sees: its number is on the way to one of their tops, or under it."""
    tops = {path.split(".")[-2] for path in scope.paths or ()}
    return scope.whole or bool(tops.intersection(place.path.split(".")))


def _row(part: Part, past: str | None) -> dict[str, Any]:
    return {
        "name": part.name,
        "url": url_for("hr_organisation.show", unit_id=part.id, day=past),
        "code": part.code,
        "kind": kind_names().get(part.kind, part.kind),
        "agents": number(part.agents),
        "population": number(part.population),
        "units": number(part.units),
    }


def _past(each: units.Past) -> dict[str, Any]:
    return {
        "since": each.since,
        "until": each.until,
        "name": each.name,
        "kind": kind_names().get(each.kind, each.kind),
        "siret": each.siret,
        "parent": each.parent or _("the top of the organisation"),
    }


def _sentence(found: list[Part], own: Part | None) -> str:
    agents = own.agents if own else sum(part.agents for part in found)
    inside = own.population if own else sum(part.population for part in found)
    if not agents:
        return _("No agent is here.")
    first = ngettext("One agent is here.", "%(shown)s agents are here.", agents, shown=number(agents))
    second = ngettext("One is of the population.", "%(shown)s are of the population.", inside, shown=number(inside))
    return f"{first} {second}" if inside else f"{first} {_('None is of the population.')}"


def _why(refusal: UnitRefused) -> str:
    """The words for a reason of ``UnitRefused``."""
    values = refusal.values
    if refusal.reason == "parts":
        return ngettext("One unit is still under it.", "%(num)s units are still under it.", values["count"])
    if refusal.reason == "agents":
        return ngettext("One agent is still there.", "%(num)s agents are still there.", values["count"])
    return {
        "taken": _("Another unit has this code."),
        "loop": _("« %(name)s » cannot go under « %(under)s », which is under it or is it.", name=values.get("name"),
                  under=values.get("under")),
        "closed": _("« %(name)s » is closed.", name=values.get("name")),
        "deep": _("The organisation would be too deep."),
    }[refusal.reason]  # fmt: skip
