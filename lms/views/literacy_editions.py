"""The signed editions of the AI-literacy registers, and the register on paper."""

import re
from io import BytesIO

from flask import Blueprint, Response, abort, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from lms import literacy_pages as pages
from lms.forms.literacy import SignForm
from lms.i18n import gettext as _
from lms.models import Register, RegisterEdition, db, utcnow
from lms.security import requires, visitor
from lms.services import literacy_editions
from lms.services.literacy import RegisterRefused
from lms.services.literacy_content import whole
from lms.services.literacy_editions import Signature

blueprint = Blueprint("literacy_editions", __name__, url_prefix="/hr/register/<int:register_id>")


@blueprint.route("/sign", methods=["GET", "POST"])
@requires("hr")
def sign(register_id: int) -> ResponseReturnValue:
    """Sign the register as it is: somebody else than its last editor does."""
    row, session, status = pages.own(register_id), db.session(), 200
    form = SignForm()
    if form.is_submitted():
        status = 400
        if form.validate():
            person = visitor().person
            name = person.display_name or person.email or _("Human resources")
            by = Signature(person.id, name, form.function.data, form.words.data or "", form.read.data or "")
            try:
                made = literacy_editions.sign(session, row, by, utcnow())
            except RegisterRefused as refused:
                session.rollback()
                row, status = pages.own(register_id), 409
                form.function.errors = [pages.why(refused.reason)]
            else:
                address = url_for("literacy_editions.show", register_id=row.id, number=made.number)
                session.commit()
                flash(_("Edition %(number)s is signed. It no longer changes.", number=made.number), "ok")
                return redirect(address, 303)
    content = whole(session, row, utcnow())
    form.read.data = literacy_editions.fingerprint(session, row)
    page = render_template(
        "hr/literacy/sign.html", unit=row.unit, form=form, totals=pages.totals(content),
        mine=row.edited_by == visitor().person.id, show_url=url_for("literacy.show", register_id=row.id),
    )  # fmt: skip
    return page, status


@blueprint.get("/editions/<int:number>")
@requires("hr")
def show(register_id: int, number: int) -> ResponseReturnValue:
    """A signed edition, as it was signed."""
    row, found = _edition(register_id, number)
    content = literacy_editions.content_of(found)
    page = render_template(
        "hr/literacy/edition.html",
        unit=content["unit"], number=number, signed=content["signed"], signed_at=found.signed_at,
        sha256=found.sha256, intact=literacy_editions.intact(found), totals=pages.totals(content),
        basis=pages.basis(content), parts=pages.parts(row, content, pages.speaker(row, content), live=False),
        show_url=url_for("literacy.show", register_id=row.id),
        pdf_url=url_for("literacy_editions.edition_pdf", register_id=row.id, number=number),
        json_url=url_for("literacy_editions.as_json", register_id=row.id, number=number),
        files=pages.files(row, number),
    )  # fmt: skip
    pages.seen(row, "edition", number=number)
    return page


@blueprint.get("/editions/<int:number>.json")
@requires("hr")
def as_json(register_id: int, number: int) -> ResponseReturnValue:
    """A signed edition as it is kept: the SHA-256 of this file is the edition's."""
    row, found = _edition(register_id, number)
    pages.seen(row, "edition.json", number=number)
    return _file(found.content.encode(), "application/json", f"{row.unit.code}-{number}.json")


@blueprint.get("/editions/<int:number>.pdf")
@requires("hr")
def edition_pdf(register_id: int, number: int) -> ResponseReturnValue:
    """A signed edition on paper."""
    row, found = _edition(register_id, number)
    pages.seen(row, "edition.pdf", number=number)
    file = pages.paper(row, literacy_editions.content_of(found), found)
    return _file(file, "application/pdf", f"{row.unit.code}-{number}.pdf")


@blueprint.get("/register.pdf")
@requires("hr")
def pdf(register_id: int) -> ResponseReturnValue:
    """The register on paper as it is now, dated and not signed."""
    row, now = pages.own(register_id), utcnow()
    pages.seen(row, "register.pdf")
    file = pages.paper(row, whole(db.session(), row, now))
    return _file(file, "application/pdf", f"{row.unit.code}-{now:%Y-%m-%d}.pdf")


def _edition(register_id: int, number: int) -> tuple[Register, RegisterEdition]:
    row = pages.own(register_id)
    found = literacy_editions.edition(db.session(), row.id, number)
    if found is None:
        abort(404)
    return row, found


def _file(content: bytes, kind: str, name: str) -> Response:
    begins = _("register")
    plain = re.sub(r"[^\w.-]+", "-", f"{begins}-{name}")
    return send_file(BytesIO(content), kind, as_attachment=True, download_name=plain)
