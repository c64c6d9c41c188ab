"""Issuing the certificates of a course together: who has earned what, the run, its report."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Track
from lms.csv_files import csv_file
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Context, IssuingRow, IssuingRun, Person, db
from lms.pages import tracks
from lms.security import requires, visitor
from lms.services import bulk_issuing
from lms.services.bulk_issuing import Candidate, NothingToIssue
from lms.services.cohorts import cohort_tracks, trains

blueprint = Blueprint("bulk_issuing", __name__, url_prefix="/teach/<int:context_id>/certificates")

#: People listed on the page; the file of a run has everybody.
SHOWN = 200


@blueprint.get("")
@requires("trainer")
def index(context_id: int) -> ResponseReturnValue:
    """Who has earned a certificate and does not hold it, and who lacks what."""
    context = _own(context_id)
    track = _track(context, request.args.get("track"))
    if track is None:
        abort(404)
    found = bulk_issuing.candidates(db.session(), context.id, track, tracks())
    run = bulk_issuing.latest(db.session(), context.id, track.key)
    return render_template(
        "teach/issuing.html",
        trail=_trail(context),
        track=localized(track.title),
        others=_others(context, track),
        leads=track.certificate is not None,
        held=found.held,
        ready=[_name(each.person) for each in found.ready],
        lacking=[_lacking(each) for each in found.lacking],
        shown=SHOWN,
        issue_url=url_for("bulk_issuing.issue", context_id=context.id, track=track.key),
        run=_run(run) if run else None,
    )


@blueprint.post("")
@requires("trainer")
def issue(context_id: int) -> ResponseReturnValue:
    """Promise one run for all who can be given one."""
    context = _own(context_id)
    track = _track(context, request.args.get("track"))
    if track is None:
        abort(404)
    try:
        run = bulk_issuing.ask(db.session(), context, track, tracks(), visitor().person.id)
    except NothingToIssue:
        db.session.rollback()
        flash(_("Nobody here can be given a certificate now: what each lacks is said below."), "warm")
        return redirect(url_for("bulk_issuing.index", context_id=context_id, track=track.key), 303)
    db.session.commit()
    return redirect(url_for("bulk_issuing.show", context_id=context.id, run_id=run.id), 303)


@blueprint.get("/<int:run_id>")
@requires("trainer")
def show(context_id: int, run_id: int) -> ResponseReturnValue:
    """How far the run is; at the end, what became of each learner."""
    context, run = _own(context_id), _asked(context_id, run_id)
    track = tracks().get(run.track_key)
    rows = bulk_issuing.rows_of(db.session(), run.id)
    here: dict[str, Any] = {"context_id": context.id, "run_id": run.id}
    return render_template(
        "teach/issuing_run.html",
        trail=[*_trail(context), (_("Certificates"), url_for("bulk_issuing.index", context_id=context.id,
                                                             track=run.track_key))],
        track=localized(track.title) if track else run.track_key,
        run=_run(run),
        rows=[_row(row) for row in rows[:SHOWN]],
        more=max(0, len(rows) - SHOWN),
        file_url=url_for("bulk_issuing.report", **here),
        plain_url=url_for("bulk_issuing.report", **here, form="plain"),
    )  # fmt: skip


@blueprint.get("/<int:run_id>.csv")
@requires("trainer")
def report(context_id: int, run_id: int) -> ResponseReturnValue:
    """The report as a file: what became of each learner."""
    run = _asked(_own(context_id).id, run_id)
    headings = [_("Learner"), _("Identifier"), _("Result"), _("Certificate"), _("Issued on"), _("Why")]
    lines = []
    for row in bulk_issuing.rows_of(db.session(), run.id):
        made = row.certificate
        number, issued_at = (made.number, made.issued_at) if made else (None, None)
        lines.append((_name(row.person), row.person.sourced_id, _state(row.state), number, issued_at, _why(row.reason)))
    return csv_file(f"certificates-{run.id}", headings, lines, plain=request.args.get("form") == "plain")


def _own(context_id: int) -> Context:
    """The course, if the visitor trains it; 404 otherwise."""
    context = trains(db.session(), visitor().person.id, context_id)
    if context is None:
        abort(404)
    return context


def _asked(context_id: int, run_id: int) -> IssuingRun:
    run = bulk_issuing.run_of(db.session(), context_id, run_id)
    if run is None:
        abort(404)
    return run


def _track(context: Context, asked: str | None) -> Track | None:
    """The track asked for, among those placed in the course; the first one that leads to a certificate by default."""
    placed = [track for key in cohort_tracks(db.session(), context.id) if (track := tracks().get(key))]
    if asked:
        return next((track for track in placed if track.key == asked), None)
    return next((track for track in placed if track.certificate), placed[0] if placed else None)


def _others(context: Context, current: Track) -> list[tuple[str, str]]:
    """The other tracks placed in the course, and their pages."""
    return [
        (localized(tracks()[key].title), url_for("bulk_issuing.index", context_id=context.id, track=key))
        for key in cohort_tracks(db.session(), context.id)
        if key in tracks() and key != current.key
    ]


def _trail(context: Context) -> list[tuple[str, str]]:
    title = context.title or context.label or _("Course without title")
    return [
        (_("My cohorts"), url_for("teach.cohorts")), (title, url_for("teach.cohort", context_id=context.id))
    ]  # fmt: skip


def _run(run: IssuingRun) -> dict[str, Any]:
    numbers = bulk_issuing.counts(db.session(), run.id)
    return {
        "url": url_for("bulk_issuing.show", context_id=run.context_id, run_id=run.id),
        "asked_at": run.asked_at, "finished_at": run.finished_at,
        "total": numbers.total(), "done": numbers.total() - numbers["waiting"],
        **{state: numbers[state] for state in ("issued", "held", "refused")},
    }  # fmt: skip


def _row(row: IssuingRow) -> dict[str, Any]:
    made = row.certificate
    return {
        "name": _name(row.person),
        "detail": row.person.sourced_id,
        "state": row.state,
        "said": _state(row.state),
        "why": _why(row.reason),
        "number": made.number if made else None,
        "url": url_for("verify.show", code=made.code) if made else None,
    }


def _lacking(each: Candidate) -> dict[str, Any]:
    return {"name": _name(each.person), "detail": each.person.sourced_id, "why": _why(each.why, each.missing)}


def _name(person: Person) -> str:
    return person.certificate_name or person.display_name or _("Name withheld by the platform")


def _state(state: str) -> str:
    return {
        "waiting": _("Waiting"), "issued": _("Issued"), "held": _("Held already"), "refused": _("Not issued")
    }[state]  # fmt: skip


def _why(reason: str | None, missing: tuple[str, ...] = ()) -> str | None:
    if reason is None:
        return None
    if missing:
        return _("Not passed yet: %(modules)s.", modules=", ".join(missing))
    script = _("The certificate cannot draw some letters of the name: another spelling of it is needed.")
    return {
        "never": _("The track was never opened."),
        "not_earned": _("What the certificate asks for is not reached yet."),
        "gone": _("The track is no longer followed."),
        "drawing": _("The page could not be drawn. Tell whoever runs the service."),
        "name_unconfirmed": _("The learner has not confirmed the name to print yet, on « My certificates »."),
        "name_empty": _("The platform gives no name. The learner can write it in their settings."),
        "name_long": _("The name is too long for the certificate. The learner can shorten it in their settings."),
        "name_width": _("The name is too long for the certificate. The learner can shorten it in their settings."),
        "name_script": script,
    }.get(reason, _("The name has hidden characters. The learner can write it again in their settings."))
