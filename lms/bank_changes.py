"""A question being written: how two writings of it differ, and its parts moved or removed before it is saved."""

from dataclasses import replace
from typing import Any, TypeVar

from curricula.model import Criterion, CriterionLevel, Option, Question, Spot
from curricula.piece_changes import piece_changes
from curricula.pieces import question_path, question_piece
from lms.i18n import gettext as _
from lms.studio_pages import shown_part

Part = TypeVar("Part", Option, Spot, Criterion, CriterionLevel)


def differences(mine: Question, theirs: Question) -> list[dict[str, str]]:
    """Where two writings of a question differ: ``label``, ``mine``, ``theirs``."""
    path = question_path("module", mine.key)
    changes = piece_changes(path, question_piece(theirs), question_piece(mine))
    return [
        {
            "label": shown_part(each, path).name, "mine": _said(each.path, each.after),
            "theirs": _said(each.path, each.before),
        }
        for each in changes
    ]  # fmt: skip


def _said(path: tuple[str, ...], value: str | None) -> str:
    if path[-1] == "correct":
        return _("Right") if value == "True" else _("Wrong")
    return value or ""


def arranged(written: Question, do: str) -> Question:
    """The question after « up-b », « down-b » or « remove-b », b being the key of an option; else the same.

    « up-places/p1 » moves a place, « up-criteria/c1 » a criterion, « up-criteria/c1/l2 » a level of it.
    """
    act, _dash, way = do.partition("-")
    names = way.split("/")
    if len(names) == 1:
        return replace(written, options=_arranged(written.options, act, way))
    if names[0] == "places":
        return replace(written, places=_arranged(written.places, act, names[1]))
    if names[0] == "criteria" and len(names) == 2:
        return replace(written, criteria=_arranged(written.criteria, act, names[1]))
    if names[0] == "criteria":
        criteria: Any = (
            replace(each, levels=_arranged(each.levels, act, names[2])) if each.key == names[1] else each
            for each in written.criteria
        )
        return replace(written, criteria=tuple(criteria))
    return written


def _arranged(parts: tuple[Part, ...], act: str, key: str) -> tuple[Part, ...]:
    found = list(parts)
    at = next((number for number, each in enumerate(found) if each.key == key), None)
    if at is not None and act in ("up", "down", "remove"):
        chosen = found.pop(at)
        if act != "remove":
            found.insert(max(0, at + (1 if act == "down" else -1)), chosen)
    return tuple(found)
