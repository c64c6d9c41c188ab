"""What the pages of a track show to whoever reads them: a learner, or a trainer who looks before choosing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from babel.lists import format_list
from markupsafe import Markup

from curricula.model import LegalReference, Lesson, Localized, Module, Reading, Source, Track
from curricula.progress import ModuleProgress, TrackProgress
from lms.i18n import checked_on, current_language, day, localized, ngettext, partial_date
from lms.i18n import gettext as _
from lms.lessons import lesson_html
from lms.track_order import branches, reached, required_tracks, waits


@dataclass(frozen=True)
class Ways:
    """Where each part of a track is read. ``quiz`` gives None where no assessment may be taken."""

    track: Callable[[Track], str]
    module: Callable[[Track, Module], str]
    lesson: Callable[[Track, Module, Lesson], str]
    quiz: Callable[[Track, Module], str | None]
    #: The endpoint that serves the images of lessons.
    file: str = "lesson_files.show"
    #: Where a paper of that kind is: its page, else its file to print. None where papers are not shown.
    paper: Callable[[Track, Module, str, bool], str] | None = None


def track_values(found: Track, state: TrackProgress, awards: Mapping[str, Any], ways: Ways) -> dict[str, Any]:
    """The variables of ``learn/track.html`` that tell of the track and of how far its reader is.

    ``awards`` are as ``award_pages.AwardWords.shown`` says them.
    """
    steps = {step.module.key: _step(found, step, ways) for step in state.modules}
    return {
        "track": {
            "title": localized(found.title),
            "promise": localized(found.promise),
            "audience": localized(found.audience),
            "version": found.version,
            "minutes_total": state.minutes_total,
            "modules_total": len(state.counted),
        },
        "requires": required_tracks(found, ways.track),
        "progress": {
            "share": state.share,
            "minutes_done": state.minutes_done,
            "minutes_total": state.minutes_total,
            "minutes_left": state.minutes_left,
            "modules_passed": state.passed,
            "modules_total": len(state.counted),
            "chooses": state.chooses,
        },
        "modules": [steps[step.module.key] for step in state.modules if step.module.branch is None],
        "branches": branches(state, steps),
        "awards": awards,
        "texts": legal_texts(found),
    }


def legal_texts(found: Track) -> list[dict[str, Any]]:
    """The texts of law a track refers to, as ``macros.sources`` shows them, with the days they apply."""
    return [
        {
            "title": f"{law.reference} — {localized(law.title)}",
            "url": law.source,
            "published": _in_force(law),
            "note": localized(law.note) if law.note else None,
            "checked": checked_on(law.checked_on),
        }
        for law in found.legal
    ]


def module_values(found: Track, step: ModuleProgress, version: str, ways: Ways) -> dict[str, Any]:
    """The variables of ``learn/module.html`` but for its assessment and the one thing to do."""
    chosen = step.module
    return {
        "track": track_link(found, ways),
        "module": {
            "code": chosen.code,
            "title": localized(chosen.title),
            "summary": localized(chosen.summary),
            "minutes": chosen.duration_minutes,
            "state": shown_state(step),
            "version": version,
            "objectives": [
                {"text": localized(objective.text), "competency": reached(found, objective)}
                for objective in chosen.objectives
            ],
        },
        "lessons": _plan(found, step, None, ways)[:-1],
        "sources": source_values(chosen.sources),
        "further": source_values(chosen.reading),
    }


def lesson_values(found: Track, step: ModuleProgress, text: Lesson, version: str, ways: Ways) -> dict[str, Any]:
    """The variables of ``learn/lesson.html`` but for where it marks itself read, and what follows the last one."""
    chosen, speech = step.module, current_language()
    words = text.texts[speech]
    after = next((other for other in chosen.lessons if other.order > text.order), None)
    before = next((other for other in reversed(chosen.lessons) if other.order < text.order), None)
    module_url = ways.module(found, chosen)
    return {
        "track": track_link(found, ways),
        "module": {"code": chosen.code, "title": localized(chosen.title), "url": module_url},
        "lesson": {
            "title": _as_read(words.title),
            "number": text.order,
            "count": len(chosen.lessons),
            "minutes": text.minutes,
            "version": version,
            "recommendations": _recommendations(chosen),
            "able": [_as_read(line) for line in words.able],
            "body": Markup(lesson_html(found, chosen, text, speech, ways.file)),  # nosec B704 # noqa: S704 - sanitised by curricula.render
            "read": text.key in step.read,
        },
        "sources": source_values(chosen.cited(text.sources)),
        "plan": _plan(found, step, text, ways),
        "previous": _lesson_link(found, chosen, before, ways) if before else None,
        "next": {**_lesson_link(found, chosen, after, ways), "kind": "lesson"} if after else None,
    }


def track_link(found: Track, ways: Ways) -> dict[str, str]:
    """The track as a step of the way back."""
    return {"title": localized(found.title), "url": ways.track(found)}


def shown_state(step: ModuleProgress) -> str:
    """The state of a module in the words of ``macros.state_tag``."""
    return "now" if step.state == "ready" else step.state


def points_missing(step: ModuleProgress) -> int:
    """How many points out of 100 the best score lacks."""
    return ceil(step.missing * 100) if step.missing is not None else 0


def listed(items: Iterable[object]) -> str:
    """Things in a row, as the reader's language lists them: « 1, 8 et 10 »."""
    return format_list([str(item) for item in items], locale=current_language())


