"""What services do with the row of a person, whatever it is for."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Person


def hold_person(session: Session, person_id: int) -> None:
    """Keep others who hold that person waiting until the commit; what was read before is then to be read again.

    It is held where there may be no row of what is being made yet, so that a button pressed twice makes it once.
    """
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
