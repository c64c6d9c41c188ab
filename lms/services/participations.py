"""Who followed which module, when, and with what result: read as one stream, whatever the number of people.

Three queries ordered by enrolment are walked side by side, so that memory and the number of queries stay the same
for ten learners and for a million.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Executable, Select, case, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from curricula.model import Module, Track
from curricula.progress import ModuleProgress
from lms.models import Agent, Attempt, Certificate, Enrolment, Exemption, LessonProgress, Person
from lms.services.library import Library
from lms.services.organisation import Scope, agents_in

#: Rows fetched at a time.
BATCH = 1000

#: ``exempt``: the placement test spared the module, which counts as passed and was not followed.
State = Literal["enrolled", "in_progress", "completed", "exempt"]


class Followed(NamedTuple):
    """One person in one module of one track. ``who`` has the columns of ``_people``; ``best`` is 0 to 1.

    ``minutes`` of the declared duration were done: all of them once the assessment is passed, before that, and of a
    module exempted from, the share of the lessons read. ``module`` is None when the track in use no longer has it.
    """

    who: Any
    track: Track | None
    module: Module | None
    module_key: str
    state: State
    started_at: datetime | None
    completed_at: datetime | None
    best: Fraction | None
    minutes: int

    @property
    def since(self) -> datetime:
        """The moment of the state: completion, else start, else enrolment."""
        found: datetime = self.completed_at or self.started_at or self.who.enrolled_at
        return found


def followed(
    session: Session,
    tracks: Library,
    *,
    platform_id: int | None = None,
    track_key: str | None = None,
    ministry: str | None = None,
    enrolled_before: datetime | None = None,
    paths: tuple[str, ...] | None = None,
) -> Generator[Followed, None, None]:
    """Every participation in enrolment order: each published module of a track, and each one touched.

    ``platform_id`` None reads every platform, ``paths`` None the whole organisation. Three queries.
    """
    wanted: list[ColumnElement[bool]] = []
    if paths is not None:
        wanted.append(agents_in(Scope(paths)))
    if platform_id is not None:
        wanted.append(Person.platform_id == platform_id)
    if track_key is not None:
        wanted.append(Enrolment.track_key == track_key)
    if ministry is not None:
        wanted.append(Agent.ministry == ministry)
    if enrolled_before is not None:
        wanted.append(Enrolment.enrolled_at < enrolled_before)
    with ExitStack() as cursors:
        people, *others = (
            cursors.enter_context(closing(session.execute(query, execution_options={"yield_per": BATCH})))
            for query in (_people(wanted), _lessons(wanted), _attempts(wanted))
        )
        lessons, attempts = (_Beside(rows) for rows in others)
        for who in people:
            read = {row.module_key: row for row in lessons.of(who.id)}
            tried = {key: list(rows) for key, rows in groupby(attempts.of(who.id), key=itemgetter(1))}
            yield from _modules(who, tracks.followed(who.track_key, who.track_digest), read, tried)


class _Beside:
    """A stream ordered by its first column, read in step with another."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._groups = groupby(rows, key=itemgetter(0))
        self._current: tuple[int, list[Any]] | None = None
        self._advance()

    def of(self, key: int) -> Sequence[Any]:
        """The rows of that key; keys are asked in growing order."""
        while self._current is not None and self._current[0] < key:
            self._advance()
        return self._current[1] if self._current is not None and self._current[0] == key else ()

    def _advance(self) -> None:
        group = next(self._groups, None)
        self._current = None if group is None else (group[0], list(group[1]))


