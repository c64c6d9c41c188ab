"""What one learner did, for the trainers of their course and for themselves: from the gradebook or from our pages."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Module, Track
from lms.award_pages import AwardWords
from lms.competency_pages import competency_values
from lms.i18n import current_language, localized
from lms.i18n import gettext as _
from lms.lessons import inline_markup
from lms.models import Attempt, db, utcnow
from lms.pages import tracks
from lms.questions import why
from lms.security import requires, visitor
from lms.services import awards
from lms.services.answers import drawn_questions
from lms.services.cohorts import cohort_tracks, trains
from lms.services.competencies import reached_by
from lms.services.evidence import Evidence, ModuleEvidence, evidence, learner_of
from lms.services.gradings import Seen, seen_again, told_marks
from lms.services.learning import enrolments
from lms.services.sittings import answers_shown
from lms.track_pages import shown_state

blueprint = Blueprint("evidence", __name__)


@blueprint.get("/teach/<int:context_id>/learners/<int:person_id>")
@requires("trainer")
def learner(context_id: int, person_id: int) -> ResponseReturnValue:
    """A learner of a course the visitor trains, in the tracks of that course and no other."""
    context = trains(db.session(), visitor().person.id, context_id)
    member = learner_of(db.session(), context_id, person_id) if context else None
    if context is None or member is None:
        abort(404)
    placed = [key for key in cohort_tracks(db.session(), context_id) if key in tracks()] or list(tracks())
    track = _track(placed)
    name = member.person.display_name or _("Name withheld by the platform")
    title = context.title or context.label or _("Course without title")
    here: dict[str, Any] = {"context_id": context_id, "person_id": person_id}
    return render_template(
        "teach/evidence.html",
        name=name,
        trail=[
            (_("My cohorts"), url_for("teach.cohorts")),
            (title, url_for("teach.cohort", context_id=context_id, track=track.key)),
        ],
        others=[(localized(tracks()[key].title), url_for("evidence.learner", **here, track=key)) for key in placed]
        if len(placed) > 1
        else [],
        whole_url=url_for("evidence.learner", **here, track=track.key),
        accommodation_url=url_for("accommodations.show", **here) if member.left_at is None else None,
        **_values(
            evidence(db.session(), person_id, track.key, tracks()),
            mine=False,
            asks=lambda key: url_for("awards.ask_for", **here, award=key),
        ),
    )


@blueprint.get("/learn/review")
@requires("learner", "trainer", "author")
def mine() -> ResponseReturnValue:
    """What the visitor did themselves."""
    person = visitor().person
    followed = [row.track_key for row in enrolments(db.session(), person.id) if row.track_key in tracks()]
    asked = request.args.get("track", "")
    known = followed if asked in followed or asked not in tracks() else [asked, *followed]
    if not known:
        return redirect(url_for("learn.catalogue"), 303)
    track = _track(known)
    return render_template(
        "teach/evidence.html",
        name=None,
        trail=[
            (_("Catalogue"), url_for("learn.catalogue")),
            (localized(track.title), url_for("learn.track", track_key=track.key)),
        ],
        others=[(localized(tracks()[key].title), url_for("evidence.mine", track=key)) for key in known]
        if len(known) > 1
        else [],
        whole_url=url_for("evidence.mine", track=track.key),
        **_values(evidence(db.session(), person.id, track.key, tracks()), mine=True),
    )


def _track(allowed: list[str]) -> Track:
    """The track asked for if it is allowed, else the first one."""
    asked = request.args.get("track")
    return tracks()[asked if asked in allowed else allowed[0]]


def _values(found: Evidence, *, mine: bool, asks: Callable[[str], str] | None = None) -> dict[str, Any]:
    track = found.state.track
    under_way = awards.asked(db.session(), found.enrolment, found.awards) if found.enrolment else ()
    module = track.module(request.args.get("module", ""))
    modules = [part for part in found.modules if part.step.module.published]
    if module is not None and module.published:
        modules = [part for part in modules if part.step.module is module]
    again = seen_again(db.session(), [attempt.id for part in modules for attempt in part.attempts])
    return {
        "mine": mine,
        "track": localized(track.title),
        "begun": found.enrolment is not None and found.enrolment.started_at is not None,
        "only": module.code if module is not None and module.published else None,
        "facts": [
            {"label": _("Enrolled on"), "value": found.enrolment.enrolled_at},
            {"label": _("Started on"), "value": found.enrolment.started_at},
            {"label": _("Completed on"), "value": found.enrolment.completed_at},
            {"label": _("Last activity"), "value": found.enrolment.last_at},
        ]
        if found.enrolment
        else [],
        "modules": [_module(part, again, mine=mine) for part in modules],
        "competencies": competency_values(
            reached_by(
                ((each.module_key, each.score, each.marks) for part in found.modules for each in part.attempts),
                found.state,
            )
        ),
        "awards": AwardWords(track, found.state, asks=asks, asked=under_way).shown(found.awards),
    }


def _module(part: ModuleEvidence, again: dict[uuid.UUID, list[Seen]], *, mine: bool) -> dict[str, Any]:
    module, speech = part.step.module, current_language()
    return {
        "code": module.code,
        "title": localized(module.title),
        "state": shown_state(part.step),
        "best": part.step.best,
        "threshold": module.quiz.threshold if module.quiz else None,
        "lessons": [
            {
                "title": localized({"fr": item.texts[speech].title, speech: item.texts[speech].title}),
                "read_at": part.read_at.get(item.key),
            }
            for item in module.lessons
        ],
        "read": len(part.step.read),
        "attempts": [
            {**_attempt(attempt, module, mine=mine), "seen_again": again.get(attempt.id, [])}
            for attempt in part.attempts
        ],
        "exemption": {"score": part.exemption.score, "granted_at": part.exemption.granted_at}
        if part.exemption
        else None,
    }


def _attempt(attempt: Attempt, module: Module, *, mine: bool) -> dict[str, Any]:
    marks = told_marks(attempt)
    # A correction that waits, or never comes, does not come by this page either.
    hidden = mine and module.quiz is not None and not answers_shown(db.session(), attempt, module.quiz, utcnow())
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "submitted_at": attempt.submitted_at,
        "score": attempt.score,
        "passed": attempt.passed,
        "version": attempt.track_version,
        "questions": [
            {
                "number": number,
                "stem": inline_markup(asked.stem) if (asked := module.question(item.key)) else _("Question withdrawn"),
                "points": marks[item.key].points,
                "why": why(marks[item.key]),
            }
            for number, item in enumerate(drawn_questions(attempt), start=1)
            if item.key in marks and not hidden
        ],
        "hidden": hidden,
        "answers_url": url_for("quiz.result", attempt_id=attempt.id) if mine and attempt.submitted_at else None,
    }
