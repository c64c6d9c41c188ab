"""The AI-literacy register of each unit: its eight parts, the forms that fill them, the yearly sign-off."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lms import literacy_pages as pages
from lms.forms.literacy import EntryForm, OpenForm, entry_form
from lms.i18n import current_language, localized
from lms.i18n import gettext as _
from lms.models import Register, Unit, db, utcnow
from lms.pages import config
from lms.security import requires, visitor
from lms.services import literacy, literacy_editions
from lms.services.literacy import Entry, RegisterRefused
from lms.services.literacy_content import whole, written
from lms.services.literacy_fields import KINDS, Kind
from lms.services.literacy_people import named
from lms.services.literacy_words import Speaker
from lms.services.organisation import scope_of, units_in
from lms.tables import Scope

blueprint = Blueprint("literacy", __name__, url_prefix="/hr/register")

#: Units offered where one is typed, and rows of a list of people.
OFFERED, ROWS = 300, 100


@blueprint.route("/", methods=["GET", "POST"])
@requires("hr")
def index() -> ResponseReturnValue:
    """The registers of the visitor's part of the organisation; a POST opens the one of a unit."""
    session, scope, form, status = db.session(), _scope(), OpenForm(), 200
    if form.is_submitted():
        status = 400
        if form.validate():
            unit = session.scalars(select(Unit).where(Unit.code == form.unit.data, units_in(scope))).first()
            if unit is not None:
                row = literacy.open_register(session, unit, visitor().person.id)
                session.commit()
                return redirect(url_for("literacy.show", register_id=row.id), 303)
            form.unit.errors = [_("No unit has this code in your part of the organisation.")]
    now, found = utcnow(), []
    signed = literacy_editions.last_ones(session)
    for row in literacy.registers(session, scope):
        last = signed.get(row.id)
        found.append(
            {
                "name": row.unit.name, "code": row.unit.code, "edited_at": row.edited_at,
                "url": url_for("literacy.show", register_id=row.id), "edition": last,
                "due": literacy_editions.due(last, now),
            }
        )  # fmt: skip
    return render_template("hr/literacy/index.html", registers=found, form=form, units=_offered(scope)), status


@blueprint.get("/<int:register_id>")
@requires("hr")
def show(register_id: int) -> ResponseReturnValue:
    """The eight parts of a register as they are now."""
    row = pages.own(register_id)
    content, signed = whole(db.session(), row, utcnow()), literacy_editions.editions(db.session(), row.id)
    page = render_template(
        "hr/literacy/show.html",
        unit=row.unit, content=content, totals=pages.totals(content), basis=pages.basis(content),
        parts=pages.parts(row, content, pages.speaker(row, content), live=True), journal=pages.journal(row),
        editions=pages.editions(signed),
        due=literacy_editions.due(signed[0] if signed else None, utcnow()),
        mine=row.edited_by == visitor().person.id, begun=any(e["kind"] == "organisation" for e in content["entries"]),
        sign_url=url_for("literacy_editions.sign", register_id=row.id),
        gaps_url=url_for("literacy.gaps", register_id=row.id),
        pdf_url=url_for("literacy_editions.pdf", register_id=row.id), files=pages.files(row),
    )  # fmt: skip
    pages.seen(row, "register")
    return page


@blueprint.route("/<int:register_id>/add/<kind>", methods=["GET", "POST"])
@requires("hr")
def add(register_id: int, kind: str) -> ResponseReturnValue:
    """A new entry of that kind."""
    row, found = pages.own(register_id), KINDS.get(kind)
    if found is None:
        abort(404)
    given = {key: request.args[key][:200] for key in ("agent",) if key in request.args and found.field(key)}
    if found.key == "review":
        given = {"opened_on": literacy.today()}
    return _form_page(row, found, None, given)


@blueprint.route("/<int:register_id>/entries/<int:entry_id>", methods=["GET", "POST"])
@requires("hr")
def entry(register_id: int, entry_id: int) -> ResponseReturnValue:
    """What an entry says, to be changed; what it said before."""
    row = pages.own(register_id)
    found = _entry(row, entry_id)
    return _form_page(row, KINDS[found.kind], found, found.content)


