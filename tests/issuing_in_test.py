"""Courses whose learners have earned certificates, at the cost of a few statements."""

import uuid
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.models import Attempt, Context, Enrolment, Membership, Person, utcnow
from tests.learner_in_test import TRACK, course


def class_of(session: Session, count: int, number: int | str = 1, *, earned: int | None = None) -> Context:
    """A course of so many learners, of whom the first ``earned`` (all by default) passed what the certificate asks."""
    assert TRACK.certificate is not None
    place = course(session, number).context
    now, version = utcnow(), {"track_version": TRACK.version, "track_digest": TRACK.digest}
    names = [f"{number}-{each:05}" for each in range(count)]
    people = [
        {"subject": f"class-{name}", "email": f"class-{name}@example.org", "given_name": "Ada",
         "family_name": f"Martin {name}", "full_name": f"Ada Martin {name}", "certificate_name": f"Ada Martin {name}"}
        for name in names
    ]  # fmt: skip
    ids = session.scalars(sa.insert(Person).returning(Person.id, sort_by_parameter_order=True), people).all()
    session.execute(
        sa.insert(Membership), [{"person_id": each, "context_id": place.id, "role": "learner"} for each in ids]
    )
    rows = [{"person_id": each, "track_key": TRACK.key, **version} for each in ids]
    enrolments = session.scalars(sa.insert(Enrolment).returning(Enrolment.id, sort_by_parameter_order=True), rows).all()
    attempts = [
        {"id": uuid.uuid4(), "enrolment_id": each, "module_key": key, "number": 1, "seed": "1", "questions": [],
         "started_at": now, "submitted_at": now, "score": Fraction(1), "passed": True, "marks": {}, **version}
        for each in enrolments[: count if earned is None else earned] for key in TRACK.certificate.modules
    ]  # fmt: skip
    session.execute(sa.insert(Attempt), attempts)
    session.commit()
    return place
