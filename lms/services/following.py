"""How many follow what of a track, in numbers alone; and tracks that nobody new begins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from curricula.model import Track
from curricula.moving import Lost, lost
from lms.models import Certificate, Curriculum, Enrolment, utcnow
from lms.models.upsert import insert_or_find
from lms.services import library
from lms.services.audit import record
from lms.services.library import Library


@dataclass(frozen=True)
class Following:
    """Of one revision: how many learners are on it, and how many of them have not completed it."""

    learners: int = 0
    unfinished: int = 0


def following(session: Session, key: str) -> dict[str, Following]:
    """The learners of a track by digest of the revision they are on; one query."""
    unfinished = func.sum(case((Enrolment.completed_at.is_(None), 1), else_=0))
    query = select(Enrolment.track_digest, func.count(), unfinished).where(Enrolment.track_key == key)
    rows = session.execute(query.group_by(Enrolment.track_digest))
    return {digest: Following(learners, going) for digest, learners, going in rows}


def certificates(session: Session, key: str) -> dict[str, int]:
    """How many certificates of a track were issued, by the version it was taught in; one query."""
    version = Certificate.record["track_version"].as_string()
    query = select(version, func.count()).where(Certificate.award_key == key).group_by(version)
    return {row[0]: row[1] for row in session.execute(query)}


def losses(session: Session, after: Track, numbers: Mapping[str, Following]) -> Iterator[tuple[str, Following, Lost]]:
    """(version, its learners, what they lose) for each revision whose unfinished learners would move to ``after``."""
    known = Library(session)
    for digest, count in numbers.items():
        before = known.revision(after.key, digest)
        if before is not None and count.unfinished and digest != after.digest:
            yield before.version, count, lost(before, after)


def retire(session: Session, key: str, person_id: int, *, retired: bool = True) -> bool:
    """Let nobody new begin a track, or let them again; those who follow it go on. False when it is so already."""
    row = insert_or_find(session, Curriculum, {"track_key": key}, {})
    session.refresh(row, with_for_update=True)
    if (row.retired_at is not None) is retired:
        return False
    row.retired_at = utcnow() if retired else None
    session.flush()
    record(session, "track_retired" if retired else "track_taught_again", f"track:{key}", person_id)
    library.forget(session)
    return True