@blueprint.post("/<int:register_id>/entries/<int:entry_id>/remove")
@requires("hr")
def remove(register_id: int, entry_id: int) -> ResponseReturnValue:
    """Take an entry away; what it said stays in the history."""
    row = pages.own(register_id)
    try:
        literacy.remove(db.session(), row, _entry(row, entry_id), visitor().person.id)
    except RegisterRefused as refused:
        db.session.rollback()
        flash(pages.why(refused.reason), "warm")
        return redirect(url_for("literacy.entry", register_id=register_id, entry_id=entry_id), 303)
    db.session.commit()
    flash(_("It is taken away. What it said stays in the history of the register."), "ok")
    return redirect(url_for("literacy.show", register_id=register_id), 303)


@blueprint.get("/<int:register_id>/gaps")
@requires("hr")
def gaps(register_id: int) -> ResponseReturnValue:
    """The exposed agents who are not trained, by name: an act written in the journal."""
    row = pages.own(register_id)
    content = whole(db.session(), row, utcnow())
    rows = pages.gap_rows(row, content, request.args.get("group", type=int))
    first = max(0, request.args.get("start", 0, type=int) or 0)
    shown = rows[first : first + ROWS]
    names = named(db.session(), row.unit.path, [each["number"] for each in shown])
    for each in shown:
        each["name"] = names.get(each["number"], "")
    asked: dict[str, Any] = {"register_id": row.id, "group": request.args.get("group")}
    page = render_template(
        "hr/literacy/gaps.html", unit=row.unit, rows=shown, count=len(rows), at=content["at"],
        show_url=url_for("literacy.show", register_id=row.id),
        before_url=url_for("literacy.gaps", **asked, start=max(0, first - ROWS)) if first else None,
        after_url=url_for("literacy.gaps", **asked, start=first + ROWS) if first + ROWS < len(rows) else None,
    )  # fmt: skip
    pages.seen(row, "gaps")
    return page


def _scope() -> Scope:
    return scope_of(db.session(), visitor().person)


def _entry(row: Register, entry_id: int) -> Entry:
    found = next((each for each in literacy.entries(db.session(), row.id) if each.id == entry_id), None)
    if found is None:
        abort(404)
    return found


def _form_page(row: Register, kind: Kind, found: Entry | None, held: Any) -> ResponseReturnValue:
    """The form of an entry, new or not; a POST writes it."""
    session, status, refusal = db.session(), 200, None
    register_id, content = row.id, written(literacy.entries(session, row.id))
    answers = pages.known_answers(row, Speaker(content, current_language()))
    form = entry_form(kind, held, answers, str(found.state_id) if found else "")
    if form.is_submitted():
        status = 400
        if form.validate():
            refusal = _write(row, kind, found, form)
            if refusal is None:
                flash(_("It is written in the register."), "ok")
                return redirect(url_for("literacy.show", register_id=register_id) + f"#part-{kind.part}", 303)
            row, status = pages.own(register_id), 409
            if found is not None:  # what was typed stays, and the next press is about what the entry says now
                found = _entry(row, found.id)
                form.before.data = form.before.raw_data = str(found.state_id)
    page = render_template(
        "hr/literacy/entry.html",
        unit=row.unit, form=form, fields=[form[each.key] for each in kind.fields], refusal=refusal,
        title=localized(kind.label) if found else localized(kind.add), new=found is None,
        units=_offered(Scope((row.unit.path,))), history=pages.history(kind, found, content) if found else [],
        remove_url=url_for("literacy.remove", register_id=register_id, entry_id=found.id) if found else None,
        show_url=url_for("literacy.show", register_id=register_id), largest=config().upload_limit,
    )  # fmt: skip
    return page, status


def _write(row: Register, kind: Kind, found: Entry | None, form: EntryForm) -> str | None:
    """Write what was typed; why it could not be, or None."""
    session, me = db.session(), visitor().person.id
    try:
        if found is None:
            literacy.add(session, row, kind.key, form.content(), me)
        else:
            read = form.before.data or ""
            state = int(read) if read.isdecimal() and len(read) < 10 else 0
            literacy.change(
                session, row, Entry(found.id, found.kind, state, found.since, found.content), form.content(), me
            )
    except RegisterRefused as refused:
        session.rollback()
        return pages.why(refused.reason)
    session.commit()
    return None


def _offered(scope: Scope) -> list[dict[str, str]]:
    query = select(Unit.code, Unit.name).where(units_in(scope), Unit.closed_at.is_(None)).order_by(Unit.path)
    return [{"code": code, "name": name} for code, name in db.session().execute(query.limit(OFFERED))]
