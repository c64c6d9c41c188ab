"""What a person wrote in the studio: their own words given back, or left there without their name."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, undefer

from lms.models import (
    Draft,
    DraftChange,
    DraftComment,
    DraftPiece,
    ReviewTask,
    StudioRole,
    TrackRevision,
)
from lms.services import history

#: Everything that says who did it.
SIGNATURES: tuple[InstrumentedAttribute[int | None], ...] = (
    Draft.began_by, Draft.sent_by, Draft.approved_by, DraftPiece.edited_by, DraftChange.person_id,
    DraftComment.person_id, DraftComment.resolved_by, ReviewTask.opened_by, ReviewTask.closed_by,
    TrackRevision.published_by, StudioRole.granted_by,
)  # fmt: skip


def written(session: Session, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """Roles, comments, words said of the law, and changes with what the person wrote in each; times are aware."""
    roles = session.scalars(select(StudioRole).filter_by(person_id=person_id).order_by(StudioRole.id))
    comments = session.execute(
        select(Draft.track_key, DraftComment)
        .join(Draft, Draft.id == DraftComment.draft_id)
        .where(DraftComment.person_id == person_id)
        .order_by(DraftComment.id)
    )
    opened = session.scalars(select(ReviewTask).filter_by(opened_by=person_id).order_by(ReviewTask.id))
    closed = session.scalars(select(ReviewTask).filter_by(closed_by=person_id).order_by(ReviewTask.id))
    published = session.scalars(select(TrackRevision).filter_by(published_by=person_id).order_by(TrackRevision.id))
    return {
        "roles": [
            {"role": row.role, "track": row.track_key, "institution_id": row.institution_id, "since": row.granted_at}
            for row in roles
        ],
        "changes": _changes(session, person_id),
        "comments": [
            {"track": key, "piece": row.path, "at": row.at, "text": row.text} for key, row in comments
        ],
        "notes_of_law": [{"law": row.legal_key, "at": row.opened_at, "text": row.note} for row in opened],
        "reviews_closed": [{"track": row.track_key, "at": row.closed_at, "text": row.outcome} for row in closed],
        "published": [
            {"track": row.track_key, "version": row.version, "at": row.published_at, "text": row.note}
            for row in published
        ],
    }  # fmt: skip


def forget(session: Session, person_id: int) -> None:
    """Take the person's name off everything they did in the studio; what they wrote stays, their roles go."""
    session.execute(delete(StudioRole).where(StudioRole.person_id == person_id))
    for column in SIGNATURES:
        session.execute(update(column.class_).where(column == person_id).values({column.key: None}))


def _changes(session: Session, person_id: int) -> list[dict[str, Any]]:
    """Each change by the person, with what the piece said after it: before the next one, or in the end."""
    mine = select(DraftChange.draft_id).where(DraftChange.person_id == person_id)
    drafts = {row.id: row for row in session.scalars(select(Draft).where(Draft.id.in_(mine)))}
    rows = session.scalars(
        select(DraftChange)
        .where(DraftChange.draft_id.in_(mine))
        .options(undefer(DraftChange.before))
        .order_by(DraftChange.id.desc())
    )
    after: dict[int, dict[str, bytes | None]] = {
        number: {**history.said(session, draft)} for number, draft in drafts.items()
    }
    found = []
    for row in rows:
        said = after[row.draft_id].get(row.path)
        if row.person_id == person_id:
            words = said.decode(errors="replace") if said is not None else None
            track = drafts[row.draft_id].track_key
            found.append({"track": track, "piece": row.path, "began_at": row.began_at, "at": row.at, "text": words})
        after[row.draft_id][row.path] = row.before
    return found[::-1]
