"""What time it is: the database's, counted on by each process; a clock that is set changes nothing of it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from sqlalchemy.orm import Session

import lms
from lms.models import clock, db
from lms.models.signing import Signer

HOUR = timedelta(hours=1)
SOON = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    """A process that knows nothing of the time, before and after."""
    clock.forget()
    yield
    clock.forget()


class Machine:
    """The clock of this machine, to be set."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._real, self.wrong_by = clock.machine_now, timedelta(0)
        patch.setattr(clock, "machine_now", lambda: self._real() + self.wrong_by)

    def is_right_with(self, moment: datetime) -> bool:
        """Whether that is the present moment, by who knows."""
        return abs(moment - self._real()) < SOON


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.mark.parametrize("wrong_by", [HOUR, -HOUR])
def test_a_machine_whose_clock_is_wrong_goes_by_the_databases(
    app: Flask, machine: Machine, wrong_by: timedelta
) -> None:
    machine.wrong_by = wrong_by
    with app.app_context():
        db.session.execute(sa.text("select 1"))
        shared = db.engine.dialect.name == "postgresql"
        db.session.remove()
    # On SQLite there is one machine: its clock is the one, whatever it says.
    assert machine.is_right_with(clock.utcnow()) == shared
    machine.wrong_by = -wrong_by  # it is set while the process runs
    assert machine.is_right_with(clock.utcnow()) == shared
    assert clock.surely_now() <= min(clock.utcnow(), clock.machine_now())


def test_moments_stay_in_their_order_when_the_database_is_asked_again() -> None:
    clock.believe(clock.machine_now())
    before = clock.utcnow()
    clock.believe(before - timedelta(seconds=0.05))
    assert clock.utcnow() >= before
    clock.believe(before + HOUR)  # the database was put right, or it is another one
    assert clock.utcnow() >= before + HOUR


def test_a_copy_that_follows_is_not_believed() -> None:
    clock.learn(Answering(datetime.now(UTC) + HOUR, follows=True))
    assert clock.due()
    clock.learn(Answering(datetime.now(UTC) + HOUR, follows=False))
    assert not clock.due()
    assert clock.utcnow() - datetime.now(UTC) > HOUR - SOON


class Answering:
    """A connection that says what time it is."""

    def __init__(self, moment: datetime, *, follows: bool) -> None:
        self._said = (moment, follows)

    def execute(self, _statement: str) -> "Answering":
        return self

    def fetchone(self) -> Any:
        return self._said

    def rollback(self) -> None:
        """Nothing was begun."""


def test_a_connection_in_use_all_the_time_is_asked_now_and_then(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execute(sa.text("select 1"))
    session.commit()
    monkeypatch.setattr(clock, "EVERY", 0.0)
    asked: list[Any] = []
    monkeypatch.setattr(clock, "learn", asked.append)
    session.execute(sa.text("select 1"))
    assert bool(asked) == (db.engine.dialect.name == "postgresql")


def test_what_we_signed_is_read_by_a_process_whose_clock_is_behind(machine: Machine) -> None:
    ours = URLSafeTimedSerializer("a secret", signer=Signer)
    machine.wrong_by = HOUR
    signed = ours.dumps("ada")
    machine.wrong_by = timedelta(0)
    assert ours.loads(signed, max_age=60) == "ada"
    assert ours.loads(signed, max_age=60, return_timestamp=True)[0] == "ada"
    machine.wrong_by = HOUR + timedelta(seconds=90)
    with pytest.raises(SignatureExpired):
        ours.loads(signed, max_age=60)
    with pytest.raises(BadSignature):
        URLSafeTimedSerializer("another", signer=Signer).loads(signed)


#: Where a machine's own clock is read: what others never compare, or a clock of one's own to tell from.
OWN = {
    "models/clock.py", "api_access.py", "cli/verify.py", "backup/making.py", "backup/files.py", "demo_check.py",
    "migrations/versions/20261126_import_files.py",
}  # fmt: skip


def test_nothing_else_reads_the_clock_of_its_machine() -> None:
    folder = Path(lms.__file__).parent
    found = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if re.search(r"datetime\.now\(|\btime\.time\(|utcfromtimestamp|date\.today\(", path.read_text("utf-8"))
    }
    assert {name for name in found if not name.startswith("devlms/")} == OWN
