"""The plan of a draft: its modules in order, what uses what, and what goes when something is removed.

Keys are given once, from what is named, and never change: questions, lessons and learners' progress follow them.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, undefer

from curricula.awards import keeping
from curricula.model import Module, Track
from curricula.outline import Outline, outline
from curricula.pieces import (
    Piece,
    lesson_path,
    module_in,
    module_path,
    module_piece,
    question_in,
    question_path,
    question_piece,
    settings_in,
    settings_piece,
    track_in,
    track_path,
    track_piece,
)
from lms.models import Draft, DraftPiece
from lms.services import bank, drafts
from lms.services.drafts import Taken

#: Modules of a track: their order has two digits.
MOST_MODULES = 99


Kind = Literal["lesson", "question", "module"]


@dataclass(frozen=True)
class Use:
    """A lesson, a question or a module that names something by its ``key``: which ``field`` of a form has that."""

    field: str
    key: str
    kind: Kind
    path: str
    label: dict[str, str]


def plan(session: Session, draft: Draft) -> Outline:
    """The plan of a draft. Reads neither its questions, which are counted, nor its images."""
    path = DraftPiece.path
    query = select(path, DraftPiece.content).where(
        DraftPiece.draft_id == draft.id, or_(path == track_path(), path.endswith("/module"), path.contains("/lesson/"))
    )
    rows = session.execute(query.order_by(DraftPiece.place, path)).tuples()
    return outline((Piece(*row) for row in rows), bank.assessed(session, draft))


def keys_after(kept: Sequence[str], proposed: Sequence[str], known: Collection[str]) -> list[str]:
    """The keys of rows: the ``kept`` ones, and for rows without one the ``proposed``, numbered until it is free.

    No key is given twice, nor one of those ``known`` before to another thing.
    """
    given: list[str] = []
    for key, wish in zip(kept, proposed, strict=True):
        if key and key not in given:
            given.append(key)
            continue
        taken = {*known, *kept, *given}
        while wish in taken:
            found = re.search(r"(?<=\D)(\d{1,6})$", wish, re.ASCII)
            wish = f"{wish[: found.start()]}{int(found[1]) + 1}" if found else f"{wish}-2"
        given.append(wish)
    return given


# Modules


def proposed_code(track: Track, modules: Iterable[Module]) -> str:
    """The code of the next module: D1, D2…"""
    stem, taken = track.code or "M", {module.code.casefold() for module in modules}
    return next(code for number in range(1, 1000) if (code := f"{stem}{number}").casefold() not in taken)


def add_module(session: Session, draft: Draft, module: Module, person_id: int | None) -> None:
    """Add a module after the others. Raises ``Frozen``, and ``Taken`` where its key names one or there are 99."""
    drafts.hold(session, draft)
    others = modules(session, draft)
    orders = [other.order for other in others.values()]
    if len(orders) >= MOST_MODULES:
        raise Taken(str(MOST_MODULES))
    if any(drafts.listed(session, draft, f"{module.key}/")):
        raise Taken(module.key)
    if max(orders, default=0) >= MOST_MODULES:
        _renumber(session, draft, others, person_id)
        orders = list(range(1, len(orders) + 1))
    found = replace(module, order=max(orders, default=0) + 1)
    drafts.add(session, draft, [Piece(module_path(module.key), module_piece(found))], person_id)


def move_module(session: Session, draft: Draft, key: str, by: int, person_id: int | None) -> bool:
    """Let a module change places with its neighbour, before (-1) or after (1); False at an end.

    Raises ``Frozen``, and ``LookupError`` when it is not there.
    """
    drafts.hold(session, draft)
    known = modules(session, draft)
    keys = list(known)
    if key not in known:
        raise LookupError(key)
    here = keys.index(key)
    if not 0 <= here + by < len(keys):
        return False
    keys[here], keys[here + by] = keys[here + by], keys[here]
    _renumber(session, draft, {each: known[each] for each in keys}, person_id)
    return True


def remove_module(session: Session, draft: Draft, key: str, person_id: int | None) -> None:
    """Remove a module with all that is in it: no award and no other module asks for it any longer.

    Raises ``Frozen``.
    """
    drafts.remove(session, draft, module_path(key), person_id)
    for module in modules(session, draft).values():
        if key in module.requires:
            left = tuple(needed for needed in module.requires if needed != key)
            said = module_piece(replace(module, requires=left))
            drafts.put(session, draft, module_path(module.key), said, person_id)
    row = drafts.piece(session, draft, track_path())
    track = track_in(row.content) if row else None
    if row and track:
        certificate, label = keeping(track.certificate, track.label, lambda each: each != key)
        if (certificate, label) != (track.certificate, track.label):
            content = track_piece(replace(track, certificate=certificate, label=label))
            drafts.put(session, draft, row.path, content, person_id)


def modules(session: Session, draft: Draft) -> dict[str, Module]:
    """The modules of a draft in order, by key."""
    found = [module_in(row.content) for row in module_rows(session, draft)]
    return {module.key: module for module in sorted(found, key=lambda module: (module.order, module.key))}


def module_rows(session: Session, draft: Draft) -> list[DraftPiece]:
    """The modules' own pieces, with their contents."""
    query = select(DraftPiece).where(DraftPiece.draft_id == draft.id, DraftPiece.path.endswith("/module"))
    rows = session.scalars(query.order_by(DraftPiece.place).options(undefer(DraftPiece.content)))
    return [row for row in rows if row.path == module_path(row.path.partition("/")[0])]


