"""Two sets of changes to one track brought together, piece by piece (``curricula.pieces``), a question part by part.

What one side alone changed is taken; what both changed differently is a conflict that a person settles.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from curricula.merge_question import merged_question
from curricula.pieces import Piece, lesson_path, module_path, track_in, track_path, track_piece
from curricula.sequence import sequence

Side = Literal["mine", "theirs"]


@dataclass(frozen=True)
class Conflict:
    """A piece both sides changed, each in its own way; None where it is not there."""

    path: str
    base: bytes | None
    mine: bytes | None
    theirs: bytes | None


@dataclass(frozen=True)
class Merged:
    """What comes of a merge: the pieces in order, with mine where a conflict is open."""

    pieces: tuple[Piece, ...]
    conflicts: tuple[Conflict, ...]
    #: The paths of what differs from mine.
    taken: tuple[str, ...]
    #: What mine said, by path.
    mine: Mapping[str, bytes]

    def changes(self) -> Iterator[tuple[str, bytes | None, bytes | None]]:
        """(path, what mine said, what it says now) of what is taken; None where it is not there."""
        now = {piece.path: piece.content for piece in self.pieces}
        return ((path, self.mine.get(path), now.get(path)) for path in self.taken)


def merge(
    base: Iterable[Piece], mine: Iterable[Piece], theirs: Iterable[Piece], settled: Mapping[str, Side] | None = None
) -> Merged:
    """The changes from ``base`` to ``mine`` and from ``base`` to ``theirs``, both kept.

    ``settled`` says which side to take for the paths of conflicts. A side that removes a module or a lesson, of which
    the other wrote a part, removes nothing that this part needs to be read.
    """
    settled = settled or {}
    old, own, other = ({piece.path: piece.content for piece in side} for side in (base, mine, theirs))
    kept: dict[str, bytes] = {}
    conflicts = []
    for path in {**own, **other}:
        was, here, there = old.get(path), own.get(path), other.get(path)
        said = here
        if was == here:
            said = there
        elif here != there and was != there:
            together = merged_question(was, here, there) if "/question/" in path else None
            if together is not None:
                said = together
            elif path not in settled:
                conflicts.append(Conflict(path, was, here, there))
            elif settled[path] == "theirs":
                said = there
        if said is not None:
            kept[path] = said
    for path in list(kept):
        if (path in own) != (path in other):
            side = own if path in own else other
            kept |= {above: side[above] for above in _above(path) if above in side and above not in kept}
    order = sequence(list(old), list(own), list(other), kept)
    taken = tuple(path for path in {**own, **kept} if own.get(path) != kept.get(path))
    return Merged(tuple(Piece(path, kept[path]) for path in order), tuple(conflicts), taken, own)


def named(found: Iterable[Piece], key: str, version: str) -> list[Piece]:
    """The same pieces, of a track of that key and version: what names a track is never merged."""
    return [
        Piece(piece.path, track_piece(replace(track_in(piece.content), key=key, version=version)))
        if piece.path == track_path()
        else piece
        for piece in found
    ]


def _above(path: str) -> list[str]:
    """What a piece cannot be read without: its module, and the settings of its lesson."""
    module, _slash, rest = path.partition("/")
    parts = rest.split("/")
    if not rest or rest == "module":
        return []
    settings = [lesson_path(module, parts[1])] if parts[0] == "lesson" and len(parts) == 3 else []
    return [module_path(module), *settings]
