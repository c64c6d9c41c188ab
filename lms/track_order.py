"""What comes before what in a track, in the reader's words: modules and tracks first, branches, levels reached."""

from collections.abc import Callable
from typing import Any

from babel.lists import format_list

from curricula.model import Objective, Track
from curricula.progress import ModuleProgress, TrackProgress
from lms.i18n import current_language, localized, ngettext
from lms.i18n import gettext as _
from lms.pages import tracks


def waits(step: ModuleProgress) -> str:
    """What to pass before the assessment of a locked module."""
    named = [f"{module.code} ({localized(module.title)})" for module in step.waits_for]
    return ngettext(
        "To open this assessment, first pass the module %(modules)s.",
        "To open this assessment, first pass the modules %(modules)s.",
        len(named), modules=format_list(named, locale=current_language()),
    )  # fmt: skip


def required_tracks(found: Track, address: Callable[[Track], str]) -> list[dict[str, str | None]]:
    """The tracks to follow first, each with where it is; one that is not published here has its key alone."""
    known = {key: tracks().get(key) for key in found.requires}
    return [
        {"title": localized(track.title), "url": address(track)} if track else {"title": key, "url": None}
        for key, track in known.items()
    ]


def reached(found: Track, objective: Objective) -> str | None:
    """The level of a competency that an objective reaches, with what shows it."""
    key = objective.competency
    competency = found.framework.competency(key) if found.framework and key else None
    if competency is None:
        return None
    criterion = next((level.criterion for level in competency.levels if level.number == objective.level), None)
    return _(
        "Competency “%(title)s”, level %(level)s: %(criterion)s",
        title=localized(competency.title), level=objective.level, criterion=localized(criterion) if criterion else "",
    )  # fmt: skip


def branches(state: TrackProgress, steps: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The branches of a track with their modules, given as shown by module key."""
    return [
        {
            "key": branch.key,
            "title": localized(branch.title),
            "note": localized(branch.note) if branch.note else None,
            "followed": branch is state.branch,
            "modules": [steps[step.module.key] for step in state.modules if step.module.branch == branch.key],
        }
        for branch in state.track.branches
    ]
