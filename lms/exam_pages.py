"""What the pages of a timed or supervised assessment say: its clock, its rules, its pauses, what one is granted."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from flask import render_template, url_for

from assessments.clock import LONGEST_PAUSE, ON_ITS_WAY, minutes_allowed
from curricula.model import Module, QuizRules, Track
from lms.i18n import clock, day, duration, localized, moment, ngettext
from lms.i18n import gettext as _
from lms.models import Attempt, Pause, Person, Sitting, db, utcnow
from lms.pages import followed
from lms.services import accommodations, pauses
from lms.services.accommodations import Granted

PAUSE_MINUTES = int(LONGEST_PAUSE.total_seconds()) // 60


def time_values(attempt: Attempt, now: datetime, pauses_left: int) -> dict[str, Any] | None:
    """What ``learn/clock.html`` shows; None without a limit of time."""
    rest = pauses.left(attempt, now)
    if rest is None or attempt.due_at is None:
        return None
    seconds = ceil(rest.total_seconds())
    total = int((attempt.due_at - attempt.started_at).total_seconds())
    return {
        "seconds": seconds,
        "left": duration(ceil(seconds / 60)),
        "total": total,
        "ends": clock(now + rest),
        "grace": int(ON_ITS_WAY.total_seconds()) + 2,
        "result_url": url_for("quiz.result", attempt_id=attempt.id),
        "pauses_left": pauses_left,
    }


def rules(quiz: QuizRules, own: Granted) -> list[dict[str, str]]:
    """What holds for this learner in this assessment, before it begins: [.icon .title .text]."""
    minutes = minutes_allowed(quiz.minutes, own.extra_time)
    count = quiz.pauses + own.pauses if minutes else 0
    told = [_time_rule(quiz, minutes, extra=bool(own.extra_time))]
    if count:
        told.append(
            {
                "icon": "pause",
                "title": ngettext("One pause", "%(num)s pauses", count),
                "text": _(
                    "A pause hides the questions and stops the clock, for %(time)s at the longest.",
                    time=duration(PAUSE_MINUTES),
                ),
            }
        )
    if quiz.supervised:
        told.append(
            {
                "icon": "lock",
                "title": _("With the code of a sitting"),
                "text": _("Your trainer gives it when the sitting opens. Once begun, you have your whole time."),
            }
        )
    return told


def _time_rule(quiz: QuizRules, minutes: int | None, *, extra: bool) -> dict[str, str]:
    if minutes:
        title = (
            _("Your time: %(time)s, accommodation included", time=duration(minutes))
            if extra
            else _("Your time: %(time)s", time=duration(minutes))
        )
        text = _(
            "It runs from the moment you begin, even if you close the page or lose the network. Each answer is saved "
            "as you choose it: you find them all when you come back."
        )
    elif quiz.supervised:
        title = _("Until the sitting closes")
        text = _("Each answer is saved as you choose it. You can close the page and come back before then.")
    else:
        title = _("No time limit")
        text = _("Each answer is saved as you choose it. You can close the page and come back.")
    return {"icon": "clock", "title": title, "text": text}


def correction_rule(quiz: QuizRules) -> dict[str, str]:
    """When the answers are explained."""
    title, text = {
        "after": (_("Every option explained"), _("After submitting, you read why each option is right or wrong.")),
        "closed": (
            _("Explained once the sitting is over"),
            _("Your score comes at once; why each option is right or wrong, when nobody answers any more."),
        ),
        "never": (
            _("A result by objective"),
            _("After submitting, you read your score and where you stand on each objective, not the questions."),
        ),
    }[quiz.correction]
    return {"icon": "document", "title": title, "text": text}


def correction_awaited(quiz: QuizRules, sitting: Sitting | None) -> str:
    """Why a submitted attempt does not show its answers now."""
    if quiz.correction == "never":
        return _("The questions of this assessment are not shown again. You read where you stand on each objective.")
    if sitting is None:
        return _("Your answers will be explained here once the sitting is over.")
    return _(
        "Your answers will be explained here once the sitting is over: it closes on %(when)s, and those who began have "
        "their whole time.",
        when=moment(sitting.closes_at),
    )


def good_to_know(attempt: Attempt) -> str:
    """What reassures whoever is answering, and is true of this attempt."""
    focus = _("Changing windows is never held against you.")
    if attempt.due_at is None:
        return _("There is no time limit. You can close this page: your answers are kept.") + " " + focus
    kept = _("You can close this page: your answers are kept, and the time goes on.")
    if attempt.pauses:
        kept = _("You can close this page: your answers are kept. The time goes on, except during a pause.")
    return kept + " " + focus


def accommodation_words(own: Granted) -> list[str]:
    """What is granted to a person, a line each."""
    told = []
    if own.extra_time:
        told.append(_("Extra time: %(percent)s %% more", percent=own.extra_time))
    if own.pauses:
        told.append(ngettext("One more pause", "%(num)s more pauses", own.pauses))
    for held, words in (
        (own.read_aloud, _("Questions read aloud by the browser")),
        (own.enlarged, _("Larger letters")),
        (own.spaced, _("Wider spacing")),
        (own.other_forms, _("Questions in another form, where there is one")),
    ):
        if held:
            told.append(words)
    if told and own.until:
        told.append(_("Until %(day)s", day=day(own.until)))
    return told


def reading_of(attempt: Attempt, now: datetime) -> dict[str, str]:
    """How the pages of an attempt are set for its learner; one query."""
    person = attempt.enrolment.person
    return reading_values(person, accommodations.granted(db.session(), person.id, now))


def reading_values(person: Person, own: Granted) -> dict[str, str]:
    """How the pages of an assessment are set: as the person chose, or larger where they are granted it."""
    return {
        "size": "xl" if own.enlarged else person.text_size,
        "space": "l" if own.spaced else person.text_space,
    }


def paused_page(attempt: Attempt, module: Module, pause: Pause, at: int) -> str:
    """A pause: no question is shown."""
    session, now = db.session(), utcnow()
    until = pause.began_at + LONGEST_PAUSE
    rest = pauses.left(attempt, now, pause) or timedelta(0)
    return render_template(
        "learn/quiz_paused.html",
        **place(attempt, module),
        attempt=attempt,
        reading=reading_of(attempt, now),
        pause={
            "until": clock(until),
            "over": now >= until,
            "left": duration(ceil(rest.total_seconds() / 60)),
            "more": pauses.pauses_left(session, attempt),
        },
        resume_url=url_for("quiz.resume", attempt_id=attempt.id),
        at=at,
    )


def place(attempt: Attempt, module: Module) -> dict[str, Any]:
    """The track and the module, with their addresses."""
    track = followed(attempt.enrolment)
    return {"track": track_link(track), "module": module_link(track, module)}


def track_link(track: Track) -> dict[str, str]:
    return {"title": localized(track.title), "url": url_for("learn.track", track_key=track.key)}


def module_link(track: Track, module: Module) -> dict[str, str]:
    url = url_for("learn.module", track_key=track.key, module_key=module.key)
    return {"code": module.code, "title": localized(module.title), "url": url}
