"""What the years of a budget are compared with: proposed by one person of HR, approved or refused by another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lms.models import AgentMatch, Baseline, Person, Unit, utcnow
from lms.services.audit import record
from lms.services.budgets import MOST, YEARS, hold
from lms.services.figure_facts import WHOLE
from lms.services.indicators import AE, HORIZON, path, target
from lms.services.organisation import HELD, scope_of, sees

PathName = Literal["linear", "geometric", "custom"]
PATHS: tuple[PathName, ...] = ("linear", "geometric", "custom")


class BaselineRefused(Exception):
    """What was asked cannot be done. ``reason`` is a stable key.

    ``scope``: not of what they see · ``pending``: another one waits for a decision · ``decided`` already · ``same``
    person as proposed it · ``reason`` lacks · ``amount`` no budget holds · ``ai`` larger than the budget · ``year`` ·
    ``custom``: a target for each year after the first, and no other · ``double``: the last target is less than 2·B₀.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Reference:
    """What years are compared with: year 0, B₀, IA₀ and the path.

    ``custom`` gives the target of each year after the reference year, for that path alone.
    """

    reference_year: int
    base: AE
    ai_base: AE
    path: PathName
    custom: Mapping[int, AE] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Baseline) -> "Reference":
        """That of a baseline."""
        custom = {int(year): AE(int(cents)) for year, cents in row.custom.items()}
        return cls(row.reference_year, AE(row.base), AE(row.ai_base), cast(PathName, row.path), custom)


def propose(session: Session, person: Person, unit: Unit | None, new: Reference, reason: str) -> Baseline:
    """Propose a baseline; what they proposed before and still waits gives way. Raises ``BaselineRefused``."""
    _check(new)
    if not reason.strip():
        raise BaselineRefused("reason")
    if not sees(scope_of(session, person), unit):
        raise BaselineRefused("scope")
    hold(session)
    waiting = pending(session, unit)
    if waiting is not None:
        if waiting.proposed_by != person.id:
            raise BaselineRefused("pending")
        waiting.state = "superseded"
    baseline = Baseline(
        unit=unit, reference_year=new.reference_year, base=new.base, ai_base=new.ai_base, path=new.path,
        custom={str(year): int(cents) for year, cents in sorted(new.custom.items())}, reason=reason.strip(),
        proposed_by=person.id,
    )  # fmt: skip
    session.add(baseline)
    session.flush()
    record(
        session, "hr.baseline_proposed", f"baseline:{baseline.id}", person.id, unit_id=unit.id if unit else None,
        reference_year=new.reference_year, base=int(new.base), ai_base=int(new.ai_base), path=new.path,
        reason=baseline.reason,
    )  # fmt: skip
    return baseline


def decide(session: Session, person: Person, baseline: Baseline, answer: str, *, approve: bool) -> None:
    """Approve or refuse what somebody else proposed; the approved one before gives way. Raises ``BaselineRefused``."""
    hold(session)
    session.refresh(baseline)
    if baseline.state != "proposed":
        raise BaselineRefused("decided")
    if not sees(scope_of(session, person), baseline.unit):
        raise BaselineRefused("scope")
    if same_human(session, person, baseline.proposed_by):
        raise BaselineRefused("same")
    if not answer.strip():
        raise BaselineRefused("reason")
    if approve:
        for before in session.scalars(select(Baseline).where(_of(baseline.unit), Baseline.state == "approved")):
            before.state = "superseded"
    baseline.state = "approved" if approve else "refused"
    baseline.decided_by, baseline.decided_at, baseline.answer = person.id, utcnow(), answer.strip()
    session.flush()
    record(
        session, "hr.baseline_approved" if approve else "hr.baseline_refused", f"baseline:{baseline.id}", person.id,
        reason=baseline.answer,
    )  # fmt: skip


def in_force(session: Session, unit: Unit | None, at: datetime | None = None) -> Baseline | None:
    """The baseline approved last, now or at that date."""
    query = select(Baseline).where(_of(unit), _approved(at))
    return session.scalars(query.order_by(Baseline.decided_at.desc(), Baseline.id.desc()).limit(1)).first()


def of_every_unit(session: Session, at: datetime | None = None) -> dict[int, Reference]:
    """Number of each unit → the baseline in force; that of the whole institution is ``WHOLE``'s. One query."""
    rows = session.scalars(select(Baseline).where(_approved(at)).order_by(Baseline.decided_at, Baseline.id))
    return {row.unit_id or WHOLE: Reference.of(row) for row in rows}


def pending(session: Session, unit: Unit | None) -> Baseline | None:
    """The one that waits for a decision."""
    return session.scalars(select(Baseline).where(_of(unit), Baseline.state == "proposed").limit(1)).first()


def history(session: Session, unit: Unit | None) -> Sequence[Baseline]:
    """Every baseline proposed for a unit, the last first."""
    return session.scalars(
        select(Baseline).where(_of(unit)).order_by(Baseline.proposed_at.desc(), Baseline.id.desc())
    ).all()


def target_of(reference: Reference, year: int) -> AE | None:
    """What the path asks of a fiscal year, in cents; None outside of its four years."""
    step = year - reference.reference_year
    if not 0 <= step <= HORIZON:
        return None
    if reference.path == "custom":
        return reference.custom[year] if step else reference.base
    return path(reference.path, reference.base, step)


def same_human(session: Session, person: Person, other_id: int | None) -> bool:
    """Whether two persons are one human being, as far as we know: by number, address, or the agent they are."""
    if other_id is None or person.id == other_id:
        return person.id == other_id
    other = session.get(Person, other_id)
    if other is not None and person.email and (other.email or "").casefold() == person.email.casefold():
        return True
    held = (AgentMatch.state.in_(HELD), AgentMatch.person_id.in_((person.id, other_id)))
    agents = session.execute(select(func.count(), func.count(AgentMatch.agent_id.distinct())).where(*held)).one()
    return bool(agents[0] > agents[1])


def _of(unit: Unit | None) -> ColumnElement[bool]:
    return Baseline.unit_id.is_(None) if unit is None else Baseline.unit_id == unit.id


def _approved(at: datetime | None) -> ColumnElement[bool]:
    """Whether a baseline was approved, by then; the one approved last holds, replaced later or not."""
    decided = Baseline.decided_at.is_not(None) if at is None else Baseline.decided_at <= at
    return Baseline.state.in_(("approved", "superseded")) & decided


def _check(new: Reference) -> None:
    years = range(new.reference_year + 1, new.reference_year + HORIZON + 1)
    if new.reference_year not in YEARS or years[-1] not in YEARS:
        raise BaselineRefused("year")
    if not 0 < new.base <= MOST or not 0 <= new.ai_base <= MOST:
        raise BaselineRefused("amount")
    if new.ai_base > new.base:
        raise BaselineRefused("ai")
    if set(new.custom) != (set(years) if new.path == "custom" else set()):
        raise BaselineRefused("custom")
    if any(not 0 < cents <= MOST for cents in new.custom.values()):
        raise BaselineRefused("amount")
    if new.custom and new.custom[years[-1]] < target(new.base):
        raise BaselineRefused("double")
