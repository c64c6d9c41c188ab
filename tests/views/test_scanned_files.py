"""Every page that takes a file shows it to a real antivirus first; what is refused is nowhere, what was typed stays."""

import ast
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

import lms
from lms import antivirus
from lms.antivirus import Antivirus
from lms.models import AuditEntry, BankUpload, DraftPiece, ImportFile, ImportRun, RegisterEntry
from tests.account_in_test import browser_of, token_of
from tests.author_in_test import JSON, Author, plain
from tests.clamd_in_test import EICAR, MOST, SIGNATURE, Clamd, Stub
from tests.image_samples import GIF, PNG
from tests.literacy_in_test import unit
from tests.services.test_bank_files import GIFT
from tests.views.test_import_pages import HEADER, ZOE, text
from tests.views.test_metrics import figure

NAME = "dossier-de-zoe.csv"
HARM = f"The antivirus recognised something harmful in this file ({SIGNATURE}): nothing of it was kept."
AWAY = "The antivirus that examines files does not answer at the moment: this file was not kept."
#: Studio pages: address, what is typed beside the file.
STUDIO = {
    "images": ("/author/decideurs/d1/files/", {"alt": "Un plan typed"}),
    "bank": ("/author/decideurs/d1/bank/import", {"format": "", "language": "fr"}),
    "package": ("/author/decideurs/package", {"state": "0"}),
}
HR = {
    "agents": ("/hr/imports/new", {"kind": "agents", "source": "typed before"}),
    "budget": ("/hr/budget/import", {"sheet": "typed before"}),
    "codes": ("/hr/certificates", {}),
}


pytestmark = pytest.mark.usefixtures("patient_scanner")


@pytest.fixture
def scanned(app: Flask, clamd: Clamd) -> Flask:
    """The service, with the antivirus."""
    app.extensions["antivirus"] = Antivirus(clamd.url)
    return app


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    """HR of the whole institution."""
    return browser_of(app, "rh@example.org", account="hr")


def send(browser: FlaskClient, url: str, content: bytes, **more: str) -> TestResponse:
    data = {"csrf_token": token_of(browser), "file": (BytesIO(content), NAME), **more}
    answer = browser.post(f"{url}?lang=en", data=data, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # a large one is a file, which nobody else closes
    return answer


def journal(session: Session) -> list[tuple[str, str, dict[str, Any]]]:
    rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "file_infected")).all()
    assert all(row.person_id is not None for row in rows)
    found = [(row.action, row.target, row.details) for row in rows]
    session.rollback()  # holds no page back
    return found


def counted(session: Session, *models: Any) -> list[int]:
    found = [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]
    session.rollback()
    return found


@pytest.mark.parametrize("page", HR)
def test_hr_sends_nothing_harmful(scanned: Flask, officer: FlaskClient, session: Session, page: str) -> None:
    url, typed = HR[page]
    before = figure(officer.get("/metrics").text, 'mpia_files_examined_total{outcome="infected"}')
    with capture_logs() as logs:
        answer = send(officer, url, EICAR, **typed)
    assert answer.status_code in {400, 422}
    assert HARM in plain(answer)
    assert all(value in answer.text for value in typed.values()), "what was typed stays"
    assert counted(session, ImportFile, ImportRun) == [0, 0]
    ((_action, place, details),) = journal(session)
    assert details == {"signature": SIGNATURE}
    (line,) = [line for line in logs if line["event"] == "file_refused"]
    assert (line["outcome"], line["signature"], line["route"]) == ("infected", SIGNATURE, place)
    assert "zoe" not in str(logs)
    assert figure(officer.get("/metrics").text, 'mpia_files_examined_total{outcome="infected"}') == before + 1


def test_what_is_sound_goes_on_from_its_beginning(scanned: Flask, officer: FlaskClient, session: Session) -> None:
    del scanned
    sent = text(HEADER, ZOE)
    assert send(officer, "/hr/imports/new", sent, kind="agents").status_code == 303
    assert session.scalars(select(ImportFile)).one().content == sent


def test_evidence_of_a_register_is_examined(scanned: Flask, officer: FlaskClient, session: Session) -> None:
    unit(session, "DIR")
    session.commit()
    home = officer.post("/hr/register/", data={"csrf_token": token_of(officer), "unit": "DIR"}).location
    typed = {"name": "Note typed", "done_on": "02/11/2026"}
    refused = send(officer, f"{home}/add/proof", EICAR, **typed)
    assert refused.status_code == 400
    assert HARM in plain(refused)
    assert "Note typed" in refused.text
    assert counted(session, RegisterEntry) == [0]
    assert send(officer, f"{home}/add/proof", b"signed", **typed).status_code == 303
    assert counted(session, RegisterEntry) == [1]


@pytest.mark.parametrize("page", STUDIO)
def test_authors_send_nothing_harmful(scanned: Flask, author: Author, session: Session, page: str) -> None:
    url, typed = STUDIO[page]
    before = counted(session, DraftPiece, BankUpload)
    answer = author.post(url, file=(BytesIO(EICAR), NAME), **typed)
    assert answer.status_code == 400
    assert HARM in plain(answer)
    assert typed.get("alt", "") in answer.text
    assert counted(session, DraftPiece, BankUpload) == before
    assert len(journal(session)) == 1
    assert author.post("/author/decideurs/d1/bank/import", file=(BytesIO(GIFT.encode()), "b.gift"), format="",
                       language="fr").status_code == 303  # fmt: skip


