"""Accommodations: what a person is granted when they are assessed. Never why: nothing here can hold a reason."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from lms.models import Accommodation
from lms.services.audit import record
from lms.services.people import hold_person


@dataclass(frozen=True)
class Granted:
    """What is granted: extra time in hundredths of the minutes allowed, pauses beside everybody's, aids to read.

    With ``other_forms``, questions that have another form are asked in that form. ``until`` when it holds.
    """

    extra_time: int = 0
    pauses: int = 0
    read_aloud: bool = False
    enlarged: bool = False
    spaced: bool = False
    other_forms: bool = False
    until: datetime | None = None

    @property
    def nothing(self) -> bool:
        """Whether nothing is granted."""
        return replace(self, until=None) == Granted()


def granted(session: Session, person_id: int, now: datetime) -> Granted:
    """What holds for a person now; one query."""
    found = given(session, person_id)
    return found if found.until is None or now < found.until else Granted()


def given(session: Session, person_id: int) -> Granted:
    """What was granted last, whether it still holds or not."""
    row = session.get(Accommodation, person_id)
    return Granted(**{name: getattr(row, name) for name in asdict(Granted())}) if row else Granted()


def grant(session: Session, person_id: int, what: Granted, by: int, now: datetime) -> None:
    """Grant this to a person, in the place of what they had; it holds for attempts begun from now on.

    The journal says that it was done, not what.
    """
    hold_person(session, person_id)
    known = session.get(Accommodation, person_id)
    if known is not None:
        session.expunge(known)  # it was read before others were kept waiting
    row, target = session.get(Accommodation, person_id), f"person:{person_id}"
    if what.nothing:
        if row is not None:
            session.delete(row)
            record(session, "accommodation_removed", target, by)
        return
    if given(session, person_id) == what:
        return
    if row is None:
        row = Accommodation(person_id=person_id)
        session.add(row)
        record(session, "accommodation_granted", target, by)
    else:
        record(session, "accommodation_changed", target, by)
    for name, value in asdict(what).items():
        setattr(row, name, value)
    row.granted_by, row.granted_at = by, now
    session.flush()
