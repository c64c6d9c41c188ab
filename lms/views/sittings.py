"""Sittings of supervised assessments: a trainer opens one, gives its code, sees who is in."""

from collections.abc import Iterator
from math import ceil
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Module, Track
from lms.forms.exams import SittingForm
from lms.i18n import duration, localized
from lms.i18n import gettext as _
from lms.models import Context, Sitting, db, utcnow
from lms.pages import tracks
from lms.refusals import why_no_sitting
from lms.security import requires, visitor
from lms.services import sittings
from lms.services.cohorts import cohort_tracks, trains
from lms.services.sittings import Present, SittingRefused

blueprint = Blueprint("sittings", __name__, url_prefix="/teach/<int:context_id>/sittings")


@blueprint.route("/", methods=["GET", "POST"])
@requires("trainer")
def index(context_id: int) -> ResponseReturnValue:
    """The sittings of a course; a POST opens one."""
    context, now = _own(context_id), utcnow()
    supervised = {f"{track.key}/{module.key}": (track, module) for track, module in _supervised(context_id)}
    form = SittingForm([(key, _title(*each)) for key, each in supervised.items()])
    if form.validate_on_submit():
        track, module = supervised[form.module.data]
        try:
            row = sittings.open_sitting(
                db.session(), context_id, track.key, module.key, form.window(), visitor().person.id, now
            )
        except SittingRefused as refusal:
            form.closes.errors = [why_no_sitting(refusal.reason)]
        else:
            db.session.commit()
            flash(_("The sitting is ready. Give its code when it opens."), "ok")
            return redirect(url_for("sittings.show", context_id=context_id, sitting_id=row.id), 303)
    page = render_template(
        "teach/sittings.html",
        trail=_trail(context),
        sittings=[_row(row) for row in sittings.sittings(db.session(), context_id)],
        form=form if supervised else None,
        action_url=url_for("sittings.index", context_id=context_id),
    )
    return page, 400 if form.errors else 200


@blueprint.get("/<int:sitting_id>")
@requires("trainer")
def show(context_id: int, sitting_id: int) -> ResponseReturnValue:
    """One sitting: its code, and who began."""
    context, row, now = _own(context_id), _sitting(context_id, sitting_id), utcnow()
    return render_template(
        "teach/sitting.html",
        trail=[*_trail(context), (_("Sittings"), url_for("sittings.index", context_id=context_id))],
        sitting=_row(row),
        people=[_person(each) for each in sittings.present(db.session(), row, now)],
        cancel_url=url_for("sittings.cancel", context_id=context_id, sitting_id=row.id)
        if row.cancelled_at is None and row.closes_at > now
        else None,
    )


@blueprint.post("/<int:sitting_id>/cancel")
@requires("trainer")
def cancel(context_id: int, sitting_id: int) -> ResponseReturnValue:
    """Let nobody else begin; those who began go on."""
    _own(context_id)
    sittings.cancel(db.session(), _sitting(context_id, sitting_id), visitor().person.id, utcnow())
    db.session.commit()
    flash(_("The sitting is cancelled: nobody else begins. Those who began go on."), "ok")
    return redirect(url_for("sittings.show", context_id=context_id, sitting_id=sitting_id), 303)


def _own(context_id: int) -> Context:
    """The course, if the visitor trains it; 404 otherwise."""
    context = trains(db.session(), visitor().person.id, context_id)
    if context is None:
        abort(404)
    return context


def _sitting(context_id: int, sitting_id: int) -> Sitting:
    row = sittings.sitting(db.session(), context_id, sitting_id)
    if row is None:
        abort(404)
    return row


def _supervised(context_id: int) -> Iterator[tuple[Track, Module]]:
    """The supervised assessments of the tracks placed in a course."""
    for key in cohort_tracks(db.session(), context_id):
        track = tracks().get(key)
        for module in track.published_modules if track else ():
            if track is not None and module.quiz is not None and module.quiz.supervised:
                yield track, module


def _title(track: Track, module: Module) -> str:
    return f"{localized(track.title)} · {module.code}, {localized(module.title)}"


def _trail(context: Context) -> list[tuple[str, str]]:
    title = context.title or context.label or _("Course without title")
    return [
        (_("My cohorts"), url_for("teach.cohorts")),
        (title, url_for("teach.cohort", context_id=context.id)),
    ]


def _row(row: Sitting) -> dict[str, Any]:
    track, now = tracks().get(row.track_key), utcnow()
    module = track.module(row.module_key) if track else None
    state = "coming" if now < row.opens_at else "open" if now < row.closes_at else "over"
    return {
        "title": _title(track, module) if track and module else row.module_key,
        "code": sittings.shown_code(row.code),
        "opens_at": row.opens_at,
        "closes_at": row.closes_at,
        "state": "cancelled" if row.cancelled_at is not None else state,
        "url": url_for("sittings.show", context_id=row.context_id, sitting_id=row.id),
    }


def _person(each: Present) -> dict[str, Any]:
    return {
        "name": each.name or _("Name withheld by the platform"),
        "state": each.state,
        "began_at": each.began_at,
        "submitted_at": each.submitted_at,
        "left": duration(ceil(each.left.total_seconds() / 60)) if each.left is not None else None,
    }
