"""The learner's pages: my tracks, a track, a module, a lesson."""

from math import ceil
from typing import Any

from babel.lists import format_list
from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from certificates.names import NameRefused, holder_name
from curricula.model import Lesson, Module, Track
from curricula.progress import ModuleProgress, TrackProgress
from lms.i18n import checked_on, current_language, localized, ngettext, partial_date
from lms.i18n import gettext as _
from lms.lessons import lesson_html
from lms.models import Attempt, Certificate, Enrolment, db, utcnow, writing
from lms.pages import local_path, track_or_404, tracks
from lms.refusals import why_refused
from lms.security import requires, visitor
from lms.services import learning
from lms.services.attempts import Standing, answers, next_open, standing
from lms.services.results import decision, issued_certificate

blueprint = Blueprint("learn", __name__, url_prefix="/learn")

READERS = ("learner", "trainer", "author")


@blueprint.get("/")
@requires(*READERS)
def catalogue() -> ResponseReturnValue:
    """My tracks, and those I may open."""
    person = visitor().person
    mine = learning.enrolments(db.session(), person.id)
    states = learning.progresses(db.session(), mine, tracks())
    certificates = {row.award_key: row for row in person_certificates(person.id)}
    followed = [_card(row, states[row.id], certificates.get(row.track_key)) for row in mine if row.id in states]
    known = {row.track_key for row in mine}
    available = [
        {
            "title": localized(track.title),
            "promise": localized(track.promise),
            "url": url_for("learn.track", track_key=track.key),
            "minutes_total": track.duration_minutes,
            "modules_total": len(track.published_modules),
        }
        for track in tracks().values()
        if track.key not in known
    ]
    first = next((row for row in mine if row.id in states and not states[row.id].completed), None)
    return render_template(
        "learn/catalogue.html",
        tracks=followed,
        available=available,
        resume=_resume(first, states[first.id], None) if first else None,
    )


@blueprint.get("/<track_key>")
@requires(*READERS)
def track(track_key: str) -> ResponseReturnValue:
    """What the track is for, where one is, what is left."""
    found, row = _followed(track_key)
    state = learning.track_progress(db.session(), row, found)
    certificate = issued_certificate(db.session(), row.person_id, found.key)
    return render_template(
        "learn/track.html",
        track={
            "title": localized(found.title),
            "promise": localized(found.promise),
            "audience": localized(found.audience),
            "version": found.version,
            "minutes_total": found.duration_minutes,
            "modules_total": len(found.published_modules),
        },
        catalogue_url=url_for("learn.catalogue"),
        resume=_resume(row, state, certificate),
        progress={
            "share": state.share,
            "minutes_done": state.minutes_done,
            "minutes_total": found.duration_minutes,
            "minutes_left": state.minutes_left,
            "modules_passed": state.passed,
            "modules_total": len(found.published_modules),
        },
        modules=[_step(found, step) for step in state.modules],
        certificate=_certificate(found, state, certificate),
        texts=[
            {
                "title": f"{law.reference} — {localized(law.title)}",
                "url": law.source,
                "note": localized(law.note) if law.note else None,
                "checked": checked_on(law.checked_on),
            }
            for law in found.legal
        ],
    )


