"""The tracks as published: which revision is current, and which one each learner follows.

Revisions never change, so each is read once in the life of a process; which one is current is asked again after
``FRESH`` seconds, so that what another process published is soon seen by all.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Select, func, select
from sqlalchemy.orm import Session

from curricula.folder import Folder
from curricula.load import track_of
from curricula.model import Track
from lms.models import Curriculum, TrackRevision

FRESH = 30.0


#: Every revision read by this process: a digest names one content, whatever the database.
_read: dict[tuple[str, str], Track] = {}


@dataclass
class _Current:
    """The digest of the current revision of each track of a database, as asked a while ago."""

    digests: Mapping[str, str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()
    asked_at: float = -FRESH


_currents: WeakKeyDictionary[Engine, _Current] = WeakKeyDictionary()
_lock = threading.Lock()


class Library(Mapping[str, Track]):
    """The current revision of each track by key, in key order; and any other by its digest."""

    def __init__(self, own: Session | Connection) -> None:
        self._own, engine = own, _engine_of(own)
        self._unknown = set[tuple[str, str]]()  # asked for once, however many learners are on it
        with _lock:
            self._current = _currents.setdefault(engine, _Current())
        if time.monotonic() - self._current.asked_at >= FRESH:
            rows = own.execute(current_revisions()).all()
            self._current.digests = {row.track_key: row.digest for row in rows}
            self._current.retired = frozenset(row.track_key for row in rows if row.retired_at is not None)
            self._current.asked_at = time.monotonic()

    def __getitem__(self, key: str) -> Track:
        found = self.revision(key, self._current.digests[key])
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._current.digests)

    def __len__(self) -> int:
        return len(self._current.digests)

    @property
    def retired(self) -> frozenset[str]:
        """The keys of the tracks that nobody new begins."""
        return self._current.retired

    def revision(self, key: str, digest: str) -> Track | None:
        """The revision of that digest; None when it was never published here."""
        name = (key, digest)
        if name in self._unknown:
            return None
        if name not in _read:
            query = select(TrackRevision.content).where(TrackRevision.track_key == key, TrackRevision.digest == digest)
            content = self._own.scalar(query)
            if content is None:
                self._unknown.add(name)
                return None
            _read[name] = track_of(Folder.unpacked(content))
        return _read[name]

    def followed(self, key: str, digest: str) -> Track | None:
        """What a learner enrolled in that revision follows; the current one where theirs is unknown here."""
        return self.revision(key, digest) or self.get(key)


def current_revisions() -> Select[str, str, datetime | None]:
    """(track, digest, since when nobody new begins it) of the last revision of each track, in key order."""
    last = select(func.max(TrackRevision.id)).group_by(TrackRevision.track_key)
    query = select(TrackRevision.track_key, TrackRevision.digest, Curriculum.retired_at)
    query = query.outerjoin(Curriculum, Curriculum.track_key == TrackRevision.track_key)
    return query.where(TrackRevision.id.in_(last)).order_by(TrackRevision.track_key)


def _engine_of(own: Session | Connection) -> Engine:
    return own.engine if isinstance(own, Connection) else own.get_bind().engine


def forget(session: Session) -> None:
    """Ask the database again which revisions are current: this process just published one."""
    with _lock:
        _currents.pop(_engine_of(session), None)
