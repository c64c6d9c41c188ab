"""One cohort: its figures, its groups, and its learners a page at a time, however many they are.

Whoever the roster names is shown, having come or not; whoever left is apart, and counted nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from curricula.model import Track
from curricula.progress import TrackProgress
from lms.models import Certificate, CourseGroup, Enrolment, GroupMember, Membership, Person, utcnow
from lms.services.cohorts import IDLE
from lms.services.learning import progresses
from lms.services.library import Library

#: Learners of a page.
PAGE = 200

#: What a list may be narrowed to: never opened, in progress, no activity, completed, certified.
StateFilter = Literal["never", "now", "idle", "passed", "certified"]
STATES: tuple[StateFilter, ...] = get_args(StateFilter)


@dataclass(frozen=True)
class Chosen:
    """What a list of learners is narrowed to: a group (its number), words of a name, a state; and its page, from 1."""

    group: int | None = None
    words: str = ""
    state: StateFilter | None = None
    page: int = 1


@dataclass(frozen=True)
class Figures:
    """People of a cohort in one track. ``enrolled`` = ``never`` + ``in_progress`` + ``completed``.

    ``certified`` are among the completed, ``idle`` among those in progress. ``left`` came once, and are in none of
    the other figures.
    """

    enrolled: int
    never: int
    in_progress: int
    idle: int
    completed: int
    certified: int
    left: int


@dataclass(frozen=True)
class CohortLearner:
    """One learner in one track: status and scores, never answers. ``last_at`` is the last activity.

    ``came`` to the course, themselves; ``never`` opened neither the course nor the track: the roster alone names them.
    """

    person: Person
    progress: TrackProgress | None
    came: bool
    never: bool
    completed: bool
    certified: bool
    last_at: datetime | None
    idle: bool


@dataclass(frozen=True)
class Page:
    """Some of the learners that match, and how many match in all."""

    learners: list[CohortLearner]
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PAGE))


class _Terms:
    """What the states mean, said once for the figures, the filters and the rows. Both tables stand in the query."""

    def __init__(self, track: Track, now: datetime) -> None:
        self.certified: ColumnElement[bool] = exists().where(
            Certificate.person_id == Membership.person_id,
            Certificate.award_key == track.key,
            Certificate.status == "valid",
        )
        self.completed = or_(Enrolment.completed_at.is_not(None), self.certified)
        self.never = and_(Membership.last_seen_at.is_(None), Enrolment.id.is_(None))
        self.in_progress = and_(not_(self.never), not_(self.completed))
        last = func.coalesce(Enrolment.last_at, Membership.last_seen_at)
        self.idle = and_(self.in_progress, last < now - IDLE)
        self.here = Membership.left_at.is_(None)

    def state(self, key: StateFilter) -> ColumnElement[bool]:
        terms = {
            "never": self.never, "now": self.in_progress, "idle": self.idle, "passed": self.completed,
            "certified": self.certified,
        }  # fmt: skip
        return terms[key]


def groups(session: Session, context_id: int) -> Sequence[CourseGroup]:
    """The groups of a course, by set and name."""
    query = select(CourseGroup).where(CourseGroup.context_id == context_id)
    return session.scalars(query.order_by(CourseGroup.set_name, CourseGroup.name, CourseGroup.id)).all()


def figures(
    session: Session, context_id: int, track: Track, group: int | None = None, now: datetime | None = None
) -> Figures:
    """The figures of a cohort, or of one of its groups; one query."""
    terms = _Terms(track, now or utcnow())
    here = terms.here
    counted = (
        here,
        and_(here, terms.never),
        and_(here, terms.in_progress),
        and_(here, terms.idle),
        and_(here, terms.completed),
        and_(here, terms.certified),
        and_(not_(here), not_(terms.never)),
    )
    query: Any = select(*(func.count().filter(each) for each in counted))
    row: Any = session.execute(_learners(query, context_id, track, group)).one()
    return Figures(*row)


def learners(
    session: Session, context_id: int, track: Track, chosen: Chosen | None = None, now: datetime | None = None
) -> Page:
    """A page of the learners of a course in one track, by name; three queries whatever their number."""
    chosen, terms = chosen or Chosen(), _Terms(track, now or utcnow())
    wanted = [terms.here, *(_named(word) for word in chosen.words.split())]
    if chosen.state is not None:
        wanted.append(terms.state(chosen.state))
    return _page(session, context_id, track, chosen, terms, wanted)


def departed(
    session: Session, context_id: int, track: Track, group: int | None = None, now: datetime | None = None
) -> Page:
    """The first page of those who came and left since, with their results; three queries."""
    terms = _Terms(track, now or utcnow())
    return _page(session, context_id, track, Chosen(group), terms, [not_(terms.here), not_(terms.never)])


def _page(
    session: Session, context_id: int, track: Track, chosen: Chosen, terms: _Terms, wanted: list[ColumnElement[bool]]
) -> Page:
    query: Any = select(
        Person, Enrolment, Membership.first_seen_at, terms.never.label("never"), terms.completed.label("completed"),
        terms.certified.label("certified"), terms.idle.label("idle"), func.count().over().label("total"),
    )  # fmt: skip
    names = (func.lower(Person.family_name), func.lower(Person.given_name), func.lower(Person.full_name), Person.id)
    query = _learners(query, context_id, track, chosen.group).where(*wanted).order_by(*names)
    rows = session.execute(query.limit(PAGE).offset((max(1, chosen.page) - 1) * PAGE)).all()
    states = progresses(session, [row.Enrolment for row in rows if row.Enrolment], Library(session))
    return Page([_learner(row, states) for row in rows], rows[0].total if rows else 0)


def _learner(row: Any, states: dict[int, TrackProgress]) -> CohortLearner:
    own = row.Enrolment
    return CohortLearner(
        row.Person, states.get(own.id) if own else None, row.first_seen_at is not None, bool(row.never),
        bool(row.completed), bool(row.certified), own.last_at if own else None, bool(row.idle),
    )  # fmt: skip


def _learners(query: Any, context_id: int, track: Track, group: int | None) -> Any:
    own = and_(Enrolment.person_id == Membership.person_id, Enrolment.track_key == track.key)
    query = (
        query.select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(Enrolment, own)
        .where(Membership.context_id == context_id, Membership.role == "learner")
    )
    if group is not None:
        inside = exists().where(GroupMember.group_id == group, GroupMember.membership_id == Membership.id)
        query = query.where(inside)
    return query


def _named(word: str) -> ColumnElement[bool]:
    places = (Person.family_name, Person.given_name, Person.full_name, Person.sourced_id)
    return or_(*(place.icontains(word, autoescape=True) for place in places))
