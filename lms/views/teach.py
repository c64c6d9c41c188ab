"""The trainer's pages: my cohorts, and one of them."""

from fractions import Fraction
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import db
from lms.pages import tracks
from lms.security import requires, visitor
from lms.services.cohorts import IDLE, CohortLearner, cohort_tracks, cohorts, learners, trains

blueprint = Blueprint("teach", __name__, url_prefix="/teach")


@blueprint.get("/", endpoint="cohorts")
@requires("trainer")
def list_cohorts() -> ResponseReturnValue:
    """The courses the visitor trains."""
    found = cohorts(db.session(), visitor().person.id)
    rows = []
    for cohort in found:
        titles = [localized(tracks()[key].title) for key in cohort.tracks if key in tracks()]
        rows.append(
            {
                "title": cohort.context.title or cohort.context.label or _("Course without title"),
                "track": ", ".join(titles),
                "url": url_for("teach.cohort", context_id=cohort.context.id),
                "people": cohort.learners,
                "certified": cohort.certified,
                "idle": cohort.idle,
                "last_seen": cohort.last_at,
            }
        )
    return render_template("teach/cohorts.html", cohorts=rows)


@blueprint.get("/<int:context_id>")
@requires("trainer")
def cohort(context_id: int) -> ResponseReturnValue:
    """One cohort: each learner's progress and results."""
    context = trains(db.session(), visitor().person.id, context_id)
    if context is None:
        abort(404)
    placed = [key for key in cohort_tracks(db.session(), context.id) if key in tracks()]
    chosen = request.args.get("track")
    key = chosen if chosen in placed else next(iter(placed), None)
    track = tracks().get(key or "") or next(iter(tracks().values()))
    people = learners(db.session(), context.id, track)
    rows = [_row(learner, context.id, track.key) for learner in people]
    facts = [
        {"value": len(rows), "label": _("enrolled")},
        {
            "value": sum(row["state"] in {"passed", "certified"} for row in rows),
            "label": _("completed"),
        },
        {"value": sum(row["state"] == "certified" for row in rows), "label": _("certified")},
        {
            "value": sum(learner.idle for learner in people),
            "label": _("without activity for %(days)s days", days=IDLE.days),
        },
    ]
    return render_template(
        "teach/cohort.html",
        cohorts_url=url_for("teach.cohorts"),
        cohort={
            "title": context.title or context.label or _("Course without title"),
            "track": localized(track.title),
        },
        facts=facts,
        learners=rows,
    )


def _row(learner: CohortLearner, context_id: int, track_key: str) -> dict[str, Any]:
    state = learner.progress
    scores = [step.best for step in state.modules if step.best is not None] if state else []
    current = state.current if state else None
    return {
        "name": learner.person.display_name or _("Name withheld by the platform"),
        "url": url_for("evidence.learner", context_id=context_id, person_id=learner.person.id, track=track_key),
        "detail": learner.person.sourced_id,
        "state": _state(learner),
        "share": state.share if state else Fraction(0),
        "module": current.module.code if current else None,
        "average": sum(scores, Fraction(0)) / len(scores) if scores else None,
        "last_seen": learner.last_at,
    }


def _state(learner: CohortLearner) -> str:
    if learner.certified:
        return "certified"
    state = learner.progress
    if state is not None and state.completed:
        return "passed"
    if learner.idle:
        return "idle"
    if state is None or learner.last_at is None:
        return "todo"
    return "retry" if any(step.state == "retry" for step in state.modules) else "now"
