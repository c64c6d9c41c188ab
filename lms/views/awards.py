"""Asking for a statement of attendance: by the learner for themselves, or by a trainer of their course for them."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Track
from lms.award_pages import why_waiting
from lms.errors import Refused
from lms.i18n import gettext as _
from lms.models import Enrolment, db
from lms.pages import followed, tracks
from lms.security import requires, visitor
from lms.services import awards, learning
from lms.services.cohorts import cohort_tracks, trains
from lms.services.evidence import learner_of

blueprint = Blueprint("awards", __name__)


@blueprint.post("/learn/<track_key>/<module_key>/attendance")
@requires("learner", "trainer", "author")
def ask(track_key: str, module_key: str) -> ResponseReturnValue:
    """Ask for the statement of a module that one followed whole."""
    row = learning.enrolment(db.session(), visitor().person.id, track_key)
    if row is None:
        abort(404)
    _ask(row, followed(row), f"{track_key}/{module_key}")
    reason, label = why_waiting(row.person)
    if label is None:
        flash(_("Your statement is being prepared. It takes less than a minute."), "ok")
    else:
        again = _("Once it is given, ask for the statement again.")
        flash(f"{reason} {again}", "warm")
    return redirect(url_for("learn.track", track_key=track_key, _anchor="statements"), 303)


@blueprint.post("/teach/<int:context_id>/learners/<int:person_id>/attendance")
@requires("trainer")
def ask_for(context_id: int, person_id: int) -> ResponseReturnValue:
    """Ask for that of a learner of a course the visitor trains, in the tracks of that course and no other."""
    session, award_key = db.session(), request.args.get("award", "")
    context = trains(session, visitor().person.id, context_id)
    member = learner_of(session, context_id, person_id) if context else None
    track_key = award_key.partition("/")[0]
    placed = [key for key in cohort_tracks(session, context_id) if key in tracks()] or list(tracks())
    row = learning.enrolment(session, person_id, track_key) if member and track_key in placed else None
    if row is None:
        abort(404)
    _ask(row, followed(row), award_key)
    flash(_("The statement is being prepared. It takes less than a minute."), "ok")
    back = url_for(
        "evidence.learner", context_id=context_id, person_id=person_id, track=track_key, _anchor="statements"
    )
    return redirect(back, 303)


def _ask(row: Enrolment, track: Track, key: str) -> None:
    """Promise it; 404 where the track gives none of that key. Refused while a lesson is left to read."""
    found = awards.award(db.session(), row.person_id, track, key)
    if found is None or found.rule.kind != "attendance":
        abort(404)
    if not found.decision.earned:
        raise Refused(
            _("This statement cannot be issued yet."), _("Every lesson of the module is to be read to its end first."),
            status=409, cause="not_followed",
        )  # fmt: skip
    if found.issued is None:
        awards.ask(db.session(), row, key)
    db.session.commit()
