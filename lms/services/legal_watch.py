"""What the law touches: which modules cite a legal reference, how many learned from them, and what to read again.

Numbers only: whoever writes tracks sees no learner.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import and_, distinct, func, or_, select
from sqlalchemy.orm import Session

from curricula.model import LegalReference, Module, Track
from curricula.pieces import module_in, module_path, track_in, track_path
from curricula.problems import CurriculumError
from lms.models import (
    OPEN_STATES,
    Certificate,
    Draft,
    DraftPiece,
    Enrolment,
    Participation,
    ResourceLink,
    ReviewTask,
    utcnow,
)
from lms.models.upsert import insert_new
from lms.services.audit import record
from lms.services.library import Library, current_revisions
from lms.services.literacy_sources import is_of_version, text_changed
from lms.services.studio import Grants, known_tracks, owners


@dataclass(frozen=True)
class Citing:
    """A track that has a legal reference, as one revision or its draft (``digest`` empty) says it."""

    track: Track
    reference: LegalReference
    #: Whether new learners begin it: the current revision.
    current: bool
    learners: int = 0
    cohorts: int = 0
    certificates: int = 0

    @property
    def draft(self) -> bool:
        """Whether nobody learned from it yet."""
        return not self.track.digest

    @property
    def modules(self) -> tuple[Module, ...]:
        """The modules that cite it."""
        return tuple(module for module in self.track.modules if self.reference.key in module.legal)


def scope(session: Session, grants: Grants) -> list[str]:
    """The tracks of the institutions for which somebody writes, reviews or publishes."""
    own = {institution if track is None else grants.owners.get(track) for _role, institution, track in grants.held}
    return [key for key in known_tracks(session) if grants.owners.get(key) in own]


def citings(session: Session, keys: Collection[str], written: Collection[str]) -> list[Citing]:
    """Every legal reference of the current revisions of these tracks, and of the drafts of those ``written``."""
    known = Library(session)
    rows = session.execute(current_revisions())
    current = (known.revision(row.track_key, row.digest) for row in rows if row.track_key in keys)
    found = [Citing(track, each, current=True) for track in current if track is not None for each in track.legal]
    return found + [Citing(track, each, current=False) for track in _drafts(session, written) for each in track.legal]


def touched(session: Session, keys: Collection[str], legal_key: str, written: Collection[str]) -> list[Citing]:
    """Who is touched when that reference changes: current revisions, drafts of the tracks ``written`` by whoever asks,
    and the earlier revisions that were taught.
    """
    found = [each for each in citings(session, keys, written) if each.reference.key == legal_key]
    people, issued, known = _followed(session, keys), _issued(session, keys), Library(session)
    here = {(each.track.key, each.track.digest) for each in found}
    for key, digest in sorted((people.keys() | issued.keys()) - here):
        track = known.revision(key, digest)
        if track is not None:
            found += [Citing(track, each, current=False) for each in track.legal if each.key == legal_key]
    counted = []
    for each in found:
        name = (each.track.key, each.track.digest)
        learners, cohorts = people.get(name, (0, 0))
        counted.append(replace(each, learners=learners, cohorts=cohorts, certificates=issued.get(name, 0)))
    return counted


def _followed(session: Session, keys: Collection[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """(learners, courses they came from) of each revision of these tracks."""
    learners, cohorts = func.count(distinct(Enrolment.id)), func.count(distinct(ResourceLink.context_id))
    of_track = and_(ResourceLink.id == Participation.resource_link_id, ResourceLink.track_key == Enrolment.track_key)
    query = (
        select(Enrolment.track_key, Enrolment.track_digest, learners, cohorts)
        .outerjoin(Participation, Participation.person_id == Enrolment.person_id)
        .outerjoin(ResourceLink, of_track)
        .where(Enrolment.track_key.in_(keys))
    )
    rows = session.execute(query.group_by(Enrolment.track_key, Enrolment.track_digest))
    return {(key, digest): (people, courses) for key, digest, people, courses in rows}


def _issued(session: Session, keys: Collection[str]) -> dict[tuple[str, str], int]:
    """How many certificates were issued on each revision of these tracks."""
    taught = Certificate.record[("evidence", 0)].as_string()  # the digest of what was taught comes first
    query = select(Certificate.award_key, taught, func.count()).where(Certificate.award_key.in_(keys))
    rows = session.execute(query.group_by(Certificate.award_key, taught))
    return {(key, digest): count for key, digest, count in rows if digest}


# Review tasks


def changed(
    session: Session, keys: Collection[str], legal_key: str, version: str, person_id: int | None, *,
    note: str = "", in_force_from: date | None = None,
) -> int:  # fmt: skip
    """Say that a text of law changed: opens a task for each module that cites another version of it.

    Gives how many were opened; what was opened once, even closed since, is not opened again. The AI-literacy
    registers that rest on another version open a review too.
    """
    text_changed(session, legal_key, version, person_id, note, in_force_from)
    return _call_back(session, citings(session, keys, keys), legal_key, version, person_id, note, in_force_from)


def _call_back(
    session: Session, found: Sequence[Citing], legal_key: str, version: str, person_id: int | None, note: str,
    in_force_from: date | None,
) -> int:  # fmt: skip
    """Have the modules of ``found`` that cite another version read again; gives how many tasks are new."""
    modules = sorted(
        {
            (each.track.key, module.key)
            for each in found
            if each.reference.key == legal_key and not _carries(each.reference, version)
            for module in each.modules
        }
    )
    values = {
        "note": note, "in_force_from": in_force_from, "opened_at": utcnow(), "opened_by": person_id, "outcome": "",
    }  # fmt: skip
    opened = 0
    for track, module in modules:
        identity = {"track_key": track, "module_key": module, "legal_key": legal_key, "legal_version": version}
        opened += insert_new(session, ReviewTask, identity, values) is not None
    details = {"version": version, "in_force_from": str(in_force_from or ""), "tasks": opened}
    record(session, "law_changed", f"law:{legal_key}", person_id, **details)
    return opened


def open_tasks(session: Session, keys: Collection[str]) -> Sequence[ReviewTask]:
    """The modules of these tracks to read again, the oldest first."""
    query = select(ReviewTask).where(ReviewTask.track_key.in_(keys), ReviewTask.closed_at.is_(None))
    return session.scalars(query.order_by(ReviewTask.opened_at, ReviewTask.id)).all()


def close(session: Session, task: ReviewTask, outcome: str, person_id: int | None) -> None:
    """Say that a module was read again, and what came of it; once is enough."""
    if task.closed_at is None:
        task.closed_at, task.closed_by, task.outcome = utcnow(), person_id, outcome
        record(session, "review_task_closed", f"track:{task.track_key}", person_id, task=task.id)
        session.flush()


def published(session: Session, before: Track | None, after: Track, person_id: int | None, now: datetime) -> None:
    """Follow a revision just published: close what it answers, and have the owner's other tracks read again."""
    versions = {reference.key: reference for reference in after.legal}
    for task in open_tasks(session, [after.key]):
        module, reference = after.module(task.module_key), versions.get(task.legal_key)
        cites = module is not None and task.legal_key in module.legal
        if not cites or reference is None or _carries(reference, task.legal_version):
            task.closed_at = now
            record(session, "review_task_closed", f"track:{after.key}", person_id, task=task.id)
    old = {reference.key: reference.version for reference in before.legal} if before else {}
    moved = [each for each in after.legal if old.get(each.key, each.version) != each.version]
    for each in moved:
        text_changed(session, each.key, each.version, person_id, "", each.in_force_from)
    others = [key for key in _same_owner(session, after.key) if key != after.key] if moved else []
    if others:
        found = citings(session, others, others)
        for each in moved:
            _call_back(session, found, each.key, each.version, person_id, "", each.in_force_from)
    session.flush()


