"""Who writes tracks: roles in the studio, and the institutions that share it."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.authors import InstitutionForm, RoleForm
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Institution, Person, StudioRole, db
from lms.pages import issuer_name, tracks
from lms.security import requires, visitor
from lms.services import authors, studio

blueprint = Blueprint("authors", __name__, url_prefix="/admin/authors")


@blueprint.before_request
def _institution() -> None:
    """Who writes is the institution's to say: an administrator by a platform's word has no power over it."""
    if visitor().platform_id is not None:
        abort(403)


@blueprint.get("/")
@requires("administrator")
def index() -> ResponseReturnValue:
    """Who may do what in the studio."""
    return _page()


@blueprint.post("/grant")
@requires("administrator")
def grant() -> ResponseReturnValue:
    """Give roles to somebody known by their address; asks which person when the address does not tell."""
    form = _role_form()
    if not form.validate_on_submit():
        return _page(form), 400
    person = _chosen(form)
    if person is None:
        return _page(form), 400
    kind, _colon, name = form.reach.data.partition(":")
    reach: dict[str, Any] = {"track_key": name} if kind == "track" else {}
    if kind == "institution":
        reach = {"institution_id": int(name)}
    studio.grant(db.session(), person.id, form.roles.data, by=visitor().person.id, **reach)
    db.session.commit()
    flash(_("The role is given to %(name)s. It counts from their next page.", name=_name(person)), "ok")
    return redirect(url_for("authors.index"), 303)


@blueprint.post("/<int:role_id>/revoke")
@requires("administrator")
def revoke(role_id: int) -> ResponseReturnValue:
    """Take a role back; one that is gone already stays gone."""
    row = db.session.get(StudioRole, role_id)
    if row is not None:
        authors.revoke(db.session(), [row], visitor().person.id)
        db.session.commit()
        flash(_("The role is taken back. What they wrote stays."), "ok")
    return redirect(url_for("authors.index"), 303)


@blueprint.post("/institutions", defaults={"institution_id": None})
@blueprint.post("/institutions/<int:institution_id>")
@requires("administrator")
def name_institution(institution_id: int | None) -> ResponseReturnValue:
    """Add an institution, or rename one."""
    form = InstitutionForm()
    if form.validate_on_submit():
        session, by = db.session(), visitor().person.id
        row = session.get(Institution, institution_id) if institution_id is not None else None
        if row is None and institution_id is not None:
            abort(404)
        try:
            if row is None:
                authors.add_institution(session, form.name.data, by)
            else:
                authors.rename_institution(session, row, form.name.data, by)
        except authors.NameTaken:
            form.name.errors = [_("An institution has this name already.")]
        else:
            session.commit()
            flash(_("The name is kept."), "ok")
            return redirect(url_for("authors.index"), 303)
    return _page(named=form, naming=institution_id), 400


def _chosen(form: RoleForm) -> Person | None:
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
    form.person.choices = [(str(person.id), _described(person)) for person in found]
    chosen = next((person for person in found if str(person.id) == form.person.data), None)
    if chosen is None:
        form.person.errors = [_("Say which person you mean: a platform gives the addresses of its own people.")]
    return chosen


def _role_form() -> RoleForm:
    roles = [
        ("author", _("Author: writes and sends to review")),
        ("reviewer", _("Reviewer: reads, comments and approves")),
        ("publisher", _("Publisher: publishes and retires")),
    ]
    session = db.session()
    reach = [("", _("Every track of %(name)s", name=issuer_name()))]
    reach += [
        (f"institution:{row.id}", _("Every track of %(name)s", name=row.name)) for row in authors.institutions(session)
    ]
    reach += [(f"track:{key}", _("The track « %(title)s »", title=_title(key))) for key in studio.known_tracks(session)]
    return RoleForm(roles, reach)


def _page(form: RoleForm | None = None, named: InstitutionForm | None = None, naming: int | None = None) -> str:
    session = db.session()
    return render_template(
        "admin/authors.html", given=[_given(row) for row in authors.roles_given(session)], form=form or _role_form(),
        institutions=authors.institutions(session), own=issuer_name(), naming=naming,
        named=named or InstitutionForm(formdata=None), typed=request.form.get("name", ""),
    )  # fmt: skip


def _given(row: StudioRole) -> dict[str, Any]:
    over = _("Every track of %(name)s", name=row.institution.name if row.institution else issuer_name())
    return {
        "name": _name(row.person), "email": row.person.email, "origin": _origin(row.person), "role": row.role,
        "over": _("The track « %(title)s »", title=_title(row.track_key)) if row.track_key else over,
        "since": row.granted_at, "url": url_for("authors.revoke", role_id=row.id),
    }  # fmt: skip


def _title(key: str) -> str:
    track = tracks().get(key)
    return localized(track.title) if track else key


def _name(person: Person) -> str:
    return person.display_name or person.email or person.subject


def _origin(person: Person) -> str:
    return person.platform.name if person.platform else _("Local account")


def _described(person: Person) -> str:
    return f"{_name(person)} · {_origin(person)}"