def _modules(
    who: Any, track: Track | None, read: Mapping[str, Any], tried: Mapping[str, list[Any]]
) -> Iterator[Followed]:
    published = track.published_modules if track else ()
    keys = [module.key for module in published]
    keys += sorted((read.keys() | tried.keys()) - set(keys))
    for key in keys:
        lessons, attempts = read.get(key), tried.get(key, [])
        module = track.module(key) if track else None
        starts = [row.started_at for row in attempts] + ([lessons.opened_at] if lessons else [])
        passes = [row.submitted_at for row in attempts if row.passed]
        spared = any(row.exempt for row in attempts)
        best = max((row.score for row in attempts if row.score is not None), default=None)
        state: State = "exempt" if spared else "completed" if passes else "in_progress" if starts else "enrolled"
        done = frozenset(lessons.lesson_keys.split(",")) if lessons and lessons.lesson_keys else frozenset()
        minutes = (
            ModuleProgress(module, done, best, "passed" if state == "completed" else "now").minutes_done
            if module
            else 0
        )
        yield Followed(
            who, track, module, key, state, min(starts, default=None), min(passes, default=None), best, minutes
        )


def _people(wanted: list[ColumnElement[bool]]) -> Select[Any]:
    """Enrolments with their person, the agent HR declared under the same number, and the last certificate."""
    other = aliased(Certificate)
    last = (
        select(other.id)
        .where(other.person_id == Enrolment.person_id, other.award_key == Enrolment.track_key)
        .order_by(other.cycle.desc(), other.edition.desc())
        .limit(1)
        .correlate(Enrolment)
        .scalar_subquery()
    )
    certificate = Certificate.id == last
    query = select(
        Enrolment.id, Enrolment.track_key, Enrolment.track_version, Enrolment.track_digest, Enrolment.enrolled_at,
        Person.family_name, Person.given_name, Person.full_name,
        Agent.number, Agent.family_name.label("agent_family_name"), Agent.given_name.label("agent_given_name"),
        Agent.branch, Agent.ministry, Agent.directorate, Agent.siret, Agent.category, Agent.corps,
        Certificate.number.label("certificate_number"), Certificate.issued_at, Certificate.valid_until,
        Certificate.status.label("certificate_status"),
    )  # fmt: skip
    return _restricted(query, wanted).outerjoin(Certificate, certificate).order_by(Enrolment.id)


def _lessons(wanted: list[ColumnElement[bool]]) -> Executable:
    """First opening and lessons read, by enrolment and module."""
    read = case((LessonProgress.read_at.is_not(None), LessonProgress.lesson_key))
    query = (
        select(
            LessonProgress.enrolment_id,
            LessonProgress.module_key,
            func.min(LessonProgress.opened_at).label("opened_at"),
            func.aggregate_strings(read, ",").label("lesson_keys"),
        )
        .group_by(LessonProgress.enrolment_id, LessonProgress.module_key)
        .order_by(LessonProgress.enrolment_id)
    )
    return query.where(LessonProgress.enrolment_id.in_(_enrolment_ids(wanted))) if wanted else query


def _attempts(wanted: list[ColumnElement[bool]]) -> Executable:
    """Attempts by enrolment and module, with the modules that the placement test exempts from."""
    tried = select(
        Attempt.enrolment_id, Attempt.module_key, Attempt.started_at, Attempt.submitted_at, Attempt.score,
        Attempt.passed, literal(False).label("exempt"),
    )  # fmt: skip
    spared = select(
        Exemption.enrolment_id, Exemption.module_key, Exemption.granted_at, Exemption.granted_at, Exemption.score,
        literal(True), literal(True),
    )  # fmt: skip
    if wanted:
        tried = tried.where(Attempt.enrolment_id.in_(_enrolment_ids(wanted)))
        spared = spared.where(Exemption.enrolment_id.in_(_enrolment_ids(wanted)))
    both: Any = union_all(tried, spared)
    ordered: Executable = both.order_by(both.selected_columns.enrolment_id, both.selected_columns.module_key)
    return ordered


def _enrolment_ids(wanted: list[ColumnElement[bool]]) -> Select[Any]:
    return _restricted(select(Enrolment.id), wanted)


def _restricted(query: Any, wanted: list[ColumnElement[bool]]) -> Select[Any]:
    restricted: Select[Any] = (
        query.select_from(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Agent, Agent.number == Person.sourced_id)
        .where(*wanted)
    )
    return restricted
