"""Where reports are read: a replica of the database where the settings name one and it is near, else the database.

One door: :func:`reporting` for a page, :func:`reporting_engine` for what opens its own session. What somebody must find
as they just wrote it, and who may see what, is read in the database itself (``db.session``).
"""

from dataclasses import dataclass

from flask import Flask, current_app, g
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lms.migrations.head import head, is_later
from lms.models import db
from lms.models.pooling import engine_options
from lms.presence import Presence

#: How late it may be, in seconds, before reports are read in the database: less than what programs that come back ask
#: again of the API (``OVERLAP`` of lms/api/resources.py), so that they miss nothing.
LATEST = 60.0
#: After how many seconds one that was away or late is asked again; and how long it may take to let us in.
AGAIN, PATIENCE = 10.0, 2

# A replica that has read all it received, from a database that still sends, is not late however long ago that was.
_STATE = text("""
    select pg_is_in_recovery(), (select version_num from alembic_version),
      case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() and exists (select from pg_stat_wal_receiver)
           then 0 else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) end
""")


@dataclass(frozen=True)
class State:
    """Whether it follows another database, its migration, and how late it is in seconds; None when nothing tells."""

    follows: bool
    revision: str | None
    late: float | None

    @property
    def fault(self) -> str | None:
        """Why reports are not read there now, as a short key: ``follows_nothing``, ``migrations``, ``late``."""
        if not self.follows:
            return "follows_nothing"
        if self.revision != head() and not is_later(self.revision):
            return "migrations"
        return "late" if self.late is None or self.late > LATEST else None


class Replica:
    """The replica at that URL of SQLAlchemy, where nothing is ever written."""

    def __init__(self, url: str) -> None:
        options = engine_options(url)
        options["connect_args"] |= {"connect_timeout": PATIENCE, "tcp_user_timeout": PATIENCE * 1000}
        self.engine: Engine = create_engine(url, **options).execution_options(postgresql_readonly=True)
        self._presence = Presence("replica", AGAIN)
        #: How late it was when it last said so, in seconds; None when nothing told.
        self.late: float | None = None

    def near(self) -> bool:
        """Whether reports may be read there now. Asked before each, for it is one short question there."""
        if not self._presence.to_ask():
            return False
        try:
            state = self.state()
            self.late, cause = state.late, state.fault
        except SQLAlchemyError as error:
            self.late, cause = None, type(error).__name__
            self.engine.dispose()
        if cause is not None:
            self._presence.failed(cause)
            return False
        self._presence.answered()
        return True

    def state(self) -> State:
        """What it says of itself. Raises ``SQLAlchemyError`` when it does not answer."""
        with self.engine.connect() as connection:
            follows, revision, late = connection.execute(_STATE).one()
        return State(follows, revision, None if late is None else float(late))


def init_replica(app: Flask, url: str) -> None:
    """Let reports of that application be read at that URL; in its own database where it is empty."""
    app.extensions["replica"] = Replica(url) if url else None
    app.teardown_appcontext(_close)


def replica() -> Replica | None:
    """That of the application under way; None where there is none."""
    found: Replica | None = current_app.extensions["replica"]
    return found


def reporting_engine() -> Engine:
    """What reads a report: the replica where it is near, else the database."""
    found = replica()
    return found.engine if found is not None and found.near() else db.engine


def reporting() -> Session:
    """The session in which the page under way reads its report; nothing can be written in that of a replica."""
    if "reporting" not in g:
        engine = reporting_engine()
        g.reporting = None if engine is db.engine else Session(engine)
    return g.reporting or db.session()


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("reporting", None)
    if session is not None:
        session.close()