def _renumber(session: Session, draft: Draft, ordered: dict[str, Module], person_id: int | None) -> None:
    for order, module in enumerate(ordered.values(), 1):
        if module.order != order:
            said = module_piece(replace(module, order=order))
            drafts.put(session, draft, module_path(module.key), said, person_id)


# What names an objective, a source or a legal reference


def module_uses(session: Session, draft: Draft, before: Module, after: Module) -> list[Use]:
    """Which lessons and questions name the objectives and sources that a module had ``before`` and no longer."""
    gone = _gone(before.objectives, after.objectives), _gone(before.sources, after.sources)
    found: list[Use] = []
    if not any(gone):
        return found
    rows = drafts.contents(session, draft, lesson_path(before.key, ""))
    titles: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.path.count("/") == 3:  # its text in one language
            titles.setdefault(row.parent, {}).update(row.label)
    for row in rows:
        if row.path.count("/") == 2:
            settings = settings_in(row.content)
            found += _uses("lesson", row.path, titles.get(row.path, {}), (settings.objectives, settings.sources), gone)
    for row in drafts.listed(session, draft, question_path(before.key, "")):
        named = ((row.facts.get("objective", ""),), (row.facts.get("source", ""),))
        found += _uses("question", row.path, row.label, named, gone)
    return found


def track_uses(session: Session, draft: Draft, before: Track, after: Track) -> list[Use]:
    """Which modules name the legal references and the branches that a track had ``before`` and no longer."""
    gone = _gone(before.legal, after.legal), _gone(before.branches, after.branches)
    found: list[Use] = []
    for row in module_rows(session, draft) if any(gone) else ():
        module = module_in(row.content)
        found += _uses("module", row.path, row.label, (module.legal, (module.branch or "",)), gone)
    return found


def forget(session: Session, draft: Draft, found: Iterable[Use], person_id: int | None) -> None:
    """Let what uses those things name them no longer: a question is left without, to be given another."""
    named: dict[str, set[tuple[str, str]]] = {}
    for use in found:
        named.setdefault(use.path, set()).add((use.field, use.key))
    for path, gone in named.items():
        row = drafts.piece(session, draft, path)
        if row is not None:
            drafts.put(session, draft, path, _without(path, row.content, gone), person_id)


def _gone(before: Iterable[Any], after: Iterable[Any]) -> set[str]:
    return {each.key for each in before} - {each.key for each in after}


def _uses(
    kind: Kind, path: str, label: dict[str, str], named: Sequence[Sequence[str]], gone: Sequence[set[str]]
) -> Iterator[Use]:
    fields = ("legal", "branches") if kind == "module" else ("objectives", "sources")
    for field, keys, without in zip(fields, named, gone, strict=True):
        yield from (Use(field, key, kind, path, label) for key in keys if key in without)


def _without(path: str, content: bytes, gone: set[tuple[str, str]]) -> bytes:
    if "/question/" in path:
        question = question_in(content)
        objective = "" if ("objectives", question.objective) in gone else question.objective
        source = "" if ("sources", question.source) in gone else question.source
        return question_piece(replace(question, objective=objective, source=source))
    if "/lesson/" in path:
        lesson = settings_in(content)
        objectives = tuple(key for key in lesson.objectives if ("objectives", key) not in gone)
        sources = tuple(key for key in lesson.sources if ("sources", key) not in gone)
        return settings_piece(replace(lesson, objectives=objectives, sources=sources))
    module = module_in(content)
    branch = None if ("branches", module.branch) in gone else module.branch
    legal = tuple(key for key in module.legal if ("legal", key) not in gone)
    aims = tuple(
        replace(aim, competency=None, level=None)
        if {("competencies", aim.competency), ("competencies", f"{aim.competency}/{aim.level}")} & gone
        else aim
        for aim in module.objectives
    )
    return module_piece(replace(module, legal=legal, branch=branch, objectives=aims))
