"""Two people write the same track, module or file at once: what each changed is told apart, part by part.

A part is a field, a text in one language, or one row of a list whose rows have keys: ``code``, ``title.fr``,
``objectives.d1-o1``. Whoever reads keeps a mark of each part, so that what only one of them changed is no collision.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any, TypeVar

from curricula.glossary import Glossary
from curricula.model import Framework, Module, Track

T = TypeVar("T", Track, Module, Framework, Glossary)
_MARK = re.compile(r"(?<![a-z0-9_.-])([a-z_]+(?:\.[a-z0-9-]+)?)=([0-9a-f]{8})")


def parts(value: Any) -> dict[str, Any]:
    """What each part says, by its name."""
    return dict(_parts(value))


def marks(value: Any) -> str:
    """A mark of each part, to be kept beside a form that shows them."""
    return " ".join(f"{name}={_mark(said)}" for name, said in _parts(value))


def merged(read: str, mine: T, theirs: T) -> tuple[T, list[str]]:
    """(what both say, the parts where both changed what was ``read``): there, it says mine.

    ``read`` are the ``marks`` of what was on the page; without a mark, a part that differs is a collision.
    """
    before: dict[str, str] = dict(_MARK.findall(read))
    ours, others = parts(mine), parts(theirs)
    taken: list[str] = []
    collisions: list[str] = []
    for name in {**others, **ours}:
        mark, other = _mark(ours.get(name)), _mark(others.get(name))
        was = before.get(name, _mark(None))
        if mark == other or other == was:
            continue
        (taken if mark == was else collisions).append(name)
    return take(mine, theirs, taken), collisions


def take(mine: T, theirs: T, names: Iterable[str]) -> T:
    """Mine with those parts as they are in theirs; a name that is no part is left out."""
    others = parts(theirs)
    known = {**others, **parts(mine)}
    for name in names:
        if name in known:
            field, _dot, part = name.partition(".")
            mine = replace(mine, **{field: _taken(getattr(mine, field), part, others.get(name))})
    return mine


def _taken(value: Any, part: str, other: Any) -> Any:
    if not part:
        return () if other is None and isinstance(value, tuple) else other
    if isinstance(value, Mapping):
        return {**value, part: other or ""}
    rows = {row.key: row for row in value} | ({part: other} if other is not None else {})
    return tuple(row for key, row in rows.items() if key != part or other is not None)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(value):
        said = getattr(value, field.name)
        if not field.compare:
            continue
        if isinstance(said, Mapping):
            yield from ((f"{field.name}.{language}", text) for language, text in said.items())
        elif isinstance(said, tuple) and said and hasattr(said[0], "key"):
            yield from ((f"{field.name}.{row.key}", row) for row in said)
        elif said != ():
            yield field.name, said


def _mark(said: Any) -> str:
    return sha256(repr(said).encode()).hexdigest()[:8]
