"""Drafts: the next revision of a track while its authors write it, piece by piece (``curricula.pieces``).

Each piece has an edition: whoever saves says which one they read, and is refused when somebody else saved meanwhile.
What a piece was before each stretch of work is kept, so that it can be read again and put back.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session, undefer

from curricula.folder import Folder
from curricula.merge import named
from curricula.model import Localized, Track
from curricula.pieces import (
    Piece,
    folder_of,
    pieces,
    track_path,
    track_piece,
)
from lms.models import OPEN_STATES, Curriculum, Draft, DraftChange, DraftPiece, TrackRevision, utcnow
from lms.models.upsert import insert_new
from lms.services import agreements, history, revisions
from lms.services.audit import record
from lms.services.descriptions import described, described_question, parent

#: Keys that would hide a page of the studio.
RESERVED = frozenset({"law", "new", "shared"})


class Conflict(Exception):
    """Somebody else saved this piece meanwhile; ``piece`` is what it says now, None when it was removed."""

    def __init__(self, piece: DraftPiece | None) -> None:
        super().__init__()
        self.piece = piece


class Frozen(Exception):
    """The draft is being read, approved, or ended: it is not written now."""


class Taken(ValueError):
    """That key names something already."""


def open_draft(session: Session, track_key: str) -> Draft | None:
    """The draft of a track that is being written, read, or is ready to be published."""
    query = select(Draft).where(Draft.track_key == track_key, Draft.state.in_(OPEN_STATES))
    return session.scalars(query).first()


def open_titles(session: Session) -> dict[str, tuple[Draft, Localized]]:
    """Every open draft by the key of its track, with the title it gives it in each language; one query."""
    query = select(Draft, DraftPiece.label).where(Draft.state.in_(OPEN_STATES))
    query = query.outerjoin(DraftPiece, and_(DraftPiece.draft_id == Draft.id, DraftPiece.path == track_path()))
    return {draft.track_key: (draft, label or {}) for draft, label in session.execute(query).tuples()}


def title(session: Session, draft: Draft) -> Localized:
    """The title a draft gives its track in each language."""
    return session.scalar(select(DraftPiece.label).filter_by(draft_id=draft.id, path=track_path())) or {}


def begin(session: Session, track_key: str, person_id: int | None) -> Draft:
    """The open draft of a track, begun from its current revision, under its next version, when there is none.

    Raises ``LookupError`` for a track that has no revision.
    """
    found = open_draft(session, track_key)
    if found is None:
        revisions.hold(session, track_key)  # of two who begin at once, the second finds the draft of the first
        found = open_draft(session, track_key)
    if found is not None:
        return found
    row = revisions.named(session, track_key)
    if row is None:
        raise LookupError(track_key)
    draft = Draft(track_key=track_key, base_digest=row.digest, began_by=person_id)
    session.add(draft)
    session.flush()
    version = revisions.free_version(session, track_key, row.version)
    _insert(session, draft, named(pieces(Folder.unpacked(row.content)), track_key, version), person_id)
    record(session, "draft_begun", f"track:{track_key}", person_id, base=row.digest)
    return draft


def create(
    session: Session, track: Track, person_id: int | None, institution_id: int | None = None,
    found: Iterable[Piece] | None = None,
) -> Draft:  # fmt: skip
    """The draft of a new track: what ``track`` says alone, or the pieces ``found``.

    Raises ``Taken`` where its key names one already.
    """
    if key_taken(session, track.key):
        raise Taken(track.key)
    if insert_new(session, Curriculum, {"track_key": track.key}, {"institution_id": institution_id}) is None:
        raise Taken(track.key)  # by somebody else, at the same moment
    draft = Draft(track_key=track.key, began_by=person_id)
    session.add(draft)
    session.flush()
    _insert(session, draft, found or [Piece(track_path(), track_piece(track))], person_id)
    record(session, "track_created", f"track:{track.key}", person_id)
    return draft


def key_taken(session: Session, key: str) -> bool:
    """Whether a track has that key (published, being written, or written once), or a page of the studio does."""
    return key in RESERVED or any(
        session.scalars(select(model.track_key).where(model.track_key == key).limit(1)).first() is not None
        for model in (TrackRevision, Draft, Curriculum)
    )


def discard(session: Session, draft: Draft, person_id: int | None) -> None:
    """End a draft without publishing it. A track that was never published frees its key."""
    draft.state, draft.ended_at = "discarded", utcnow()
    session.execute(delete(DraftPiece).where(DraftPiece.draft_id == draft.id))
    if draft.base_digest is None:
        session.execute(delete(Draft).where(Draft.id == draft.id))
        session.execute(delete(Curriculum).where(Curriculum.track_key == draft.track_key))
    elif draft.upstream_before is not None:
        session.get_one(Curriculum, draft.track_key).upstream_digest = draft.upstream_before
    record(session, "draft_discarded", f"track:{draft.track_key}", person_id)
    session.flush()


# Reading


def piece(session: Session, draft: Draft, path: str) -> DraftPiece | None:
    """The piece of that path with its content; None when there is none."""
    query = select(DraftPiece).filter_by(draft_id=draft.id, path=path).options(undefer(DraftPiece.content))
    return session.scalars(query).first()


def listed(session: Session, draft: Draft, under: str = "") -> list[DraftPiece]:
    """The pieces whose path begins with ``under``, in order, without their contents."""
    return list(session.scalars(_under(select(DraftPiece).filter_by(draft_id=draft.id), under)))


def contents(session: Session, draft: Draft, under: str = "") -> list[DraftPiece]:
    """The same with their contents."""
    query = select(DraftPiece).filter_by(draft_id=draft.id).options(undefer(DraftPiece.content))
    return list(session.scalars(_under(query, under)))


def folder(session: Session, draft: Draft) -> Folder:
    """The folder the draft makes today, unfinished where it is."""
    return folder_of(draft.track_key, (Piece(row.path, row.content) for row in contents(session, draft)))


def _under(query: Select[Any], under: str) -> Select[Any]:
    if under:
        query = query.where(DraftPiece.path.startswith(under, autoescape=True))
    return query.order_by(DraftPiece.place, DraftPiece.path)


# Writing


def save(
    session: Session, draft: Draft, path: str, content: bytes, edition: int, person_id: int | None, *,
    apart: bool = False,
) -> DraftPiece:  # fmt: skip
    """Keep what a piece says now; gives it with its new edition. What it said already changes nothing.

    ``apart``: the change is one of its own, whoever made the last one. Raises ``Frozen``, and ``Conflict`` when
    ``edition`` is not the present one.
    """
    hold(session, draft)
    row = piece(session, draft, path)
    if row is None:
        raise Conflict(None)
    if row.content == content:
        return row
    if row.edition != edition:
        raise Conflict(row)
    write(session, row, content, person_id, apart=apart)
    return row


def put(session: Session, draft: Draft, path: str, content: bytes | None, person_id: int | None) -> None:
    """Let a piece say that over its present edition, whether it is there or not yet; None removes it.

    Raises ``Frozen``.
    """
    hold(session, draft)
    row = piece(session, draft, path)
    if row is None:
        if content is not None:
            add(session, draft, [Piece(path, content)], person_id)
    elif content is None:
        remove(session, draft, path, person_id)
    elif row.content != content:
        write(session, row, content, person_id)


def write(session: Session, row: DraftPiece, content: bytes, person_id: int | None, *, apart: bool = False) -> None:
    """Let a piece say something else, in a draft that is held; what it said is kept."""
    before, began = row.content, history.note(session, row, person_id, apart=apart)
    row.content, row.edition = content, row.edition + 1
    row.label, row.words, row.facts = described(row.path, content)
    row.edited_at, row.edited_by = utcnow(), person_id
    session.flush()
    agreements.saved(session, row, before, began)


def add(session: Session, draft: Draft, found: Sequence[Piece], person_id: int | None) -> None:
    """Add pieces at the end. Raises ``Frozen``, and ``Taken`` where a path is there already: then none is added."""
    hold(session, draft)
    paths = [each.path for each in found]
    query = select(DraftPiece.path).where(DraftPiece.draft_id == draft.id)
    known = set(session.scalars(query.where(DraftPiece.path.in_(paths)) if len(paths) < 100 else query))
    taken = next((path for path in paths if path in known), None)
    if taken is not None or len(set(paths)) < len(paths):
        raise Taken(taken or max(paths, key=paths.count))
    places = _insert(session, draft, found, person_id)
    history.note_new(session, draft, dict(zip(paths, places, strict=True)), person_id)
    agreements.counted(session, draft.id, paths)


def remove(session: Session, draft: Draft, path: str, person_id: int | None) -> int:
    """Remove a piece and what is below it, a whole module where the path is ``d1/module``; gives how many pieces.

    Raises ``Frozen``.
    """
    hold(session, draft)
    below = path.removesuffix("module") if path.endswith("/module") else f"{path}/"
    here = or_(DraftPiece.path == path, DraftPiece.path.startswith(below, autoescape=True))
    query = select(DraftPiece).where(DraftPiece.draft_id == draft.id, here).options(undefer(DraftPiece.content))
    gone = session.scalars(query).all()
    drop(session, draft, gone, person_id)
    return len(gone)


def drop(session: Session, draft: Draft, gone: Sequence[DraftPiece], person_id: int | None) -> None:
    """Remove these pieces of a draft that is held; what they said is kept."""
    for row in gone:
        history.note(session, row, person_id, apart=True)
        session.delete(row)
    session.flush()
    agreements.counted(session, draft.id, [row.path for row in gone])


def move(session: Session, draft: Draft, path: str, by: int, person_id: int | None) -> bool:
    """Let a lesson or a question change places with its neighbour, before (-1) or after (1); False at an end.

    Raises ``Frozen``, and ``Conflict`` when it is not there.
    """
    hold(session, draft)
    row = piece(session, draft, path)
    if row is None:
        raise Conflict(None)
    here = select(DraftPiece).filter_by(draft_id=draft.id, parent=row.parent)
    if by < 0:
        query = here.where(DraftPiece.place < row.place).order_by(DraftPiece.place.desc())
    else:
        query = here.where(DraftPiece.place > row.place).order_by(DraftPiece.place)
    other = session.scalars(query.limit(1)).first()
    if other is None:
        return False
    row.place, other.place = other.place, row.place
    row.edited_at, row.edited_by = utcnow(), person_id
    session.flush()
    return True


def hold(session: Session, draft: Draft) -> None:
    """Keep the draft as it is until the transaction ends. Raises ``Frozen`` unless it may be written."""
    session.refresh(draft, with_for_update=True)
    if draft.state != "draft":
        raise Frozen


# Putting back


def restore(session: Session, draft: Draft, change: DraftChange, person_id: int | None) -> DraftPiece | None:
    """Put a piece back as it was before that change; None when it was not there. Raises ``Frozen``."""
    hold(session, draft)
    row = piece(session, draft, change.path)
    if change.before is None:
        if row is not None:
            remove(session, draft, change.path, person_id)
        return None
    if row is None:
        add(session, draft, [Piece(change.path, change.before)], person_id)
        row = piece(session, draft, change.path)
        if row is not None:
            row.place = change.place
            session.flush()
        return row
    return save(session, draft, change.path, change.before, row.edition, person_id, apart=True)


def _insert(session: Session, draft: Draft, found: Iterable[Piece], person_id: int | None) -> range:
    last = session.scalar(select(func.max(DraftPiece.place)).filter_by(draft_id=draft.id)) or 0
    now, rows, found = utcnow(), [], list(found)
    agreed = agreements.begun(found)
    for place, each in enumerate(found, last + 1):
        known = described_question(each.question) if each.question else described(each.path, each.content)
        label, words, facts = known
        rows.append(
            {
                "draft_id": draft.id, "path": each.path, "parent": parent(each.path), "place": place,
                "content": each.content, "edition": 1, "label": label, "words": words, "facts": facts,
                "agreed": agreed.get(each.path, {}),
                "edited_at": now, "edited_by": person_id,
            }
        )  # fmt: skip
    if rows:
        session.execute(insert(DraftPiece), rows)
    return range(last + 1, last + 1 + len(rows))
