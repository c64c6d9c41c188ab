"""What the description of a track shows before one enrols, to learners and to human resources."""

from collections.abc import Sequence
from typing import Any

from flask import url_for

from certificates.award import Rule
from certificates.rules import rules
from curricula.model import Module, Track
from lms.award_pages import AwardWords, nature
from lms.catalogue_pages import languages, modules_told, validity
from lms.i18n import day, duration, localized, ngettext, percent
from lms.i18n import gettext as _
from lms.models import TrackRevision
from lms.services.catalogue import Entry
from lms.track_order import required_tracks
from lms.track_pages import legal_texts, listed


def about_values(
    entry: Entry, published: Track, revisions: Sequence[TrackRevision], *, learns: bool, counts: bool
) -> dict[str, Any]:
    """The variables of ``learn/about.html``: the revision published now, whichever one its reader follows.

    ``learns``: its reader may follow it; ``counts``: they export who completed it.
    """
    row = entry.row
    current = next((each for each in revisions if each.digest == published.digest), None)
    return {
        "catalogue_url": url_for("learn.catalogue"),
        "track": {
            "title": localized(published.title),
            "promise": localized(published.promise),
            "audience": localized(published.audience),
            "version": published.version,
            "published_on": day(current.published_at) if current else None,
            "licence": published.licence,
            "minutes_total": published.duration_minutes,
            "modules_told": modules_told(published),
            "languages": languages(published),
            "recommendations": listed(published.recommendations),
        },
        "state": entry.state if learns and entry.row else None,
        "follows": row.track_version if learns and row and row.track_digest != published.digest else None,
        "requires": required_tracks(published, lambda found: url_for("learn.about", track_key=found.key)),
        "actions": _actions(entry, learns=learns, counts=counts),
        "modules": [_module(part) for part in published.modules],
        "leads": [_leads(published, rule) for rule in rules(published) if rule.kind != "attendance"],
        "attendance": published.attendance,
        "texts": legal_texts(published),
        "revisions": [_revision(each, first=each is revisions[-1]) for each in revisions],
    }


def _actions(entry: Entry, *, learns: bool, counts: bool) -> list[dict[str, str]]:
    """What one does from the description of a track, the main thing first."""
    actions = []
    if learns and (entry.row or entry.state != "planned"):
        words = {"todo": _("Begin this track"), "now": _("Resume this track")}
        label = words.get(entry.state, _("See my track"))
        actions.append(
            {"label": label, "url": url_for("learn.track", track_key=entry.track.key), "icon": "arrow-right"}
        )
    if counts:
        url = url_for("hr.index", report="completions", track=entry.track.key, _anchor="export")
        actions.append({"label": _("Export who completed it"), "url": url, "icon": "download"})
    return actions


def _module(part: Module) -> dict[str, Any]:
    return {
        "code": part.code,
        "title": localized(part.title),
        "url": None,
        "state": None if part.published else "planned",
        "minutes": part.duration_minutes,
        "summary": localized(part.summary),
        "objectives": [localized(objective.text) for objective in part.objectives],
        "quiz": _quiz(part),
    }


def _quiz(part: Module) -> str | None:
    """How a module is assessed, in a sentence."""
    if part.quiz is None:
        return None
    rules = [
        ngettext(
            "Assessment of one question, passed at %(threshold)s.",
            "Assessment of %(num)s questions, passed at %(threshold)s.",
            part.quiz.questions,
            threshold=percent(part.quiz.threshold),
        )
    ]
    if part.quiz.attempts:
        rules.append(ngettext("One attempt.", "%(num)s attempts.", part.quiz.attempts))
    if part.quiz.cooldown_minutes and part.quiz.attempts != 1:
        rules.append(_("%(time)s between two attempts.", time=duration(part.quiz.cooldown_minutes)))
    return " ".join(rules)


def _leads(track: Track, rule: Rule) -> dict[str, Any]:
    """A certificate or a label that a track leads to, and each condition of it."""
    return {
        "title": localized(rule.title),
        "nature": nature(rule.kind),
        "validity": validity(rule.valid_months),
        "url": url_for("criteria.show", track_key=track.key, version=track.version, kind=rule.kind),
        "conditions": AwardWords(track).asked_for(rule),
    }


def _revision(row: TrackRevision, *, first: bool) -> dict[str, str]:
    """A revision and what its publisher says of it."""
    if row.note:
        note = row.note
    elif first:
        note = _("First version.")
    elif row.origin == "shipped":
        note = _("It came with a release of this service.")
    else:
        note = _("Its publisher left no note.")
    return {"version": row.version, "published_on": day(row.published_at), "note": note}
