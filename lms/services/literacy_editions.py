"""The yearly sign-off: the register as it was, frozen whole, by somebody else than who last edited it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from lms.models import Register, RegisterEdition
from lms.services import literacy
from lms.services.audit import record
from lms.services.literacy import RegisterRefused
from lms.services.literacy_content import as_text, not_trained, whole

#: A signature is due again after so long.
YEARLY = timedelta(days=365)


@dataclass(frozen=True)
class Signature:
    """Who signs, in what capacity, with what to say; ``read`` is ``fingerprint`` of what they read."""

    person_id: int
    name: str
    function: str
    words: str
    read: str


def fingerprint(session: Session, row: Register) -> str:
    """Names what the register says now: another one once somebody changes it."""
    states = ",".join(str(entry.state_id) for entry in literacy.entries(session, row.id))
    return hashlib.sha256(states.encode()).hexdigest()[:32]


def sign(session: Session, row: Register, by: Signature, now: datetime) -> RegisterEdition:
    """Freeze the register as an edition. Raises ``RegisterRefused``."""
    session.refresh(row, with_for_update=True)
    held = literacy.entries(session, row.id)
    if not any(entry.kind == "organisation" for entry in held):
        raise RegisterRefused("empty")
    if row.edited_by == by.person_id:
        raise RegisterRefused("same")
    if fingerprint(session, row) != by.read:
        raise RegisterRefused("changed")
    number = (session.scalar(select(func.max(RegisterEdition.number)).filter_by(register_id=row.id)) or 0) + 1
    content = whole(session, row, now)
    content["signed"] = {"edition": number, "name": by.name, "function": by.function, "words": by.words}
    text = as_text(content)
    made = RegisterEdition(
        register_id=row.id, number=number, signed_at=now, signed_by=by.person_id, edited_by=row.edited_by,
        content=text, sha256=hashlib.sha256(text.encode()).hexdigest(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    details: dict[str, Any] = {"edition": number, "sha256": made.sha256, "not_trained": len(not_trained(content))}
    record(session, "register.signed", literacy.target(row.id), by.person_id, **details)
    return made


def editions(session: Session, register_id: int) -> Sequence[RegisterEdition]:
    """The editions of a register without what they say, the last first."""
    query = select(RegisterEdition).where(RegisterEdition.register_id == register_id)
    return session.scalars(query.options(defer(RegisterEdition.content)).order_by(RegisterEdition.number.desc())).all()


def last_ones(session: Session) -> dict[int, RegisterEdition]:
    """The last edition of each register that has one, by register, without what it says."""
    last = select(func.max(RegisterEdition.id)).group_by(RegisterEdition.register_id)
    query = select(RegisterEdition).where(RegisterEdition.id.in_(last)).options(defer(RegisterEdition.content))
    return {row.register_id: row for row in session.scalars(query)}


def edition(session: Session, register_id: int, number: int) -> RegisterEdition | None:
    """That edition of a register, or None."""
    return session.scalars(select(RegisterEdition).filter_by(register_id=register_id, number=number)).first()


def content_of(row: RegisterEdition) -> dict[str, Any]:
    """What an edition says."""
    found: dict[str, Any] = json.loads(row.content)
    return found


def intact(row: RegisterEdition) -> bool:
    """Whether an edition is what was signed: its text has the digest that the journal keeps too."""
    return hashlib.sha256(row.content.encode()).hexdigest() == row.sha256


def due(last: RegisterEdition | None, now: datetime) -> bool:
    """Whether a signature is due: none yet, or the last a year old."""
    return last is None or now - last.signed_at >= YEARLY
