"""The competencies a learner has reached, as pages show them."""

from collections.abc import Iterable
from typing import Any

from assessments.competencies import CompetencyReached, LevelReached
from lms.i18n import gettext as _
from lms.i18n import localized, ngettext


def competency_values(found: Iterable[CompetencyReached]) -> list[dict[str, Any]]:
    """What ``macros.competencies`` shows: the level reached and what shows it, then what the next one lacks."""
    return [
        {
            "title": localized(each.competency.title),
            "state": "met" if each.following is None else "now" if _begun(each) else "todo",
            "reached": _reached(each.reached) if each.reached else _("No level reached yet."),
            "following": _following(each.following) if each.following else None,
        }
        for each in found
    ]


def _begun(each: CompetencyReached) -> bool:
    return any(level.mastered for level in each.levels)


def _reached(level: LevelReached) -> str:
    return _(
        "Level %(level)s reached: %(criterion)s", level=level.level.number, criterion=localized(level.level.criterion)
    )


def _following(level: LevelReached) -> str:
    return ngettext(
        "Level %(level)s: %(mastered)s of one objective mastered.",
        "Level %(level)s: %(mastered)s of %(num)s objectives mastered.",
        level.objectives, level=level.level.number, mastered=level.mastered,
    )  # fmt: skip
