"""What the attempts at a module say of its questions: their marks are read as a stream and packed for the analysis.

The result that counts is read, as it stands: a question that was mended has the marks it has since, one that was
withdrawn says nothing any more. Who answered is not read.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, String, Text, and_, cast, func, select, type_coerce
from sqlalchemy.orm import Session, aliased

from assessments.choosable import choosable, chosen
from assessments.draw import revision_of
from assessments.gathered import Cell, Gathered, Item
from assessments.model import is_answered
from curricula.model import Module, Question
from lms.models import Attempt, Context, Enrolment, Grading, Membership, ResourceLink
from lms.services.library import Library

#: Attempts read from the database at once.
_BATCH = 1000
#: How many ways of answering are remembered as they are written; written answers are hardly ever the same.
_REMEMBERED = 100_000


@dataclass(frozen=True)
class Asked:
    """Which attempts: at a module of a track, in some revisions of it (any without), submitted within a period."""

    track_key: str
    module_key: str
    digests: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Followed:
    """A revision in which a module was assessed, and how many attempts have a result there."""

    digest: str
    version: str
    attempts: int


@dataclass(frozen=True)
class Read:
    """Answers packed for the analysis, and the questions they were given to, by key and revision."""

    gathered: Gathered
    questions: dict[tuple[str, str], Question]


class _Mark(msgspec.Struct):
    points: str
    reason: str
    response: dict[str, list[str]] = {}


_mark, _marks = msgspec.json.Decoder(_Mark), msgspec.json.Decoder(dict[str, msgspec.Raw])
_named = msgspec.json.Decoder(dict[str, _Mark])


class _Cells(dict[str, int]):
    """The cell of each mark of a revision, by its text as it is stored, without its last brace: « "q1": {…». Few are
    different: each is parsed once. -1 for a withdrawn question; raises ``msgspec.DecodeError`` for no mark, or several.
    """

    def __init__(self, read: Read, module: Module | None) -> None:
        super().__init__()
        self._read, self._module, self._items = read, module, dict[str, Item]()

    def __missing__(self, text: str) -> int:
        named = _named.decode("{" + text + "}}")
        if len(named) != 1:
            raise msgspec.DecodeError(text)
        (key, mark), number = named.popitem(), -1
        if mark.reason != "withdrawn":
            item = self._items.get(key) or self._item(key)
            response = {name: tuple(values) for name, values in mark.response.items()}
            said = tuple(sorted(chosen(response).intersection(item.options)))
            answered = is_answered(response) if mark.response else mark.reason != "none"
            cell = Cell(self._read.gathered.item(item), float(Fraction(mark.points)), said, answered)
            number = self._read.gathered.cell(cell)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = number
        return number

    def _item(self, key: str) -> Item:
        asked = self._module.question(key) if self._module else None
        if asked is None:
            item = Item(key)
        else:
            found = choosable(asked)
            wrong = frozenset(name for name, option in found.items() if option.right is False)
            item = Item(key, revision_of(asked), tuple(found), wrong)
            self._read.questions[key, item.revision] = asked
        self._items[key] = item
        return item


def gather(session: Session, asked: Asked, tracks: Library) -> Read:
    """Every answer of the attempts asked for, packed; one query, read as a stream."""
    read = Read(Gathered(), {})
    revisions: dict[str, _Cells] = {}
    scores: dict[str, float] = {}
    for digest, score, passed, marks in _stream(session, _marked(asked)):
        if digest not in revisions:
            track = tracks.revision(asked.track_key, digest)
            revisions[digest] = _Cells(read, track.module(asked.module_key) if track else None)
        cells = _numbers(revisions[digest], marks)
        if -1 in cells:
            cells = [cell for cell in cells if cell >= 0]
        if score not in scores:
            scores[score] = float(Fraction(score))
        read.gathered.add(cells, scores[score], bool(passed))
    return read


def _numbers(cells: _Cells, marks: str) -> list[int]:
    """The cells of the marks of an attempt.

    They are cut where one ends, which is several times quicker than parsing them all. A cut within what somebody wrote
    leaves a string open, and is no mark: they are all parsed then.
    """
    try:
        return [cells[text] for text in marks[1:-2].split("}, ")]
    except msgspec.DecodeError:
        found = _marks.decode(marks).items()
        return [cells[f"{msgspec.json.encode(key).decode()}: {bytes(raw)[:-1].decode()}"] for key, raw in found]


def followed(session: Session, asked: Asked) -> list[Followed]:
    """The revisions in which the module was assessed, the last one first."""
    count = func.count()
    query = (
        _of(asked, select(Attempt.track_digest, Attempt.track_version, count), Attempt.score.is_not(None))
        .group_by(Attempt.track_digest, Attempt.track_version)
        .order_by(func.max(Attempt.started_at).desc())
    )
    return [Followed(digest, version, number) for digest, version, number in session.execute(query)]


def trains_track(session: Session, person_id: int, track_key: str) -> list[Context]:
    """The courses that a person trains and where learners may follow the track, by title."""
    mine = (Membership.person_id == person_id, Membership.role == "trainer", Membership.left_at.is_(None))
    placed = (ResourceLink.track_key == track_key) | ResourceLink.track_key.is_(None)
    where = Context.id.in_(select(ResourceLink.context_id).where(placed))
    query = select(Context).join(Membership, Membership.context_id == Context.id).where(*mine, where)
    return list(session.scalars(query.order_by(Context.title, Context.id)))


def wrong_answers(
    session: Session, context_id: int, track_key: str, module_key: str, most: int
) -> list[tuple[int, int, dict[str, bytes]]]:
    """(person, number of the attempt, their wrong answers by question) of the last attempts of a course at a module."""
    learners = select(Membership.person_id).where(
        Membership.context_id == context_id, Membership.role == "learner", Membership.left_at.is_(None)
    )
    query = _counting(
        _of(
            Asked(track_key, module_key),
            select(Enrolment.person_id, Attempt.number, cast(Grading.marks, Text)),
            Enrolment.person_id.in_(learners),
        )
    )
    found = []
    for person_id, number, stored in session.execute(query.order_by(Attempt.submitted_at.desc()).limit(most)):
        wrong: dict[str, bytes] = {}
        for key, raw in _marks.decode(stored).items():
            mark = _mark.decode(raw)
            if mark.reason in {"wrong", "partial"} and mark.response:
                wrong[key] = msgspec.json.encode({name: sorted(said) for name, said in sorted(mark.response.items())})
        found.append((person_id, number, wrong))
    return found


def _marked(asked: Asked) -> Select[*tuple[Any, ...]]:
    score = type_coerce(Attempt.score, String)  # read as it is written: few are different
    read = select(Attempt.track_digest, score, Attempt.passed, cast(Grading.marks, Text))
    query = _counting(_of(asked, read, Attempt.score.is_not(None)))
    return query.where(Attempt.track_digest.in_(asked.digests)) if asked.digests else query


def _counting(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """With the grading of each attempt that counts: the last of those that do."""
    later = aliased(Grading)
    newer = select(later.id).where(later.attempt_id == Attempt.id, later.counts, later.id > Grading.id).exists()
    return query.join(Grading, and_(Grading.attempt_id == Attempt.id, Grading.counts)).where(~newer)


def _of(asked: Asked, query: Select[*tuple[Any, ...]], *more: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The submitted attempts of a module, within the period asked for."""
    query = query.select_from(Attempt).join(Attempt.enrolment)
    query = query.where(Enrolment.track_key == asked.track_key, Attempt.module_key == asked.module_key, *more)
    if asked.since is not None:
        query = query.where(Attempt.submitted_at >= asked.since)
    if asked.until is not None:
        query = query.where(Attempt.submitted_at < asked.until)
    return query.where(Attempt.submitted_at.is_not(None))


def _stream(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
    """The rows, read while those before them are used: the database works meanwhile."""
    streamed = session.connection().execution_options(stream_results=True, yield_per=_BATCH).execute(query)
    with streamed as rows, ThreadPoolExecutor(1) as reader:
        batches = rows.partitions()
        coming = reader.submit(next, batches, None)
        while batch := coming.result():
            coming = reader.submit(next, batches, None)
            yield from batch
