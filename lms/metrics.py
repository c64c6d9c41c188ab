"""Figures for whoever operates the service, in Prometheus's format; none is about a person.

What web processes count, those of one ``lms serve`` share through the folder named by ``PROMETHEUS_MULTIPROC_DIR``
(``lms serve`` makes one): whichever of them answers says the figures of all, and figures of several ``lms serve`` add
up. The rest is read when it is asked for, from the database (``lms.metrics_of_database``): the same wherever it is
asked, it must not be added up.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from lms.antivirus import OUTCOMES, Antivirus
from lms.config import Config
from lms.counting import Counts
from lms.lti.keys import ToolKeys
from lms.metrics_of_database import figures
from lms.models.pooling import let_go
from lms.replica import Replica

#: Upper bounds of the classes of durations, in seconds: a page is felt to lag after a tenth, to be broken after ten.
DURATIONS = (0.025, 0.1, 0.25, 0.5, 1, 2.5, 10)

_OURS = CollectorRegistry()
disable_created_metrics()  # type: ignore[no-untyped-call]  # as where processes share: no moment of birth beside each
#: The causes of ``LtiError`` are keys of the code, so that labels stay few whatever is sent.
MESSAGES = Counter("mpia_lti_messages", "LTI messages accepted, by kind.", ["kind"], registry=_OURS)
REFUSALS = Counter("mpia_lti_refusals", "Logins and LTI messages refused, by cause.", ["cause"], registry=_OURS)
REQUESTS = Counter(
    "mpia_http_requests", "Requests answered, by name of route and class of status.", ["route", "status"],
    registry=_OURS,
)  # fmt: skip
TIMES = Histogram(
    "mpia_http_request_seconds", "How long requests took, until the first byte of the answer, by name of route.",
    ["route"], registry=_OURS, buckets=DURATIONS,
)  # fmt: skip
EXPORTS = Counter("mpia_exports", "Files that HR took out on pages.", ["report", "format"], registry=_OURS)
WAITING = Gauge(
    "mpia_http_waiting", "Requests that are here whole and wait until their web process can work on them.",
    registry=_OURS, multiprocess_mode="livesum",
)  # fmt: skip
FILES = Counter(
    "mpia_files_examined", "Files that people sent, by what the antivirus said.", ["outcome"], registry=_OURS
)
HELD = Counter(
    "mpia_passwords_held", "Times that too many wrong passwords began a wait, by whose browsers.", ["browsers"],
    registry=_OURS,
)  # fmt: skip
# What alerts wait for begins at 0, so that the first one is seen to rise.
for _counter, _labels in ((FILES, OUTCOMES), (HELD, ("browser", "others"))):
    for _label in _labels:
        _counter.labels(_label)
#: Of the process that uses the most: an exhausted pool does not hide behind the others.
IN_USE = Gauge(
    "mpia_db_pool_in_use", "Database connections in use in the web process that uses the most.", registry=_OURS,
    multiprocess_mode="livemax",
)  # fmt: skip
LIMIT = Gauge(
    "mpia_db_pool_limit", "Database connections that one web process may open.", registry=_OURS,
    multiprocess_mode="livemax",
)  # fmt: skip


def accepted(kind: str) -> None:
    """Count a message accepted: the name of its class in ``lms.lti.model``."""
    MESSAGES.labels(kind).inc()


def refused(cause: str) -> None:
    """Count a login or a message refused: the cause of its ``LtiError``."""
    REFUSALS.labels(cause).inc()


def answered(route: str, status: int, seconds: float) -> None:
    """Count a request: the name of its route in the code, never its path."""
    REQUESTS.labels(route, f"{status // 100}xx").inc()
    TIMES.labels(route).observe(seconds)


def exported(report: str, form: str) -> None:
    """Count a file that leaves: the keys of its report and of its format."""
    EXPORTS.labels(report, form).inc()


def examined(outcome: str) -> None:
    """Count a file shown to the antivirus: one of ``lms.antivirus.OUTCOMES``."""
    FILES.labels(outcome).inc()


def held(browsers: str) -> None:
    """Count a wait that begins: of a ``browser`` known to the account, or of all the ``others``."""
    HELD.labels(browsers).inc()


def watch(engine: Engine) -> None:
    """Count the connections in use of that engine, this process's."""
    pool = engine.pool
    if isinstance(pool, QueuePool):
        LIMIT.set(pool.size() + max(pool._max_overflow, 0))  # noqa: SLF001 - said nowhere else
    IN_USE.set(0)

    def taken(_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        record.info["counted"] = True
        IN_USE.inc()

    def given_back(_connection: Any, record: ConnectionPoolEntry) -> None:
        # One that could not be had is given back without having been counted.
        if record.info.pop("counted", False):
            IN_USE.dec()

    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", given_back)


def exposition(
    session: Session, keys: ToolKeys, config: Config, counts: Counts, replica: Replica | None,
    antivirus: Antivirus | None,
) -> bytes:  # fmt: skip
    """Every figure: of the web processes, of this machine's disk, of the database where it answers and its company."""
    registry, folder = _OURS, os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        _bury(folder)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    counted = generate_latest(registry)
    try:
        read = [*figures(session, keys, config)]
    except SQLAlchemyError:
        let_go(session)
        read = []
    up = GaugeMetricFamily("mpia_database_up", "1 when the database answered, 0 when it did not.", bool(read))
    return counted + generate_latest(_Only([up, *_beside(counts, replica, antivirus), *_disk(config.data_dir), *read]))


def _beside(counts: Counts, replica: Replica | None, antivirus: Antivirus | None) -> Iterator[Metric]:
    """What stands beside the database, as seen from this process now; 0 where there is none."""
    said = "1 when the server of LMS_CACHE_URL did not answer: each web process counts limits for itself."
    yield GaugeMetricFamily("mpia_cache_away", said, counts.away())
    said = "1 when the antivirus of LMS_ANTIVIRUS_URL did not answer: files that people send are refused."
    yield GaugeMetricFamily("mpia_antivirus_away", said, antivirus is not None and antivirus.away())
    near = replica is None or replica.near()
    said = "1 when reports are read in the database, for the replica of LMS_REPLICA_URL is away or late."
    yield GaugeMetricFamily("mpia_replica_away", said, not near)
    late = 0.0 if replica is None else replica.late
    yield GaugeMetricFamily("mpia_replica_lag_seconds", "How late the replica is, as far as is known.", late)


def _disk(folder: Path) -> Iterator[Metric]:
    """Room on the disk of the data directory, of the machine that answers."""
    with suppress(OSError):
        room = shutil.disk_usage(folder)
        yield GaugeMetricFamily("mpia_disk_free_bytes", "Room left on the disk of the data directory.", room.free)
        yield GaugeMetricFamily("mpia_disk_size_bytes", "Size of the disk of the data directory.", room.total)


def _bury(folder: str) -> None:
    """Forget what dead processes had in use; what they counted stays counted."""
    for path in Path(folder).glob("gauge_live*_*.db"):
        process_id = int(path.stem.rpartition("_")[2])
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):  # another process does the same at this moment
                mark_process_dead(process_id, folder)  # type: ignore[no-untyped-call]
        except PermissionError:
            pass  # it lives, as somebody else


class _Only(CollectorRegistry, Collector):
    """A registry of some figures, read beforehand."""

    def __init__(self, known: list[Metric]) -> None:
        super().__init__()
        self._known = known

    def collect(self) -> Iterator[Metric]:
        yield from self._known
