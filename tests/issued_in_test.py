"""Certificates that tests issue, and what is published of them."""

from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import Certificate, CertificateFile, Enrolment, Person, db, utcnow
from lms.services import issuing, verification
from lms.services.authority import Authority, publish
from lms.services.certificate_life import Act
from lms.worker import Worker
from tests.conftest import BASE_URL
from tests.learner_in_test import TRACK, earn, learner

FORMS = ("pdf", "jsonld", "jwt")


def act(reason: str, words: str = "As decided.", **more: Any) -> Act:
    """An act of an administrator for that reason."""
    return Act(**{"person_id": None, "capacity": "administrator", "reason": reason, "words": words, **more})


def issue(session: Session, authority: Authority, number: int | str = 1, **more: Any) -> Certificate:
    """The certificate of a new learner, issued, committed and published."""
    row = learner(session, number, **more)
    earn(session, row)
    made = issuing.issue(session, authority, row, TRACK)
    publish(session, authority)
    session.commit()
    return made


def content(session: Session, row: Certificate, form: str = "jsonld") -> bytes:
    """One form of a certificate, as downloaded."""
    return session.scalars(sa.select(CertificateFile.content).filter_by(certificate_id=row.id, format=form)).one()


def states(session: Session, row: Certificate) -> set[str]:
    """What the register and every file say the state is, with the lists as published."""
    verdicts = {verification.judge(session, content(session, row, form), BASE_URL)[0].state for form in FORMS}
    return verdicts | {verification.state_at(row, utcnow())}


def settle(app: Flask) -> None:
    """Let a worker do what is due."""
    worker = Worker(app)
    worker.upkeep()
    worker.drain()
    with app.app_context():
        db.session.remove()


def issued_to(app: Flask, client: Any, subject: str = "learner-1") -> str:
    """Issue the certificate of who came with that browser, the name confirmed; gives its identifier."""
    client.get("/learn/decideurs")
    with app.app_context():
        session = db.session()
        row = session.scalars(sa.select(Enrolment).join(Enrolment.person).where(Person.subject == subject)).one()
        row.person.certificate_name = row.person.display_name
        earn(session, row)
        session.commit()
        db.session.remove()
    settle(app)
    with app.app_context():
        query = sa.select(Certificate.id).join(Certificate.person).where(Person.subject == subject)
        identity = str(db.session().scalars(query.order_by(Certificate.issued_at)).first())
        db.session.remove()
    return identity
