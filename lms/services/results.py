"""What a new result brings about: completion, the score for the LMS, what it earns."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from curricula.model import Track
from curricula.progress import TrackProgress
from lms.models import Certificate, Enrolment, Participation, Person, ResourceLink
from lms.services import events
from lms.services.awards import promise_earned
from lms.services.figures import touch
from lms.services.learning import track_progress
from lms.services.library import Library
from lms.services.outbox import promise_all


def best_scores(state: TrackProgress) -> dict[str, Fraction]:
    """Best score by module key, for the modules that were tried."""
    return {step.module.key: step.best for step in state.modules if step.best is not None}


def after_result(session: Session, row: Enrolment, track: Track, now: datetime) -> None:
    """Record completion and promise what follows, in the transaction of the result itself."""
    state = track_progress(session, row, track)
    if state.completed and row.completed_at is None:
        row.completed_at = now
        events.completed(session, row, now)
    touch(session, person_id=row.person_id)
    promise_scores(session, row.person_id, track)
    promise_earned(session, row.person_id, Library(session), track.key, [track])


def promise_scores(session: Session, person_id: int, track: Track, link_id: int | None = None) -> None:
    """Promise the current score to every gradebook column the learner came through.

    With ``link_id`` to that link's alone, which is told again: its column is new to this learner, or new altogether.
    A link whose column is still to be found or made counts too.
    """
    query = (
        select(Participation.id, Person.platform_id)
        .join(Person, Person.id == Participation.person_id)
        .join(ResourceLink, ResourceLink.id == Participation.resource_link_id)
        .where(Participation.person_id == person_id)
        .where(or_(ResourceLink.lineitem_url.is_not(None), ResourceLink.lineitems_url.is_not(None)))
        .where(or_(ResourceLink.track_key == track.key, ResourceLink.track_key.is_(None)))
    )
    if link_id is not None:
        query = query.where(ResourceLink.id == link_id)
    found = session.execute(query).all()
    if link_id is not None:
        tell_again(session, [row.id for row in found])
    if found:  # one person is of one platform
        promise_score(session, [row.id for row in found], found[0].platform_id)


def promise_score(session: Session, participations: Sequence[int], platform_id: int | None) -> None:
    """Promise the current score of these participations of one platform."""
    jobs = {f"participation:{number}": {"participation_id": number} for number in participations}
    promise_all(session, "send_score", jobs, platform_id)


def tell_again(session: Session, participations: Sequence[int] | Select[Any]) -> None:
    """Forget that columns were told these scores, not when: the next ones are sent whatever was, and later."""
    told = update(Participation).where(Participation.id.in_(participations), Participation.score_sent.is_not(None))
    session.execute(told.values(score_sent=None).execution_options(synchronize_session=False))


def gradebook_score(state: TrackProgress, module_key: str | None) -> tuple[Fraction | None, bool]:
    """(score between 0 and 1 or None when nothing was submitted, whether the activity is complete).

    A link to a module carries its best score; a link to a track the mean over ``gradebook_modules``, an untried
    module counting for nothing.
    """
    if module_key is not None:
        step = next((step for step in state.modules if step.module.key == module_key), None)
        return (step.best, step.state == "passed") if step else (None, False)
    wanted = gradebook_modules(state, None)
    best = best_scores(state)
    if not any(key in best for key in wanted):
        return None, False
    mean = sum((best.get(key, Fraction(0)) for key in wanted), Fraction(0)) / len(wanted)
    return mean, state.completed


def gradebook_modules(state: TrackProgress, module_key: str | None) -> tuple[str, ...]:
    """The modules a link's score is made of: its own, or those the certificate asks for (all that count without one).

    Where it asks for a branch too, they are those of the branch furthest on.
    """
    if module_key is not None:
        return (module_key,)
    rule = state.track.certificate
    if rule is None:
        return tuple(step.module.key for step in state.counted)
    branch = (step.module.key for step in state.counted if rule.branches and step.module.branch)
    return tuple(dict.fromkeys([*rule.modules, *branch]))


def issued_certificate(session: Session, person_id: int, award_key: str) -> Certificate | None:
    """The certificate of that award the person holds, the last cycle first."""
    query = select(Certificate).filter_by(person_id=person_id, award_key=award_key)
    return session.scalars(query.order_by(Certificate.cycle.desc(), Certificate.edition.desc())).first()
