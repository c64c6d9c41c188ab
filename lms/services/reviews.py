"""From draft to published: what blocks it, a second person who reads it, and the one act that publishes it.

Each act holds the draft's row first: of two at once, the second sees what the first did.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from assessments.registry import anatomies
from curricula.finding import Finding
from curricula.folder import Folder
from curricula.load import read_track
from curricula.merge import named
from curricula.model import Track
from curricula.pieces import folder_of, pieces, track_in
from curricula.places import piece_at, piece_of
from curricula.problems import N_, CurriculumError, Problem
from curricula.quality import findings
from lms.models import OPEN_STATES, Draft, DraftComment, DraftPiece, TrackRevision, utcnow
from lms.services import drafts, merging, revisions
from lms.services.audit import record


class NotNow(Exception):
    """The draft is not where this act begins: somebody else acted meanwhile."""


class SamePerson(Exception):
    """Whoever sent a draft to be read does not judge it."""


class Blocked(Exception):
    """Something must be mended first; ``report`` says what."""

    def __init__(self, report: "Report") -> None:
        super().__init__()
        self.report = report


class Outdated(Exception):
    """Another revision was published since the draft began; ``current`` is it."""

    def __init__(self, current: TrackRevision) -> None:
        super().__init__()
        self.current = current


class Unchanged(Exception):
    """The draft says what is published already."""


@dataclass(frozen=True)
class Report:
    """What is to mend and to improve in a draft. ``track`` is None where its own piece cannot be read."""

    folder: Folder
    track: Track | None
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]

    @property
    def modules(self) -> frozenset[str]:
        """The keys of its modules."""
        return frozenset(self.folder.folders())

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that keep it from being published; every problem does."""
        return tuple(each for each in self.findings if each.weight == "blocking")

    @property
    def advice(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.weight != "blocking")

    @property
    def blocks(self) -> int:
        """How many things keep it from being published."""
        return len(self.problems) + len(self.blocking)


def report(session: Session, draft: Draft, today: date) -> Report:
    """Everything that can be said of a draft as it is."""
    found = report_of(drafts.folder(session, draft), today)
    version = found.track.version if found.track else ""
    if version and revisions.free_version(session, draft.track_key, version) != version:
        what = N_("Version %(version)s is published already: give this one another name.")
        taken = Finding(("version",), "blocking", what, (("version", version),))
        found = replace(found, findings=(taken, *found.findings))
    return found


def report_of(folder: Folder, today: date) -> Report:
    """Everything that can be said of a folder that may be unfinished."""
    try:
        track, problems = read_track(folder, anatomies())
    except CurriculumError as error:
        return Report(folder, None, tuple(error.problems), ())
    problems = sorted(problems, key=lambda each: (each.file, each.line))
    mended_first = {piece_at(folder, problem) for problem in problems if problem.file.count("/") > 1}
    modules = folder.folders()
    found = [
        each
        for each in findings(track, today)
        # A text that is missing is a problem already: it is not said twice.
        if each.weight != "blocking" or len(each.path) < 4 or piece_of(each.path, modules) not in mended_first
    ]
    return Report(folder, track, tuple(problems), tuple(found))


# Acts


def send(session: Session, draft: Draft, person_id: int, word: str = "") -> None:
    """Ask for a second person to read it. Raises ``NotNow``, ``Outdated`` and ``Blocked``."""
    _hold(session, draft, "draft")
    _check_base(session, draft)
    found = report(session, draft, utcnow().date())
    if found.blocks:
        raise Blocked(found)
    draft.state, draft.sent_at, draft.sent_by = "review", utcnow(), person_id
    draft.approved_at = draft.approved_by = None
    _said(session, draft, word, person_id)
    record(session, "draft_sent", f"track:{draft.track_key}", person_id, draft=draft.id)


def take_back(session: Session, draft: Draft, person_id: int) -> None:
    """Write it again. Raises ``NotNow`` unless it is being read, or approved."""
    _hold(session, draft, "review", "approved")
    draft.state = "draft"
    session.flush()
    record(session, "draft_taken_back", f"track:{draft.track_key}", person_id, draft=draft.id)


def approve(session: Session, draft: Draft, person_id: int, word: str = "") -> None:
    """Say that it may be published. Raises ``NotNow`` and ``SamePerson``."""
    _hold(session, draft, "review")
    if draft.sent_by == person_id:
        raise SamePerson
    draft.state, draft.approved_at, draft.approved_by = "approved", utcnow(), person_id
    _said(session, draft, word, person_id)
    record(session, "draft_approved", f"track:{draft.track_key}", person_id, draft=draft.id)


