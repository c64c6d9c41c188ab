"""Files of agents and units: sent, shown as they are read, checked, taken in, undone."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from lms.cells import Problem, UnreadableFile
from lms.errors import Refused
from lms.forms.hr_imports import FileForm, chosen, reading_form
from lms.i18n import gettext as _
from lms.import_pages import counts, kind_names, outcome_names, preview, report_rows, sentence, shown
from lms.models import ImportFile, ImportRun, db, writing
from lms.pages import config
from lms.retention_pages import days
from lms.security import requires, visitor
from lms.services import audit, import_files
from lms.services.import_columns import Columns, check, guess, sources
from lms.services.import_fields import KINDS
from lms.services.import_files import Asked
from lms.services.import_undo import NothingToUndo, Rests, undo
from lms.services.imports import from_json, last_run
from lms.services.organisation import scope_of
from lms.sheets import Sheet

blueprint = Blueprint("hr_imports", __name__, url_prefix="/hr/imports")

#: The most that may be sent at once, in bytes.
UPLOADS = {"hr_imports.new": import_files.LARGEST}
#: Imports listed.
LISTED = 50


@blueprint.before_request
@requires("hr")
def whole_institution_only() -> None:
    """The organisation and its agents are everybody's: whoever sees a part of them cannot replace them."""
    if not scope_of(db.session(), visitor().person).whole:
        raise Refused(
            _("The list of agents belongs to the whole institution: it cannot be changed by who sees a part of it."),
            _("Sign in with an account of this service that has the human resources role for all of it."),
            status=403,
            cause="agents_scope",
        )


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The last imports, and the way to another."""
    names = kind_names()
    found = import_files.runs(db.session(), list(KINDS), LISTED)
    rows = [
        {
            "kind": names[run.kind], "name": file.name if file else "", "at": run.created_at, "counts": counts(run),
            "undone_at": run.undone_at, "url": url_for("hr_imports.show", run_id=run.id),
        }
        for run, file in found
    ]  # fmt: skip
    return render_template("hr/imports.html", rows=rows, new_url=url_for("hr_imports.new"), listed=LISTED)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Send a file; the next page shows how it is read."""
    kinds = kind_names()
    form = FileForm(kinds, data={"kind": request.args.get("kind", "agents")})
    if form.validate_on_submit():
        kind, source = form.kind.data, (form.source.data or "").strip()
        stream = form.file.data.stream
        try:
            import_files.recognise(db.session(), kind, stream, Asked(source=source), import_files.LARGEST)
        except UnreadableFile as error:
            found = shown(error.problem)
            form.file.errors = [f"{found['what']} {found['fix']}"]
        else:
            stream.seek(0)
            file = import_files.receive(
                db.session(), kind, visitor().person.id, form.file.data.filename or "", stream.read(), source
            )
            db.session.commit()
            return redirect(url_for("hr_imports.read", file_id=file.id), 303)
    page = render_template(
        "hr/import_new.html",
        form=form,
        sources=sorted({each.name for kind in KINDS for each in sources(db.session(), kind)}),
        columns=[
            (kinds[kind], [(field.heading, field.required) for field in fields.values()])
            for kind, fields in KINDS.items()
        ],
        limit=import_files.LARGEST,
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.route("/<int:file_id>", methods=["GET", "POST"])
def read(file_id: int) -> ResponseReturnValue:
    """How a file is read, column by column; a POST shows it again, checks it, or takes it in."""
    file = import_files.sent(db.session(), file_id, visitor().person.id)
    if file is None:
        flash(_("This file is no longer here: it was replaced, or waited for more than a day."), "warm")
        return redirect(url_for("hr_imports.index"), 303)
    if file.run_id is not None:
        return redirect(url_for("hr_imports.show", run_id=file.run_id), 303)
    if file.work:
        return render_template("hr/import_work.html", file=file, title=kind_names()[file.kind], stamp=_stamp(file),
                               share=Fraction(file.progress, 1000),
                               stamp_url=url_for("hr_imports.stamp", file_id=file_id))  # fmt: skip
    try:
        sheet, columns, form = _reading(file)
    except UnreadableFile as error:
        found = shown(error.problem)
        flash(f"{found['what']} {found['fix']}", "bad")
        return redirect(url_for("hr_imports.new", kind=file.kind), 303)
    refusal = shown(Problem(**file.problem)) if file.problem else None
    if form.validate_on_submit():
        refusal = None
        act = request.form.get("act", "show")
        try:
            check(file.kind, columns)
            import_files.remember(db.session(), file, sheet, columns)
            file.problem = {}
            if act in {"check", "take"}:
                ways = {name: name in form and bool(form[name].data) for name in import_files.WAYS}
                import_files.ask(db.session(), file, ways, write=act == "take")
        except UnreadableFile as error:
            db.session.rollback()
            refusal = shown(error.problem)
        else:
            db.session.commit()
            if file.run_id is not None:
                return redirect(url_for("hr_imports.show", run_id=file.run_id), 303)
            return redirect(url_for("hr_imports.read", file_id=file.id), 303)
    return _page(file, sheet, columns, form, refusal), 422 if request.method == "POST" else 200


@blueprint.get("/<int:file_id>/stamp")
def stamp(file_id: int) -> ResponseReturnValue:
    """What changes as a worker goes on with a file: its page refreshes itself then."""
    file = import_files.sent(db.session(), file_id, visitor().person.id)
    return jsonify(stamp=_stamp(file) if file is not None else "gone")


@blueprint.get("/<int:file_id>/report.csv")
def check_report(file_id: int) -> ResponseReturnValue:
    """Every row of a file that was checked, and what would become of it."""
    file = import_files.sent(db.session(), file_id, visitor().person.id)
    if file is None or not file.result:
        abort(404)
    return _report(file)


@blueprint.get("/runs/<int:run_id>")
def show(run_id: int) -> ResponseReturnValue:
    """What became of a file."""
    run = db.session.get(ImportRun, run_id)
    if run is None or run.kind not in KINDS:
        abort(404)
    file = import_files.of_run(db.session(), run.id)
    last = last_run(db.session(), run.kind)
    result = from_json(file.result) if file else None
    return render_template(
        "hr/import_run.html",
        title=kind_names()[run.kind], run=run, file=file, facts=counts(run),
        problems=[shown(problem) for problem in result.problems] if result else [],
        report_url=url_for("hr_imports.report", run_id=run.id) if file else None,
        undo_url=url_for("hr_imports.take_back", run_id=run.id) if last is not None and last.id == run.id else None,
    )  # fmt: skip


@blueprint.get("/runs/<int:run_id>/report.csv")
def report(run_id: int) -> ResponseReturnValue:
    """Every row of a file that was taken in, and what became of it."""
    file = import_files.of_run(db.session(), run_id, report=True)
    if file is None:
        abort(404)
    return _report(file)


@blueprint.post("/runs/<int:run_id>/undo")
def take_back(run_id: int) -> ResponseReturnValue:
    """Undo the last import of its kind, unless something rests on it."""
    run = db.session.get(ImportRun, run_id)
    if run is None or run.kind not in KINDS:
        abort(404)
    try:
        undo(db.session(), run.kind, run_id, visitor().person.id)
    except NothingToUndo:
        time = days(config().keep_changes_days)
        flash(_("Only the last import that was not undone can be, within %(time)s.", time=time), "warm")
    except Rests:
        db.session.rollback()
        flash(_("It cannot be undone: what came after it rests on it, another file or a change by hand."), "bad")
    else:
        db.session.commit()
        flash(_("The import is undone: everything is again as it was before it."), "ok")
    return redirect(url_for("hr_imports.show", run_id=run_id), 303)


def _reading(file: ImportFile) -> tuple[Sheet, Columns, FlaskForm]:
    """A waiting file as it is read, by what the form says on a POST. Raises ``UnreadableFile``."""
    stream = import_files.stream_of(file)
    asked_sheet = request.form.get("sheet", file.sheet)
    fields = tuple(file.fields) if file.fields else None
    sheet, columns = import_files.recognise(
        db.session(), file.kind, stream, Asked(sheet=asked_sheet, source=file.source, fields=fields)
    )
    result = from_json(file.result)
    form = reading_form(file.kind, sheet, columns, to_confirm=result.left if result and result.to_confirm else 0)
    if request.method == "POST":
        if asked_sheet == (file.sheet or sheet.name):
            columns = chosen(form, file.kind, sheet.headings)
        else:  # another sheet: its own headings say what it is
            columns = guess(file.kind, sheet.headings)
        file.sheet = sheet.name
    return sheet, columns, form


def _stamp(file: ImportFile) -> str:
    return f"{file.progress}" if file.work and file.run_id is None else "done"


def _page(file: ImportFile, sheet: Sheet, columns: Columns, form: FlaskForm, refusal: Any) -> str:
    result = from_json(file.result)
    return render_template(
        "hr/import_read.html",
        file=file, title=kind_names()[file.kind], sheet=sheet, form=form, refusal=refusal,
        columns=preview(file.kind, sheet, columns), result=result, sentence=sentence(result) if result else None,
        problems=[shown(problem) for problem in result.problems] if result else [],
        report_url=url_for("hr_imports.check_report", file_id=file.id),
        read_url=url_for("hr_imports.read", file_id=file.id),
    )  # fmt: skip


def _report(file: ImportFile) -> Response:
    """The report as a file, line by line; it names agents, so that it is journaled.

    It is read before: a file that leaves slowly keeps no connection to the database.
    """
    names, kind, name, content = outcome_names(), file.kind, f"import-{file.kind}-{file.id}.csv", file.report
    with writing(db.session()):
        audit.record(db.session(), "hr.view", f"import_file:{file.id}", visitor().person.id, purpose="import report")
        db.session.commit()

    def pieces() -> Iterator[bytes]:
        rows = report_rows(kind, names, content)
        while piece := "".join(islice(rows, 1000)):
            yield piece.encode()

    response = Response(stream_with_context(pieces()), content_type="text/csv; charset=utf-8; header=present")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
