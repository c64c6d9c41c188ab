"""Tracks that an institution adapts from another's, and what the other publishes afterwards."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.folder import Folder
from curricula.merge import Merged, named
from curricula.model import Track
from curricula.pieces import pieces
from lms.models import Curriculum, Draft, Institution, TrackRevision
from lms.services import drafts, merging, revisions
from lms.services.audit import record
from lms.services.library import Library
from lms.services.merging import Settled

#: The version of an adapted track until its authors say otherwise.
FIRST_VERSION = "1"
#: Families of licences that let others adapt a work, but where they say ND (no derivatives).
_OPEN = {"cc", "cc0", "etalab", "lo", "eupl", "gfdl", "odc", "ogl"}


class NotAdaptable(ValueError):
    """The licence of that track lets nobody adapt it."""


@dataclass(frozen=True)
class Shared:
    """A published track of another institution; ``owner`` None: this one's."""

    track: Track
    owner: Institution | None

    @property
    def adaptable(self) -> bool:
        """Whether its licence lets others adapt it."""
        return adaptable(self.track.licence)


@dataclass(frozen=True)
class Upstream:
    """The track another one adapts: the revision last taken in, and the current one."""

    key: str
    taken: TrackRevision
    current: TrackRevision
    #: Of the current revision.
    licence: str

    @property
    def adaptable(self) -> bool:
        """Whether what was published since may be adapted too."""
        return adaptable(self.licence)

    @property
    def behind(self) -> bool:
        """Whether something was published since."""
        return self.taken.digest != self.current.digest


def adaptable(licence: str) -> bool:
    """Whether a licence lets others adapt: CC BY-SA 4.0 does, CC BY-ND 4.0 and what is not known here do not."""
    words = re.findall(r"[a-z0-9]+", licence.lower())
    return bool(words) and words[0] in _OPEN and "nd" not in words


def shared(session: Session, key: str = "") -> Iterator[Shared]:
    """The published tracks with their owners, or the one of that key; two queries."""
    query = select(Curriculum.track_key, Institution).join(Institution)
    owners = {row.track_key: row.Institution for row in session.execute(query)}
    known = Library(session)
    for each in known if not key else [key] if key in known else []:
        yield Shared(known[each], owners.get(each))


def adapt(
    session: Session, track_key: str, key: str, person_id: int | None, institution_id: int | None = None
) -> Draft:
    """The draft of a new track that begins as a published one. Everything is copied but what names it.

    Raises ``LookupError`` for a track that was never published, ``NotAdaptable`` and ``drafts.Taken``.
    """
    row = revisions.named(session, track_key)
    if row is None:
        raise LookupError(track_key)
    track = Library(session).revision(track_key, row.digest)
    if track is None or not adaptable(track.licence):
        raise NotAdaptable(track_key)
    copied = named(pieces(Folder.unpacked(row.content)), key, FIRST_VERSION)
    draft = drafts.create(session, replace(track, key=key), person_id, institution_id, copied)
    own = session.get_one(Curriculum, key)
    own.upstream_key, own.upstream_digest = track_key, row.digest
    record(session, "track_adapted", f"track:{key}", person_id, upstream=track_key, digest=row.digest)
    session.flush()
    return draft


def upstream(session: Session, track_key: str) -> Upstream | None:
    """What a track adapts; None when it adapts none."""
    own = session.get(Curriculum, track_key)
    if own is None or own.upstream_key is None or own.upstream_digest is None:
        return None
    taken = revisions.named(session, own.upstream_key, own.upstream_digest)
    current = revisions.named(session, own.upstream_key)
    track = Library(session).revision(own.upstream_key, current.digest) if current else None
    return Upstream(own.upstream_key, taken, current, track.licence) if taken and current and track else None


def take_in(
    session: Session, draft: Draft, found: Upstream, settled: Mapping[str, Settled], person_id: int | None
) -> Merged:
    """Take into a draft what the upstream published.

    Raises ``NotAdaptable`` where its licence closed since, ``drafts.Frozen`` and ``merging.Unsettled``.
    """
    if not found.adaptable:
        raise NotAdaptable(found.key)
    merged = merging.take_in(session, draft, found.taken, found.current, settled, person_id)
    own = session.get_one(Curriculum, draft.track_key)
    if draft.upstream_before is None and draft.base_digest is not None:
        draft.upstream_before = own.upstream_digest
    own.upstream_digest = found.current.digest
    target = f"track:{draft.track_key}"
    record(session, "upstream_taken_in", target, person_id, upstream=found.key, digest=found.current.digest)
    session.flush()
    return merged