def _carries(reference: LegalReference, version: str) -> bool:
    """Whether a reference is of that version of the text, or of a later one where both are dates."""
    return is_of_version(reference.version, version)


def _same_owner(session: Session, key: str) -> list[str]:
    known = owners(session)
    return [each for each in known_tracks(session) if known.get(each) == known.get(key)]


def _drafts(session: Session, keys: Iterable[str]) -> Iterator[Track]:
    """The open drafts of these tracks, their modules without lessons nor questions; one query."""
    query = (
        select(Draft.track_key, DraftPiece.path, DraftPiece.content)
        .join(DraftPiece, DraftPiece.draft_id == Draft.id)
        .where(Draft.track_key.in_(keys), Draft.state.in_(OPEN_STATES))
        .where(or_(DraftPiece.path == track_path(), DraftPiece.path.endswith("/module")))
    )
    tracks: dict[str, Track] = {}
    modules: dict[str, list[Module]] = {}
    for key, path, content in session.execute(query):
        with suppress(CurriculumError):  # a piece that cannot be read yet cites nothing
            if path == track_path():
                tracks[key] = track_in(content)
            elif path == module_path(path.partition("/")[0]):
                modules.setdefault(key, []).append(module_in(content))
    for key, track in sorted(tracks.items()):
        ordered = sorted(modules.get(key, []), key=lambda module: module.order)
        yield replace(track, key=key, modules=tuple(ordered), digest="")
