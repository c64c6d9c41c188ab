"""Which part of the organisation each person of HR sees: opened and taken back by the institution's administrator."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.scopes import ScopeForm
from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import Person, db
from lms.security import requires, visitor
from lms.services import authors, scopes
from lms.services.scopes import LastUnit, Seer, UnknownCodes

blueprint = Blueprint("hr_scopes", __name__, url_prefix="/admin/hr")


@blueprint.before_request
def _institution() -> None:
    """Who sees what is the institution's to say: an administrator by a platform's word has no power over it."""
    if visitor().platform_id is not None:
        abort(403)


@blueprint.get("/")
@requires("administrator")
def index() -> ResponseReturnValue:
    """Who sees what."""
    return _page()


@blueprint.post("/give")
@requires("administrator")
def give() -> ResponseReturnValue:
    """Open units to somebody known by their address; asks which person when the address does not tell."""
    form, session = ScopeForm(), db.session()
    valid = form.validate_on_submit()
    person = _chosen(form) if form.email.data and not form.email.errors else None
    try:
        units = scopes.units_of(session, form.codes)
    except UnknownCodes as error:
        form.units.errors = [_("No unit has this code: %(codes)s.", codes=", ".join(error.codes)[:300])]
        valid = False
    if not valid or person is None:
        return _page(form), 400
    made = scopes.give(session, person.id, units, visitor().person.id)
    session.commit()
    flash(ngettext("One unit is opened to %(name)s.", "%(num)s units are opened to %(name)s.", made, name=_name(person))
          if made else _("Nothing changes: they were opened already."), "ok")  # fmt: skip
    return redirect(url_for("hr_scopes.index"), 303)


@blueprint.post("/<int:scope_id>/take")
@requires("administrator")
def take(scope_id: int) -> ResponseReturnValue:
    """Close a unit to somebody; one that is closed already stays so. The last one of an account asks first."""
    row = scopes.find(db.session(), scope_id)
    if row is not None:
        try:
            scopes.take_back(db.session(), row, visitor().person.id, whole=bool(request.form.get("whole")))
        except LastUnit:
            return _page(last=row.id), 409
        db.session.commit()
        flash(_("The unit is closed to them from their next page."), "ok")
    return redirect(url_for("hr_scopes.index"), 303)


def _chosen(form: ScopeForm) -> Person | None:
    """The person meant; None when nobody is, or when the page must ask which one.

    A platform says the address of its people and nobody checks it: who comes from one is chosen under its name.
    """
    found = authors.people_of(db.session(), form.email.data)
    if not found:
        form.email.errors = [
            _("Nobody has this address here. They sign in once from their platform, or you make them a local account.")
        ]
        return None
    if len(found) == 1 and found[0].platform_id is None:
        return found[0]
    form.person.choices = [(str(person.id), f"{_name(person)} · {_origin(person)}") for person in found]
    chosen = next((person for person in found if str(person.id) == form.person.data), None)
    if chosen is None:
        form.person.errors = [_("Say which person you mean: a platform gives the addresses of its own people.")]
    return chosen


def _page(form: ScopeForm | None = None, last: int | None = None) -> str:
    seers = scopes.seers(db.session())
    return render_template(
        "admin/hr_scopes.html", seers=[_seer(seer, last) for seer in seers], form=form or ScopeForm(formdata=None),
        last=last is not None,
    )  # fmt: skip


def _seer(seer: Seer, last: int | None) -> dict[str, Any]:
    person = seer.person
    everything = (
        _("The whole institution") if person.platform_id is None else _("The people of their platform, by name")
    )
    return {
        "name": _name(person),
        "email": person.email,
        "origin": _origin(person),
        "has_role": seer.has_role,
        "sees": None if seer.units else everything,
        "units": [
            {
                "name": row.unit.name,
                "code": row.unit.code,
                "url": url_for("hr_scopes.take", scope_id=row.id),
                "asks": row.id == last,
            }
            for row in seer.units
        ],
    }


def _name(person: Person) -> str:
    return person.display_name or person.email or person.subject


def _origin(person: Person) -> str:
    return person.platform.name if person.platform else _("Local account")
