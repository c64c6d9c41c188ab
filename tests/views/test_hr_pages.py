"""HR's pages: real figures, files that stream, a journal, and nothing for who has not the role."""

import csv
import json
import re
from contextlib import ExitStack
from html import unescape
from io import BytesIO, StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from lms import downloads, turns
from lms.models import Agent, AuditEntry, Enrolment, HrScope, Person, Platform, Unit, db, utcnow
from lms.services.figures import refresh_all
from lms.services.matching import match
from lms.services.sessions import open_session
from lms.tables import TooManyRows
from tests.tracks_in_test import fixed_tracks

TRACK = fixed_tracks()["decideurs"]


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    """An officer of the institution, one of a platform, and learners on both sides; name → person id."""
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        platform = Platform(
            name="Campus", issuer="https://lms", client_id="c", auth_url="https://lms", token_url="x", jwks_url="x"
        )
        found = {}
        for name, where in (("officer", None), ("campus", platform), ("martin", platform), ("durand", None)):
            row = Person(
                platform=where, subject=name, email=f"{name}@example.org", family_name=name.title(), given_name="A",
                full_name=name.title(), sourced_id="00042" if name == "martin" else None,
            )  # fmt: skip
            db.session.add(row)
            found[name] = row
        agent = Agent(
            number="00042", family_name="=Martin", given_name="A", branch="FPE", ministry="Justice",
            siret="01234567890123",
        )  # fmt: skip
        db.session.add(agent)
        db.session.flush()
        match(db.session(), [row.id for row in found.values()])
        for name in ("martin", "durand"):
            values = {"track_key": TRACK.key, "track_version": "2026.1", "track_digest": "0"}
            done = utcnow() if name == "martin" else None
            db.session.add(Enrolment(person=found[name], completed_at=done, **values))
        db.session.commit()
        return {name: row.id for name, row in found.items()}


def sign_in(app: Flask, client: FlaskClient, person_id: int, *roles: str) -> FlaskClient:
    with app.app_context():
        token = open_session(db.session(), person_id, frozenset(roles), 60)
        db.session.commit()
    with client.session_transaction() as session:
        session["sid"] = token
    return client


@pytest.fixture
def officer(app: Flask, client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(app, client, people["officer"], "hr")


@pytest.fixture
def campus(app: Flask, client: FlaskClient, people: dict[str, int]) -> FlaskClient:
    return sign_in(app, client, people["campus"], "hr")


def read_csv(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))


def journal(app: Flask) -> list[AuditEntry]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


@pytest.mark.parametrize("path", ["/hr/", "/hr/export", "/hr/export/completions.csv", "/hr/agents/import"])
def test_only_hr_comes_in(app: Flask, client: FlaskClient, people: dict[str, int], path: str) -> None:
    assert client.get(path).status_code == 401
    sign_in(app, client, people["martin"], "learner", "trainer", "author", "administrator")
    assert client.get(path).status_code == 403
    assert journal(app) == []


def test_the_page_says_real_numbers(app: Flask, officer: FlaskClient) -> None:
    assert "No agent of the population is declared here yet." in officer.get("/hr/?lang=en").text
    with app.app_context():
        followed = {"track_key": TRACK.key, "track_version": "2026.1", "track_digest": "0"}
        for place in range(1, 12):
            db.session.add(Agent(number=f"1{place}", family_name="X", given_name="Y", branch="FPE", ministry="Justice"))
            done = utcnow() if place <= 5 else None
            person = Person(platform_id=1, subject=f"1{place}", email=f"1{place}@example.org", sourced_id=f"1{place}")
            db.session.add(Enrolment(person=person, completed_at=done, **followed))
        db.session.flush()
        match(db.session(), list(db.session.scalars(select(Person.id))))
        refresh_all(db.session())
    page = re.sub(r"[\u00a0\u202f]", " ", officer.get("/hr/?lang=en").text)
    assert "50.0% of the agents of the population are trained." in page  # six of twelve
    assert 'action="/hr/export"' in page
    assert "Justice" in page


