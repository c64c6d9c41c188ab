"""Certificates that end within six months or have ended, by name, for whoever plans renewals."""

from collections.abc import Generator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.models import Agent, Certificate, Person
from lms.services.organisation import Scope, agents_in
from lms.services.reminders import ending
from lms.tables import Column, Extraction, Report, Row

COLUMNS = (
    Column("agent_number", {"fr": "identifiant agent", "en": "agent number"}),
    Column("family_name", {"fr": "nom", "en": "family name"}),
    Column("given_name", {"fr": "prénom", "en": "given name"}),
    Column("certificate_number", {"fr": "n° de certificat", "en": "certificate number"}),
    Column("title", {"fr": "certificat", "en": "certificate"}),
    Column("issued_on", {"fr": "délivré le", "en": "issued on"}, "date"),
    Column("expires_on", {"fr": "expire le", "en": "expires on"}, "date"),
)


def rows(session: Session, extraction: Extraction, filters: Mapping[str, Any]) -> Generator[Row, None, None]:
    """One line a certificate, the first to end first; the names are those of HR's files where they know the person."""
    del filters
    query = (
        select(Certificate, Person, Agent)
        .join(Certificate.person)
        .outerjoin(Agent, Agent.number == Person.sourced_id)
        .where(ending(extraction.at))
        .order_by(Certificate.valid_until, Certificate.number)
        .execution_options(yield_per=500)
    )
    if extraction.platform_id is not None:
        query = query.where(Person.platform_id == extraction.platform_id)
    if extraction.paths is not None:
        query = query.where(agents_in(Scope(extraction.paths)))
    for row, person, agent in session.execute(query):
        assert row.valid_until is not None
        title = row.record["title"]
        yield (
            agent.number if agent else None,
            agent.family_name if agent else person.family_name or person.full_name,
            agent.given_name if agent else person.given_name,
            row.number,
            title.get(extraction.language) or title["fr"],
            row.issued_at.astimezone(ZONE).date(),
            row.valid_until.astimezone(ZONE).date(),
        )


REPORT = Report(
    key="expiries",
    title={"fr": "Certificats à renouveler", "en": "Certificates to renew"},
    description={
        "fr": "Une ligne par certificat qui expire dans les six mois, ou a expiré sans être renouvelé.",
        "en": "One line for each certificate that ends within six months, or has ended without being renewed.",
    },
    columns=COLUMNS,
    filters=(),
    rows=rows,
    nominative=True,
)
