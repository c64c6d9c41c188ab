"""Works that persons judge: whose they are to judge, those of a page, and how much there is to do.

A trainer judges the works of learners who came to their own courses, in the tracks placed there, and never their own;
of those who left, what was handed in before.
"""

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager

from lms.i18n import ZONE
from lms.models import Appeal, Attempt, Enrolment, Marking, Membership, Work
from lms.services.cohorts import learns, teaches, trained

#: Works of a page.
PAGE = 25

#: What the list may be narrowed to: what the trainer can do, their drafts, works that others have, works to look at
#: a second time, works that are done.
Show = Literal["todo", "mine", "others", "moderation", "done"]
SHOWN: tuple[Show, ...] = get_args(Show)

#: What a code is written in: nothing that reads as something else.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Chosen:
    """What the list is narrowed to, and its page, from 1."""

    show: Show = "todo"
    context_id: int | None = None
    track_key: str = ""
    module_key: str = ""
    page: int = 1


@dataclass(frozen=True)
class Page:
    """Some of the works that match, with the markings of each, and how many match in all."""

    works: Sequence[Work]
    markings: dict[uuid.UUID, list[Marking]]
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class Load:
    """How much there is to do, in works, in all the courses of a trainer. « month »: since its first day."""

    waiting: int
    late: int
    mine: int
    mine_month: int
    team_month: int


def code_of(key: bytes, attempt_id: uuid.UUID) -> str:
    """What a work is called while it is marked: « 7F3K9 » tells nothing of its author, and is always the same."""
    digest = hmac.new(key, b"work " + attempt_id.bytes, hashlib.sha256).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:5])


def judges(person_id: int, context_id: int | None = None) -> ColumnElement[bool]:
    """Whether that person judges an ``Attempt`` of an ``Enrolment``: in that course, or in any."""
    me, learner = aliased(Membership), aliased(Membership)
    return and_(
        Enrolment.person_id != person_id,
        exists().where(
            me.person_id == person_id, me.role == "trainer", me.left_at.is_(None),
            *([me.context_id == context_id] if context_id is not None else []),
            learner.context_id == me.context_id, learner.person_id == Enrolment.person_id, learns(learner),
            or_(learner.left_at.is_(None), Attempt.submitted_at <= learner.left_at),
            teaches(me.context_id, lambda track: track == Enrolment.track_key),
        ),
    )  # fmt: skip


def attempt_to_judge(session: Session, attempt_id: uuid.UUID, person_id: int) -> Attempt | None:
    """The submitted attempt of that id, with its enrolment, if that person judges it."""
    query = select(Attempt).join(Attempt.enrolment).options(contains_eager(Attempt.enrolment))
    wanted = (Attempt.id == attempt_id, Attempt.submitted_at.is_not(None), judges(person_id))
    return session.scalars(query.where(*wanted)).first()


def works(session: Session, person_id: int, chosen: Chosen) -> Page:
    """Those of a page, the first due first; three queries."""
    wanted = [judges(person_id, chosen.context_id), _shown(person_id, chosen.show)]
    if chosen.module_key:
        wanted += [Attempt.module_key == chosen.module_key, Enrolment.track_key == chosen.track_key]
    query = select(Work).join(Work.attempt).join(Attempt.enrolment).where(*wanted)
    total = session.scalar(select(func.count()).select_from(query.with_only_columns(Work.attempt_id).subquery())) or 0
    order = Work.done_at.desc() if chosen.show in {"done", "moderation"} else Work.due_at
    query = query.options(
        contains_eager(Work.attempt).contains_eager(Attempt.enrolment).joinedload(Enrolment.person)
    )  # fmt: skip
    found = session.scalars(
        query.order_by(order, Work.attempt_id).limit(PAGE).offset((chosen.page - 1) * PAGE)
    ).all()  # fmt: skip
    return Page(found, markings_of(session, [work.attempt_id for work in found]), total)


