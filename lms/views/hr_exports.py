"""HR's exports that a worker makes: asked for with their progress, kept under a name, made again on their days."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form

from lms import metrics
from lms.errors import Refused
from lms.exports import exports
from lms.forms.hr import every_filter, filter_form
from lms.forms.hr_exports import ExportForm, place_names, schedule_names
from lms.i18n import current_language, number
from lms.i18n import gettext as _
from lms.models import ExportRun, LocalAccount, SavedExport, db, utcnow, writing
from lms.pages import config
from lms.reports import reports
from lms.security import requires, visitor
from lms.services import exporting
from lms.services.audit import record
from lms.services.exporting import OPEN, Order, TooManyWaiting
from lms.services.organisation import ministries, scope_of
from lms.services.purposes import PURPOSES

blueprint = Blueprint("hr_exports", __name__, url_prefix="/hr/exports")

#: Runs shown; the older ones are in the journal.
SHOWN = 50


@blueprint.get("")
@requires("hr")
def index() -> ResponseReturnValue:
    """What can be asked for, what was, what is kept."""
    form = _form()
    for name in ("report_key", "format_key", "purpose"):
        if request.args.get(name) in dict(form[name].choices):
            form[name].data = request.args[name]
    return _page(form, _filters())


@blueprint.post("")
@requires("hr")
def ask() -> ResponseReturnValue:
    """Have a file made; kept under a name when one is given."""
    form, filters = _form(), _filters()
    good, good_filters = form.validate_on_submit(), filters.validate()
    if not (good and good_filters):
        return _page(form, filters), 400
    session, person_id = db.session(), visitor().person.id
    report = reports()[form.report_key.data]
    asked = {item.key: text for item in report.filters if (text := request.form.get(item.key, "").strip())}
    order = Order(
        report.key, form.format_key.data, asked, current_language(), form.purpose.data, form.place.data
    )  # fmt: skip
    name, saved = (form.title.data or "").strip(), None
    if name:
        saved = exporting.save(session, person_id, name, order, form.schedule.data, utcnow())
        record(session, "hr.export_saved", f"{order.report}.{order.format}", person_id, purpose=order.purpose,
               schedule=saved.schedule, place=order.place)  # fmt: skip
    run = _asked(lambda: exporting.ask(session, person_id, order, saved.id if saved else None))
    return redirect(url_for("hr_exports.show", run_id=run.id), 303)


@blueprint.get("/runs/<int:run_id>")
@requires("hr")
def show(run_id: int) -> ResponseReturnValue:
    """How far a file is, what became of it."""
    return render_template("hr/export_run.html", hr_url=url_for("hr.index"), exports_url=url_for("hr_exports.index"),
                           run=_shown(_run(run_id)))  # fmt: skip


@blueprint.get("/runs/<int:run_id>/file")
@requires("hr")
def file(run_id: int) -> ResponseReturnValue:
    """The file, for who asked for it, while they see all it holds."""
    run = _run(run_id)
    path = config().exports.absolute() / run.file if run.state == "done" and run.file else None
    if path is None or not path.is_file():
        abort(404)
    if not exporting.seen_by(run, scope_of(db.session(), visitor().person)):
        raise Refused(
            _("This file holds more than what you see now."), _("Ask for the export again."), status=403, cause="scope"
        )
    form = exports().get(run.format)
    with writing(db.session()):
        record(db.session(), "hr.export_download", f"{run.report}.{run.format}", visitor().person.id, run=run.id,
               purpose=run.purpose)  # fmt: skip
        db.session.commit()
    name = f"{run.report}-{run.asked_at:%Y-%m-%d}{path.suffix}"
    metrics.exported(run.report, run.format)
    answer = send_file(path, mimetype=form.media_type if form else None, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/runs/<int:run_id>/remove")
@requires("hr")
def remove(run_id: int) -> ResponseReturnValue:
    """Give up a file that is not made yet, or take away one that is."""
    run = _run(run_id)
    if run.state in OPEN or run.file is not None:
        exporting.remove(db.session(), run, config().exports, utcnow())
        record(db.session(), "hr.export_removed", f"{run.report}.{run.format}", visitor().person.id, run=run.id)
        db.session.commit()
        flash(_("The file is removed."), "ok")
    return redirect(url_for("hr_exports.index"), 303)


@blueprint.post("/saved/<int:saved_id>/run")
@requires("hr")
def again(saved_id: int) -> ResponseReturnValue:
    """Have a saved export made now."""
    saved = _saved(saved_id)
    run = _asked(lambda: exporting.ask_again(db.session(), saved))
    return redirect(url_for("hr_exports.show", run_id=run.id), 303)


@blueprint.post("/saved/<int:saved_id>/remove")
@requires("hr")
def forget(saved_id: int) -> ResponseReturnValue:
    """Keep a saved export no longer; the files it made stay as long as they were to."""
    saved = _saved(saved_id)
    record(db.session(), "hr.export_forgotten", f"{saved.report}.{saved.format}", visitor().person.id)
    db.session.delete(saved)
    db.session.commit()
    flash(_("The saved export is removed."), "ok")
    return redirect(url_for("hr_exports.index"), 303)


def _asked(act: Any) -> ExportRun:
    try:
        run: ExportRun = act()
    except TooManyWaiting as error:
        raise Refused(
            _("%(count)s exports of yours are waiting already.", count=number(exporting.MOST_WAITING)),
            _("Wait until one is made, or remove one."), status=429, cause="exports_waiting",
        ) from error  # fmt: skip
    db.session.commit()
    return run


def _run(run_id: int) -> ExportRun:
    run = db.session.get(ExportRun, run_id)
    if run is None or run.person_id != visitor().person.id:
        abort(404)
    return run


def _saved(saved_id: int) -> SavedExport:
    saved = db.session.get(SavedExport, saved_id)
    if saved is None or saved.person_id != visitor().person.id:
        abort(404)
    return saved


def _form() -> ExportForm:
    """What this visitor may ask: only who has an account here, whose role can be asked, has files sent elsewhere."""
    account = db.session.query(LocalAccount.id).filter_by(person_id=visitor().person.id).first()
    return ExportForm(config().places if account else ("download",), schedules=account is not None)


def _filters() -> Form:
    known = ministries(db.session(), scope_of(db.session(), visitor().person))
    return filter_form(every_filter(), request.values, {"ministry": known})


def _page(form: ExportForm, filters: Form) -> str:
    session, person_id = db.session(), visitor().person.id
    return render_template(
        "hr/exports.html",
        hr_url=url_for("hr.index"),
        action_url=url_for("hr_exports.ask"),
        form=form,
        filters=filters,
        days=config().export_days,
        runs=[_shown(run) for run in exporting.runs_of(session, person_id, SHOWN)],
        saved=[_kept(row) for row in exporting.saved_of(session, person_id)],
    )


def _titles(row: ExportRun | SavedExport) -> dict[str, Any]:
    speech = current_language()
    report, form = reports().get(row.report), exports().get(row.format)
    return {
        "report": report.title[speech] if report else row.report,
        "format": form.label if form else row.format,
        "place": place_names()[row.place],
        "purpose": PURPOSES[row.purpose][speech] if row.purpose in PURPOSES else row.purpose,
        "filters": ", ".join(
            f"{item.label[speech]}\u00a0: {row.filters[item.key]}"
            for item in (report.filters if report else ())
            if item.key in row.filters
        ),
    }


def _shown(run: ExportRun) -> dict[str, Any]:
    """A run as its pages say it."""
    there = run.state == "done" and run.file is not None
    return {
        **_titles(run), "state": run.state, "word": _state_word(run), "rows": run.rows, "size": run.size,
        "sha256": run.sha256, "asked_at": run.asked_at, "expires_at": run.expires_at if there else None,
        "delivered_as": run.delivered_as, "error": _(run.error) if run.error else None,
        "open": run.state in OPEN,
        "url": url_for("hr_exports.show", run_id=run.id),
        "file_url": url_for("hr_exports.file", run_id=run.id) if there else None,
        "remove_url": url_for("hr_exports.remove", run_id=run.id) if there or run.state in OPEN else None,
    }  # fmt: skip


def _kept(row: SavedExport) -> dict[str, Any]:
    return {
        **_titles(row), "name": row.name, "schedule": schedule_names()[row.schedule], "next_at": row.next_at,
        "run_url": url_for("hr_exports.again", saved_id=row.id),
        "remove_url": url_for("hr_exports.forget", saved_id=row.id),
    }  # fmt: skip


def _state_word(run: ExportRun) -> str:
    if run.state == "done" and run.delivered_as:
        return _("at its destination")
    return {
        "waiting": _("waiting"), "running": _("being made"), "delivering": _("being delivered"), "done": _("ready"),
        "failed": _("not made"), "cancelled": _("given up"), "expired": _("removed"),
    }[run.state]  # fmt: skip
