"""Publishing revisions of tracks: each is kept as it was, and learners stay on theirs or are moved."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from assessments.registry import anatomies
from curricula.finding import Finding
from curricula.folder import Folder
from curricula.load import track_of
from curricula.quality import blocking, findings
from lms.models import Enrolment, TrackRevision, utcnow
from lms.services import legal_watch, library
from lms.services.audit import record

_LAST_NUMBER = re.compile(r"(\d{1,9})(\D*)$", re.ASCII)
#: How a revision came: with a release, by the command line, or from the studio.
Origin = Literal["shipped", "imported", "written"]


class NotPublishable(ValueError):
    """A track that cannot be published: ``findings`` say why, or ``version`` names the one that is taken."""

    def __init__(self, found: Iterable[Finding] = (), version: str = "") -> None:
        self.findings, self.version = list(found), version
        super().__init__(version or "\n".join(map(str, self.findings)))


def publish(
    session: Session, folder: Folder, origin: Origin, *, note: str = "", person_id: int | None = None,
    now: datetime | None = None,
) -> TrackRevision:  # fmt: skip
    """Make this content the current revision of its track; whoever follows another stays on it.

    The very content that is current is not published again. Raises ``CurriculumError`` (what cannot be read) and
    ``NotPublishable``: what blocks it, or a version that named other content already.
    """
    now = now or utcnow()
    track = track_of(folder, anatomies())
    refused = blocking(findings(track, now.date()))
    if refused:
        raise NotPublishable(refused)
    hold(session, track.key)
    last = current(session, track.key)
    if last is not None and last.digest == track.digest:
        return last
    named = select(TrackRevision).filter_by(track_key=track.key, version=track.version)
    if origin != "shipped" and session.scalars(named).first() is not None:
        raise NotPublishable(version=track.version)
    row = TrackRevision(
        track_key=track.key, version=track.version, digest=track.digest, content=folder.packed(), origin=origin,
        note=note, published_at=now, published_by=person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    if origin != "shipped":  # what comes with a release is nobody's act
        record(session, "track_published", f"track:{track.key}", person_id, version=track.version, digest=track.digest)
    legal_watch.published(session, library.Library(session).revision(track.key, last.digest) if last else None, track,
                          person_id, now)  # fmt: skip
    library.forget(session)
    return row


def publish_shipped(session: Session, folders: Iterable[Folder]) -> list[str]:
    """Publish the tracks of a release that are new; gives their keys.

    Where the institution published a revision of its own, its own stays current; so does that of a later release, when
    an earlier one is put back.
    """
    published = []
    for folder in folders:
        known = revisions(session, folder.name)
        if not known or (known[0].origin == "shipped" and folder.digest not in {row.digest for row in known}):
            publish(session, folder, "shipped")
            published.append(folder.name)
    return published


def hold(session: Session, key: str) -> None:
    """Let nobody else who holds it publish a revision of this track until the transaction ends."""
    session.execute(select(TrackRevision.id).filter_by(track_key=key).with_for_update()).all()


def move(
    session: Session, revision: TrackRevision, *, unfinished_only: bool = True, person_id: int | None = None
) -> int:
    """Put learners of earlier revisions on this one; gives how many. Their progress follows by the keys both share.

    Whoever completed theirs keeps it unless told otherwise: a certificate says what was taught.
    """
    change = update(Enrolment).where(
        Enrolment.track_key == revision.track_key, Enrolment.track_digest != revision.digest
    )
    if unfinished_only:
        change = change.where(Enrolment.completed_at.is_(None))
    values = {"track_version": revision.version, "track_digest": revision.digest}
    done = session.execute(change.values(values).execution_options(synchronize_session=False))
    count = cast("CursorResult[Any]", done).rowcount
    record(
        session, "learners_moved", f"track:{revision.track_key}", person_id, version=revision.version, learners=count
    )
    return count


def revisions(session: Session, key: str) -> list[TrackRevision]:
    """The revisions of a track, the last one first."""
    query = select(TrackRevision).filter_by(track_key=key).order_by(TrackRevision.id.desc())
    return list(session.scalars(query))


def named(session: Session, key: str, revision: str = "") -> TrackRevision | None:
    """The revision of that version, else of that digest or its first signs; the current one where none is named."""
    if not revision:
        return current(session, key)
    found = revisions(session, key)
    versions = (row for row in found if row.version == revision)
    digests = (row for row in found if len(revision) >= 6 and row.digest.startswith(revision))
    return next(versions, None) or next(digests, None)


def next_version(published: Collection[str], version: str) -> str:
    """A name for the next version: that one if it is free, else with its last number raised: 2026.1, 2026.2."""
    while version in published:
        found = _LAST_NUMBER.search(version)
        version = f"{version[: found.start()]}{int(found[1]) + 1}{found[2]}" if found else f"{version}.2"
    return version


def free_version(session: Session, key: str, version: str) -> str:
    """A name for the next version of a track: that one, if no revision has it."""
    return next_version([row.version for row in revisions(session, key)], version)


def current(session: Session, key: str) -> TrackRevision | None:
    """The revision of a track that was published last."""
    query = select(TrackRevision).filter_by(track_key=key).order_by(TrackRevision.id.desc())
    return session.scalars(query.limit(1)).first()
