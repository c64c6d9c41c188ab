"""Two sets of changes to one question brought together, part by part: its places, its options, its criteria, its texts.

What both changed differently, or what one changed in a part that the other took out, is not settled here.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from curricula.pieces import question_in, question_piece
from curricula.problems import CurriculumError
from curricula.sequence import sequence


class _Both(Exception):
    """Both sides changed the same thing, each in its own way."""


def merged_question(base: bytes | None, mine: bytes | None, theirs: bytes | None) -> bytes | None:
    """The piece of a question with the changes of both sides; None where a person must choose.

    A side that changes the type of a question changes what its parts mean: nothing of the other is mixed with it.
    """
    if base is None or mine is None or theirs is None:
        return None
    try:
        old, own, other = (question_in(content) for content in (base, mine, theirs))
        if len({old.type, own.type, other.type}) > 1:
            return None
        return question_piece(_merged(old, own, other))
    except (CurriculumError, UnicodeDecodeError, IndexError, _Both):
        return None


def _merged(base: Any, mine: Any, theirs: Any) -> Any:
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    if all(isinstance(each, Mapping) for each in (base, mine, theirs)):
        return _together(base, mine, theirs)
    if all(isinstance(side, tuple) and all(map(_is_row, side)) for side in (base, mine, theirs)):
        return _rows(base, mine, theirs)
    if is_dataclass(mine) and type(base) is type(mine) is type(theirs):
        held = {field.name: [getattr(each, field.name) for each in (base, mine, theirs)] for field in fields(mine)}
        return replace(mine, **{name: _merged(*values) for name, values in held.items()})  # type: ignore[type-var]
    raise _Both


def _rows(base: tuple[Any, ...], mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Parts that have keys, or settings, in the order of the side that moved some."""
    sides = [{_key(each): each for each in side} for side in (base, mine, theirs)]
    if any(len(named) != len(side) for named, side in zip(sides, (base, mine, theirs), strict=True)):
        raise _Both  # a key that names two parts names neither
    kept = _together(*sides)
    orders = [[key for key in side if all(key in each for each in sides)] for side in sides]
    if len(set(map(tuple, orders))) > 2:
        raise _Both  # in some types the order is the answer
    old, own, other = map(list, sides)
    return tuple(kept[key] for key in sequence(old, own, other, kept))


def _is_row(part: Any) -> bool:
    return isinstance(part, tuple) or hasattr(part, "key")


def _key(part: Any) -> str:
    return str(part[0] if isinstance(part, tuple) else part.key)


def _together(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """What each side says under each key; what is not there is None."""
    found = {key: _merged(base.get(key), mine.get(key), theirs.get(key)) for key in {**mine, **theirs}}
    return {key: said for key, said in found.items() if said is not None}
