"""What a test of figures needs: an organisation, agents in it, people who are they, and what these do."""

from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import (
    Agent,
    AgentMatch,
    AgentState,
    Attempt,
    Baseline,
    BudgetLine,
    BudgetYear,
    Certificate,
    Enrolment,
    HrScope,
    LessonProgress,
    Person,
    Platform,
    StatusList,
    Unit,
    UnitState,
    utcnow,
)
from lms.services.figures import refresh_all, touch
from tests.learner_in_test import TRACK

D1 = TRACK.published_modules[0]
#: The fiscal year under way.
YEAR = utcnow().year
START = datetime(2025, 6, 1, tzinfo=UTC)
numbers = count(1)


def organisation(session: Session, shape: tuple[int | None, ...] = (None, 0, 1, 0)) -> list[Unit]:
    """Units, each under the one of that number, with their states."""
    units: list[Unit] = []
    for parent in shape:
        above = units[parent] if parent is not None else None
        unit = Unit(code=f"u{next(numbers)}", name="Service", kind="service", parent_id=above.id if above else None)
        session.add(unit)
        session.flush()
        unit.path = f"{above.path if above else ''}{unit.id}."
        state = UnitState(unit_id=unit.id, since=START, parent_id=unit.parent_id, kind=unit.kind, name=unit.name)
        session.add(state)
        units.append(unit)
    session.flush()
    return units


def agent_in(session: Session, unit: Unit | None, **more: Any) -> Agent:
    """An agent there, with the state that says so."""
    values = {"branch": "FPE", "category": "A", "population": True, **more}
    row = Agent(
        number=f"n{next(numbers)}", family_name="X", given_name="Y", unit_id=unit.id if unit else None, **values
    )
    session.add(row)
    session.flush()
    session.add(AgentState(agent_id=row.id, since=START, unit_id=row.unit_id, **values))
    session.flush()
    return row


def person_of(session: Session, agent: Agent | None, state: str = "sure") -> Person:
    """Somebody with an account, held to be that agent or not."""
    name = f"p{next(numbers)}@example.org"
    row = Person(subject=name, email=name)
    session.add(row)
    session.flush()
    if agent is not None:
        session.add(AgentMatch(person_id=row.id, agent_id=agent.id, state=state, by="number", decided_at=START))
        session.flush()
    return row


def follows(session: Session, person: Person, key: str = "decideurs", at: datetime = START, **more: Any) -> Enrolment:
    """Their enrolment in a track, as it is or made."""
    row = session.scalars(select(Enrolment).filter_by(person_id=person.id, track_key=key)).first()
    if row is None:
        row = Enrolment(person_id=person.id, track_key=key, track_version="1", track_digest=TRACK.digest,
                        enrolled_at=at)  # fmt: skip
        session.add(row)
    for name, value in more.items():
        setattr(row, name, value)
    session.flush()
    touch(session, person_id=person.id)
    return row


def certify(session: Session, person: Person, key: str, at: datetime = START) -> Certificate:
    """A certificate, as if it had been issued."""
    if session.get(StatusList, 1) is None:
        session.add(StatusList(id=1))
        session.flush()
    number = next(numbers)
    row = Certificate(
        id=uuid4(), person_id=person.id, award_key=key, cycle=number, number=f"N{number}", code=f"c{number}",
        record={}, status_list_id=1, status_index=number, issued_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    touch(session, person_id=person.id)
    return row


def attempt(session: Session, row: Enrolment, at: datetime, *, passed: bool) -> None:
    session.add(
        Attempt(
            id=uuid4(), enrolment_id=row.id, module_key=D1.key, number=next(numbers), track_version="1",
            track_digest=TRACK.digest, seed="s", questions=[], submitted_at=at, passed=passed,
        )
    )  # fmt: skip
    session.flush()
    touch(session, person_id=row.person_id)


def reads(session: Session, row: Enrolment, lesson: int, at: datetime) -> None:
    key = D1.lessons[lesson % len(D1.lessons)].key
    known = session.scalars(select(LessonProgress).filter_by(enrolment_id=row.id, lesson_key=key)).first()
    if known is None:
        session.add(LessonProgress(enrolment_id=row.id, module_key=D1.key, lesson_key=key, opened_at=at, read_at=at))
        session.flush()
        touch(session, person_id=row.person_id)


def two_ministries(session: Session) -> dict[str, int]:
    """One of two services, one without: eleven agents in each, seven of the first trained and one certified; a budget.

    Officers of the whole, of the first ministry, of a platform. Committed; numbers by name.
    """
    top, first, second, other = organisation(session, (None, 0, 0, None))
    for unit, name in ((top, "Justice"), (first, "Greffe"), (second, "Parquet"), (other, "Santé")):
        unit.name = name
    for place in range(22):
        agent = agent_in(session, first if place < 11 else other, category="AB"[place % 2])
        person = person_of(session, agent)
        if place < 9 or place == 20:
            done = {"completed_at": utcnow()} if place < 7 else {}
            follows(session, person, at=utcnow(), **done)
        if place == 0:
            certify(session, person, "decideurs", utcnow())
    platform = Platform(
        name="Campus", issuer="https://lms", client_id="c", auth_url="https://lms", token_url="x", jwks_url="x"
    )
    officers = [Person(subject=name, email=f"{name}@example.org") for name in ("whole", "justice")]
    officers.append(Person(subject="campus", platform=platform, email="c@example.org"))
    session.add_all(officers)
    session.flush()
    session.add(HrScope(person_id=officers[1].id, unit_id=top.id))
    line = BudgetLine(code="124/01", unit_id=top.id)
    session.add(line)
    session.flush()
    amounts = {"ae_opened": 1_300_000_000, "ae_committed": 0, "ai_ae": 290_000_000, "ai_cp": 232_000_000}
    session.add(BudgetYear(line_id=line.id, year=YEAR - 1, ae_opened=1_000_000_000, ai_ae=20_000_000))
    session.add(BudgetYear(line_id=line.id, year=YEAR, **amounts))
    session.add(Baseline(unit_id=top.id, reference_year=YEAR - 1, base=1_000_000_000, ai_base=20_000_000,
                         state="approved", decided_at=utcnow()))  # fmt: skip
    refresh_all(session)
    session.commit()
    return {
        "top": top.id, "first": first.id, "other": other.id, "whole": officers[0].id, "justice": officers[1].id,
        "campus": officers[2].id,
    }  # fmt: skip