@blueprint.get("/<track_key>/<module_key>")
@requires(*READERS)
def module(track_key: str, module_key: str) -> ResponseReturnValue:
    """A module: what it is for, its lessons, its assessment."""
    found, row = _followed(track_key)
    chosen = _module(found, module_key)
    state = learning.track_progress(db.session(), row, found)
    step = next(step for step in state.modules if step.module.key == chosen.key)
    stand = standing(db.session(), row, chosen)
    lessons = _plan(found, step, None)
    next_lesson = step.next_lesson
    if stand.open is not None:
        following = {"label": _("Resume the assessment"), "url": _attempt_url(stand.open)}
    elif next_lesson is not None:
        label = _("Resume lesson %(number)s", number=next_lesson.order) if step.read else _("Start lesson 1")
        following = {"label": label, "url": _lesson_url(found, chosen, next_lesson)}
    elif stand.passed:
        following = {"label": _("Back to the track"), "url": url_for("learn.track", track_key=found.key)}
    else:
        following = {"label": _("Go to the assessment"), "url": _quiz_url(found, chosen)}
    return render_template(
        "learn/module.html",
        track=_track_link(found),
        module={
            "code": chosen.code,
            "title": localized(chosen.title),
            "summary": localized(chosen.summary),
            "minutes": chosen.duration_minutes,
            "state": _shown_state(step),
            "version": row.track_version,
            "objectives": [localized(objective.text) for objective in chosen.objectives],
        },
        lessons=lessons[:-1],
        quiz=_quiz_card(found, chosen, stand),
        next=following,
        sources=_sources(chosen, tuple(source.key for source in chosen.sources)),
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
    speech = current_language()
    words = text.texts[speech]
    after = next((other for other in chosen.lessons if other.order > text.order), None)
    before = next((other for other in reversed(chosen.lessons) if other.order < text.order), None)
    return render_template(
        "learn/lesson.html",
        track=_track_link(found),
        module=_module_link(found, chosen),
        lesson={
            "title": localized({speech: words.title, "fr": words.title}),
            "number": text.order,
            "count": len(chosen.lessons),
            "minutes": text.minutes,
            "version": row.track_version,
            "recommendations": _recommendations(chosen),
            "able": [localized({speech: line, "fr": line}) for line in words.able],
            "body": Markup(lesson_html(found, chosen, text, speech)),  # noqa: S704 - sanitised by curricula.render
            "read": text.key in step.read,
            "read_url": url_for("learn.read", track_key=found.key, module_key=chosen.key, lesson_key=text.key),
        },
        sources=_sources(chosen, text.sources),
        plan=_plan(found, step, text),
        previous=_lesson_link(found, chosen, before) if before else None,
        next={**_lesson_link(found, chosen, after), "kind": "lesson"}
        if after
        else {"title": _("Assessment"), "url": _quiz_url(found, chosen), "kind": "quiz"},
    )


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
    if request.accept_mimetypes.best == "application/json":
        return jsonify(), 204
    after = url_for("learn.module", track_key=found.key, module_key=chosen.key)
    return redirect(local_path(request.form.get("next"), after), 303)


def person_certificates(person_id: int) -> list[Certificate]:
    """The certificates a person holds."""
    query = db.select(Certificate).filter_by(person_id=person_id)
    return list(db.session.scalars(query.order_by(Certificate.issued_at)))


def _followed(track_key: str) -> tuple[Track, Enrolment]:
    """The track and the visitor's enrolment in it, made at the first visit."""
    found, person = track_or_404(track_key), visitor().person
    row = learning.enrolment(db.session(), person.id, found.key)
    if row is None:
        person_id = person.id
        with writing(db.session()):
            learning.enrol(db.session(), person_id, found)
            db.session.commit()
        row = learning.enrolment(db.session(), person_id, found.key)
        assert row is not None
    return found, row


def _module(found: Track, key: str) -> Module:
    chosen = found.module(key)
    if chosen is None or not chosen.published:
        abort(404)
    return chosen


def _card(row: Enrolment, state: TrackProgress, certificate: Certificate | None) -> dict[str, Any]:
    found = state.track
    shown = "certified" if certificate else "passed" if state.completed else "now" if row.started_at else "todo"
    return {
        "title": localized(found.title),
        "promise": localized(found.promise),
        "url": url_for("learn.track", track_key=found.key),
        "state": shown,
        "share": state.share,
        "modules_passed": state.passed,
        "modules_total": len(found.published_modules),
        "minutes_done": state.minutes_done,
        "minutes_total": found.duration_minutes,
        "certificate_url": url_for("verify.show", code=certificate.code) if certificate else None,
    }


def _resume(row: Enrolment, state: TrackProgress, certificate: Certificate | None) -> dict[str, Any] | None:
    """The one thing to do on the track page (see macros.resume_panel)."""
    found = state.track
    if certificate is not None:
        url = url_for("verify.show", code=certificate.code)
        return {"kind": "done", "title": localized(_rule_title(found)), "url": url, "seen_at": row.last_at}
    step = state.current
    if step is None:
        award = decision(found, state)
        return _resume_waiting(row, found) if award is not None and award.earned else None
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
    name = row.person.certificate_name or row.person.display_name
    reason, url = _("Your certificate is being prepared. It takes less than a minute."), None
    try:
        holder_name(name)
    except NameRefused:
        url = url_for("account.settings")
        reason = (
            _("Your name holds signs that cannot be printed.")
            if name
            else _("Your name is missing: your training platform did not send it to us.")
        )
    return {
        "kind": "waiting",
        "title": localized(_rule_title(found)),
        "reason": reason,
        "url": url,
        "seen_at": row.last_at,
    }


def _resume_assessment(row: Enrolment, found: Track, step: ModuleProgress, stand: Standing) -> dict[str, Any]:
    """The assessment of a module: to begin, under way, or to pass again when it opens."""
    panel: dict[str, Any] = {
        "kind": "quiz",
        "title": localized(step.module.title),
        "url": _quiz_url(found, step.module),
        "module_code": step.module.code,
        "seen_at": row.last_at,
    }
    if stand.open is not None:
        return panel | {"kind": "attempt", "url": _attempt_url(stand.open)}
    if stand.best is None:
        return panel
    panel |= {"kind": "retry", "points": _points_missing(step), "reason": None}
    refusal = stand.refusal(utcnow())
    if refusal is not None:
        panel["reason"] = why_refused(refusal, stand.opens_at)
        panel["url"] = url_for("quiz.result", attempt_id=stand.attempts[-1].id)
    return panel


def _recommendations(chosen: Module) -> str | None:
    """The recommendations of the white paper that a module answers, for the one who wonders why it is taught."""
    numbers = [str(number) for number in chosen.recommendations]
    if not numbers:
        return None
    listed = format_list(numbers, locale=current_language())
    return ngettext(
        "White paper, recommendation %(listed)s", "White paper, recommendations %(listed)s", len(numbers), listed=listed
    )


def _points_missing(step: ModuleProgress) -> int:
    return ceil(step.missing * 100) if step.missing is not None else 0


def _step(found: Track, step: ModuleProgress) -> dict[str, Any]:
    chosen, reason, action = step.module, None, None
    if step.state == "retry" and step.missing is not None:
        reason = ngettext("One point is missing.", "%(num)s points are missing.", _points_missing(step))
        action = {"label": _("See the assessment"), "url": _quiz_url(found, chosen)}
    elif step.state == "ready":
        action = {"label": _("Go to the assessment"), "url": _quiz_url(found, chosen)}
    elif step.state == "planned":
        reason = localized(chosen.summary)
    return {
        "code": chosen.code,
        "title": localized(chosen.title),
        "url": url_for("learn.module", track_key=found.key, module_key=chosen.key) if chosen.published else None,
        "state": _shown_state(step),
        "minutes": chosen.duration_minutes,
        "lessons_read": len(step.read),
        "lessons_total": len(chosen.lessons),
        "score": step.best,
        "threshold": chosen.quiz.threshold if chosen.quiz else None,
        "reason": reason,
        "action": action,
    }


def _shown_state(step: ModuleProgress) -> str:
    return "now" if step.state == "ready" else step.state


def _certificate(found: Track, state: TrackProgress, issued: Certificate | None) -> dict[str, Any] | None:
    award = decision(found, state)
    if award is None:
        return None
    steps = {step.module.key: step for step in state.modules}
    conditions = []
    for condition in award.conditions:
        step = steps[condition.module]
        if condition.met:
            reason = _("%(score)s: the threshold is reached.", score=_percent(condition.have))
        elif condition.have is not None:
            reason = _(
                "%(score)s for a threshold of %(need)s.",
                score=_percent(condition.have), need=_percent(condition.need),
            )  # fmt: skip
        else:
            reason = _("Assessment to pass at %(need)s.", need=_percent(condition.need))
        conditions.append(
            {
                "state": "met" if condition.met else _shown_state(step),
                "title": f"{step.module.code}, {localized(step.module.title)}",
                "reason": reason,
            }
        )
    return {
        "title": localized(_rule_title(found)),
        "met": sum(condition.met for condition in award.conditions),
        "total": len(conditions),
        "conditions": conditions,
        "issued": {
            "number": issued.number,
            "issued_on": issued.issued_at,
            "expires_on": issued.valid_until,
            "url": url_for("verify.show", code=issued.code),
        }
        if issued
        else None,
    }


def _rule_title(found: Track) -> Any:
    return found.certificate.title if found.certificate else found.title


def _percent(value: Any) -> str:
    from lms.i18n import percent

    return percent(value)


def _plan(found: Track, step: ModuleProgress, here: Lesson | None) -> list[dict[str, Any]]:
    """The lessons of a module, then its assessment."""
    chosen, speech = step.module, current_language()
    rows = [
        {
            "number": item.order,
            "title": localized({speech: item.texts[speech].title, "fr": item.texts[speech].title}),
            "url": _lesson_url(found, chosen, item),
            "minutes": item.minutes,
            "state": "now" if item is here else "read" if item.key in step.read else "todo",
        }
        for item in chosen.lessons
    ]
    state = "passed" if step.state == "passed" else "todo"
    quiz = {"number": len(rows) + 1, "title": _("Assessment"), "url": _quiz_url(found, chosen), "state": state}
    return [*rows, quiz]


def _quiz_card(found: Track, chosen: Module, stand: Standing) -> dict[str, Any]:
    assert chosen.quiz is not None
    closed = stand.refusal(utcnow())
    return {
        "url": _quiz_url(found, chosen),
        "state": "passed" if stand.passed else "attempt" if stand.open else "closed" if closed else "open",
        "questions": chosen.quiz.questions,
        "threshold": chosen.quiz.threshold,
        "attempts_left": stand.left,
        "best": stand.best,
        "reason": why_refused(closed, stand.opens_at) if closed in ("too_soon", "no_more") else None,
    }


def _sources(chosen: Module, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    found = [source for key in keys if (source := chosen.source(key)) is not None]
    return [
        {
            "title": localized(source.title),
            "url": source.url,
            "published": partial_date(source.published_on) if source.published_on else None,
            "checked": checked_on(source.checked_on) if source.mark != "M" else None,
        }
        for source in found
    ]


def _track_link(found: Track) -> dict[str, str]:
    return {"title": localized(found.title), "url": url_for("learn.track", track_key=found.key)}


def _module_link(found: Track, chosen: Module) -> dict[str, str]:
    url = url_for("learn.module", track_key=found.key, module_key=chosen.key)
    return {"code": chosen.code, "title": localized(chosen.title), "url": url}


def _lesson_link(found: Track, chosen: Module, item: Lesson) -> dict[str, str]:
    title = item.texts[current_language()].title
    return {"title": localized({"fr": title, current_language(): title}), "url": _lesson_url(found, chosen, item)}


def _lesson_url(found: Track, chosen: Module, item: Lesson) -> str:
    return url_for("learn.lesson", track_key=found.key, module_key=chosen.key, lesson_key=item.key)


def _attempt_url(attempt: Attempt) -> str:
    """Where an open attempt goes on: its first question without answer."""
    number = next_open(attempt, answers(db.session(), attempt.id))
    return url_for("quiz.question", attempt_id=attempt.id, number=number)


def _quiz_url(found: Track, chosen: Module) -> str:
    return url_for("quiz.start", track_key=found.key, module_key=chosen.key)
