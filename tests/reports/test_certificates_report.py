"""HR's list of certificates: each one once, with its state that day, of those its reader sees."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.config import Config
from lms.exports import exports
from lms.models import Agent, Certificate, Unit, utcnow
from lms.reports.certificates import COLUMNS, REPORT
from lms.services import certificate_life as life
from lms.services.authority import open_authority
from lms.services.matching import match
from lms.tables import Extraction, Scope
from tests.issued_in_test import act, issue
from tests.learner_in_test import course


@pytest.fixture
def issued(session: Session, config: Config) -> list[Certificate]:
    """Certificates of four people: in force, ended yesterday, revoked, suspended."""
    authority = open_authority(config)
    made = [issue(session, authority, number) for number in range(4)]
    made[1].valid_until = utcnow() - timedelta(days=1)
    life.change(session, made[2], "revoked", act("error"), utcnow())
    life.change(session, made[3], "suspended", act("inquiry"), utcnow())
    session.commit()
    return made


def lines(session: Session, asked: dict[str, str] | None = None, **more: Any) -> list[dict[str, Any]]:
    extraction = Extraction(at=utcnow(), author="HR", scope="all", asked=asked or {}, **more)
    table = REPORT.table(session, extraction, "2026.1")
    return [dict(zip((column.key for column in COLUMNS), row, strict=True)) for row in table.rows]


def test_each_certificate_is_told_once_with_its_state(session: Session, issued: list[Certificate]) -> None:
    session.add(Agent(number="00042", family_name="X", given_name="Y", branch="FPE"))
    issued[0].person.sourced_id = "00042"
    session.flush()
    match(session, [issued[0].person_id])
    session.flush()
    found = lines(session)
    assert [line["certificate_number"] for line in found] == [row.number for row in issued]
    assert [line["certificate_status"] for line in found] == [
        "en cours de validité", "expiré", "révoqué", "suspendu",
    ]  # fmt: skip
    first = found[0]
    assert (first["holder"], first["agent_number"], first["kind"]) == ("Ada Martin 0", "00042", "certificat")
    assert first["award"] == issued[0].record["title"]["fr"]
    assert (first["track"], first["cycle"], first["edition"]) == (issued[0].record["track_title"]["fr"], 1, 1)
    assert isinstance(first["issued_on"], date)
    assert not isinstance(first["issued_on"], datetime)
    assert {line["kind"] for line in lines(session, language="en")} == {"certificate"}
    asked = Extraction(at=utcnow(), author="HR", scope="all")
    by_database = b"".join(exports()["csv"].chunks(REPORT.table(session, asked, "2026.1")))
    by_python = replace(REPORT.table(session, asked, "2026.1"), selected=None)
    assert by_database == b"".join(exports()["csv"].chunks(by_python))
    assert by_database.count(b"\r\n") == 5


def test_filters_and_scope(session: Session, issued: list[Certificate]) -> None:
    def numbers(asked: dict[str, str] | None = None, **more: Any) -> list[str]:
        return [line["certificate_number"] for line in lines(session, asked, **more)]

    for place, state in enumerate(("valid", "expired", "revoked", "suspended")):
        assert numbers({"certificate_state": state}) == [issued[place].number]
    assert numbers({"certificate_state": "replaced"}) == []
    assert len(numbers({"kind": "certificate", "track": "decideurs"})) == 4
    assert numbers({"kind": "label"}) == []
    today = utcnow().strftime("%d/%m/%Y")
    assert len(numbers({"from": "2020-01-01"})) == 4
    assert numbers({"to": "2020-01-01"}) == []
    assert len(numbers({"to": today})) in {0, 4}  # a minute before midnight in Paris
    platform = course(session).context.deployment.platform_id
    issued[0].person.platform_id = platform
    unit = Unit(code="J", name="Justice", path="1.")
    session.add(unit)
    session.flush()
    session.add(Agent(number="7", family_name="X", given_name="Y", branch="FPE", unit_id=unit.id))
    issued[1].person.sourced_id = "7"
    session.flush()
    match(session, [issued[1].person_id])
    session.flush()
    assert numbers(scope_filter=Scope(None, platform)) == [issued[0].number]
    assert numbers(scope_filter=Scope(("1.",))) == [issued[1].number]
    assert numbers(scope_filter=Scope(("2.",))) == []
