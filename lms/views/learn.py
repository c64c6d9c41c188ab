"""The learner's pages: the catalogue and what each track is for, then a track, a module, a lesson."""

from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from assessments.practice import practised
from curricula.model import Module, Track
from curricula.progress import ModuleProgress
from lms.award_pages import AwardWords, why_waiting
from lms.catalogue_pages import catalogue_values
from lms.competency_pages import competency_values
from lms.i18n import gettext as _
from lms.models import ROLES, Enrolment, db, utcnow, writing
from lms.pages import followed, local_path, track_or_404, tracks, wants_json
from lms.papers import kinds_for, paper_links
from lms.refusals import retired_refusal, why_refused
from lms.resume_pages import WAYS, attempt_url, resume
from lms.security import requires, visitor
from lms.services import learning, placement
from lms.services.attempts import Standing, standing
from lms.services.awards import asked, awards, renewing_since
from lms.services.catalogue import entries, one_entry
from lms.services.competencies import reached
from lms.services.revisions import revisions
from lms.track_description import about_values
from lms.track_order import waits
from lms.track_pages import lesson_values, module_values, track_values

blueprint = Blueprint("learn", __name__, url_prefix="/learn")

#: Who follows tracks; the catalogue and what each track is for are for whoever is signed in.
READERS = ("learner", "trainer", "author")


@blueprint.get("/")
@requires(*ROLES)
def catalogue() -> ResponseReturnValue:
    """Every track: what it is for, what it leads to, where one is; searched by words and filters."""
    learner = _learner_id()
    every = entries(db.session(), tracks(), learner)
    values = catalogue_values(every, request.args, learns=learner is not None)
    follows = (each for each in every if each.row and each.progress and not each.progress.completed)
    first = None if values["asks"] else next(follows, None)
    panel = resume(first.row, first.progress, None) if first and first.row and first.progress else None
    return render_template("learn/catalogue.html", resume=panel, **values)


@blueprint.get("/<track_key>/about")
@requires(*ROLES)
def about(track_key: str) -> ResponseReturnValue:
    """What a track is for, asks and leads to, before one enrols."""
    published, learner = track_or_404(track_key), _learner_id()
    entry = one_entry(db.session(), tracks(), published, learner)
    told, counts = revisions(db.session(), published.key), "hr" in visitor().roles
    values = about_values(entry, published, told, learns=learner is not None, counts=counts)
    return render_template("learn/about.html", **values)


@blueprint.get("/<track_key>")
@requires(*READERS)
def track(track_key: str) -> ResponseReturnValue:
    """What the track is for, where one is, what is left."""
    found, row = _followed(track_key)
    state = learning.track_progress(db.session(), row, found)
    found_awards = awards(db.session(), row.person_id, found)
    words = AwardWords(found, state, asks=_ask_url, asked=asked(db.session(), row, found_awards))
    issued = next((each.issued for each in found_awards if each.rule.key == found.key), None)
    return render_template(
        "learn/track.html",
        catalogue_url=url_for("learn.catalogue"),
        about_url=url_for("learn.about", track_key=found.key),
        placement=_placement(row, found),
        competencies=competency_values(reached(db.session(), row, state)),
        review_url=url_for("evidence.mine", track=found.key),
        resume=resume(row, state, issued),
        why_waiting=why_waiting(row.person),
        **track_values(found, state, words.shown(found_awards), WAYS),
    )


@blueprint.get("/<track_key>/<module_key>")
@requires(*READERS)
def module(track_key: str, module_key: str) -> ResponseReturnValue:
    """A module: what it is for, its lessons, its assessment."""
    found, row = _followed(track_key)
    chosen = _module(found, module_key)
    state = learning.track_progress(db.session(), row, found)
    step = next(step for step in state.modules if step.module.key == chosen.key)
    stand = standing(db.session(), row, chosen, renewing_since(db.session(), row.person_id, found, chosen))
    next_lesson = step.next_lesson
    following: dict[str, str | None]
    if stand.open is not None:
        following = {"label": _("Resume the assessment"), "url": attempt_url(stand.open)}
    elif next_lesson is not None:
        label = _("Resume lesson %(number)s", number=next_lesson.order) if step.read else _("Start lesson 1")
        following = {"label": label, "url": WAYS.lesson(found, chosen, next_lesson)}
    elif stand.passed:
        following = {"label": _("Back to the track"), "url": url_for("learn.track", track_key=found.key)}
    elif step.waits_for:
        needed = step.waits_for[0]
        following = {"label": _("Go to the module %(code)s", code=needed.code), "url": WAYS.module(found, needed)}
    else:
        following = {"label": _("Go to the assessment"), "url": WAYS.quiz(found, chosen)}
    return render_template(
        "learn/module.html",
        quiz=_quiz_card(found, step, stand),
        practice_url=url_for("practice.start", track_key=found.key, module_key=chosen.key)
        if practised(chosen)
        else None,
        next=following,
        papers=paper_links(found, chosen, WAYS, kinds_for(visitor().roles)),
        **module_values(found, step, row.track_version, WAYS),
    )


