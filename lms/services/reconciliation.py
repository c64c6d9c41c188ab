"""What gradebooks show beside what they were sent: compared each day, shown to administrators, deciding nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import String, cast, literal, or_, select
from sqlalchemy.orm import Session

from lms.lti.grades import NEAR, RESULT_SCOPE
from lms.models import Context, Deployment, OutboxJob, Participation, Platform, ResourceLink, utcnow
from lms.services.outbox import promise
from lms.services.results import promise_score, tell_again

#: A column is compared this often, and as long as a score went there within this time.
EVERY, LATELY = timedelta(days=1), timedelta(days=30)


@dataclass(frozen=True)
class Column:
    """A gradebook column an administrator should look at: grades that differ, or several columns for one link."""

    link_id: int
    title: str
    course: str
    platform: str
    differing: int
    note: str | None
    reconciled_at: datetime | None


def differs(sent: Fraction | None, seen: Fraction | None) -> bool:
    """Whether a gradebook shows something else than it was sent; Moodle shows no grade of 0."""
    return sent is not None and abs((seen or Fraction(0)) - sent) >= NEAR


def promise_comparisons(session: Session, every: timedelta | None = EVERY, own: int | None = None) -> int:
    """Promise to compare the columns in use not compared for so long (None: all of them); gives how many.

    Those already promised, or whose comparison failed, are left as they are.
    """
    now = utcnow()
    lately = select(Participation.id).where(
        Participation.resource_link_id == ResourceLink.id, Participation.score_sent_at > now - LATELY
    )
    asked = select(OutboxJob.id).where(
        OutboxJob.kind == "reconcile_scores",
        OutboxJob.key == literal("link:") + cast(ResourceLink.id, String),
        OutboxJob.status != "done",
    )
    query = (
        select(ResourceLink.id, ResourceLink.ags_scopes, Deployment.platform_id)
        .join(Context, Context.id == ResourceLink.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(ResourceLink.lineitem_url.is_not(None), lately.exists(), ~asked.exists())
    )
    if every is not None:
        query = query.where(or_(ResourceLink.reconciled_at.is_(None), ResourceLink.reconciled_at < now - every))
    if own is not None:
        query = query.where(Deployment.platform_id == own)
    found = [row for row in session.execute(query).all() if RESULT_SCOPE in row.ags_scopes]
    for link_id, _scopes, platform_id in found:
        promise_comparison(session, link_id, platform_id)
    return len(found)


def promise_comparison(session: Session, link_id: int, platform_id: int) -> None:
    """Promise to compare one column."""
    promise(session, "reconcile_scores", f"link:{link_id}", {"link_id": link_id}, platform_id=platform_id)


def columns_to_see(session: Session, platform_id: int | None = None, limit: int = 50) -> Sequence[Column]:
    """Columns whose grades differ from what was sent, or of which there are several; the most different first."""
    query = (
        select(
            ResourceLink.id, ResourceLink.title, Context.title, Platform.name, ResourceLink.differing,
            ResourceLink.column_note, ResourceLink.reconciled_at,
        )
        .join(Context, Context.id == ResourceLink.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(or_(ResourceLink.differing > 0, ResourceLink.column_note.is_not(None)))
        .order_by(ResourceLink.differing.desc(), ResourceLink.id)
        .limit(limit)
    )  # fmt: skip
    if platform_id is not None:
        query = query.where(Platform.id == platform_id)
    return [Column(*row) for row in session.execute(query)]


def different(session: Session, link_id: int) -> list[int]:
    """Participations of a link whose grade differed from the score sent at the last comparison."""
    query = select(Participation.id, Participation.score_sent, Participation.result_seen).where(
        Participation.resource_link_id == link_id, Participation.result_seen_at.is_not(None)
    )
    return [number for number, sent, seen in session.execute(query) if differs(sent, seen)]


def send_again(session: Session, link_id: int, own: int | None = None) -> int | None:
    """Promise the scores of a link that differ, then a new comparison; gives how many.

    None without such a link, or when it is of another platform than ``own``, if given.
    """
    query = select(Deployment.platform_id).join_from(ResourceLink, Context).join(Deployment)
    platform_id = session.scalar(query.where(ResourceLink.id == link_id))
    if platform_id is None or own not in {None, platform_id}:
        return None
    numbers = different(session, link_id)
    tell_again(session, numbers)
    promise_score(session, numbers, platform_id)
    promise_comparison(session, link_id, platform_id)
    return len(numbers)
