"""What the catalogue shows: each track as one compares it, the search, its filters, what to do when nothing fits."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel import Locale
from flask import url_for

from curricula.model import Track
from lms.i18n import current_language, duration, localized, ngettext
from lms.i18n import gettext as _
from lms.services.catalogue import FILTERS, VALUES, Entry, Query, query
from lms.services.offers import Offer, holds
from lms.track_pages import length_words, listed


def catalogue_values(every: Sequence[Entry], asked: Mapping[str, str], *, learns: bool) -> dict[str, Any]:
    """The variables of ``learn/catalogue.html`` but for where to resume. ``learns``: the reader has states to tell."""
    speech = current_language()
    wanted, unknown = query(asked, [key for key in FILTERS if learns or key != "state"])
    found = [entry for entry in every if wanted.finds(entry, speech)]
    return {
        "catalogue_url": url_for("learn.catalogue"),
        "sentence": _counts(every, learns=learns),
        "text": wanted.text,
        "filters": _filters(every, wanted, learns=learns),
        "unknown": bool(unknown),
        "asks": wanted.asks,
        "found": len(found),
        "total": len(every),
        "ways_out": [] if found else _ways_out(every, wanted),
        "cards": [_card(entry, wanted, learns=learns) for entry in found],
    }


def _counts(every: Sequence[Entry], *, learns: bool) -> str:
    """How many tracks there are, and how many the reader follows, in a sentence."""
    if not every:
        return ""
    told = [ngettext("One track is published.", "%(num)s tracks are published.", len(every))]
    if learns:
        mine = [entry for entry in every if entry.row is not None]
        done = sum(entry.state in ("passed", "certified") for entry in mine)
        if mine:
            told.append(ngettext("You follow one of them.", "You follow %(num)s of them.", len(mine)))
        else:
            told.append(_("You have not opened any yet."))
        if done:
            told.append(ngettext("You have completed one.", "You have completed %(num)s.", done))
    return " ".join(told)


def _filters(every: Sequence[Entry], wanted: Query, *, learns: bool) -> list[dict[str, Any]]:
    """The lists of the search form: what some track has, and what is asked anyway."""
    labels = {
        "length": (_("Length"), _("All lengths")),
        "recommendation": (_("Recommendation of the white paper"), _("All recommendations")),
        "certificate": (_("Certificate"), _("With or without")),
        "state": (_("Where you are"), _("All states")),
    }
    if not learns:
        del labels["state"]
    shown = []
    for key, (label, whatever) in labels.items():
        chosen = wanted.narrowed.get(key)
        words = _value_words(key)
        present = [
            value for value in VALUES[key] if value == chosen or any(FILTERS[key](entry, value) for entry in every)
        ]
        options = [("", whatever), *((value, words[value]) for value in present)]
        shown.append({"key": key, "label": label, "options": options, "chosen": chosen or ""})
    return shown


def _value_words(key: str) -> dict[str, str]:
    """The values of a filter, in words."""
    if key == "length":
        return length_words()
    if key == "state":
        return {"todo": _("Not begun"), "now": _("In progress"), "done": _("Completed")}
    if key == "certificate":
        return {"yes": _("Leads to a certificate")}
    return {number: _("Recommendation %(number)s", number=number) for number in VALUES["recommendation"]}


def _ways_out(every: Sequence[Entry], wanted: Query) -> list[dict[str, Any]]:
    """Which single thing to leave out so that something is found, and how much that is."""
    ways = []
    for key, wider in wanted.ways_out().items():
        count = sum(wider.finds(entry, current_language()) for entry in every)
        left_out = wanted.text if key == "text" else _value_words(key)[wanted.narrowed[key]]
        if count and wider.asks:
            ways.append({"left_out": left_out, "count": count, "url": _address(wider)})
    return ways


def _address(wanted: Query) -> str:
    """The page of a query."""
    values: dict[str, Any] = {"q": wanted.text or None, **wanted.narrowed}
    return url_for("learn.catalogue", **values)


def _card(entry: Entry, wanted: Query, *, learns: bool) -> dict[str, Any]:
    track, state, about = entry.track, entry.progress, url_for("learn.about", track_key=entry.track.key)
    speech = current_language()
    return {
        "title": localized(track.title),
        "promise": localized(track.promise),
        "audience": localized(track.audience),
        "about_url": about,
        "url": url_for("learn.track", track_key=track.key) if entry.row else about,
        "state": entry.state if learns else "planned" if entry.state == "planned" else None,
        "progress": {
            "share": state.share,
            "modules_passed": state.passed,
            "modules_total": len(track.published_modules),
            "minutes_done": state.minutes_done,
            "minutes_total": track.duration_minutes,
        }
        if state
        else None,
        "certificate_url": url_for("verify.show", code=entry.certificate.code) if entry.certificate else None,
        "facts": _facts(track),
        "modules_told": modules_told(track),
        "modules": [
            {
                "code": part.code,
                "title": localized(part.title),
                "minutes": part.duration_minutes,
                "published": part.published,
                # Each word was found in this very module: why the track is here.
                "found": bool(wanted.text) and holds(Offer(track, part).words(speech), wanted.text),
            }
            for part in track.modules
        ],
    }


def _facts(track: Track) -> list[dict[str, str]]:
    """What one plans with, as ``macros.pairs`` shows it."""
    facts = {_("Duration"): duration(track.duration_minutes)} if track.duration_minutes else {}
    leads = [rule for rule in (track.certificate, track.label) if rule is not None]
    told = listed(f"{localized(rule.title)}, {validity(rule.valid_months)}" for rule in leads)
    facts[_("Leads to")] = told or _("no certificate")
    facts[_("Languages")] = languages(track)
    if track.recommendations:
        facts[_("White paper")] = ngettext(
            "recommendation %(listed)s", "recommendations %(listed)s", len(track.recommendations),
            listed=listed(track.recommendations),
        )  # fmt: skip
    return [{"label": label, "value": value} for label, value in facts.items()]


def validity(valid_months: int | None) -> str:
    """How long a certificate holds: « valable 3 ans »."""
    if valid_months is None:
        return _("valid without end")
    years, months = divmod(valid_months, 12)
    if months:
        return ngettext("valid for one month", "valid for %(num)s months", valid_months)
    return ngettext("valid for one year", "valid for %(num)s years", years)


def languages(track: Track) -> str:
    """The languages a track can be followed in: « français et anglais »."""
    names = Locale(current_language()).languages
    return listed(names.get(code, code) for code in track.languages)


def modules_told(track: Track) -> str:
    """How many modules can be followed, and how many are announced."""
    published, planned = len(track.published_modules), len(track.modules) - len(track.published_modules)
    told = [ngettext("one module to follow", "%(num)s modules to follow", published)] if published else []
    if planned:
        told.append(ngettext("one module announced", "%(num)s modules announced", planned))
    return ", ".join(told)
