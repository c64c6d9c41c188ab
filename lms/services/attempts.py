"""Being assessed: an attempt is drawn, answered, submitted once; its consequences share the transaction."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, cast

from sqlalchemy import CursorResult, and_, select, update
from sqlalchemy.orm import Session, contains_eager

from assessments.clock import ON_ITS_WAY, is_over, is_up, minutes_allowed
from assessments.draw import first_form, redraw, with_other_forms
from assessments.model import Missing, Response
from assessments.registry import question_types
from assessments.works import latest_day
from curricula.model import Module, Track
from lms.models import Attempt, Enrolment, Exemption, Sitting, utcnow
from lms.models.secrets import new_token
from lms.models.upsert import insert_or_find
from lms.services import accommodations, pauses
from lms.services.answers import responses, stored_question
from lms.services.exposure import over_exposed
from lms.services.gradings import graded, record
from lms.services.outbox import promise
from lms.services.results import after_result


class AttemptRefused(Exception):
    """What was asked of an attempt cannot be done. ``reason`` is a stable key.

    ``no_more`` attempts are spent · ``too_soon`` before ``opens_at`` · ``passed`` nothing left to pass ·
    ``unavailable`` no assessment here · ``locked`` other modules are to be passed first · ``waiting`` for a person to
    mark what was handed in · ``incomplete`` a work lacks something to be handed in (``lacking``) · ``supervised`` it
    begins at a sitting.
    """

    def __init__(self, reason: str, opens_at: datetime | None = None) -> None:
        super().__init__(reason)
        self.reason, self.opens_at = reason, opens_at


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with a module's assessment. ``left`` is None when attempts are unlimited.

    ``best`` is the best score of the attempts, or that of the placement test where it exempts from the module.
    """

    attempts: Sequence[Attempt]
    open: Attempt | None
    best: Fraction | None
    passed: bool
    left: int | None
    opens_at: datetime | None
    #: Whether a person has still to mark what was handed in.
    waiting: bool = False

    def refusal(self, now: datetime) -> str | None:
        """Why a new attempt may not begin now; None when it may."""
        if self.passed:
            return "passed"
        if self.waiting:
            return "waiting"
        if self.left == 0:
            return "no_more"
        return "too_soon" if self.opens_at and now < self.opens_at else None


def standing(session: Session, row: Enrolment, module: Module, since: datetime | None = None) -> Standing:
    """Every attempt of the learner at the module, and what follows from them; one query.

    With ``since``, from those submitted after it alone: a refresher is passed again.
    """
    if module.quiz is None:
        raise AttemptRefused("unavailable")
    mine = and_(Attempt.enrolment_id == Enrolment.id, Attempt.module_key == module.key)
    spared = and_(Exemption.enrolment_id == Enrolment.id, Exemption.module_key == module.key)
    query = (
        select(Attempt, Exemption.score).select_from(Enrolment).outerjoin(Attempt, mine).outerjoin(Exemption, spared)
    )
    rows = session.execute(query.where(Enrolment.id == row.id).order_by(Attempt.number)).all()
    attempts = [attempt for attempt, _exempt in rows if attempt is not None]
    done = [attempt for attempt in attempts if attempt.submitted_at is not None]
    done = [attempt for attempt in done if since is None or (attempt.submitted_at and attempt.submitted_at > since)]
    scores = [attempt.score for attempt in done if attempt.score is not None]
    scores += [exempt for _attempt, exempt in rows[:1] if exempt is not None and since is None]
    best = max(scores) if scores else None
    last = max((attempt.submitted_at for attempt in done if attempt.submitted_at), default=None)
    wait = timedelta(minutes=module.quiz.cooldown_minutes)
    return Standing(
        attempts=attempts,
        open=next((attempt for attempt in attempts if attempt.submitted_at is None), None),
        best=best,
        passed=best is not None and best >= module.quiz.threshold,
        left=max(0, module.quiz.attempts - len(done)) if module.quiz.attempts else None,
        opens_at=last + wait if last and wait else None,
        waiting=any(attempt.score is None for attempt in done),
    )


def start(
    session: Session,
    row: Enrolment,
    module: Module,
    *,
    locked: bool = False,
    sitting: Sitting | None = None,
    since: datetime | None = None,
    now: datetime | None = None,
) -> Attempt:
    """The open attempt, or a new one unless the module is ``locked``. Raises ``AttemptRefused``.

    A double click makes one attempt. A supervised one begins at a ``sitting``; whoever begins has their whole time.
    ``since``: see ``standing``.
    """
    stand = standing(session, row, module, since)
    if stand.open is not None:
        return stand.open
    now = now or utcnow()
    refusal = "locked" if locked else stand.refusal(now)
    if refusal:
        raise AttemptRefused(refusal, stand.opens_at)
    assert module.quiz is not None
    if module.quiz.supervised and sitting is None:
        raise AttemptRefused("supervised")
    own = accommodations.granted(session, row.person_id, now)
    seed = new_token()[:32]
    put_last = _put_last(session, row, module, stand.attempts, seed)
    drawn = redraw(module, seed, put_last)
    if own.other_forms:
        drawn = with_other_forms(drawn, module.questions, seed)
    minutes = minutes_allowed(module.quiz.minutes, own.extra_time)
    values = {
        "id": uuid.uuid4(),
        "seed": seed,
        "questions": [stored_question(item) for item in drawn],
        "put_last": put_last,
        "track_version": row.track_version,
        "track_digest": row.track_digest,
        "started_at": now,
        "minutes": minutes,
        "pauses": module.quiz.pauses + own.pauses if minutes else 0,
        # Without minutes of its own, it ends with its sitting.
        "due_at": now + timedelta(minutes=minutes) if minutes else sitting.closes_at if sitting else None,
        "sitting_id": sitting.id if sitting else None,
    }
    identity = {"enrolment_id": row.id, "module_key": module.key, "number": len(stand.attempts) + 1}
    row.started_at = row.started_at or now
    row.last_at = now
    return insert_or_find(session, Attempt, identity, values)


