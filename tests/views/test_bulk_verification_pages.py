"""HR checks many certificates from a file: any form of it, bad lines one by one, names to whom they may be told."""

import csv
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO, StringIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import Agent, AuditEntry, Certificate, Enrolment, Person
from lms.services import bulk_verification
from lms.services.authority import open_authority, publish
from lms.services.bulk_verification import MAX_LINES, NotLines, read_lines
from lms.services.issuing import issue
from lms.services.matching import match
from lms.services.organisation import Scope
from tests.account_in_test import browser_of, token_of
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK
from tests.platform_in_test import form_token

CODE = "0123-4567-89AB-CDEF-GHJK-MNPQ-RS"
NUMBER = "MPIA-2026-000001"


@pytest.fixture
def made(session: Session, config: Config, hr_client: FlaskClient) -> list[dict[str, Any]]:
    """Three certificates: valid, revoked, and one whose holder keeps their name private."""
    authority = open_authority(config)
    publish(session, authority)
    place = class_of(session, 3, "class")
    platform = place.deployment.platform_id
    rows = [
        issue(session, authority, row, TRACK)
        for row in session.scalars(sa.select(Enrolment).order_by(Enrolment.id)).all()
    ]
    rows[1].status, rows[2].name_public = "revoked", False
    for number, row in enumerate(rows):
        holder = session.get_one(Person, row.person_id)
        holder.sourced_id, holder.platform_id = f"AG-{number}", platform
    session.commit()
    told = [
        {"code": row.code, "number": row.number, "name": row.record["holder"], "person": row.person_id} for row in rows
    ]
    session.rollback()
    return told


def send(client: FlaskClient, data: bytes) -> Any:
    token = form_token(client.get("/hr/certificates"))
    form = {"csrf_token": token, "file": (BytesIO(data), "certificates.csv")}
    return client.post("/hr/certificates?lang=en", data=form, content_type="multipart/form-data")


def declare(session: Session, *numbers: str) -> None:
    session.add_all(Agent(number=each, family_name="X", given_name="Y", branch="FPE") for each in numbers)
    session.flush()
    match(session, session.scalars(sa.select(Person.id)).all())
    session.commit()


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    """HR of the whole institution."""
    return browser_of(app, "rh@example.org", account="hr")


def test_each_line_is_told(officer: FlaskClient, session: Session, made: list[dict[str, Any]]) -> None:
    first, second = made[0], made[1]
    lines = [
        "Nom;Numéro ou code", f"a;{first['number']}", f"b;{second['code'].lower().replace('-', ' ')}", "c;rien", "",
        f"e;{CODE}", f"f;{first['number']};{second['code']}", f"g;{first['number']};{first['code']}",
    ]  # fmt: skip
    page = send(officer, "\r\n".join(lines).encode("cp1252"))
    assert page.status_code == 200
    assert "3 lines to look at" in page.text
    for said in (
        "No code and no number on this line.",
        "No certificate of ours bears this code",
        "is not of one and the same certificate",
        made[0]["number"],
        made[1]["number"],
        "revoked",
    ):
        assert said in page.text, said
    assert made[0]["name"] in page.text
    file = csv_of(officer, page)
    assert [(row["Line"], row["State today"], row["What is wrong"] != "") for row in file] == [
        ("2", "valid", False),
        ("3", "revoked", False),
        ("4", "unknown", True),
        ("6", "unknown", True),
        ("7", "unknown", True),
        ("8", "valid", False),
    ]


def csv_of(client: FlaskClient, page: Any, form: str = "french") -> list[dict[str, str]]:
    lines = page.text.split('name="lines" value="')[1].split('"')[0].replace("&#34;", '"')
    answer = client.post(
        "/hr/certificates/file?lang=en", data={"csrf_token": form_token(page), "lines": lines, "form": form}
    )
    assert answer.status_code == 200
    separator = ";" if form == "french" else ","
    return list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=separator))


