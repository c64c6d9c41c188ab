"""The learner's pages: the catalogue and what each track is for, then a track, a module, a lesson."""

from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from assessments.practice import practised
from curricula.model import Lesson, Module, Track
from curricula.progress import ModuleProgress, TrackProgress
from lms.award_pages import AwardWords, why_waiting
from lms.catalogue_pages import catalogue_values
from lms.competency_pages import competency_values
from lms.i18n import current_language, localized
from lms.i18n import gettext as _
from lms.models import ROLES, Attempt, Certificate, Enrolment, db, utcnow, writing
from lms.pages import followed, local_path, track_or_404, tracks, wants_json
from lms.refusals import retired_refusal, why_refused
from lms.security import requires, visitor
from lms.services import learning, placement
from lms.services.answers import answers, next_open
from lms.services.attempts import Standing, running, standing
from lms.services.awards import asked, award, awards, renewing_since
from lms.services.catalogue import entries, one_entry
from lms.services.competencies import reached
from lms.services.revisions import revisions
from lms.track_description import about_values
from lms.track_order import waits
from lms.track_pages import Ways, lesson_values, module_values, points_missing, rule_title, track_values

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
    resume = _resume(first.row, first.progress, None) if first and first.row and first.progress else None
    return render_template("learn/catalogue.html", resume=resume, **values)


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
        resume=_resume(row, state, issued),
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
    if stand.open is not None:
        following = {"label": _("Resume the assessment"), "url": _attempt_url(stand.open)}
    elif next_lesson is not None:
        label = _("Resume lesson %(number)s", number=next_lesson.order) if step.read else _("Start lesson 1")
        following = {"label": label, "url": _lesson_url(found, chosen, next_lesson)}
    elif stand.passed:
        following = {"label": _("Back to the track"), "url": url_for("learn.track", track_key=found.key)}
    elif step.waits_for:
        needed = step.waits_for[0]
        following = {"label": _("Go to the module %(code)s", code=needed.code), "url": WAYS.module(found, needed)}
    else:
        following = {"label": _("Go to the assessment"), "url": _quiz_url(found, chosen)}
    return render_template(
        "learn/module.html",
        quiz=_quiz_card(found, step, stand),
        practice_url=url_for("practice.start", track_key=found.key, module_key=chosen.key)
        if practised(chosen)
        else None,
        next=following,
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
    values["next"] = values["next"] or {"title": _("Assessment"), "url": _quiz_url(found, chosen), "kind": "quiz"}
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


def _resume(row: Enrolment, state: TrackProgress, certificate: Certificate | None) -> dict[str, Any] | None:
    """The one thing to do on the track page (see macros.resume_panel)."""
    found = state.track
    limited = any(part.quiz and (part.quiz.minutes or part.quiz.supervised) for part in found.modules)
    timed = running(db.session(), row, utcnow()) if limited else None
    under_way = found.module(timed.module_key) if timed else None
    if timed is not None and under_way is not None:  # its time runs, whichever module comes next
        return _resume_attempt(row, under_way, timed)
    if certificate is not None:
        url = url_for("verify.show", code=certificate.code)
        return {"kind": "done", "title": localized(rule_title(found)), "url": url, "seen_at": row.last_at}
    step = state.current
    if step is None:
        one = award(db.session(), row.person_id, found, found.key)
        return _resume_waiting(row, found) if one is not None and one.decision.earned else None
    stand = standing(db.session(), row, step.module)
    upcoming = step.next_lesson
    if upcoming is None or stand.attempts:
        return _resume_assessment(row, found, step, stand)
    if row.last_module == step.module.key and row.last_lesson and row.last_lesson not in step.read:
        upcoming = step.module.lesson(row.last_lesson) or upcoming
    return {
        "kind": "lesson" if row.started_at else "start",
        "title": upcoming.texts[current_language()].title,
        "url": _lesson_url(found, step.module, upcoming),
        "module_code": step.module.code,
        "number": upcoming.order,
        "count": len(step.module.lessons),
        "minutes": upcoming.minutes,
        "seen_at": row.last_at,
    }


def _resume_waiting(row: Enrolment, found: Track) -> dict[str, Any]:
    """A certificate earned and not there yet: why, and what its holder can do."""
    reason, label = why_waiting(row.person)
    here = url_for("learn.track", track_key=found.key)
    return {
        "kind": "waiting",
        "title": localized(rule_title(found)),
        "reason": reason,
        "label": label,
        "url": url_for("certificates.name", next=here) if label else None,
        "seen_at": row.last_at,
    }


def _resume_assessment(row: Enrolment, found: Track, step: ModuleProgress, stand: Standing) -> dict[str, Any]:
    """The assessment of a module: to begin, under way, or to pass again when it opens."""
    if stand.open is not None:
        return _resume_attempt(row, step.module, stand.open)
    panel: dict[str, Any] = {
        "kind": "quiz",
        "title": localized(step.module.title),
        "url": _quiz_url(found, step.module),
        "module_code": step.module.code,
        "seen_at": row.last_at,
    }
    if stand.best is None:
        return panel
    panel |= {"kind": "retry", "points": points_missing(step), "reason": None}
    refusal = stand.refusal(utcnow())
    if refusal is not None:
        panel["reason"] = why_refused(refusal, stand.opens_at)
        panel["url"] = url_for("quiz.result", attempt_id=stand.attempts[-1].id)
    return panel


def _resume_attempt(row: Enrolment, chosen: Module, attempt: Attempt) -> dict[str, Any]:
    """An attempt under way: it goes on at its first question without answer."""
    return {
        "kind": "attempt",
        "title": localized(chosen.title),
        "url": _attempt_url(attempt),
        "module_code": chosen.code,
        "seen_at": row.last_at,
    }


def _quiz_card(found: Track, step: ModuleProgress, stand: Standing) -> dict[str, Any]:
    chosen = step.module
    assert chosen.quiz is not None
    locked = bool(step.waits_for) and stand.open is None
    closed = "locked" if locked else stand.refusal(utcnow())
    reason = why_refused(closed, stand.opens_at) if closed in ("too_soon", "no_more") else None
    return {
        "url": None if locked else _quiz_url(found, chosen),
        "state": "passed" if stand.passed else "attempt" if stand.open else "closed" if closed else "open",
        "questions": chosen.quiz.questions,
        "threshold": chosen.quiz.threshold,
        "attempts_left": stand.left,
        "best": stand.best,
        "reason": waits(step) if locked else reason,
    }


def _lesson_url(found: Track, chosen: Module, item: Lesson) -> str:
    return url_for("learn.lesson", track_key=found.key, module_key=chosen.key, lesson_key=item.key)


def _attempt_url(attempt: Attempt) -> str:
    """Where an open attempt goes on: its first question without answer."""
    number = next_open(attempt, answers(db.session(), attempt.id))
    return url_for("quiz.question", attempt_id=attempt.id, number=number)


def _ask_url(key: str) -> str:
    """Where a statement of attendance is asked for."""
    track_key, _slash, module_key = key.partition("/")
    return url_for("awards.ask", track_key=track_key, module_key=module_key)


def _quiz_url(found: Track, chosen: Module) -> str:
    return url_for("quiz.start", track_key=found.key, module_key=chosen.key)


#: A learner's own pages.
WAYS = Ways(
    track=lambda found: url_for("learn.track", track_key=found.key),
    module=lambda found, chosen: url_for("learn.module", track_key=found.key, module_key=chosen.key),
    lesson=_lesson_url,
    quiz=_quiz_url,
)
