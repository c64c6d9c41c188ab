"""HR's files on the pages: sent, shown as they are read, checked, taken in, undone; by the whole institution alone."""

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.models import Agent, AuditEntry, HrScope, ImportFile, ImportSource, Person, Platform, Unit, db
from tests.views.test_hr_pages import sign_in
from tests.workbooks_in_test import Page, xlsx

HEADER = "identifiant agent;nom;prénom;versant;ministère;SIRET"
ZOE = "00042;Martin;Zoé;FPE;Justice;01234567890123"


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    """HR of the institution, of a unit, and of a platform, and an administrator; name → person id."""
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        platform = Platform(
            name="Campus", issuer="https://lms", client_id="c", auth_url="https://lms", token_url="x", jwks_url="x"
        )
        unit = Unit(code="M", name="Justice", path="1.")
        found = {
            name: Person(platform=platform if name == "campus" else None, subject=name, email=f"{name}@example.org")
            for name in ("officer", "other", "campus", "justice", "steward")
        }
        db.session.add_all([unit, *found.values()])
        db.session.flush()
        db.session.add(HrScope(person_id=found["justice"].id, unit_id=unit.id))
        db.session.commit()
        return {name: row.id for name, row in found.items()}


@pytest.fixture
def officer(app: Flask, client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(app, client, people["officer"], "hr")


def send(client: FlaskClient, content: bytes, kind: str = "agents", source: str = "") -> Any:
    data = {"file": (BytesIO(content), "<b>sirh</b>.csv"), "kind": kind, "source": source}
    return client.post("/hr/imports/new", data=data, content_type="multipart/form-data")


def text(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def columns(page: str, *fields: str) -> dict[str, str]:
    """What a form says of the columns of a file, in their order."""
    assert f'name="column_{len(fields) - 1}"' in page
    return {f"column_{at}": field for at, field in enumerate(fields)}


AS_THEY_ARE = {f"column_{at}": field for at, field in enumerate(
    ("number", "family_name", "given_name", "branch", "ministry", "siret"))}  # fmt: skip


def test_a_file_is_read_checked_taken_in_and_undone(app: Flask, officer: FlaskClient, people: dict[str, int]) -> None:
    assert "Agents" in officer.get("/hr/agents/import", follow_redirects=True).text
    answer = send(officer, text(HEADER, ZOE, "7;X;<i>;FPX;;"))
    assert answer.status_code == 303
    page = officer.get(answer.location).text
    assert "Zoé" in page
    assert "FPX" in page
    assert "<i>" not in page
    assert "<b>sirh</b>" not in page
    checked = officer.post(answer.location, data={**AS_THEY_ARE, "act": "check"})
    assert (checked.status_code, checked.location) == (303, answer.location)
    page = officer.get(answer.location).text
    assert "FPX" in page
    told = officer.get(f"{answer.location}/report.csv", buffered=False)
    with app.app_context():
        assert db.engine.pool.checkedout() == 0  # however slowly it leaves
    rows = list(csv.reader(StringIO(told.data.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [row[:3] for row in rows[1:]] == [["2", "00042", rows[1][2]], ["3", "7", rows[2][2]]]
    assert (rows[2][3], "FPX" in rows[2][4]) == ("versant", True)
    # All or nothing, then in part.
    assert officer.post(answer.location, data={**AS_THEY_ARE, "act": "take"}).location == answer.location
    with app.app_context():
        assert db.session.query(Agent).count() == 0
    done = officer.post(answer.location, data={**AS_THEY_ARE, "act": "take", "partial": "y"})
    assert done.location.startswith("/hr/imports/runs/")
    assert "FPX" in officer.get(done.location).text
    assert "00042" in officer.get(f"{done.location}/report.csv").text
    with app.app_context():
        assert db.session.scalars(select(Agent)).one().unit_id is not None
        assert db.session.scalars(select(ImportFile)).one().content == b""
        entries = {(entry.action, entry.person_id) for entry in db.session.scalars(select(AuditEntry))}
        assert {("hr.import_agents", people["officer"]), ("hr.view", people["officer"])} <= entries
    assert officer.get(answer.location).status_code == 303  # it is taken in: nothing waits any more
    assert "sirh" in officer.get("/hr/imports").text
    assert officer.post(f"{done.location}/undo").location == done.location
    assert officer.post(f"{done.location}/undo", follow_redirects=True).status_code == 200
    with app.app_context():
        assert db.session.query(Agent).count() == 0
        assert db.session.scalars(select(Unit.code)).all() == ["M"]


def test_a_check_says_who_leaves_on_a_day_to_come(officer: FlaskClient) -> None:
    header = "matricule;nom;prénom;versant;date de départ"
    for rows, told in ((["1;A;B;FPE;31/12/2099"], "Un agent part à une date à venir"),
                       (["1;A;B;FPE;31/12/2099", "2;C;D;FPE;31/12/2099"], "2 agents partent à une date à venir"),
                       (["1;A;B;FPE;31/12/2020"], None)):  # fmt: skip
        answer = send(officer, text(header, *rows))
        fields = ("number", "family_name", "given_name", "branch", "left_at")
        given = {f"column_{at}": field for at, field in enumerate(fields)}
        officer.post(f"{answer.location}?lang=fr", data={**given, "act": "check"})
        page = officer.get(f"{answer.location}?lang=fr").text
        assert "Rien n’est encore écrit" in page
        assert (told in page) if told else ("date à venir" not in page)


def test_columns_chosen_once_are_kept_for_their_source(app: Flask, officer: FlaskClient) -> None:
    body = text("Mat.;Patronyme;Petit nom;FP;Divers", "1;A;B;FPE;x", "2;C;D;FPE;y")
    answer = send(officer, body, source="SIRH de test")
    refused = officer.post(answer.location, data={"act": "take"})
    assert refused.status_code == 422
    assert "identifiant agent" in refused.text
    chosen = columns(officer.get(answer.location).text, "number", "family_name", "given_name", "branch", "")
    twice = {**chosen, "column_4": "number"}
    assert officer.post(answer.location, data={**twice, "act": "take"}).status_code == 422
    wrong = {**chosen, "column_4": "password"}
    assert officer.post(answer.location, data={**wrong, "act": "take"}).status_code == 422
    assert "/runs/" in officer.post(answer.location, data={**chosen, "act": "take"}).location
    with app.app_context():
        source = db.session.scalars(select(ImportSource)).one()
        assert source.columns == {
            "Mat.": "number", "Patronyme": "family_name", "Petit nom": "given_name", "FP": "branch", "Divers": None
        }  # fmt: skip
    again = send(officer, body, source="SIRH de test")
    checked = {**chosen, "act": "check"}
    assert officer.post(again.location, data=checked).status_code == 303
    page = officer.get(again.location).text
    assert '<option selected value="number">' in page
    assert "SIRH de test" in page


def test_a_workbook_of_several_sheets(app: Flask, officer: FlaskClient) -> None:
    book = xlsx(
        Page("Paris", [["Matricule", "Nom", "Prénom", "Versant"], [1, "A", "B", "FPE"]]),
        Page("Lyon", [["Nom", "Prénom", "Versant", "Matricule"], ["C", "D", "FPT", 2]]),
    )
    answer = send(officer, book.getvalue())
    assert "Paris" in officer.get(answer.location).text
    fields = {f"column_{at}": name for at, name in enumerate(("number", "family_name", "given_name", "branch"))}
    assert officer.post(answer.location, data={**fields, "sheet": "Lyon", "act": "show"}).status_code == 303
    fields = {f"column_{at}": name for at, name in enumerate(("family_name", "given_name", "branch", "number"))}
    assert "/runs/" in officer.post(answer.location, data={**fields, "sheet": "Lyon", "act": "take"}).location
    with app.app_context():
        assert db.session.scalars(select(Agent.number)).all() == ["2"]


def test_leavers_are_confirmed_when_they_are_many(app: Flask, officer: FlaskClient) -> None:
    first = send(officer, text(HEADER, ZOE, "7;X;Y;FPT;;"))
    officer.post(first.location, data={**AS_THEY_ARE, "act": "take"})
    second = send(officer, text(HEADER, ZOE))
    whole = {**AS_THEY_ARE, "act": "take", "whole": "y"}
    assert officer.post(second.location, data=whole).location == second.location
    assert 'name="confirmed"' in officer.get(second.location).text
    assert "/runs/" in officer.post(second.location, data={**whole, "confirmed": "y"}).location
    with app.app_context():
        assert db.session.scalars(select(Agent.number).where(Agent.left_at.is_not(None))).all() == ["7"]


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", b"%PDF-1.4", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99])
def test_a_file_that_is_none_is_explained_and_nothing_is_kept(app: Flask, officer: FlaskClient, body: bytes) -> None:
    answer = send(officer, body)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert officer.post("/hr/imports/new", data={"kind": "agents"}).status_code == 422
    assert send(officer, text(HEADER), kind="budget").status_code == 422
    with app.app_context():
        assert db.session.query(ImportFile).count() == 0


@pytest.mark.parametrize("name", ["campus", "justice"])
def test_who_sees_a_part_brings_no_file(app: Flask, client: FlaskClient, people: dict[str, int], name: str) -> None:
    sign_in(app, client, people[name], "hr")
    assert client.get("/hr/imports").status_code == 403
    assert send(client, text(HEADER, ZOE)).status_code == 403
    with app.app_context():
        assert db.session.query(ImportFile).count() == 0


def test_only_hr_comes_in_and_each_sees_their_own_waiting_file(
    app: Flask, client: FlaskClient, people: dict[str, int]
) -> None:
    assert client.get("/hr/imports").status_code == 401
    sign_in(app, client, people["officer"], "hr")
    answer = send(client, text(HEADER, ZOE))
    officer_file = answer.location
    sign_in(app, client, people["other"], "hr")
    assert client.get(officer_file).status_code == 303
    assert client.get(f"{officer_file}/report.csv").status_code == 404
    for role in ("learner", "trainer", "author", "administrator"):
        sign_in(app, client, people["steward"], role)
        for path in ("/hr/imports", "/hr/imports/new", officer_file, "/hr/imports/runs/1"):
            assert client.get(path).status_code == 403
        assert client.post("/hr/imports/runs/1/undo").status_code == 403


def test_sending_needs_the_form_s_token(app: Flask, officer: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert send(officer, text(HEADER, ZOE)).status_code == 400
    assert officer.get("/hr/imports/runs/99").status_code == 404
