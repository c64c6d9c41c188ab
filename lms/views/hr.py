"""HR's pages: the figures, the exports, the file of agents."""

from itertools import chain
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from lms.board_pages import board_values, scope_words, track_names
from lms.errors import Refused
from lms.exports import exports
from lms.forms.board import BoardForm
from lms.forms.hr import ImportForm, filter_form, refusal
from lms.hr_rooms import ROOMS
from lms.i18n import current_language, filesize, number
from lms.i18n import gettext as _
from lms.models import db, utcnow, writing
from lms.pages import config
from lms.reports import reports
from lms.security import requires, visitor
from lms.services.agent_files import FRENCH, REQUIRED, Problem, UnreadableFile
from lms.services.agents import ImportResult, import_agents
from lms.services.dashboards import NotInScope, board, today_here, unit_names
from lms.services.extractions import journal_export, pieces
from lms.services.organisation import scope_of
from lms.services.overview import ministries
from lms.tables import Extraction, Filter, FilterError, Report, TooManyRows

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
    return redirect(url_for("hr.export", report_key=report.key, format_key=export.key, **asked))


@blueprint.get("/export/<report_key>.<format_key>")
@requires("hr")
def export(report_key: str, format_key: str) -> ResponseReturnValue:
    """The file itself, streamed; the journal line is written before its first byte."""
    report, form = reports().get(report_key), exports().get(format_key)
    if report is None or form is None:
        abort(404)
    person_id, asked = visitor().person.id, request.args.to_dict()
    asked.pop("lang", None)
    extraction = Extraction(
        at=utcnow(), author=_author(), scope=_scope(), platform_id=visitor().platform_id,
        language=current_language(), asked=asked, mask_below=config().mask_below,
        paths=scope_of(db.session(), visitor().person).paths,
    )  # fmt: skip
    try:
        report.read_filters(asked)
    except FilterError as error:
        message = _("%(field)s: %(reason)s", field=_filter_label(report, error.key), reason=refusal(error))
        raise Refused(message, _("Correct the filter and export again."), cause="filter") from error
    with writing(db.session()):
        journal_export(db.session(), report.key, form.key, extraction, person_id)
        db.session.commit()
    file = pieces(db.engine, report, form, extraction)
    try:
        first = next(file, b"")
    except TooManyRows as error:
        raise Refused(
            _("A sheet holds %(limit)s rows at most, and this report has more.", limit=number(error.limit)),
            _("Narrow it with a filter, or export it as CSV."),
            cause="too_many_rows",
        ) from error
    response = Response(chain([first], file), mimetype=form.media_type)
    response.headers["Content-Type"] = form.media_type
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{report.key}-{extraction.at:%Y-%m-%d}.{form.suffix}"
    )
    response.call_on_close(file.close)
    return response


@blueprint.route("/agents/import", methods=["GET", "POST"])
@requires("hr")
def agents_import() -> ResponseReturnValue:
    """Take in the CSV file of agents; the refused rows are shown with their place and their fix."""
    if visitor().platform_id is not None:
        raise Refused(
            _("The list of agents belongs to the whole institution: it cannot be changed from a training platform."),
            _("Sign in with an account of this service that has the human resources role."),
            status=403,
            cause="agents_scope",
        )
    form, result, unreadable = ImportForm(), None, None
    if form.validate_on_submit():
        try:
            result = import_agents(
                db.session(), form.file.data.stream, person_id=visitor().person.id,
                partial=bool(form.partial.data), dry_run=bool(form.dry_run.data),
            )  # fmt: skip
        except UnreadableFile as error:
            unreadable = error.problem
        if result is not None and result.written:
            db.session.commit()
        else:
            db.session.rollback()
    refused = bool(form.errors or unreadable or (result and result.refused))
    page = render_template(
        "hr/agents_import.html",
        form=form,
        action_url=url_for("hr.agents_import"),
        hr_url=url_for("hr.index"),
        required=[FRENCH[field] for field in REQUIRED],
        optional=[name for field, name in FRENCH.items() if field not in REQUIRED],
        limit=filesize(config().upload_limit),
        unreadable=_shown(unreadable) if unreadable else None,
        result=result,
        sentence=_told(result) if result else None,
        problems=[_shown(problem) for problem in result.problems] if result else [],
    )
    return page, 422 if refused else 200


def _index_page(values: MultiDict[str, str], status: int = 200) -> ResponseReturnValue:
    platform_id = visitor().platform_id
    form = filter_form(_every_filter(), values, {"ministry": ministries(db.session(), platform_id)})
    form.validate()
    speech, chosen = current_language(), values.get("report", "completions")
    now = utcnow()
    narrowed = BoardForm(values, track_names(), today_here(now))
    if not narrowed.validate() and status == 200:
        status = 400
    asked, below = narrowed.asked(), config().mask_below
    try:
        found = board(db.session(), scope_of(db.session(), visitor().person), asked, today_here(now), below)
    except NotInScope:
        abort(404)
    page = render_template(
        "hr/index.html",
        board=board_values(found, asked, below),
        board_form=narrowed,
        unit_id=asked.unit_id,
        index_url=url_for("hr.index"),
        rooms=[
            {"url": url_for(endpoint), "label": _(label), "sentence": _(sentence)}
            for endpoint, label, sentence in ROOMS
            if endpoint in current_app.view_functions
        ],
        computed_at=now,
        scope=_scope(),
        export_url=url_for("hr.choose"),
        import_url=url_for("hr.agents_import") if platform_id is None else None,
        checks_url=url_for("bulk_verification.index"),
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
        formats=[{"key": key, "label": item.label, "title": item.title[speech]} for key, item in exports().items()],
    )
    return page, status


def _every_filter() -> list[Filter]:
    """Each filter of each report, once."""
    return list({item.key: item for report in reports().values() for item in report.filters}.values())


def _filter_label(report: Report, key: str) -> str:
    return next((item.label[current_language()] for item in report.filters if item.key == key), key[:50])


def _author() -> str:
    person = visitor().person
    return person.display_name or person.email or _("Human resources")


def _scope() -> str:
    person = visitor().person
    units = unit_names(db.session(), scope_of(db.session(), person))
    return scope_words(units, person.platform.name if person.platform else None)


def _told(result: ImportResult) -> str:
    """What became of the file, in a few sentences."""
    if result.written:
        first = _("The file is taken in.")
    elif result.refused:
        first = _("Nothing was written: the file has rows to correct.")
    else:
        first = _("Nothing was written: the file was only checked.") if result.rows else _("The file has no row.")
    counts = _(
        "%(rows)s rows: %(created)s new agents, %(changed)s changed, %(unchanged)s unchanged, %(refused)s refused.",
        rows=number(result.rows), created=number(result.created), changed=number(result.changed),
        unchanged=number(result.unchanged), refused=number(result.refused),
    )  # fmt: skip
    return f"{first} {counts}"


def _shown(problem: Problem) -> dict[str, Any]:
    """A problem in the reader's words."""
    return {
        "line": problem.line,
        "column": problem.column,
        "what": _(problem.what, **problem.values),
        "fix": _(problem.fix, **problem.values),
    }