def _put_last(session: Session, row: Enrolment, module: Module, before: Sequence[Attempt], seed: str) -> dict[str, Any]:
    """What the draw of a new attempt puts last, and the parallel form after that of the attempt before."""
    assert module.quiz is not None
    forms = module.quiz.forms
    put_last: dict[str, Any] = {
        "seen": sorted({item["key"] for attempt in before for item in attempt.questions}),
        "exposed": over_exposed(session, row.track_key, module),
    }
    if forms > 1:
        last = before[-1].put_last.get("form") if before else None
        put_last["form"] = int(last) % forms + 1 if last else first_form(seed, forms)
    return put_last


def owned(session: Session, attempt_id: uuid.UUID, person_id: int) -> Attempt | None:
    """The attempt of that id if it is that person's, with its enrolment; one query."""
    query = select(Attempt).join(Attempt.enrolment).options(contains_eager(Attempt.enrolment))
    return session.scalars(query.where(Attempt.id == attempt_id, Enrolment.person_id == person_id)).first()


def running(session: Session, row: Enrolment, now: datetime) -> Attempt | None:
    """The open attempt whose time runs, the first to end of several; one query."""
    query = select(Attempt).filter_by(enrolment_id=row.id, submitted_at=None).where(Attempt.due_at > now)
    return session.scalars(query.order_by(Attempt.due_at).limit(1)).first()


def submit(session: Session, attempt: Attempt, track: Track, module: Module, now: datetime | None = None) -> Attempt:
    """Close and grade an attempt, record what follows, promise scores and certificate: one transaction.

    Submitted twice, the first result stands. When its time is over, it is closed as it stood when the time was up.
    Raises ``AttemptRefused`` when the module has no assessment, or while a work lacks something and time is left.
    """
    if module.quiz is None:
        raise AttemptRefused("unavailable")
    now = now or utcnow()
    # Taking the row first makes concurrent submissions wait, then see it closed.
    query = update(Attempt).where(Attempt.id == attempt.id, Attempt.submitted_at.is_(None))
    taken = cast("CursorResult[Any]", session.execute(query.values(seed=Attempt.seed)))
    if taken.rowcount == 0:
        session.refresh(attempt)
        return attempt
    if attempt.pauses:
        pauses.end(session, attempt, now)
    given = responses(session, attempt.id)
    if lacking(attempt, module, given, now) and not is_up(attempt.due_at, now):
        raise AttemptRefused("incomplete")
    attempt.timed_out = is_over(attempt.due_at, now)
    attempt.submitted_at = attempt.due_at if attempt.timed_out else now
    record(session, attempt, module, graded(attempt, module, given), given, now, cause="submitted")
    # Locked before what follows is counted: of two modules finished at once, the last one sees both results.
    row = session.get_one(Enrolment, attempt.enrolment_id, populate_existing=True, with_for_update=True)
    row.last_at = now
    after_result(session, row, track, now)
    session.flush()
    return attempt


def lacking(
    attempt: Attempt, module: Module, given: Mapping[str, Response], now: datetime
) -> dict[str, tuple[Missing, ...]]:
    """What the works of an attempt lack to be handed in, by question; those that lack nothing are left out."""
    found: dict[str, tuple[Missing, ...]] = {}
    for item in attempt.questions:
        question = module.question(item["key"])
        if question is not None:
            missing = question_types()[question.type].missing(question, given.get(question.key, {}), latest_day(now))
            found |= {question.key: missing} if missing else {}
    return found


def overdue(session: Session, now: datetime, limit: int = 500) -> list[uuid.UUID]:
    """The attempts whose time is over and that nobody closed yet, the oldest first; one query."""
    query = select(Attempt.id).where(Attempt.submitted_at.is_(None), Attempt.due_at < now - ON_ITS_WAY)
    return list(session.scalars(query.order_by(Attempt.due_at).limit(limit)))


def promise_closing(session: Session, now: datetime) -> None:
    """Promise that they be closed, once however many workers ask; one query when there is none."""
    if overdue(session, now, 1):
        promise(session, "close_attempts", "all", {})


def close_if_over(session: Session, attempt: Attempt, track: Track, module: Module, now: datetime) -> bool:
    """Close an attempt whose time is over, with what was saved; whether it was closed now."""
    if attempt.submitted_at is not None or not is_over(attempt.due_at, now):
        return False
    submit(session, attempt, track, module, now)
    return attempt.timed_out
