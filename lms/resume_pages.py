"""Where a learner goes on: the one thing to do in a track, and the addresses of their pages."""

from typing import Any

from flask import url_for

from curricula.model import Module, Track
from curricula.progress import ModuleProgress, TrackProgress
from lms.award_pages import why_waiting
from lms.i18n import current_language, localized
from lms.models import Attempt, Certificate, Enrolment, db, utcnow
from lms.refusals import why_refused
from lms.services.answers import answers, next_open
from lms.services.attempts import Standing, running, standing
from lms.services.awards import award
from lms.track_pages import Ways, points_missing, rule_title

#: A learner's own pages.
WAYS = Ways(
    track=lambda found: url_for("learn.track", track_key=found.key),
    module=lambda found, chosen: url_for("learn.module", track_key=found.key, module_key=chosen.key),
    lesson=lambda found, chosen, item: url_for(
        "learn.lesson", track_key=found.key, module_key=chosen.key, lesson_key=item.key
    ),
    quiz=lambda found, chosen: url_for("quiz.start", track_key=found.key, module_key=chosen.key),
    paper=lambda found, chosen, kind, pdf: url_for(
        "papers.file" if pdf else "papers.show", track_key=found.key, module_key=chosen.key, paper_kind=kind
    ),
)


def attempt_url(attempt: Attempt) -> str:
    """Where an open attempt goes on: its first question without answer."""
    number = next_open(attempt, answers(db.session(), attempt.id))
    return url_for("quiz.question", attempt_id=attempt.id, number=number)


def resume(row: Enrolment, state: TrackProgress, certificate: Certificate | None) -> dict[str, Any] | None:
    """The one thing to do on the track page (see macros.resume_panel)."""
    found = state.track
    limited = any(part.quiz and (part.quiz.minutes or part.quiz.supervised) for part in found.modules)
    timed = running(db.session(), row, utcnow()) if limited else None
    under_way = found.module(timed.module_key) if timed else None
    if timed is not None and under_way is not None:  # its time runs, whichever module comes next
        return _attempt(row, under_way, timed)
    if certificate is not None:
        url = url_for("verify.show", code=certificate.code)
        return {"kind": "done", "title": localized(rule_title(found)), "url": url, "seen_at": row.last_at}
    step = state.current
    if step is None:
        one = award(db.session(), row.person_id, found, found.key)
        return _waiting(row, found) if one is not None and one.decision.earned else None
    stand = standing(db.session(), row, step.module)
    upcoming = step.next_lesson
    if upcoming is None or stand.attempts:
        return _assessment(row, found, step, stand)
    if row.last_module == step.module.key and row.last_lesson and row.last_lesson not in step.read:
        upcoming = step.module.lesson(row.last_lesson) or upcoming
    return {
        "kind": "lesson" if row.started_at else "start",
        "title": upcoming.texts[current_language()].title,
        "url": WAYS.lesson(found, step.module, upcoming),
        "module_code": step.module.code,
        "number": upcoming.order,
        "count": len(step.module.lessons),
        "minutes": upcoming.minutes,
        "seen_at": row.last_at,
    }


def _waiting(row: Enrolment, found: Track) -> dict[str, Any]:
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


def _assessment(row: Enrolment, found: Track, step: ModuleProgress, stand: Standing) -> dict[str, Any]:
    """The assessment of a module: to begin, under way, or to pass again when it opens."""
    if stand.open is not None:
        return _attempt(row, step.module, stand.open)
    panel: dict[str, Any] = {
        "kind": "quiz",
        "title": localized(step.module.title),
        "url": WAYS.quiz(found, step.module),
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


def _attempt(row: Enrolment, chosen: Module, attempt: Attempt) -> dict[str, Any]:
    """An attempt under way: it goes on at its first question without answer."""
    return {
        "kind": "attempt",
        "title": localized(chosen.title),
        "url": attempt_url(attempt),
        "module_code": chosen.code,
        "seen_at": row.last_at,
    }
