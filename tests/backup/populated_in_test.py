"""A service with something of everything that must come back: learners, certificates, works, agents, a journal."""

import uuid
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from lms.config import Config
from lms.models import Attempt, AuditEntry, Certificate, Deposit, Person, db
from lms.services import audit
from lms.services.authority import open_authority
from lms.worker import Worker
from tests.figures_in_test import agent_in, organisation, person_of
from tests.issued_in_test import content, issue
from tests.works_in_test import PDF

EXPORT = "7-0123456789abcdef.csv"


def populated(app: Flask, config: Config) -> bytes:
    """Fill the service; gives the PDF of a certificate as its holder keeps it."""
    with app.app_context():
        session = db.session()
        certificate = issue(session, open_authority(config))
        attempt = session.scalars(sa.select(Attempt)).first()
        assert attempt is not None
        session.add(
            Deposit(
                id=uuid.uuid4(), attempt_id=attempt.id, question_key="q", field="work", name="é\\t\n.pdf",
                media="application/pdf", size=len(PDF), sha256="0" * 64, content=PDF + bytes(range(256)),
            )
        )  # fmt: skip
        (unit, *_others) = organisation(session)
        person_of(session, agent_in(session, unit))
        audit.record(session, "hr.export", "completions.csv", None, words="tab\t, line\n, \\N and « é »")
        session.commit()
        pdf = content(session, certificate, "pdf")
        db.session.remove()
    Worker(app).upkeep()
    with app.app_context():
        db.session.remove()
    _export(config.exports)
    return pdf


def _export(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in (EXPORT, EXPORT + ".part"):
        (folder / name).write_bytes("Nom;Prénom\r\n".encode())
        (folder / name).chmod(0o600)


def late(url: str, number: int) -> None:
    """Somebody arrives and the journal says so, in one transaction, as in any process of the service."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        made = sa.insert(Person).values(subject=f"late-{number}", email=f"late-{number}@example.org")
        person = connection.execute(made.returning(Person.id)).scalar_one()
        line = {"person_id": person, "action": "late", "target": f"late-{number}", "details": {}}
        connection.execute(sa.insert(AuditEntry).values(line))


def late_ones(url: str) -> tuple[list[str], list[str]]:
    """Who arrived late, and of whom the journal says it."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        query = sa.select(Person.subject).where(Person.subject.like("late-%")).order_by(Person.id)
        people = list(connection.scalars(query))
        said = list(connection.scalars(sa.select(AuditEntry.target).filter_by(action="late").order_by(AuditEntry.id)))
    return people, said


def certificates(url: str) -> int:
    """How many certificates there are."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(Certificate)) or 0
