"""Figures that the database holds, read at each scrape: jobs, workers, certificates, exports, platforms, our keys."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate
from pkgutil import iter_modules

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

import lms.jobs
from certificates.sign.did import seal_in_use
from certificates.sign.seals import life
from lms.config import Config
from lms.lti.keys import ToolKeys
from lms.models import Certificate, ExportRun, OutboxJob, Platform, utcnow
from lms.models.exporting import RUN_STATES
from lms.services import workers
from lms.services.connections import worst
from lms.services.verification import did_document

#: Every kind of job of this release: one that nothing waits for says 0.
KINDS = sorted(each.name for each in iter_modules(lms.jobs.__path__))


def figures(session: Session, keys: ToolKeys, config: Config) -> Iterator[Metric]:
    """Each figure with what it means; a dozen queries, each on an index. ``SQLAlchemyError`` when none answers."""
    now = utcnow()
    yield from _waiting(session, now)
    yield from _ended(session)
    yield from _workers(session, now)
    certificates = session.scalar(select(func.count()).select_from(Certificate))
    yield CounterMetricFamily("mpia_certificates", "Certificates issued, corrected editions included.", certificates)
    runs = GaugeMetricFamily("mpia_export_runs", "Exports that workers make, of the last year.", labels=["state"])
    states = dict(session.execute(select(ExportRun.state, func.count()).group_by(ExportRun.state)).tuples().all())
    for state in RUN_STATES:
        runs.add_metric([state], states.get(state, 0))
    yield runs
    yield from _platforms(session)
    key = keys.current(session)
    age = "How long the key that signs LTI messages has signed."
    yield GaugeMetricFamily("mpia_lti_key_age_seconds", age, _age(key.signs_from if key else None, now))
    life = "How long a key signs before the next one does (LMS_LTI_KEY_DAYS)."
    yield GaugeMetricFamily("mpia_lti_key_life_seconds", life, config.lti_key_days * 86_400)
    yield from _seal(session, config, now)


def _waiting(session: Session, now: datetime) -> Iterator[Metric]:
    quiet = select(Platform.id).where(Platform.quiet_until > now)
    # What a worker could have taken (``claiming.claim_many``): not what one has, nor what a platform holds back.
    takable = (
        (OutboxJob.status == "pending")
        & (OutboxJob.due_at <= now)
        & or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < now)
        & or_(OutboxJob.platform_id.is_(None), OutboxJob.platform_id.not_in(quiet))
    )
    query = select(
        OutboxJob.kind, OutboxJob.status, func.count(), func.min(OutboxJob.due_at).filter(takable)
    ).where(OutboxJob.status.in_(("pending", "failed")))  # fmt: skip
    jobs = GaugeMetricFamily("mpia_outbox_jobs", "Jobs that wait or gave up.", labels=["kind", "state"])
    late = GaugeMetricFamily(
        "mpia_outbox_late_seconds", "For how long the oldest job could have been taken by a worker.", labels=["kind"]
    )
    numbers: dict[tuple[str, str], int] = {}
    since: dict[str, datetime | None] = dict.fromkeys(KINDS)
    for kind, status, number, first in session.execute(query.group_by(OutboxJob.kind, OutboxJob.status)):
        numbers[kind, status] = number
        since[kind] = first or since.get(kind)
    for kind in sorted(since):
        for state in ("pending", "failed"):
            jobs.add_metric([kind, state], numbers.get((kind, state), 0))
        late.add_metric([kind], _age(since[kind], now))
    yield jobs
    yield late


def _ended(session: Session) -> Iterator[Metric]:
    outcomes: defaultdict[tuple[str, str], int] = defaultdict(int)
    times: dict[str, list[int]] = {}
    sums: defaultdict[str, float] = defaultdict(float)
    for (kind, outcome, bucket), (jobs, seconds) in workers.tallied(session).items():
        outcomes[kind, outcome] += jobs
        sums[kind] += seconds
        times.setdefault(kind, [0] * (len(workers.BUCKETS) + 1))[bucket] += jobs
    ended = CounterMetricFamily(
        "mpia_jobs", "Jobs by what became of them: done, again, waits or failed; all workers.",
        labels=["kind", "outcome"],
    )  # fmt: skip
    for kind in sorted({*KINDS, *times}):
        for outcome in ("done", "again", "waits", "failed"):
            ended.add_metric([kind, outcome], outcomes[kind, outcome])
    yield ended
    took = HistogramMetricFamily("mpia_job_seconds", "How long jobs took, their share of a batch.", labels=["kind"])
    bounds = [*map(str, workers.BUCKETS), "+Inf"]
    for kind, counts in sorted(times.items()):
        cumulated = list(zip(bounds, map(float, accumulate(counts)), strict=True))
        took.add_metric([kind], cumulated, sums[kind])
    yield took


def _workers(session: Session, now: datetime) -> Iterator[Metric]:
    life = workers.life(session, now)
    yield GaugeMetricFamily("mpia_workers", "Workers that gave a sign of life in the last two minutes.", life.alive)
    if life.seen_at is not None:
        yield GaugeMetricFamily(
            "mpia_worker_seen_seconds", "Since when no worker has given a sign of life.", _age(life.seen_at, now)
        )


def _platforms(session: Session) -> Iterator[Metric]:
    rows = session.scalars(select(Platform)).all()
    platforms = GaugeMetricFamily("mpia_platforms", "Platforms by state.", labels=["state"])
    states = [_state(row) for row in rows]
    for state in ("active", "failing", "suspended"):
        platforms.add_metric([state], states.count(state))
    yield platforms
    silent = sum(row.silent_since is not None for row in rows)
    yield GaugeMetricFamily("mpia_platforms_silent", "Platforms whose services do not answer at this moment.", silent)


def _state(row: Platform) -> str:
    return "suspended" if row.status == "suspended" else "failing" if worst(row) == "bad" else "active"


def _seal(session: Session, config: Config, now: datetime) -> Iterator[Metric]:
    # What workers published: the keys themselves are not where figures are read.
    document = did_document(session, config.base_url)
    if document and (chain := seal_in_use(document)):
        left = "How long the certificates of the seal that signs are valid yet; below 0 since they ended."
        yield GaugeMetricFamily("mpia_seal_left_seconds", left, (life(chain)[1] - now).total_seconds())


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