def test_an_officer_of_a_platform_counts_its_people(app: Flask, campus: FlaskClient) -> None:
    with app.app_context():
        for place in range(6):
            db.session.add(Agent(number=f"7{place}", family_name="X", given_name="Y", branch="FPH", ministry="Santé"))
        refresh_all(db.session())
    page = campus.get("/hr/?lang=en").text
    assert "There are too few agents here for a figure to be shown." in page
    assert "Santé" not in page
    assert "/hr/agents/import" not in page


def test_the_form_leads_to_an_address_that_holds_the_filters(officer: FlaskClient) -> None:
    query = "report=completions&format=csv&track=decideurs&status=&from=2026-01-02&to=&ministry=Justice&lang=fr"
    query += "&purpose=audit"
    answer = officer.get(f"/hr/export?{query}")
    assert answer.status_code == 302
    assert (
        answer.location == "/hr/export/completions.csv?purpose=audit&track=decideurs&from=2026-01-02&ministry=Justice"
    )


@pytest.mark.parametrize(
    "query",
    [
        "report=completions&format=csv&from=hier",
        "report=x&format=csv",
        "format=doc",
        "",
        "report=completions&format=csv",
    ],
)
def test_a_choice_that_cannot_be_shows_the_form_again(officer: FlaskClient, query: str) -> None:
    answer = officer.get(f"/hr/export?{query}")
    assert answer.status_code == 400
    assert "<form" in answer.text
    if "from" in query:
        assert "hier" in answer.text


def test_a_csv_holds_everyone_for_the_institution(officer: FlaskClient) -> None:
    answer = officer.get("/hr/export/completions.csv?purpose=training")
    rows = read_csv(answer.data)
    assert {row["nom"] for row in rows} == {"'=Martin", "Durand"}
    assert {row["SIRET"] for row in rows} == {"01234567890123", ""}
    assert len(rows) == 2 * len(TRACK.published_modules)
    assert rows[0]["Auteur de l'extraction"] == "Officer"
    assert answer.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=completions-20")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_platform_gets_its_people_alone(campus: FlaskClient) -> None:
    rows = read_csv(campus.get("/hr/export/completions.csv?purpose=training").data)
    assert {row["nom"] for row in rows} == {"'=Martin"}
    assert "Campus" in rows[0]["Périmètre"]


def test_each_format(officer: FlaskClient) -> None:
    book = CalamineWorkbook.from_filelike(BytesIO(officer.get("/hr/export/completions.xlsx?purpose=training").data))
    assert book.get_sheet_by_index(0).to_python()[1][1] == "=Martin"
    file = json.loads(officer.get("/hr/export/completions.json?purpose=training&status=enrolled").data)
    assert file["count"] == 2 * len(TRACK.published_modules)
    assert file["rows"][0]["agent_number"] == "00042"
    assert file["provenance"]["filters"]


def test_an_export_is_journaled_before_it_leaves(app: Flask, officer: FlaskClient, people: dict[str, int]) -> None:
    officer.get("/hr/export/completions.csv?purpose=training&ministry=Justice", buffered=False).close()
    (entry,) = journal(app)
    assert (entry.action, entry.target, entry.person_id) == ("hr.export", "completions.csv", people["officer"])
    assert entry.details["filters"] == {"ministry": "Justice"}
    assert entry.details["purpose"] == "training"


@pytest.mark.parametrize("query", ["", "?purpose=", "?purpose=curiosity"])
def test_what_names_people_says_what_it_is_for(app: Flask, officer: FlaskClient, query: str) -> None:
    assert officer.get(f"/hr/export/completions.csv{query}").status_code == 400
    assert journal(app) == []
    form = officer.get("/hr/export?report=completions&format=csv&lang=en")
    assert form.status_code == 400
    assert "Choose what it is for." in form.text


