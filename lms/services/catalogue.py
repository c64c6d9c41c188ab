"""The catalogue: every track as one reader finds it, searched by words and narrowed by filters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.model import Track
from curricula.progress import TrackProgress
from curricula.validate import RECOMMENDATIONS
from lms.models import Certificate, Enrolment
from lms.services import learning
from lms.services.library import Library
from lms.services.offers import LENGTHS, Offer, holds, offers
from lms.services.results import issued_certificate
from lms.services.words import fold

#: The white paper's recommendations, as addresses name them.
NUMBERS = tuple(map(str, RECOMMENDATIONS))
#: Where a learner is in a track, as the filter says it → the states of ``Entry.state`` it stands for.
STATES: Mapping[str, tuple[str, ...]] = {"todo": ("todo",), "now": ("now",), "done": ("passed", "certified")}


@dataclass(frozen=True)
class Entry:
    """A track, and how far its reader is; ``row`` is None for whoever does not follow it."""

    track: Track
    row: Enrolment | None = None
    progress: TrackProgress | None = None
    certificate: Certificate | None = None

    @property
    def state(self) -> str:
        """``planned`` (nothing to follow yet), ``todo``, ``now``, ``passed`` or ``certified``."""
        if self.certificate is not None:
            return "certified"
        if self.progress is not None and self.progress.completed:
            return "passed"
        if self.row is not None and self.row.started_at is not None:
            return "now"
        return "todo" if self.track.published_modules else "planned"

    def words(self, language: str) -> str:
        """What a search reads of it, folded: what it says of itself and of each of its modules."""
        return " ".join(offer.words(language) for offer in offers([self.track]))


#: Each filter: whether a track fits one of its values.
FILTERS: Mapping[str, Callable[[Entry, str], bool]] = {
    "length": lambda entry, length: Offer(entry.track).length == length,
    "certificate": lambda entry, _yes: entry.track.certificate is not None,
    "recommendation": lambda entry, number: int(number) in entry.track.recommendations,
    "state": lambda entry, state: entry.state in STATES[state],
}
#: The values an address may give each of them.
VALUES: Mapping[str, tuple[str, ...]] = {
    "length": tuple(LENGTHS),
    "certificate": ("yes",),
    "recommendation": NUMBERS,
    "state": tuple(STATES),
}


@dataclass(frozen=True)
class Query:
    """What is looked for: words, and a value of some of ``FILTERS``."""

    text: str = ""
    narrowed: Mapping[str, str] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether it leaves anything out."""
        return bool(fold(self.text) or self.narrowed)

    def finds(self, entry: Entry, language: str) -> bool:
        """Whether a track fits every filter and holds every word, accents and capitals ignored."""
        fits = all(FILTERS[key](entry, value) for key, value in self.narrowed.items())
        return fits and (not fold(self.text) or holds(entry.words(language), self.text))

    def ways_out(self) -> dict[str, "Query"]:
        """The same without one of the things asked: filter, or ``text``, → the query it leaves."""
        wider = {
            key: replace(self, narrowed={other: value for other, value in self.narrowed.items() if other != key})
            for key in self.narrowed
        }
        return {"text": replace(self, text=""), **wider} if fold(self.text) else wider


def query(asked: Mapping[str, str], filters: Iterable[str]) -> tuple[Query, list[str]]:
    """What an address asks (``q`` and those filters), and the names of the filters it gives that nobody knows."""
    known, unknown = {}, []
    allowed = set(filters)
    for key in FILTERS:
        value = asked.get(key, "")
        if value and key in allowed and value in VALUES[key]:
            known[key] = value
        elif value:
            unknown.append(key)
    return Query(asked.get("q", "")[:200].strip(), known), unknown


def entries(session: Session, tracks: Library, person_id: int | None = None) -> list[Entry]:
    """Every track: those the person follows first, in the revision they follow, then the others as published now.

    Four queries for a person, whatever the number of tracks; none without one.
    """
    mine = learning.enrolments(session, person_id) if person_id is not None else ()
    states = learning.progresses(session, mine, tracks) if mine else {}
    held = _certificates(session, person_id) if mine else {}
    followed = [
        Entry(states[row.id].track, row, states[row.id], held.get(row.track_key)) for row in mine if row.id in states
    ]
    known = {entry.track.key for entry in followed} | tracks.retired  # nobody new begins these
    return [*followed, *(Entry(track) for key, track in tracks.items() if key not in known)]


def one_entry(session: Session, tracks: Library, track: Track, person_id: int | None = None) -> Entry:
    """One track, in the revision the person follows, else in the one given."""
    row = learning.enrolment(session, person_id, track.key) if person_id is not None else None
    if row is None:
        return Entry(track)
    mine = tracks.followed(row.track_key, row.track_digest) or track
    state = learning.track_progress(session, row, mine)
    return Entry(mine, row, state, issued_certificate(session, row.person_id, track.key))


def _certificates(session: Session, person_id: int | None) -> dict[str, Certificate]:
    """The certificates a person holds, by award: the last one of each."""
    rows = session.scalars(select(Certificate).filter_by(person_id=person_id).order_by(Certificate.issued_at))
    return {row.award_key: row for row in rows}
