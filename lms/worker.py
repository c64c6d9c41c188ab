"""The worker: does what the outbox promises, and what comes round on schedule."""

import signal
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import cast
from uuid import uuid4

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import lms.jobs
from lms import request_ids
from lms.database_errors import trouble
from lms.jobs import Batch, Job, Tools
from lms.lti import state
from lms.lti.client import ServiceClient
from lms.lti.keys import ToolKeys
from lms.models import db, utcnow
from lms.models.clock import surely_now
from lms.models.pooling import limit_statements
from lms.oidc import state as sign_ins
from lms.plugins import discover
from lms.services import (
    api_clients,
    attempts,
    authority,
    bank_files,
    ceremonies,
    certificate_words,
    chain,
    chain_check,
    claiming,
    closings,
    connections,
    counted_days,
    deep_links,
    exporting,
    figures,
    guessing,
    import_files,
    invitations,
    matching,
    notices,
    performing,
    reconciliation,
    reminders,
    retention,
    rosters,
    sessions,
    wallet,
    webhooks,
    workers,
    xapi,
)
from lms.services.workers import Tally

log = structlog.get_logger()

#: How long an idle worker sleeps before it looks again, in seconds.
IDLE = 1.0
#: How long it leaves a database alone that did not answer, in seconds.
AWAY = 2.0
UPKEEP = timedelta(hours=1)
#: How often attempts whose time is over are looked for.
ROUND = timedelta(seconds=20)
#: How long one of its statements may take, in seconds: as long as the longest lease of a job (``export_report``).
LONGEST = 1800
#: How often new lines of the journal are chained.
CHAINING = timedelta(seconds=5)


