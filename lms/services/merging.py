"""Bringing into a draft what was published meanwhile, piece by piece (``curricula.merge``).

Whoever merges settles each conflict; what they settled counts for the words they read, and no others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from curricula.folder import Folder
from curricula.merge import Conflict, Merged, Side, merge, named
from curricula.pieces import Piece, pieces, track_in, track_path, track_piece
from lms.models import Draft, DraftPiece, TrackRevision
from lms.services import drafts, revisions
from lms.services.audit import record


@dataclass(frozen=True)
class Settled:
    """Which side somebody takes, having read that edition of the draft's piece (0: it was not there)."""

    side: Side
    edition: int


class Unsettled(Exception):
    """Both sides changed these pieces: somebody must say which to take."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__()
        self.conflicts = conflicts


def merged(
    session: Session, draft: Draft | None, base: TrackRevision | None, theirs: TrackRevision,
    settled: Mapping[str, Settled] | None = None,
) -> Merged:  # fmt: skip
    """What the draft would be with the changes from ``base`` to ``theirs``; its key and version stay.

    Without a draft, what one that says ``base`` would be.
    """
    old, new = _pieces(base) if base else [], _pieces(theirs)
    rows = drafts.contents(session, draft) if draft is not None else []
    editions = {row.path: row.edition for row in rows}
    mine = [Piece(row.path, row.content) for row in rows] if draft is not None else old
    own = next((track_in(piece.content) for piece in mine if piece.path == track_path()), None)
    if own is not None:
        old, mine, new = (named(side, own.key, own.version) for side in (old, mine, new))
    answers = {
        path: each.side for path, each in (settled or {}).items() if editions.get(path, 0) == each.edition
    }  # what a colleague wrote since then was not read
    return merge(old, mine, new, answers)


def take_in(
    session: Session, draft: Draft, base: TrackRevision | None, theirs: TrackRevision, settled: Mapping[str, Settled],
    person_id: int | None,
) -> Merged:  # fmt: skip
    """Make the draft say the merge. Raises ``drafts.Frozen``, and ``Unsettled``: then nothing is changed."""
    drafts.hold(session, draft)
    found = merged(session, draft, base, theirs, settled)
    if found.conflicts:
        raise Unsettled(found.conflicts)
    rewrite(session, draft, found.pieces, person_id)
    return found


def newer(session: Session, draft: Draft) -> TrackRevision | None:
    """The current revision of the draft's track when the draft did not begin from it."""
    current = revisions.named(session, draft.track_key)
    return current if current is not None and current.digest != draft.base_digest else None


def catch_up(session: Session, draft: Draft, settled: Mapping[str, Settled], person_id: int | None) -> Merged | None:
    """Bring a draft on the current revision of its track; None when it is on it already. Raises as ``take_in``.

    Its version becomes the next free one where the revision took its name.
    """
    current = newer(session, draft)
    if current is None:
        return None
    base = revisions.named(session, draft.track_key, draft.base_digest) if draft.base_digest else None
    found = take_in(session, draft, base, current, settled, person_id)
    draft.base_digest = current.digest
    row = drafts.piece(session, draft, track_path())
    if row is not None:
        track = track_in(row.content)
        version = revisions.free_version(session, draft.track_key, track.version)
        drafts.put(session, draft, row.path, track_piece(replace(track, version=version)), person_id)
    record(session, "draft_caught_up", f"track:{draft.track_key}", person_id, base=current.digest)
    session.flush()
    return found


def rewrite(session: Session, draft: Draft, found: Sequence[Piece], person_id: int | None) -> None:
    """Make a draft say exactly these pieces, in this order; what it said is kept. Raises ``drafts.Frozen``."""
    drafts.hold(session, draft)
    rows = {row.path: row for row in drafts.contents(session, draft)}
    wanted = {piece.path: piece.content for piece in found}
    drafts.drop(session, draft, [row for path, row in rows.items() if path not in wanted], person_id)
    for path, row in rows.items():
        if path in wanted and row.content != wanted[path]:
            drafts.write(session, row, wanted[path], person_id, apart=True)
    new = [piece for piece in found if piece.path not in rows]
    drafts.add(session, draft, new, person_id)
    _arrange(drafts.listed(session, draft), [piece.path for piece in found])
    session.flush()


def _arrange(rows: Iterable[DraftPiece], order: list[str]) -> None:
    places = {path: place for place, path in enumerate(order, 1)}
    for row in rows:
        if row.place != places[row.path]:
            row.place = places[row.path]


def _pieces(revision: TrackRevision) -> list[Piece]:
    return list(pieces(Folder.unpacked(revision.content)))
