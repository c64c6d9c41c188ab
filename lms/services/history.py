"""Who changed what in a draft, and what each change made of it; drafts that ended are remembered too."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload, undefer

from curricula.folder import Folder
from curricula.pieces import pieces
from lms.models import Draft, DraftChange, DraftPiece, TrackRevision

#: Changes of a page.
PAGE = 30


@dataclass(frozen=True)
class Line:
    """A change, and what its piece said after it (None: it was no longer there)."""

    change: DraftChange
    after: bytes | None


def last_draft(session: Session, track_key: str) -> Draft | None:
    """The draft of a track that was begun last, open or ended."""
    return session.scalars(select(Draft).filter_by(track_key=track_key).order_by(Draft.id.desc()).limit(1)).first()


def lines(session: Session, draft: Draft, path: str = "", page: int = 1) -> tuple[list[Line], bool]:
    """(the changes of a draft or of one piece of it, the last first; whether there are more). Pages count from 1."""
    query = select(DraftChange).filter_by(draft_id=draft.id)
    if path:
        query = query.filter_by(path=path)
    query = query.options(undefer(DraftChange.before), joinedload(DraftChange.person))
    query = query.order_by(DraftChange.at.desc(), DraftChange.id.desc()).offset((page - 1) * PAGE).limit(PAGE + 1)
    found = session.scalars(query).all()
    shown = found[:PAGE]
    following, now = _following(session, shown), _now(session, draft, {each.path for each in shown})
    return [
        Line(each, following[each.id].before if each.id in following else now.get(each.path)) for each in shown
    ], len(found) > PAGE


def changed(session: Session, draft: Draft, number: int) -> DraftChange | None:
    """That change, if it is of this draft."""
    query = select(DraftChange).filter_by(id=number, draft_id=draft.id).options(undefer(DraftChange.before))
    return session.scalars(query).first()


def _following(session: Session, shown: Sequence[DraftChange]) -> dict[int, DraftChange]:
    """The next change of the same piece, by the number of the change it follows."""
    later = aliased(DraftChange)
    after = (
        select(DraftChange.id.label("number"), func.min(later.id).label("next"))
        .join(later, (later.draft_id == DraftChange.draft_id) & (later.path == DraftChange.path))
        .where(later.id > DraftChange.id, DraftChange.id.in_([each.id for each in shown]))
        .group_by(DraftChange.id)
        .subquery()
    )
    query = select(after.c.number, DraftChange).join(DraftChange, DraftChange.id == after.c.next)
    return {number: row for number, row in session.execute(query.options(undefer(DraftChange.before)))}  # noqa: C416


def _now(session: Session, draft: Draft, paths: set[str]) -> dict[str, bytes]:
    """What these pieces say: in the draft, or in the revision it became."""
    if draft.state == "published":
        named = select(TrackRevision.content).filter_by(track_key=draft.track_key, published_at=draft.ended_at)
        content = session.scalar(named)
        return {each.path: each.content for each in pieces(Folder.unpacked(content))} if content else {}
    query = select(DraftPiece.path, DraftPiece.content).where(DraftPiece.draft_id == draft.id)
    return {row.path: row.content for row in session.execute(query.where(DraftPiece.path.in_(paths)))}
