"""An organisation with people who train, and programs that read of them."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import (
    Agent,
    AgentMatch,
    BudgetLine,
    BudgetYear,
    Certificate,
    Enrolment,
    StatusList,
    Unit,
    utcnow,
)
from lms.services import api_clients
from lms.services.api_resources import SCOPES
from tests.learner_in_test import learner

#: What the units hold: agents of each, by code. ``SANTE`` is under ``MIN``; ``JUSTICE`` is apart.
AGENTS = {"MIN": ("A-1",), "SANTE": ("A-2", "A-3"), "JUSTICE": ("B-1",)}
#: What a client of that unit sees, by agent.
SEEN = {None: {"A-1", "A-2", "A-3", "B-1"}, "MIN": {"A-1", "A-2", "A-3"}, "SANTE": {"A-2", "A-3"}, "JUSTICE": {"B-1"}}


def unit(session: Session, code: str, parent: Unit | None = None) -> Unit:
    """A unit, under another or at the top."""
    row = Unit(code=code, name=f"Unit {code}", parent_id=parent.id if parent else None)
    session.add(row)
    session.flush()
    row.path = f"{parent.path if parent else ''}{row.id}."
    session.flush()
    return row


def organisation(session: Session) -> dict[str, Unit]:
    """Three units; in each, agents who completed the track and hold its certificate, and a line of budget of this year.

    One more person follows it, whom nobody matched with an agent; one line is the whole institution's.
    """
    top = unit(session, "MIN")
    units = {"MIN": top, "SANTE": unit(session, "SANTE", top), "JUSTICE": unit(session, "JUSTICE")}
    for code, numbers in AGENTS.items():
        for number in numbers:
            trained(session, agent(session, number, units[code]))
        budget(session, f"LINE-{code}", units[code])
    budget(session, "LINE-ALL", None)
    learner(session, "unmatched")
    session.commit()
    return units


def agent(session: Session, number: str, where: Unit | None) -> Agent:
    """An agent of a unit."""
    row = Agent(
        number=number, family_name=f"Martin {number}", given_name="Ada", branch="FPE", category="A",
        unit_id=where.id if where else None, siret="00012345678901",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def trained(session: Session, who: Agent) -> Enrolment:
    """The agent's enrolment, completed, with a certificate."""
    row = learner(session, who.number)
    row.started_at = row.completed_at = utcnow()
    session.add(AgentMatch(person_id=row.person_id, agent_id=who.id, state="sure", by="number"))
    certificate(session, row, who.number)
    session.flush()
    return row


def certificate(session: Session, row: Enrolment, mark: str) -> Certificate:
    """A certificate as the register has it, without its files."""
    status_list = session.scalars(sa.select(StatusList)).first() or StatusList()
    session.add(status_list)
    session.flush()
    index = session.scalar(sa.select(sa.func.count()).select_from(Certificate)) or 0
    made = Certificate(
        id=uuid.uuid4(), person_id=row.person_id, enrolment_id=row.id, award_key=row.track_key,
        number=f"MPIA-2026-{index + 1:06}", code=f"code-{mark}", record={"kind": "certificate"},
        status_list_id=status_list.id, status_index=index, issued_at=utcnow(),
        valid_until=utcnow() + timedelta(days=365),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def budget(session: Session, code: str, where: Unit | None, year: int = 2026, **amounts: int) -> BudgetYear:
    """A line of the budget with its amounts of a year."""
    line = BudgetLine(code=code, unit_id=where.id if where else None)
    row = BudgetYear(line=line, year=year, **{"ae_opened": 1_300_000_000, "cp_paid": 1, **amounts})
    session.add(row)
    session.flush()
    return row


def token(session: Session, where: Unit | None = None, scopes: Iterable[str] = tuple(SCOPES), **more: Any) -> str:
    """A long token of a new client of that unit, committed."""
    _row, secret = api_clients.make(session, "token", "SIRH", "Training plan", scopes, where, **more)
    session.commit()
    return secret


def bearer(secret: str, **more: str) -> dict[str, str]:
    """The headers of whoever bears that token."""
    return {"Authorization": f"Bearer {secret}", **more}


def everything(client: FlaskClient, secret: str, path: str) -> list[dict[str, Any]]:
    """The items of every page of a list."""
    found: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        page = client.get(following.removeprefix("http://localhost:8000"), headers=bearer(secret))
        assert page.status_code == 200, page.text
        found += page.json["items"]
        following = page.json["next"]
    return found
