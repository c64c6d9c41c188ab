"""Whether the deployment works: workers are there, nothing is stuck, keys sign, tracks are published."""

from datetime import timedelta

from cryptography.fernet import InvalidToken
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from curricula.registry import discover
from lms.config import Config
from lms.doctor.database import UPGRADE
from lms.doctor.finding import Finding
from lms.i18n import COUNTED
from lms.lti.keys import ToolKeys
from lms.models import OutboxJob, Platform, TrackRevision, utcnow
from lms.services import deliveries, workers

#: A worker says that it is there each minute, between two jobs; the longest take some.
SILENT = timedelta(minutes=10)
#: A delivery that no worker took for so long after its time is stuck.
LATE = timedelta(minutes=10)
#: The worker replaces LTI keys once an hour.
KEY_LATE = timedelta(days=1)

START = "Start one where the keys of certificates are: lms worker. If one runs, read its log: journalctl, or the pod's."


def worker(session: Session) -> Finding:
    """A worker was seen lately."""
    seen = workers.life(session, utcnow()).seen_at
    if seen is None:
        return Finding("worker", "bad", "No worker has run lately, if one ever did.", START)
    age = utcnow() - seen
    if age > SILENT:
        return Finding("worker", "bad", f"No worker has been seen for {_long(age)}.", START)
    return Finding("worker", "ok", f"A worker was seen {max(int(age.total_seconds()), 0)} s ago.")


def outbox(session: Session) -> Finding:
    """Nothing that is due waits for long, and nothing gave up."""
    now = utcnow()
    quiet = select(Platform.id).where(Platform.quiet_until > now)
    late = (
        select(func.count(), func.min(OutboxJob.due_at))
        .where(OutboxJob.status == "pending", OutboxJob.due_at < now - LATE)
        .where(or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < now))
        .where(or_(OutboxJob.platform_id.is_(None), OutboxJob.platform_id.not_in(quiet)))
    )
    count, oldest = session.execute(late).one()
    if count:
        return Finding(
            "outbox", "bad", f"Jobs that no worker takes: {count}, the oldest for {_long(now - oldest)}.",
            "Start more workers (lms worker), on this release, and read their log.",
        )  # fmt: skip
    failed = deliveries.counts(session).get("failed", 0)
    if failed:
        many = f"more than {COUNTED}" if failed > COUNTED else str(failed)
        return Finding(
            "outbox", "warn", f"Jobs that gave up and wait for an administrator: {many}.",
            "Open Administration › Deliveries: it names the cause of each, and tries them again.",
        )  # fmt: skip
    return Finding("outbox", "ok", "No job is late, and none gave up.")


def lti_key(session: Session, keys: ToolKeys, life: timedelta) -> Finding:
    """LTI messages can be signed, with a key that is replaced in time."""
    current = keys.current(session)
    if current is None:
        return Finding("lti_key", "bad", "No key signs LTI messages.", UPGRADE)
    try:
        keys.signing(session)
    except (InvalidToken, ValueError):
        return Finding(
            "lti_key", "bad", f"LMS_SECRET_KEY does not open {current.kid}: the database was made with another one.",
            "Give every process the LMS_SECRET_KEY of the first start, or the one that replaced it since "
            "(lms secret-key). If it is lost, make new keys: "
            f"lms keys revoke {current.kid}, and docs/keys.md for those of certificates.",
        )  # fmt: skip
    age = utcnow() - current.signs_from
    if age > life + KEY_LATE:
        return Finding(
            "lti_key", "bad", f"{current.kid} has signed for {age.days} days, LMS_LTI_KEY_DAYS allow {life.days}.",
            "A worker replaces it: start one. At once: lms keys rotate",
        )  # fmt: skip
    return Finding("lti_key", "ok", f"{current.kid} signs LTI messages, since {max(age.days, 0)} days.")


def tracks(session: Session, config: Config) -> Finding:
    """Every track of the release is published."""
    published = set(session.scalars(select(TrackRevision.track_key).distinct()))
    lacking = [folder.name for folder in discover(config.tracks_dir) if folder.name not in published]
    if lacking:
        said = f"Tracks of LMS_TRACKS_DIR that are not published: {', '.join(lacking)}."
        return Finding("tracks", "bad", said, UPGRADE)
    return Finding("tracks", "ok", f"Tracks published: {len(published)}.")


def _long(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{age.days} days"
