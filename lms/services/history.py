"""Who changed what in a draft, and what each change made of it; drafts that ended are remembered too."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, aliased, joinedload, undefer

from curricula.folder import Folder
from curricula.pieces import pieces
from lms.models import Draft, DraftChange, DraftPiece, TrackRevision, utcnow

#: Changes of a page.
PAGE = 30
#: Saves of one person closer than this are one change.
STRETCH = timedelta(minutes=10)


@dataclass(frozen=True)
class Line:
    """A change, and what its piece said after it (None: it was no longer there)."""

    change: DraftChange
    after: bytes | None


def last_draft(session: Session, track_key: str) -> Draft | None:
    """The draft of a track that was begun last, open or ended."""
    return session.scalars(select(Draft).filter_by(track_key=track_key).order_by(Draft.id.desc()).limit(1)).first()


def note(session: Session, row: DraftPiece, person_id: int | None, *, apart: bool) -> bytes | None:
    """Keep what a piece says before it changes, unless the same person is still at the same stretch of work.

    ``apart``: the change is one of its own. Gives what the piece said when the stretch began; None when it was not
    there.
    """
    now = utcnow()
    if not apart:
        query = select(DraftChange).filter_by(draft_id=row.draft_id, path=row.path)
        last = session.scalars(query.order_by(DraftChange.at.desc(), DraftChange.id.desc()).limit(1)).first()
        if last is not None and last.person_id == person_id and now - last.at < STRETCH:
            last.at = now
            return last.before
    session.add(
        DraftChange(
            draft_id=row.draft_id, path=row.path, before=row.content, place=row.place, person_id=person_id,
            began_at=now, at=now,
        )
    )  # fmt: skip
    return row.content


def note_new(session: Session, draft: Draft, places: Mapping[str, int], person_id: int | None) -> None:
    """Keep that these pieces, path → place, were not there before."""
    now = utcnow()
    rows = [
        {"draft_id": draft.id, "path": path, "before": None, "place": place, "person_id": person_id, "began_at": now,
         "at": now}
        for path, place in places.items()
    ]  # fmt: skip
    if rows:
        session.execute(insert(DraftChange), rows)


def changes(session: Session, draft: Draft, *paths: str, limit: int = 100, after: int = 0) -> Sequence[DraftChange]:
    """The changes of a draft, or of these pieces, the last first, with what was before and by whom.

    ``after``: how many to pass over.
    """
    query = select(DraftChange).filter_by(draft_id=draft.id)
    if paths:
        query = query.where(DraftChange.path.in_(paths))
    query = query.options(undefer(DraftChange.before), joinedload(DraftChange.person))
    return session.scalars(
        query.order_by(DraftChange.at.desc(), DraftChange.id.desc()).offset(after).limit(limit)
    ).all()


def lines(session: Session, draft: Draft, path: str = "", page: int = 1) -> tuple[list[Line], bool]:
    """(the changes of a draft or of one piece of it, the last first; whether there are more). Pages count from 1."""
    found = changes(session, draft, *filter(None, [path]), limit=PAGE + 1, after=(page - 1) * PAGE)
    shown = found[:PAGE]
    following, now = _following(session, shown), said(session, draft, {each.path for each in shown})
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


def said(session: Session, draft: Draft, paths: Collection[str] | None = None) -> dict[str, bytes]:
    """What a draft says in the end, by piece: the revision it was published as, else its own pieces; only ``paths``."""
    if draft.state == "published":
        query = select(TrackRevision.content).filter_by(track_key=draft.track_key, origin="written")
        query = query.where(TrackRevision.published_at <= draft.ended_at).order_by(TrackRevision.id.desc())
        content = session.scalar(query.limit(1))
        found = pieces(Folder.unpacked(content)) if content else ()
        return {each.path: each.content for each in found if paths is None or each.path in paths}
    rows = select(DraftPiece.path, DraftPiece.content).where(DraftPiece.draft_id == draft.id)
    if paths is not None:
        rows = rows.where(DraftPiece.path.in_(paths))
    return {row.path: row.content for row in session.execute(rows)}
