"""Every certificate issued, by name: its state, its dates, its number, its holder and what it awards."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from curricula.model import Localized
from lms.i18n import ZONE
from lms.models import Agent, Certificate, db
from lms.selected_rows import rows_of
from lms.services.library import Library
from lms.services.organisation import people_in, with_agents
from lms.tables import Column, Extraction, Filter, Report

STATES: dict[str, Localized] = {
    "valid": {"fr": "en cours de validité", "en": "valid"},
    "expired": {"fr": "expiré", "en": "expired"},
    "suspended": {"fr": "suspendu", "en": "suspended"},
    "revoked": {"fr": "révoqué", "en": "revoked"},
    "replaced": {"fr": "remplacé", "en": "replaced"},
}
KINDS: dict[str, Localized] = {
    "attendance": {"fr": "attestation de suivi", "en": "attendance statement"},
    "certificate": {"fr": "certificat", "en": "certificate"},
    "label": {"fr": "label", "en": "label"},
}

COLUMNS = (
    Column("certificate_number", {"fr": "n° de certificat", "en": "certificate number"}),
    Column("holder", {"fr": "titulaire", "en": "holder"}),
    Column("agent_number", {"fr": "identifiant agent", "en": "agent number"}),
    Column("kind", {"fr": "nature", "en": "kind"}),
    Column("award", {"fr": "intitulé", "en": "award"}),
    Column("track", {"fr": "parcours", "en": "track"}),
    Column("version", {"fr": "version", "en": "version"}),
    Column("cycle", {"fr": "cycle", "en": "cycle"}, "int"),
    Column("edition", {"fr": "édition", "en": "edition"}, "int"),
    Column("issued_on", {"fr": "délivré le", "en": "issued on"}, "date"),
    Column("expires_on", {"fr": "expire le", "en": "expires on"}, "date"),
    Column("certificate_status", {"fr": "statut du certificat", "en": "certificate status"}),
    Column("status_on", {"fr": "statut depuis le", "en": "status since"}, "date"),
)

FILTERS = (
    Filter("certificate_state", {"fr": "Statut du certificat", "en": "Certificate status"}, "choice", lambda: STATES),
    Filter("kind", {"fr": "Nature", "en": "Kind"}, "choice", lambda: KINDS),
    Filter(
        "track",
        {"fr": "Parcours", "en": "Track"},
        "choice",
        lambda: {key: track.title for key, track in Library(db.session()).items()},
    ),
    Filter("from", {"fr": "Du", "en": "From"}, "date"),
    Filter("to", {"fr": "Au", "en": "To"}, "date"),
)


def selecting(extraction: Extraction, filters: Mapping[str, Any]) -> Select[Any]:
    """One line a certificate, in the order of issue. A period bears on the day of issue; states are of that moment.

    What is printed is read from the record of the certificate, which nothing changes; no record is loaded.
    """
    language = extraction.language

    def text(*path: str) -> ColumnElement[Any]:
        found: Any = Certificate.record
        for key in path:
            found = found[key]
        string: ColumnElement[Any] = found.as_string()
        return string

    def said(key: str) -> ColumnElement[Any]:
        return func.coalesce(text(key, language), text(key, "fr"))

    kind, expired = text("kind"), _in_state("expired", extraction.at)
    state = case((expired, "expired"), else_=Certificate.status)
    query: Select[Any] = with_agents(
        select(
            Certificate.number, text("holder"), Agent.number, _worded(kind, KINDS, language), said("title"),
            said("track_title"), text("track_version"), Certificate.cycle, Certificate.edition,
            Certificate.issued_at, Certificate.valid_until, _worded(state, STATES, language),
            case((expired, Certificate.valid_until), else_=func.coalesce(Certificate.status_at, Certificate.issued_at)),
        )
        .select_from(Certificate)
        .join(Certificate.person)
        .order_by(Certificate.issued_at, Certificate.number)
    )  # fmt: skip
    return _narrowed(query, extraction, filters)


def _worded(found: ColumnElement[Any], words: Mapping[str, Localized], language: str) -> ColumnElement[Any]:
    return case({key: text[language] for key, text in words.items()}, value=found, else_=found)


def _narrowed(query: Select[Any], extraction: Extraction, filters: Mapping[str, Any]) -> Select[Any]:
    if not extraction.scope_filter.whole:
        query = query.where(people_in(extraction.scope_filter))
    if "certificate_state" in filters:
        query = query.where(_in_state(filters["certificate_state"], extraction.at))
    if "kind" in filters:
        query = query.where(Certificate.record["kind"].as_string() == filters["kind"])
    if "track" in filters:
        query = query.where(Certificate.record["track"].as_string() == filters["track"])
    if "from" in filters:
        query = query.where(Certificate.issued_at >= _midnight(filters["from"]))
    if "to" in filters:
        query = query.where(Certificate.issued_at < _midnight(filters["to"] + timedelta(days=1)))
    return query


def _in_state(state: str, now: datetime) -> ColumnElement[bool]:
    """As ``lms.services.verification.state_at``, in the database."""
    if state == "expired":
        return and_(Certificate.status == "valid", Certificate.valid_until <= now)
    if state == "valid":
        return and_(
            Certificate.status == "valid", or_(Certificate.valid_until.is_(None), Certificate.valid_until > now)
        )
    return Certificate.status == state


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


REPORT = Report(
    key="certificates",
    title={"fr": "Certificats délivrés", "en": "Certificates issued"},
    description={
        "fr": "Une ligne par certificat : titulaire, intitulé, dates, statut.",
        "en": "One line for each certificate: holder, award, dates, status.",
    },
    columns=COLUMNS,
    filters=FILTERS,
    rows=rows_of(COLUMNS, selecting),
    nominative=True,
    selecting=selecting,
)
