"""HR's check of many certificates, from a file of their codes or numbers: read, answered, forgotten."""

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from certificates.answer import WORDS
from lms.csv_files import csv_file
from lms.forms.hr import ChecksForm
from lms.i18n import current_language, localized, number
from lms.i18n import gettext as _
from lms.models import db
from lms.pages import config
from lms.security import requires, visitor
from lms.services import bulk_verification
from lms.services.bulk_verification import MAX_LINES, Checked, NotLines
from lms.services.organisation import scope_of

blueprint = Blueprint("bulk_verification", __name__, url_prefix="/hr/certificates")

#: Lines shown on the page; the file has all of them.
SHOWN = 500


@blueprint.get("")
@requires("hr")
def index() -> ResponseReturnValue:
    """Where the file is sent."""
    return _page(ChecksForm())


@blueprint.post("")
@requires("hr")
def check() -> ResponseReturnValue:
    """What each line is worth today."""
    form = ChecksForm()
    if not form.validate_on_submit():
        return _page(form), 400
    with form.file.data.stream as stream:  # closed at once: a large one is a file of its own
        data = stream.read(bulk_verification.MAX_BYTES + 1)
    try:
        checked = _check(data)
    except NotLines as error:
        form.file.errors = [_refusal(error)]
        return _page(form), 422
    return _page(form, checked)


@blueprint.post("/file")
@requires("hr")
def file() -> ResponseReturnValue:
    """The same as a file, for the lines that the page sends back: nothing was kept of them here."""
    sent = request.form.get("lines", "").encode()
    try:
        checked = _check(sent)
    except NotLines:
        return _page(ChecksForm()), 400
    return _csv(checked, plain=request.form.get("form") == "plain")


def _check(data: bytes) -> list[Checked]:
    session = db.session()
    checked = bulk_verification.check(session, bulk_verification.read_lines(data), scope_of(session, visitor().person))
    bulk_verification.journal(session, checked, visitor().person.id)
    session.commit()
    return checked


def _page(form: ChecksForm, checked: list[Checked] | None = None) -> str:
    rows = [_row(each) for each in checked or ()]
    wrong = [row for row in rows if row["problem"]]
    return render_template(
        "hr/certificates.html",
        form=form,
        hr_url=url_for("hr.index"),
        action_url=url_for("bulk_verification.check"),
        limit=number(MAX_LINES),
        largest=config().upload_limit,
        checked=checked is not None,
        total=len(rows),
        valid=sum(row["state"] == "valid" for row in rows),
        wrong=wrong[:SHOWN],
        wrong_count=len(wrong),
        rows=[row for row in rows if not row["problem"]][:SHOWN],
        shown=SHOWN,
        lines="\n".join(_again(checked or [])),
        file_url=url_for("bulk_verification.file"),
    )


def _again(checked: list[Checked]) -> list[str]:
    """The lines as they can be sent again: each where it was in the file, so that it keeps its number."""
    lines = [""] * max((each.line for each in checked), default=0)
    for each in checked:
        lines[each.line - 1] = each.named.replace(", ", ";") or "0"
    return [lines[0] or "code", *lines[1:]] if lines else []


def _row(each: Checked) -> dict[str, Any]:
    facts = each.record
    return {
        "line": each.line,
        "named": each.named,
        "problem": _problem(each.problem) if each.problem else None,
        "state": each.state,
        "word": WORDS[each.state][current_language()],
        "number": facts.number if facts else None,
        "url": url_for("verify.show", code=facts.code) if facts else None,
        "award": localized(facts.title) if facts else None,
        "holder": each.holder,
        "issued_at": facts.issued_at if facts else None,
        "valid_until": facts.valid_until if facts else None,
    }


def _csv(checked: list[Checked], *, plain: bool) -> Response:
    headings = [_("Line"), _("Asked"), _("State today"), _("Certificate"), _("Award"), _("Holder"), _("Issued on"),
                _("Valid until"), _("What is wrong")]  # fmt: skip
    keys = ("line", "named", "word", "number", "award", "holder", "issued_at", "valid_until", "problem")
    lines = [[row[key] for key in keys] for row in map(_row, checked)]
    return csv_file("verification", headings, lines, plain=plain)


def _problem(problem: str) -> str:
    return {
        "none": _("No code and no number on this line."),
        "unknown": _("No certificate of ours bears this code or this number."),
        "two": _("What this line names is not of one and the same certificate."),
    }[problem]


def _refusal(error: NotLines) -> str:
    return {
        "empty": _("The file is empty."),
        "large": _("This file is too large: one line for each certificate is enough."),
        "lines": _("The file has more than %(count)s lines: cut it in several.", count=number(MAX_LINES)),
        "text": _("This is not a CSV file. In your spreadsheet, save the sheet as CSV, then send that file."),
    }[error.reason]