class Worker:
    """Runs jobs one after the other, small deliveries by batches. Any number of workers may run beside each other.

    Jobs whose module has a ``LEASE`` are long; those that speak to other programs say ``BESIDE``. Each sort has its
    thread, so that none waits for another.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        config = app.extensions["mpia"]
        self._authority = authority.open_authority(config)
        self._services: ServiceClient = app.extensions["services"]
        self._notices_url = f"{config.base_url}/lti/notices"
        self._match_keys = matching.keys_of(config)
        self._jobs: dict[str, Job | Batch] = discover(lms.jobs, "run")
        self._together: dict[str, int] = discover(lms.jobs, "TOGETHER")
        self._keys: ToolKeys = app.extensions["tool_keys"]
        self._key_life = timedelta(days=config.lti_key_days)
        self._leases: dict[str, timedelta] = discover(lms.jobs, "LEASE")
        self._beside: dict[str, bool] = discover(lms.jobs, "BESIDE")
        self._stop = threading.Event()
        self._name, self._started_at, self._tally = uuid4().hex, utcnow(), Tally()
        #: When each was last done, by a counter that no setting of a clock changes; see ``_due``.
        self._done: dict[str, float] = {}

    def stop(self) -> None:
        """Ask the worker to stop after the job under way."""
        self._stop.set()

    def run(self, idle: float = IDLE) -> None:
        """Work until stopped. Some jobs are done beside the others: no score waits for a roster or a webhook."""
        with ThreadPoolExecutor(2, "jobs-beside") as pool:
            beside = [pool.submit(self._go_on, idle, sort) for sort in (self._leases, self._beside)]
            self._go_on(idle, None)
            for each in beside:
                each.result()
        self._leave()

    def _go_on(self, idle: float, kinds: Collection[str] | None) -> None:
        """Do jobs of those kinds; with None all that are done beside no other, and what comes round."""
        try:
            while not self._stop.is_set():
                try:
                    if kinds is None and self._due("upkeep", UPKEEP):
                        self.upkeep()
                    if kinds is None and self._due("round", ROUND):
                        self.round()
                    if kinds is None and self._due("chain", CHAINING):
                        self.chain()
                    without = () if kinds is not None else (*self._leases, *self._beside)
                    busy = self.work(kinds=kinds, without=without) > 0
                except Exception as error:  # the database is away: what it holds waits, and so does the worker
                    cause = trouble(error)
                    if cause is None and not isinstance(error, DBAPIError):
                        raise
                    log.warning("database_away", cause=cause or type(error).__name__)
                    busy = False
                    self._stop.wait(AWAY)
                if not busy:
                    self._stop.wait(idle)
        finally:
            self._stop.set()  # neither goes on without the other: whoever started the worker starts it again

    def _due(self, what: str, every: timedelta) -> bool:
        return what not in self._done or time.monotonic() - self._done[what] > every.total_seconds()

    def drain(self, timeout: float = 30) -> int:
        """Do every job that is due now; gives how many there were."""
        end, count = time.monotonic() + timeout, 0
        while time.monotonic() < end and (done := self.work()):
            count += done
        return count

    def work(self, *, kinds: Collection[str] | None = None, without: Collection[str] = ()) -> int:
        """Do one due job, or a batch of those that are sent together; gives how many.

        Of some kinds, of all but some, or any; never of one that this release does not know: during an upgrade those
        of the next release wait for its workers.
        """
        mine = [kind for kind in self._jobs if (kinds is None or kind in kinds) and kind not in without]
        with self._app.app_context():
            session = _connected()
            tools = Tools(session, self._services, self._authority, self._notices_url, self._match_keys)
            held = claiming.claim_many(session, 1, kinds=mine, leases=self._leases)
            many = self._together.get(held[0].kind) if held else None
            if many is not None:
                held += claiming.claim_many(session, many - 1, kinds=[held[0].kind])
            session.commit()
            if held:
                self._perform(tools, held, together=many is not None)
            db.session.remove()
        return len(held)

    def _perform(self, tools: Tools, held: Sequence[claiming.Claim], *, together: bool) -> None:
        """Do what is held, and say what became of each job, under the id of the request that asked for it."""
        first, began = held[0], time.perf_counter()
        # What is done together was asked by many: the job says itself whose each call is.
        with request_ids.during(None if together else first.request_id):
            log.info("job", kind=first.kind, count=len(held), tries=first.tries)
            if together:
                do = partial(cast("Batch", self._jobs[first.kind]), tools)
                outcomes = performing.perform_many(tools.session, held, do)
            else:
                outcomes = {first.id: performing.perform(tools.session, first, self._doer(tools))}
        share = (time.perf_counter() - began) / len(held)
        for each in held:
            outcome = outcomes[each.id]
            became, cause = performing.became(each, outcome), outcome.cause if outcome is not None else None
            self._tally.add(each.kind, became, share)
            with request_ids.during(each.request_id):
                log.info(
                    "job_ended", kind=each.kind, job=each.id, outcome=became, cause=cause, ms=round(share * 1000, 1)
                )

    def upkeep(self) -> None:
        """Publish keys and status lists, replace keys in time, remove what has expired, promise what comes round."""
        with self._app.app_context():
            authority.publish(_connected(), self._authority)
            state.sweep(db.session())
            sessions.sweep(db.session())
            ceremonies.sweep(db.session())
            guessing.sweep(db.session())
            sign_ins.sweep(db.session())
            wallet.sweep(db.session())
            invitations.sweep(db.session())
            self._keys.keep_up(db.session(), self._key_life)
            connections.promise_due_checks(db.session())
            deep_links.sweep(db.session())
            bank_files.sweep(db.session())
            import_files.sweep(db.session())
            notices.sweep(db.session())
            reconciliation.promise_comparisons(db.session())
            rosters.promise_due(db.session())
            matching.promise_due(db.session())
            reminders.remind(db.session(), utcnow(), mail=self._authority.config.mails)
            chain_check.promise_due(db.session())
            api_clients.sweep(db.session())
            webhooks.sweep(db.session())
            xapi.keep_listening(db.session(), self._authority.config.lrs_url)
            exporting.promise_due(db.session(), utcnow())
            exporting.sweep(db.session(), self._authority.config.exports, utcnow())
            closings.promise_due(db.session(), utcnow())
            counted_days.sweep(db.session(), utcnow())
            figures.promise_moved(db.session())
            certificate_words.promise_due(db.session())
            workers.sweep(db.session(), utcnow())
            retention.promise_due(db.session(), utcnow())
            db.session.commit()
            db.session.remove()
        self.chain(after=0)
        self._done["upkeep"] = time.monotonic()

    def round(self) -> None:
        """Promise what cannot wait for the next upkeep, and say that this worker lives."""
        with self._app.app_context():
            attempts.promise_closing(_connected(), surely_now())
            figures.promise_refresh(db.session())
            workers.sign(db.session(), self._name, self._started_at, utcnow())
            self._tally.write(db.session())
            db.session.remove()
        self._done["round"] = time.monotonic()

    def _leave(self) -> None:
        """Write down what was counted last, and that this worker ends of its own will."""
        with suppress(DBAPIError), self._app.app_context():
            workers.leave(db.session(), self._name, utcnow())
            self._tally.write(db.session())

    def chain(self, after: int | None = None) -> None:
        """Chain the new lines of the journal; with ``after`` those that were left too, from that number on."""
        with self._app.app_context():
            last: int | None = 0
            while last is not None and not self._stop.is_set():
                last = chain.chain(_connected(), self._authority.keys, after=after)
                after = last if after is not None else None
                db.session.commit()
            db.session.remove()
        self._done["chain"] = time.monotonic()

    def _doer(self, tools: Tools) -> Callable[[claiming.Claim], None]:
        def do(held: claiming.Claim) -> None:
            cast("Job", self._jobs[held.kind])(tools, held.payload)

        return do


def _connected() -> Session:
    """The session, on a connection: a process that has just started then knows what time it is, and claims by it."""
    session = db.session()
    session.connection()
    return session


def run_forever(app: Flask) -> None:
    """A worker in the foreground, until SIGTERM or SIGINT."""
    worker = Worker(app)
    with app.app_context():
        limit_statements(db.engine, LONGEST)
        db.engine.dispose()  # those opened before have no limit
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()