def test_an_image_is_replaced_by_nothing_harmful_and_a_script_is_told(scanned: Flask, author: Author) -> None:
    del scanned
    url = STUDIO["images"][0]
    told = author.post(url, JSON, alt="Un plan", file=(BytesIO(EICAR), "a.png"))
    assert told.status_code == 400
    assert HARM in told.json["message"]  # type: ignore[index]
    assert author.post(url, JSON, alt="Un plan", file=(BytesIO(PNG), "a.png")).status_code == 200
    for content, held in ((EICAR, PNG), (GIF, GIF)):
        author.post(f"{url}a.png/replace", edition="1", file=(BytesIO(content), "a.png"))
        assert author.browser.get(f"{url}a.png").data == held
    author.post(f"{url}a.png/replace")
    assert "Choose an image first." in plain(author.get(url))


def test_more_than_it_takes_is_said(scanned: Flask, officer: FlaskClient, session: Session) -> None:
    del scanned
    answer = send(officer, "/hr/imports/new", b"x" * (MOST + 1), kind="agents")
    assert answer.status_code == 422
    assert "This file is larger than the antivirus can examine: it was not kept." in plain(answer)
    assert counted(session, ImportFile) == [0]
    assert journal(session) == []


@pytest.mark.parametrize("outcome", ["away", "slow", "failed"])
def test_without_a_verdict_a_file_is_refused_and_the_rest_goes_on(
    app: Flask, officer: FlaskClient, session: Session, outcome: antivirus.Outcome
) -> None:
    app.extensions["antivirus"] = stub = Stub(outcome, "clean")
    sent = text(HEADER, ZOE)
    refused = send(officer, "/hr/imports/new", sent, kind="agents", source="typed before")
    assert refused.status_code == 422
    assert (AWAY if outcome == "away" else "could not examine this file") in plain(refused)
    assert "Nothing else that you typed is lost." in plain(refused)
    assert "typed before" in refused.text
    assert counted(session, ImportFile) == [0]
    assert officer.get("/readyz").json["checks"]["database"]
    assert figure(officer.get("/metrics").text, "mpia_antivirus_away") == 1
    assert send(officer, "/hr/imports/new", sent, kind="agents").status_code == 303
    assert stub.seen == [sent, sent]


def test_all_files_of_a_page_have_one_time_together(app: Flask, officer: FlaskClient, clamd: Clamd) -> None:
    app.extensions["antivirus"] = Antivirus(clamd.url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(antivirus, "PATIENCE", 0.0)
        assert "could not examine this file" in plain(send(officer, "/hr/imports/new", b"x", kind="agents"))


def test_a_check_of_a_certificate_asks_no_antivirus(app: Flask, client: FlaskClient) -> None:
    """It is read and forgotten, by anybody: it goes on whatever becomes of the scanner."""
    app.extensions["antivirus"] = stub = Stub()
    assert send(client, "/verify", b"%PDF-1.7").status_code == 422
    assert client.post("/api/v1/verify", data=b"{}", content_type="application/json").status_code == 400
    assert stub.seen == []


def test_without_an_antivirus_nothing_changes(app: Flask, officer: FlaskClient) -> None:
    assert app.extensions["antivirus"] is None
    assert send(officer, "/hr/imports/new", text(HEADER, ZOE), kind="agents").status_code == 303
    assert figure(officer.get("/metrics").text, "mpia_antivirus_away") == 0


# Every page that takes a file


def test_no_file_comes_in_by_another_door() -> None:
    """The field of Flask-WTF is known where it is made to scan and where nothing is kept; ``request.files`` where
    ``examined`` is called, and where nothing is kept."""
    fields, direct = set(), set()
    root = Path(lms.__file__).parent
    for path in root.rglob("*.py"):
        tree, name = ast.parse(path.read_text("utf-8")), path.relative_to(root).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("flask_wtf", "wtforms")):
                names = {each.name for each in node.names}
                if names & {"FileField", "MultipleFileField", "file"}:
                    fields.add(name)
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "request.files":
                direct.add(name)
    assert fields == {"forms/files.py", "forms/verify.py"}
    assert direct == {"views/deposits.py", "views/module_files.py", "api/verification.py"}
    assert all("examined(" in (root / name).read_text("utf-8") for name in direct if name.startswith("views/"))


def test_no_work_leaves_by_another_door() -> None:
    """Its files are read whole where their owner takes them back, and where they are shown again for whoever judges."""
    root, read = Path(lms.__file__).parent, set()
    for path in root.rglob("*.py"):
        named = {
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute)
        }
        if named & {"Deposit.content", "deposits.readable"}:
            read.add(path.relative_to(root).as_posix())
    assert read == {"services/deposits.py", "views/deposits.py", "views/marking.py"}
    judged = (root / "views/marking.py").read_text("utf-8")
    assert judged.count("deposits.readable(") == judged.count("examined_again(") == 1
