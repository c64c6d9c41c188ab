"""HR's nominative report: every participation, once, with its dates, result and certificate."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lms.models import (
    Agent,
    Attempt,
    Certificate,
    Enrolment,
    LessonProgress,
    Person,
    Platform,
    StatusList,
)
from lms.reports import reports
from lms.reports.completions import COLUMNS, REPORT
from lms.services.library import Library
from lms.services.matching import match
from lms.tables import Extraction, FilterError, Scope
from tests.tracks_in_test import fixed_tracks

TRACK = fixed_tracks()["decideurs"]
MODULES = [module.key for module in TRACK.published_modules]
D1 = TRACK.modules[0]
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
LATE = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # already 1 April in Paris


def person(session: Session, name: str, platform: Platform | None = None, **values: Any) -> Person:
    row = Person(
        platform=platform, subject=name, email=f"{name}@example.org", family_name=name.title(), given_name="Alex",
        full_name=f"Alex {name.title()}", **values,
    )  # fmt: skip
    session.add(row)
    session.flush()
    match(session, [row.id])
    return row


def enrol(session: Session, who: Person, at: datetime = LATE, **values: Any) -> Enrolment:
    row = Enrolment(
        person=who, enrolled_at=at,
        **{"track_key": TRACK.key, "track_version": "2026.1", "track_digest": TRACK.digest, **values},
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def attempt(session: Session, row: Enrolment, number: int, score: Fraction | None, at: datetime) -> None:
    done = at + timedelta(minutes=20) if score is not None else None
    passed = None if score is None else score >= Fraction(7, 10)
    session.add(
        Attempt(
            enrolment=row, module_key=D1.key, number=number, track_version="2026.1", track_digest="x",
            seed="x", questions=[],
            started_at=at, submitted_at=done, score=score, passed=passed,
        )
    )  # fmt: skip
    session.flush()


def certificate(session: Session, row: Enrolment, cycle: int = 1, **values: Any) -> None:
    lists = session.query(StatusList).first() or StatusList()
    session.add(lists)
    session.flush()
    count = session.query(Certificate).count()
    session.add(
        Certificate(
            person=row.person, enrolment_id=row.id, award_key=TRACK.key, cycle=cycle, number=f"MPIA-{count:04}",
            code=uuid4().hex, record={}, status_list_id=lists.id, status_index=count,
            **{"issued_at": NOW, "valid_until": NOW + timedelta(days=365), **values},
        )
    )  # fmt: skip
    session.flush()


def agent(session: Session, number: str, **values: Any) -> None:
    session.add(
        Agent(
            number=number, family_name="Lefèvre", given_name="Zoé", branch="FPE", ministry="Justice",
            directorate="DSJ", siret="01234567890123", category="A", corps="Attachée", **values,
        )
    )  # fmt: skip
    session.flush()


def lines(session: Session, platform_id: int | None = None, **asked: str) -> list[dict[str, Any]]:
    extraction = Extraction(NOW, "Zoé", "tout", Scope(None, platform_id), asked=asked)
    table = REPORT.table(session, extraction, "2026.1")
    return [dict(zip((column.key for column in COLUMNS), row, strict=True)) for row in table.rows]


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    yield seen
    event.remove(session.get_bind(), "before_cursor_execute", note)


def test_headings_are_those_hr_asked_for() -> None:
    assert [column.label["fr"] for column in COLUMNS] == [
        "identifiant agent", "nom", "prénom", "versant", "ministère", "direction", "SIRET", "catégorie",
        "corps/emploi", "parcours", "version", "module", "modalité", "type d'action", "date d'inscription",
        "date de début", "date d'achèvement", "durée (h)", "statut", "score", "n° de certificat", "délivré le",
        "expire le", "statut du certificat", "coût imputé",
    ]  # fmt: skip
    assert reports()["completions"] is REPORT


def test_a_completed_module_of_a_declared_agent(session: Session) -> None:
    agent(session, "00042")
    row = enrol(session, person(session, "martin", sourced_id="00042"))
    opened = LATE + timedelta(days=1)
    session.add(LessonProgress(enrolment_id=row.id, module_key="d1", lesson_key="x", opened_at=opened))
    attempt(session, row, 1, Fraction(1, 2), LATE + timedelta(days=2))
    attempt(session, row, 2, Fraction(7, 9), LATE + timedelta(days=3))
    attempt(session, row, 3, Fraction(8, 9), LATE + timedelta(days=4))
    certificate(session, row)
    first, *others = lines(session)
    assert first == {
        "agent_number": "00042", "family_name": "Lefèvre", "given_name": "Zoé", "branch": "FPE",
        "ministry": "Justice", "directorate": "DSJ", "siret": "01234567890123", "category": "A",
        "corps": "Attachée", "track": "Décideurs publics", "version": "2026.1",
        "module": f"D1 {D1.title['fr']}", "mode": "distanciel", "action_type": None,
        "enrolled_on": date(2026, 4, 1), "started_on": date(2026, 4, 2), "completed_on": date(2026, 4, 4),
        "hours": Decimal(D1.duration_minutes) / 60, "status": "achevé", "score": Decimal("0.8888"),
        "certificate_number": "MPIA-0000", "issued_on": date(2026, 11, 20), "expires_on": date(2027, 11, 20),
        "certificate_status": "en cours de validité", "cost": None,
    }  # fmt: skip
    assert {line["status"] for line in others} <= {"inscrit"}
    assert len(others) == len(MODULES) - 1


def test_someone_hr_did_not_declare_keeps_the_name_of_the_platform(session: Session) -> None:
    enrol(session, person(session, "durand", sourced_id="unknown"))
    enrol(session, person(session, "sans"))
    nameless = Person(subject="n", email="n@example.org", full_name="Nom Complet")
    session.add(nameless)
    enrol(session, nameless)
    found = [line for line in lines(session) if line["module"].startswith("D1")]
    assert [line["agent_number"] for line in found] == [None] * 3
    assert [(line["family_name"], line["given_name"]) for line in found] == [
        ("Durand", "Alex"),
        ("Sans", "Alex"),
        ("Nom Complet", ""),
    ]
    assert {line["siret"] for line in found} == {None}


def test_a_module_begun_counts_the_minutes_of_the_lessons_read(session: Session) -> None:
    row = enrol(session, person(session, "martin"))
    lesson = D1.lessons[0]
    session.add(LessonProgress(enrolment_id=row.id, module_key="d1", lesson_key=lesson.key, opened_at=NOW, read_at=NOW))
    session.add(LessonProgress(enrolment_id=row.id, module_key="d1", lesson_key=D1.lessons[1].key, opened_at=NOW))
    session.flush()
    line = lines(session)[0]
    assert (line["status"], line["completed_on"], line["score"]) == ("en cours", None, None)
    assert line["hours"] == round(Decimal(lesson.minutes) / 60, 2)


def test_a_failed_or_open_attempt_does_not_complete(session: Session) -> None:
    row = enrol(session, person(session, "martin"))
    attempt(session, row, 1, Fraction(699, 1000), NOW)
    attempt(session, row, 2, None, NOW)
    line = lines(session)[0]
    assert (line["status"], line["score"], line["completed_on"]) == ("en cours", Decimal("0.699"), None)


def test_the_certificate_is_the_last_of_its_cycles_and_tells_its_state(session: Session) -> None:
    row = enrol(session, person(session, "martin"))
    certificate(session, row, 1, status="replaced")
    certificate(session, row, 2, valid_until=NOW)
    assert {(line["certificate_number"], line["certificate_status"]) for line in lines(session)} == {
        ("MPIA-0001", "expiré")
    }
    certificate(session, row, 3, status="revoked")
    assert {line["certificate_status"] for line in lines(session)} == {"révoqué"}
    assert len(lines(session)) == len(MODULES)


def test_an_unknown_track_shows_what_was_followed(session: Session) -> None:
    row = enrol(session, person(session, "martin"), track_key="ancien")
    session.add(LessonProgress(enrolment_id=row.id, module_key="z1", lesson_key="x", opened_at=NOW))
    session.flush()
    (line,) = lines(session)
    assert (line["track"], line["module"], line["status"], line["hours"]) == ("ancien", "z1", "en cours", 0)


def test_an_officer_of_a_platform_sees_its_people_alone(session: Session) -> None:
    ours, theirs = (
        Platform(name=n, issuer=n, client_id="c", auth_url="x", token_url="x", jwks_url="x") for n in ("a", "b")
    )
    session.add_all([ours, theirs])
    for name, platform in (("un", ours), ("deux", theirs), ("trois", None)):
        row = enrol(session, person(session, name, platform))
        attempt(session, row, 1, Fraction(1), NOW)
    assert {line["family_name"] for line in lines(session, ours.id)} == {"Un"}
    assert {line["family_name"] for line in lines(session)} == {"Un", "Deux", "Trois"}
    assert [line["status"] for line in lines(session, ours.id)].count("achevé") == 1


def test_filters(session: Session) -> None:
    agent(session, "1")
    begun = enrol(session, person(session, "un", sourced_id="1"))
    attempt(session, begun, 1, Fraction(1), datetime(2026, 5, 31, 21, 50, tzinfo=UTC))  # done on 1 June, Paris
    enrol(session, person(session, "deux"), NOW)
    enrol(session, person(session, "trois"), NOW, track_key="ancien")
    assert [line["family_name"] for line in lines(session, status="completed")] == ["Lefèvre"]
    assert {line["ministry"] for line in lines(session, ministry="Justice")} == {"Justice"}
    assert {line["track"] for line in lines(session, track="decideurs")} == {"Décideurs publics"}
    assert len(lines(session, status="completed", **{"from": "2026-06-01"}, to="01/06/2026")) == 1
    assert not lines(session, status="completed", to="2026-05-31")
    assert not lines(session, status="completed", **{"from": "2026-06-02"})
    assert {line["family_name"] for line in lines(session, **{"from": "2026-11-20"})} == {"Deux"}
    assert len(lines(session, ministry="", status="")) == 2 * len(MODULES)


@pytest.mark.parametrize(
    ("key", "value"), [("status", "done"), ("track", "x"), ("from", "hier"), ("name", "Martin"), ("to", "2026-02-30")]
)
def test_a_filter_that_cannot_be_is_refused_by_name(session: Session, key: str, value: str) -> None:
    with pytest.raises(FilterError) as caught:
        lines(session, **{key: value})
    assert (caught.value.key, caught.value.value) == (key, value)


def test_provenance_says_who_what_and_when(session: Session) -> None:
    extraction = Extraction(NOW, "Zoé", "Plateforme A", asked={"status": "completed", "from": "2026-01-02"})
    origin = REPORT.table(session, extraction, "2026.1").provenance
    assert origin.values() == (
        NOW, "Plateforme A", "Zoé", "2026.1", "Statut\u00a0: achevé, Du\u00a0: 02/01/2026",
    )  # fmt: skip


def test_english_words_on_request(session: Session) -> None:
    enrol(session, person(session, "un"))
    table = REPORT.table(session, Extraction(NOW, "Z", "all", language="en"), "2026.1")
    assert "enrolled" in next(iter(table.rows))
    assert table.provenance.filters == "none"


def test_the_number_of_queries_does_not_depend_on_the_people(session: Session) -> None:
    counts = []
    for size in (2, 60):
        for number in range(size):
            row = enrol(session, person(session, f"p{size}-{number}"))
            attempt(session, row, 1, Fraction(1), NOW)
            certificate(session, row)
        session.flush()
        session.expire_all()
        Library(session)  # which revisions are current is asked from time to time
        with counted(session) as seen:
            found = lines(session)
        counts.append(len([statement for statement in seen if "SELECT" in statement.upper()]))
    assert counts == [4, 4]
    assert len(found) == 62 * len(MODULES)