def markings_of(session: Session, attempts: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Marking]]:
    """The markings of each attempt, in the order they were taken."""
    rows: dict[uuid.UUID, list[Marking]] = {attempt_id: [] for attempt_id in attempts}
    for row in session.scalars(select(Marking).where(Marking.attempt_id.in_(attempts)).order_by(Marking.id)):
        rows[row.attempt_id].append(row)
    return rows


def modules_judged(session: Session, person_id: int) -> list[tuple[str, str]]:
    """(track, module) of every work that person judges, each once."""
    query = select(Enrolment.track_key, Attempt.module_key).join(Attempt.enrolment).join(Work)
    return list(session.execute(query.where(judges(person_id)).distinct().order_by(*query.selected_columns)).tuples())


def load(session: Session, person_id: int, now: datetime) -> Load:
    """How much there is to do and was done; two queries."""
    local = now.astimezone(ZONE)
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    waits = Work.state.in_(("marking", "reconciling"))
    base = select(Work.attempt_id).join(Work.attempt).join(Attempt.enrolment).where(judges(person_id))
    waiting, late = session.execute(
        base.with_only_columns(
            func.count(case((waits, 1))), func.count(case((and_(waits, Work.due_at < now), 1)))
        )
    ).one()  # fmt: skip
    mine, done = Marking.marker_id == person_id, Marking.done_at >= month
    drafts, mine_month, team_month = session.execute(
        base.join(Marking, Marking.attempt_id == Work.attempt_id).with_only_columns(
            _works(and_(mine, Marking.done_at.is_(None))), _works(and_(mine, done)), _works(done)
        )
    ).one()
    return Load(waiting, late, drafts, mine_month, team_month)


def waiting(session: Session, person_id: int, context_id: int | None = None) -> int:
    """How many works wait to be marked in a course of that person, or in all."""
    query = select(func.count()).select_from(Work).join(Work.attempt).join(Attempt.enrolment)
    waits = Work.state.in_(("marking", "reconciling"))
    return session.scalar(query.where(judges(person_id, context_id), waits)) or 0


def open_appeals(session: Session, person_id: int) -> Sequence[Appeal]:
    """The appeals waiting for an answer in the courses of that person, the first one first."""
    query = select(Appeal).join(Appeal.attempt).join(Attempt.enrolment).join(Enrolment.person)
    shown = contains_eager(Appeal.attempt).contains_eager(Attempt.enrolment).contains_eager(Enrolment.person)
    wanted = query.options(shown).where(judges(person_id), Appeal.state == "open")
    return session.scalars(wanted.order_by(Appeal.asked_at, Appeal.id)).all()


def courses(session: Session, person_id: int) -> list[tuple[int, str]]:
    """(number, title) of the courses that person trains."""
    query = trained(person_id)
    return [(row.id, row.title or row.label) for row in session.scalars(query)]


def _works(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, Work.attempt_id)).distinct())


def _marked(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Marking.attempt_id == Work.attempt_id, *conditions)


def _shown(person_id: int, show: Show) -> ColumnElement[bool]:
    """What each way of narrowing the list keeps."""
    mine, draft = Marking.marker_id == person_id, Marking.done_at.is_(None)
    marked_by_me, part = _marked(mine, Marking.part.in_(("first", "second"))), Marking.part
    free = or_(
        and_(
            Work.state == "marking", ~marked_by_me,
            or_(~_marked(part == "first"), and_(Work.markers == 2, ~_marked(part == "second"))),
        ),
        and_(Work.state == "reconciling", ~_marked(part == "reconciliation")),
    )  # fmt: skip
    return {
        "todo": or_(free, _marked(mine, draft)),
        "mine": _marked(mine, draft),
        "others": and_(Work.state.in_(("marking", "reconciling")), ~free, ~_marked(mine, draft)),
        "moderation": and_(
            Work.sampled, Work.state == "done", ~_marked(part == "moderation", ~draft),
            ~_marked(mine, part != "moderation"),
        ),
        "done": Work.state == "done",
    }[show]  # fmt: skip