def test_a_private_name_is_told_for_ones_own_agents_only(
    officer: FlaskClient, hr_client: FlaskClient, session: Session, made: list[dict[str, Any]]
) -> None:
    hidden = made[2]
    asked = hidden["number"].encode()
    assert hidden["name"] not in send(officer, asked).text, "nobody is declared yet"
    declare(session, "AG-2")
    assert hidden["name"] in send(officer, asked).text
    other = session.get_one(Person, hidden["person"])
    for platform, told in ((other.platform_id, None), (None, False)):
        other.platform_id = platform
        session.commit()
        page = send(hr_client, asked).text
        if told is False:
            assert hidden["name"] not in page, "the holder is of no platform of this officer"
    lines = session.scalars(sa.select(AuditEntry).filter_by(action="certificate_viewed")).all()
    assert lines
    assert {line.target for line in lines} == {hidden["number"]}
    assert all(line.person_id for line in lines)
    assert hidden["name"] not in str([line.details for line in lines])


def test_every_check_is_in_the_journal(officer: FlaskClient, session: Session, made: list[dict[str, Any]]) -> None:
    send(officer, "\n".join(each["code"] for each in made).encode())
    lines = session.scalars(sa.select(AuditEntry).filter_by(action="certificate_verified").order_by(AuditEntry.target))
    said = [(line.target, line.details, line.person_id) for line in lines]
    states = ("valid", "revoked", "valid")
    assert said == [(each["number"], {"state": state}, None) for each, state in zip(made, states, strict=True)]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422), (b"\n\n", 422), (b"PK\x03\x04xxxx", 422), (b"\xff\xfea\x00", 422), (b"%PDF-1.7", 422),
        (b"x" * 300_001, 422), (f"{CODE}\n".encode() * (MAX_LINES + 1), 422), (b"hello", 200),
        (b'"' + b"x" * 200_000, 422), (b"\x81\x8d\x8f", 200),
    ],
    ids=["empty", "blank", "xlsx", "utf-16", "pdf", "large", "lines", "heading alone", "cell", "bytes"],
)  # fmt: skip
def test_a_file_that_is_none(officer: FlaskClient, monkeypatch: pytest.MonkeyPatch, data: bytes, status: int) -> None:
    monkeypatch.setattr(bulk_verification, "MAX_BYTES", 300_000)
    assert send(officer, data).status_code == status


def test_no_file_and_no_token(officer: FlaskClient, client: FlaskClient, trainer_client: FlaskClient) -> None:
    token = token_of(officer)
    assert officer.post("/hr/certificates", data={"csrf_token": token}).status_code == 400
    assert officer.post("/hr/certificates").status_code == 400
    assert officer.post("/hr/certificates/file", data={"csrf_token": token}).status_code == 400
    assert client.get("/hr/certificates").status_code == 401
    assert trainer_client.get("/hr/certificates").status_code == 403


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encode", [lambda text: text.encode(), lambda text: text.encode("utf-8-sig"),
                                    lambda text: text.encode("cp1252")], ids=["utf-8", "bom", "windows"])  # fmt: skip
@pytest.mark.parametrize("heading", [True, False])
def test_every_form_of_the_file_is_read_alike(separator: str, encode: Callable[[str], bytes], heading: bool) -> None:
    rows = [["Zoé", NUMBER, "x"], ["Noël", CODE.replace("-", ""), '"a b"'], ["Ève", "", "y"]]
    if heading:
        rows.insert(0, ["Prénom", "Certificat", "Note"])
    found = read_lines(encode("\r\n".join(separator.join(row) for row in rows)))
    shift = 1 if heading else 0
    assert [(line.number - shift, line.names) for line in found] == [(1, (NUMBER,)), (2, (CODE,)), (3, ())]


def test_a_wrong_first_line_is_no_heading() -> None:
    found = read_lines(f"MPIA-26-1\n{NUMBER}\n".encode())
    assert [(line.number, line.names) for line in found] == [(1, ()), (2, (NUMBER,))]


@given(st.binary(max_size=400))
def test_no_file_makes_it_fail(data: bytes) -> None:
    with suppress(NotLines):
        assert all(line.number >= 1 for line in read_lines(data))


def test_five_thousand_lines_are_answered(session: Session, made: list[dict[str, Any]]) -> None:
    data = "\n".join(made[number % 3]["code"] for number in range(MAX_LINES)).encode()
    checked = bulk_verification.check(session, read_lines(data), Scope())
    assert len(checked) == MAX_LINES
    assert {each.problem for each in checked} == {None}
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 3