@blueprint.get("/<track_key>/<module_key>/<lesson_key>")
@requires(*READERS)
def lesson(track_key: str, module_key: str, lesson_key: str) -> ResponseReturnValue:
    """One lesson; opening it keeps the learner's place."""
    found, row = _followed(track_key)
    chosen = _module(found, module_key)
    text = chosen.lesson(lesson_key)
    if text is None:
        abort(404)
    now = utcnow()
    if learning.opens_new_ground(row, chosen, text, now):
        with writing(db.session()):
            learning.open_lesson(db.session(), row, chosen, text, now)
            db.session.commit()
    state = learning.track_progress(db.session(), row, found)
    step = next(step for step in state.modules if step.module.key == chosen.key)
    values = lesson_values(found, step, text, row.track_version, WAYS)
    values["lesson"]["read_url"] = url_for(
        "learn.read", track_key=found.key, module_key=chosen.key, lesson_key=text.key
    )
    values["next"] = values["next"] or {"title": _("Assessment"), "url": WAYS.quiz(found, chosen), "kind": "quiz"}
    return render_template("learn/lesson.html", **values)


@blueprint.post("/<track_key>/<module_key>/<lesson_key>/read")
@requires(*READERS)
def read(track_key: str, module_key: str, lesson_key: str) -> ResponseReturnValue:
    """The lesson was read to its end."""
    found, row = _followed(track_key)
    chosen = _module(found, module_key)
    text = chosen.lesson(lesson_key)
    if text is None:
        abort(404)
    learning.read_lesson(db.session(), row, chosen, text)
    db.session.commit()
    if wants_json():
        return jsonify(), 204
    after = url_for("learn.module", track_key=found.key, module_key=chosen.key)
    return redirect(local_path(request.form.get("next"), after), 303)


def _learner_id() -> int | None:
    """Who the visitor is among those who follow tracks; None for whoever only looks at what there is."""
    return visitor().person.id if visitor().roles.intersection(READERS) else None


def _followed(track_key: str) -> tuple[Track, Enrolment]:
    """The track and the visitor's enrolment in it, made at the first visit."""
    found, person = track_or_404(track_key), visitor().person
    row = learning.enrolment(db.session(), person.id, found.key)
    if row is None:
        if found.key in tracks().retired:
            raise retired_refusal()
        person_id = person.id
        with writing(db.session()):
            learning.enrol(db.session(), person_id, found)
            db.session.commit()
        row = learning.enrolment(db.session(), person_id, found.key)
        assert row is not None
    return followed(row), row


def _module(found: Track, key: str) -> Module:
    chosen = found.module(key)
    if chosen is None or not chosen.published:
        abort(404)
    return chosen


def _placement(row: Enrolment, found: Track) -> dict[str, Any] | None:
    """The placement test as the track page offers it, or its result; None where there is none, or it is too late."""
    state = placement.standing(db.session(), row, found).state
    if state not in ("open", "under_way", "done"):
        return None
    return {"state": state, "url": url_for("placement.show", track_key=found.key)}


def _quiz_card(found: Track, step: ModuleProgress, stand: Standing) -> dict[str, Any]:
    chosen = step.module
    assert chosen.quiz is not None
    locked = bool(step.waits_for) and stand.open is None
    closed = "locked" if locked else stand.refusal(utcnow())
    reason = why_refused(closed, stand.opens_at) if closed in ("too_soon", "no_more") else None
    return {
        "url": None if locked else WAYS.quiz(found, chosen),
        "state": "passed" if stand.passed else "attempt" if stand.open else "closed" if closed else "open",
        "questions": chosen.quiz.questions,
        "threshold": chosen.quiz.threshold,
        "attempts_left": stand.left,
        "best": stand.best,
        "reason": waits(step) if locked else reason,
    }


def _ask_url(key: str) -> str:
    """Where a statement of attendance is asked for."""
    track_key, _slash, module_key = key.partition("/")
    return url_for("awards.ask", track_key=track_key, module_key=module_key)