def length_words() -> dict[str, str]:
    """The lengths people plan with (``offers.LENGTHS``), in words."""
    return {
        "short": _("Short: 2 h at most"),
        "half": _("Half a day: 2 to 4 h"),
        "day": _("A day: 4 to 8 h"),
        "more": _("More than a day"),
    }


def rule_title(found: Track) -> Localized:
    """What the track leads to, else the track itself."""
    return found.certificate.title if found.certificate else found.title


def _step(found: Track, step: ModuleProgress, ways: Ways) -> dict[str, Any]:
    chosen, reason, action = step.module, None, None
    if step.exempt and step.state == "passed":
        reason = _("Exempted by the placement test.")
    elif step.state == "retry" and step.missing is not None:
        reason = ngettext("One point is missing.", "%(num)s points are missing.", points_missing(step))
        action = {"label": _("See the assessment"), "url": ways.quiz(found, chosen)}
    elif step.state == "ready":
        action = {"label": _("Go to the assessment"), "url": ways.quiz(found, chosen)}
    elif step.state == "locked":
        reason = waits(step)
    elif step.state == "planned":
        reason = localized(chosen.summary)
    return {
        "code": chosen.code,
        "title": localized(chosen.title),
        "url": ways.module(found, chosen) if chosen.published else None,
        "state": shown_state(step),
        "minutes": chosen.duration_minutes,
        "lessons_read": len(step.read),
        "lessons_total": len(chosen.lessons),
        "score": step.best,
        "threshold": chosen.quiz.threshold if chosen.quiz else None,
        "reason": reason,
        "action": action,
    }


def _plan(found: Track, step: ModuleProgress, here: Lesson | None, ways: Ways) -> list[dict[str, Any]]:
    """The lessons of a module, then its assessment."""
    chosen, speech = step.module, current_language()
    rows: list[dict[str, Any]] = [
        {
            "number": item.order,
            "title": _as_read(item.texts[speech].title),
            "url": ways.lesson(found, chosen, item),
            "minutes": item.minutes,
            "state": "now" if item is here else "read" if item.key in step.read else "todo",
        }
        for item in chosen.lessons
    ]
    state = "passed" if step.state == "passed" else "todo"
    quiz = {"number": len(rows) + 1, "title": _("Assessment"), "url": ways.quiz(found, chosen), "state": state}
    return [*rows, quiz]


def _in_force(law: LegalReference) -> str | None:
    if law.in_force_from and law.in_force_to:
        return _("applies from %(first)s to %(last)s", first=day(law.in_force_from), last=day(law.in_force_to))
    if law.in_force_to:
        return _("applies until %(last)s", last=day(law.in_force_to))
    return _("applies from %(first)s", first=day(law.in_force_from)) if law.in_force_from else None


def _recommendations(chosen: Module) -> str | None:
    """The recommendations of the white paper that a module answers, for the one who wonders why it is taught."""
    numbers = chosen.recommendations
    if not numbers:
        return None
    return ngettext(
        "White paper, recommendation %(listed)s", "White paper, recommendations %(listed)s", len(numbers),
        listed=listed(numbers),
    )  # fmt: skip


def source_values(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """Sources, as ``macros.sources`` shows them, with what one finds there where it is said."""
    return [
        {
            "title": localized(source.title),
            "url": source.url,
            "published": partial_date(source.published_on) if source.published_on else None,
            "checked": checked_on(source.checked_on) if source.mark != "M" else None,
            "note": localized(source.note) if isinstance(source, Reading) else None,
        }
        for source in sources
    ]


def _lesson_link(found: Track, chosen: Module, item: Lesson, ways: Ways) -> dict[str, str]:
    return {"title": _as_read(item.texts[current_language()].title), "url": ways.lesson(found, chosen, item)}


def _as_read(text: str) -> str:
    """A text of a lesson, which is in the reader's language already, with its typography."""
    return localized({"fr": text, current_language(): text})
