"""Nominative report: one line for each person, track and module, with dates, result and certificate."""

from collections.abc import Generator, Mapping
from contextlib import closing
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from curricula.model import Localized, Module
from lms.i18n import ZONE
from lms.models import db
from lms.services.library import Library
from lms.services.participations import Followed, followed
from lms.tables import Column, Extraction, Filter, Report, Row, hours, rate

STATES: dict[str, Localized] = {
    "enrolled": {"fr": "inscrit", "en": "enrolled"},
    "in_progress": {"fr": "en cours", "en": "in progress"},
    "completed": {"fr": "achevé", "en": "completed"},
    "exempt": {"fr": "dispensé (test de positionnement)", "en": "exempt (placement test)"},
}
CERTIFICATE_STATES: dict[str, Localized] = {
    "valid": {"fr": "en cours de validité", "en": "valid"},
    "expired": {"fr": "expiré", "en": "expired"},
    "suspended": {"fr": "suspendu", "en": "suspended"},
    "revoked": {"fr": "révoqué", "en": "revoked"},
    "replaced": {"fr": "remplacé", "en": "replaced"},
}
#: What is followed on this platform is followed at a distance.
REMOTE: Localized = {"fr": "distanciel", "en": "remote"}

COLUMNS = (
    Column("agent_number", {"fr": "identifiant agent", "en": "agent number"}),
    Column("family_name", {"fr": "nom", "en": "family name"}),
    Column("given_name", {"fr": "prénom", "en": "given name"}),
    Column("branch", {"fr": "versant", "en": "branch"}),
    Column("ministry", {"fr": "ministère", "en": "ministry"}),
    Column("directorate", {"fr": "direction", "en": "directorate"}),
    Column("siret", {"fr": "SIRET", "en": "SIRET"}),
    Column("category", {"fr": "catégorie", "en": "grade"}),
    Column("corps", {"fr": "corps/emploi", "en": "corps or position"}),
    Column("track", {"fr": "parcours", "en": "track"}),
    Column("version", {"fr": "version", "en": "version"}),
    Column("module", {"fr": "module", "en": "module"}),
    Column("mode", {"fr": "modalité", "en": "mode"}),
    Column("action_type", {"fr": "type d'action", "en": "type of action"}),
    Column("enrolled_on", {"fr": "date d'inscription", "en": "enrolled on"}, "date"),
    Column("started_on", {"fr": "date de début", "en": "started on"}, "date"),
    Column("completed_on", {"fr": "date d'achèvement", "en": "completed on"}, "date"),
    Column("hours", {"fr": "durée (h)", "en": "duration (h)"}, "decimal"),
    Column("status", {"fr": "statut", "en": "status"}),
    Column("score", {"fr": "score", "en": "score"}, "rate"),
    Column("certificate_number", {"fr": "n° de certificat", "en": "certificate number"}),
    Column("issued_on", {"fr": "délivré le", "en": "issued on"}, "date"),
    Column("expires_on", {"fr": "expire le", "en": "expires on"}, "date"),
    Column("certificate_status", {"fr": "statut du certificat", "en": "certificate status"}),
    Column("cost", {"fr": "coût imputé", "en": "cost charged"}, "cents"),
)

FILTERS = (
    Filter(
        "track",
        {"fr": "Parcours", "en": "Track"},
        "choice",
        lambda: {key: track.title for key, track in Library(db.session()).items()},
    ),
    Filter("status", {"fr": "Statut", "en": "Status"}, "choice", lambda: STATES),
    Filter("from", {"fr": "Du", "en": "From"}, "date"),
    Filter("to", {"fr": "Au", "en": "To"}, "date"),
    Filter("ministry", {"fr": "Ministère", "en": "Ministry"}),
)


def rows(session: Session, extraction: Extraction, filters: Mapping[str, Any]) -> Generator[Row, None, None]:
    """The lines, in enrolment order. A period bears on the day of the status: completion, start or enrolment."""
    language, state = extraction.language, filters.get("status")
    begin = datetime.combine(filters["from"], time(), ZONE) if "from" in filters else None
    end = datetime.combine(filters["to"], time(), ZONE) + timedelta(days=1) if "to" in filters else None
    found = followed(
        session,
        Library(session),
        platform_id=extraction.platform_id,
        track_key=filters.get("track"),
        ministry=filters.get("ministry"),
        enrolled_before=end,
        paths=extraction.paths,
    )
    with closing(found):
        for item in found:
            if state and item.state != state:
                continue
            if (begin and item.since < begin) or (end and item.since >= end):
                continue
            yield _row(item, language, extraction.at)


def _row(item: Followed, language: str, now: datetime) -> Row:
    who = item.who
    known = who.number is not None
    return (
        who.number,
        who.agent_family_name if known else who.family_name or (who.full_name if not who.given_name else ""),
        who.agent_given_name if known else who.given_name,
        who.branch,
        who.ministry,
        who.directorate,
        who.siret,
        who.category,
        who.corps,
        item.track.title[language] if item.track else who.track_key,
        who.track_version,
        _title(item.module, language) if item.module else item.module_key,
        REMOTE[language],
        None,  # type of action: decided for each agent by the employer, declared nowhere yet
        _day(who.enrolled_at),
        _day(item.started_at),
        _day(item.completed_at),
        hours(item.minutes),
        STATES[item.state][language],
        rate(item.best),
        who.certificate_number,
        _day(who.issued_at),
        _day(who.valid_until),
        _certificate_state(who, language, now),
        None,  # cost charged: follows the import of the budget
    )


def _certificate_state(who: Any, language: str, now: datetime) -> str | None:
    if who.certificate_status is None:
        return None
    expired = who.certificate_status == "valid" and who.valid_until is not None and who.valid_until <= now
    return CERTIFICATE_STATES["expired" if expired else who.certificate_status][language]


def _day(moment: datetime | None) -> Any:
    return None if moment is None else moment.astimezone(ZONE).date()


def _title(module: Module, language: str) -> str:
    return f"{module.code} {module.title[language]}"


REPORT = Report(
    key="completions",
    title={"fr": "Suivi nominatif des formations", "en": "Training followed, by name"},
    description={
        "fr": "Une ligne par agent, parcours et module : dates, statut, score, certificat.",
        "en": "One line for each agent, track and module: dates, status, score, certificate.",
    },
    columns=COLUMNS,
    filters=FILTERS,
    rows=rows,
    nominative=True,
)