def send_back(session: Session, draft: Draft, person_id: int, word: str) -> None:
    """Ask its authors to go on, and say why. Raises ``NotNow`` and ``SamePerson``."""
    _hold(session, draft, "review", "approved")
    if draft.sent_by == person_id:
        raise SamePerson
    draft.state = "draft"
    _said(session, draft, word, person_id)
    record(session, "draft_sent_back", f"track:{draft.track_key}", person_id, draft=draft.id)


def publish(
    session: Session, draft: Draft, person_id: int, note: str, *, moving: bool = False, now: datetime | None = None
) -> tuple[TrackRevision, int]:
    """Make an approved draft the current revision of its track, and end it; gives how many learners are moved to it.

    Its pieces go, its history stays. Raises ``NotNow``, ``Outdated``, ``Unchanged``, ``CurriculumError`` and
    ``revisions.NotPublishable``; then nothing is published.
    """
    now = now or utcnow()
    _hold(session, draft, "approved")
    revisions.hold(session, draft.track_key)
    _check_base(session, draft)
    folder = drafts.folder(session, draft)
    if _unchanged(session, draft, folder):
        raise Unchanged
    row = revisions.publish(session, folder, "written", note=note, person_id=person_id, now=now)
    draft.state, draft.ended_at = "published", now
    session.execute(delete(DraftPiece).where(DraftPiece.draft_id == draft.id))
    session.flush()
    record(session, "draft_published", f"track:{draft.track_key}", person_id, draft=draft.id, digest=row.digest)
    return row, revisions.move(session, row, person_id=person_id) if moving else 0


def begin_again(session: Session, draft: Draft, person_id: int) -> Draft:
    """Leave a draft for one that begins from the current revision. Raises ``NotNow`` for one that has ended."""
    _hold(session, draft, *OPEN_STATES)
    drafts.discard(session, draft, person_id)
    return drafts.begin(session, draft.track_key, person_id)


def _check_base(session: Session, draft: Draft) -> None:
    newer = merging.newer(session, draft)
    if newer is not None:
        raise Outdated(newer)


def _hold(session: Session, draft: Draft, *states: str) -> None:
    """Keep the draft as it is until the transaction ends."""
    session.refresh(draft, with_for_update=True)
    if draft.state not in states:
        raise NotNow


# Comments


def comments(session: Session, draft: Draft, *paths: str) -> Sequence[DraftComment]:
    """What was said of a draft, the first word first; of these pieces when some are given (empty: of the whole)."""
    query = select(DraftComment).filter_by(draft_id=draft.id).options(joinedload(DraftComment.person))
    if paths:
        query = query.where(DraftComment.path.in_(paths))
    return session.scalars(query.order_by(DraftComment.at, DraftComment.id)).all()


def comment(session: Session, draft: Draft, path: str, text: str, person_id: int) -> DraftComment:
    """Say something of a piece, or of the whole (``path`` empty). Raises ``LookupError`` for a piece that is not there.

    What is being read may be commented; a draft that ended may not: ``NotNow``.
    """
    if draft.state not in OPEN_STATES:
        raise NotNow
    if path and drafts.piece(session, draft, path) is None:
        raise LookupError(path)
    row = DraftComment(draft_id=draft.id, path=path, text=text, person_id=person_id)
    session.add(row)
    session.flush()
    return row


def resolve(session: Session, draft: Draft, number: int, person_id: int) -> DraftComment:
    """Say that a comment is dealt with; once is enough. Raises ``LookupError`` for one that is not of this draft."""
    row = session.scalars(select(DraftComment).filter_by(id=number, draft_id=draft.id)).first()
    if row is None:
        raise LookupError(number)
    if row.resolved_at is None:
        row.resolved_at, row.resolved_by = utcnow(), person_id
        session.flush()
    return row


def open_comments(session: Session, draft: Draft) -> int:
    """How many comments are not dealt with."""
    query = select(func.count()).select_from(DraftComment)
    return session.scalar(query.filter_by(draft_id=draft.id, resolved_at=None)) or 0


def _said(session: Session, draft: Draft, word: str, person_id: int) -> None:
    if word:
        comment(session, draft, "", word, person_id)
    session.flush()


def _unchanged(session: Session, draft: Draft, folder: Folder) -> bool:
    """Whether a draft says what it began from, but for the name of its version."""
    base = revisions.named(session, draft.track_key, draft.base_digest) if draft.base_digest else None
    if base is None:
        return False
    version = track_in(folder.files["track.toml"]).version
    before = pieces(Folder.unpacked(base.content))
    return folder_of(folder.name, named(before, folder.name, version)) == folder