def test_an_officer_of_a_unit_gets_its_agents_alone(app: Flask, officer: FlaskClient, people: dict[str, int]) -> None:
    with app.app_context():
        top = Unit(code="J", name="Justice", path="1.")
        other = Unit(code="S", name="Santé", path="2.")
        below = Unit(code="D", name="DSJ", path="1.3.", parent=top)
        db.session.add_all([top, other, below])
        db.session.flush()
        db.session.query(Agent).update({"unit_id": below.id})
        db.session.add(HrScope(person_id=people["officer"], unit_id=top.id))
        db.session.commit()
    answer = officer.get("/hr/export/completions.csv?purpose=training&lang=fr")
    rows = read_csv(answer.data)
    assert {row["nom"] for row in rows} == {"'=Martin"}
    assert rows[0]["Périmètre"].startswith("Justice")
    with app.app_context():
        db.session.query(HrScope).update({"unit_id": db.session.query(Unit.id).filter_by(code="S").scalar()})
        db.session.commit()
    assert read_csv(officer.get("/hr/export/completions.csv?purpose=training").data) == []
    assert journal(app)[-1].details["units"] == ["2."]


def test_what_does_not_exist_is_not_found(officer: FlaskClient) -> None:
    assert officer.get("/hr/export/nothing.csv").status_code == 404
    assert officer.get("/hr/export/completions.doc").status_code == 404


@pytest.mark.parametrize("query", ["status=done", "from=hier", "unknown=1", "track="])
def test_a_wrong_filter_is_explained(app: Flask, officer: FlaskClient, query: str) -> None:
    answer = officer.get(f"/hr/export/completions.csv?purpose=training&{query}")
    assert answer.status_code == (200 if query.endswith("=") else 400)
    assert len(journal(app)) == (1 if query.endswith("=") else 0)


def test_a_report_too_long_for_a_sheet_offers_another_way(
    officer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.exports.xlsx.SHEET_LINES", 1)
    answer = officer.get("/hr/export/completions.xlsx?purpose=training&lang=en")
    assert answer.status_code == 400
    assert "export it as CSV" in answer.text
    assert issubclass(TooManyRows, ValueError)


def test_a_download_keeps_no_one_from_writing(app: Flask, officer: FlaskClient) -> None:
    answer = officer.get("/hr/export/completions.csv?purpose=training", buffered=False)
    with app.app_context():
        db.session.add(AuditEntry(action="during"))
        db.session.commit()
    assert len(read_csv(answer.data)) == 2 * len(TRACK.published_modules)


def test_large_files_that_leave_slowly_leave_connections_to_pages(
    app: Flask, officer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.turns.HELD", 0)  # each file is a large one
    path = "/hr/export/completions.csv?purpose=training&lang=en"
    with app.app_context():
        pool = db.engine.pool
    with ExitStack() as stack:
        leaving = [stack.enter_context(officer.get(path, buffered=False)) for _turn in range(downloads.AT_ONCE)]
        assert pool.checkedout() == downloads.AT_ONCE
        refused = officer.get(path + "&track=decideurs")
        assert refused.status_code == 503
        (made,) = re.findall(r'href="(/hr/exports\?[^"]+)"', refused.text)
        form = officer.get(unescape(made)).text
        for chosen in ("completions", "csv", "training", "decideurs"):
            assert f'<option selected value="{chosen}">' in form, chosen
        assert "<details open>" in form, "a filter is chosen: it shows"
        assert officer.get("/hr/").status_code == 200
        leaving[0].close()
        assert officer.get(path).status_code == 200
        for answer in leaving[1:]:
            assert len(read_csv(answer.data)) == 2 * len(TRACK.published_modules)
    assert pool.checkedout() == 0


def test_pages_keep_two_connections_a_turn(client: FlaskClient) -> None:
    (limit,) = re.findall(r"^mpia_db_pool_limit (\S+)", client.get("/metrics").text, re.MULTILINE)
    assert float(limit) - downloads.AT_ONCE >= 2 * turns.AT_ONCE
