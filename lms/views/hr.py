"""HR's pages: the figures, the exports."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from lms import metrics
from lms.board_pages import board_values, track_names
from lms.downloads import TooManyDownloads
from lms.errors import Refused
from lms.exports import exports, offered
from lms.extraction_words import extraction_of, scope_words
from lms.forms.board import BoardForm
from lms.forms.hr import every_filter, filter_form, refusal
from lms.hr_rooms import OF_THE_WHOLE, ROOMS
from lms.i18n import current_language, number
from lms.i18n import gettext as _
from lms.models import db, utcnow, writing
from lms.pages import config
from lms.replica import reporting, reporting_engine
from lms.reports import reports
from lms.security import requires, visitor
from lms.services import day_counting
from lms.services.counted_days import BeingCounted, TooManyDays
from lms.services.dashboards import NotInScope, board, today_here
from lms.services.extractions import journal_export, pieces
from lms.services.organisation import ministries, scope_of
from lms.services.purposes import PURPOSES
from lms.tables import FilterError, Report, TooManyRows

blueprint = Blueprint("hr", __name__, url_prefix="/hr")


@blueprint.get("/")
@requires("hr")
def index() -> ResponseReturnValue:
    """The figures in a sentence, and what can be exported."""
    return _index_page(request.args)


@blueprint.get("/export")
@requires("hr")
def choose() -> ResponseReturnValue:
    """From the export form to the address of the file, which can be kept and asked again."""
    report = reports().get(request.args.get("report", ""))
    export = exports().get(request.args.get("format", ""))
    if report is None or export is None:
        return _index_page(request.args, 400)
    asked: dict[str, Any] = {
        item.key: text for item in report.filters if (text := request.args.get(item.key, "").strip())
    }
    try:
        report.read_filters(asked)
    except FilterError:
        return _index_page(request.args, 400)
    purpose = request.args.get("purpose", "")
    if purpose not in PURPOSES:
        return _index_page(request.args, 400)
    return redirect(url_for("hr.export", report_key=report.key, format_key=export.key, purpose=purpose, **asked))


@blueprint.get("/export/<report_key>.<format_key>")
@requires("hr")
def export(report_key: str, format_key: str) -> ResponseReturnValue:
    """The file itself, streamed; the journal line is written before its first byte."""
    report, form = reports().get(report_key), exports().get(format_key)
    if report is None or form is None:
        abort(404)
    person_id, asked = visitor().person.id, request.args.to_dict()
    asked.pop("lang", None)
    purpose = asked.pop("purpose", None)
    extraction = extraction_of(db.session(), visitor().person, asked, utcnow(), mask_below=config().mask_below)
    extraction = replace(extraction, hurried=True)
    try:
        report.read_filters(asked)
    except FilterError as error:
        message = _("%(field)s: %(reason)s", field=_filter_label(report, error.key), reason=refusal(error))
        raise Refused(message, _("Correct the filter and export again."), cause="filter") from error
    if purpose not in PURPOSES and report.nominative:
        raise Refused(
            _("This export names people: say what it is for."),
            _("Choose a purpose on the page of human resources, then export again."),
            cause="purpose",
        )
    with writing(db.session()):
        journal_export(db.session(), report.key, form.key, extraction, person_id, purpose)
        db.session.commit()
    try:
        file = current_app.extensions["downloads"].leaving(pieces(reporting_engine(), report, form, extraction))
    except BeingCounted as wait:
        return _being_counted(wait.day, MultiDict({"day": wait.day.isoformat()})), 202
    except TooManyRows as error:
        raise Refused(
            _(
                "%(format)s holds %(limit)s rows at most, and this report has more.",
                format=form.label,
                limit=number(error.limit),
            ),
            _("Narrow it with a filter, or export it as CSV."),
            cause="too_many_rows",
        ) from error
    except TooManyDownloads as error:
        busy = Refused(
            _("Other large files are being downloaded: this one would have to wait for them."),
            _(
                "Have it made on the page « Exports »: "
                "it will wait for you there, and a download that is cut short can be resumed."
            ),
            status=503,
            cause="downloads",
        )
        order: dict[str, Any] = {"report_key": report.key, "format_key": form.key, "purpose": purpose, **asked}
        busy.actions = [(_("Have the file made"), url_for("hr_exports.index", **order))]
        raise busy from error
    metrics.exported(report.key, form.key)
    response = Response(file, mimetype=form.media_type)
    response.headers["Content-Type"] = form.media_type
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{report.key}-{extraction.at:%Y-%m-%d}.{form.suffix}"
    )
    return response


@blueprint.get("/agents/import")
@requires("hr")
def agents_import() -> ResponseReturnValue:
    """Where the file of agents was sent: it now has a room with those of units."""
    return redirect(url_for("hr_imports.new", kind="agents"), 301)


def _index_page(values: MultiDict[str, str], status: int = 200) -> ResponseReturnValue:
    scope = scope_of(db.session(), visitor().person)
    form = filter_form(every_filter(), values, {"ministry": ministries(db.session(), scope)})
    form.validate()
    speech, chosen = current_language(), values.get("report", "completions")
    now = utcnow()
    narrowed = BoardForm(values, track_names(), today_here(now))
    if not narrowed.validate() and status == 200:
        status = 400
    asked, below = narrowed.asked(), config().mask_below
    try:
        found = board(reporting(), scope, asked, today_here(now), below)
    except NotInScope:
        abort(404)
    except BeingCounted as wait:
        return _being_counted(wait.day, values), status
    page = render_template(
        "hr/index.html",
        board=board_values(found, asked, below),
        board_form=narrowed,
        unit_id=asked.unit_id,
        index_url=url_for("hr.index"),
        rooms=[
            {"url": url_for(endpoint), "label": _(label)}
            for endpoint, label in ROOMS
            if scope.whole or endpoint not in OF_THE_WHOLE
        ],
        computed_at=found.counted_at or now,
        scope=scope_words(db.session(), scope, visitor().person),
        export_url=url_for("hr.choose"),
        reports=[
            {
                "key": report.key,
                "title": report.title[speech],
                "description": report.description[speech],
                "selected": report.key == chosen,
            }
            for report in reports().values()
        ],
        filters=form,
        formats=[{"key": item.key, "label": item.label, "title": item.title[speech]} for item in offered()],
        purposes=[
            {"key": key, "label": words[speech], "selected": key == values.get("purpose")}
            for key, words in PURPOSES.items()
        ],
        purpose_missing=status == 400 and values.get("purpose") not in PURPOSES,
        saved_url=url_for("hr_exports.index"),
    )
    return page, status


def _being_counted(day: date, values: MultiDict[str, str]) -> str:
    """Have that day counted, and say so, beside the form of those values.

    Promised in the database itself: its replica, where we read, is only read.
    """
    full, now = False, utcnow()
    narrowed = BoardForm(values, track_names(), today_here(now))
    narrowed.validate()
    with writing(db.session()):
        try:
            day_counting.ask(db.session(), day, now)
        except TooManyDays:
            full = True
        db.session.commit()
    address = request.full_path.removesuffix("?")
    return render_template(
        "hr/counting.html",
        day=day,
        full=full,
        board_form=narrowed,
        unit_id=narrowed.asked().unit_id,
        again_url=address,
    )


def _filter_label(report: Report, key: str) -> str:
    return next((item.label[current_language()] for item in report.filters if item.key == key), key[:50])
