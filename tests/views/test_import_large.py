"""Large files of HR: a worker checks and takes them in, once, while a page says how far it is."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.jobs import import_file
from lms.models import Agent, ImportFile, ImportRun, db
from lms.services import import_files
from lms.worker import Worker
from tests.views.test_hr_pages import sign_in
from tests.views.test_import_pages import AS_THEY_ARE, HEADER, ZOE, people, send, text

__all__ = ["people"]
ROWS = [f"{number};Nom;Prénom;FPE;Justice;" for number in range(1, 40)]


@pytest.fixture
def officer(app: Flask, client: FlaskClient, people: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(import_files, "LARGE", 100)
    monkeypatch.setattr(import_file, "TOLD", -1.0)
    return sign_in(app, client, people["officer"], "hr")


def asked(officer: FlaskClient, address: str, act: str, **more: Any) -> str:
    """Ask for something; the page that follows."""
    answer = officer.post(address, data={**AS_THEY_ARE, **more, "act": act})
    assert (answer.status_code, answer.location) == (303, address)
    page = officer.get(f"{address}?lang=en")
    assert page.status_code == 200
    return page.text


def agents(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Agent)) or 0


def test_a_large_file_is_checked_then_taken_in_by_a_worker(app: Flask, officer: FlaskClient) -> None:
    address = send(officer, text(HEADER, ZOE, *ROWS, "7;Encore;Elle;FPX;;")).location
    assert "The file is being checked" in asked(officer, address, "check")
    assert officer.get(f"{address}/stamp").json == {"stamp": "0"}
    assert officer.get(f"{address}/report.csv").status_code == 404
    assert Worker(app).drain() >= 1
    page = officer.get(f"{address}?lang=en").text
    assert "FPX" in page
    assert agents(app) == 0
    assert officer.get(f"{address}/stamp").json == {"stamp": "done"}
    assert "The file is being taken in" in asked(officer, address, "take")
    assert Worker(app).drain() >= 1
    assert "FPX" in officer.get(f"{address}?lang=en").text
    assert agents(app) == 0, "a refused row refuses the file"
    asked(officer, address, "take", partial="y")
    assert Worker(app).drain() >= 1
    answer = officer.get(address)
    assert (answer.status_code, agents(app)) == (303, 40)
    assert "40" in officer.get(answer.location).text
    with app.app_context():
        file = db.session.scalars(select(ImportFile)).one()
        assert (file.content, file.work, file.run_id is not None) == (b"", {}, True)
        assert 0 < file.progress <= 600


def test_a_worker_that_dies_takes_nothing_in_twice(
    app: Flask, officer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = send(officer, text(HEADER, *ROWS)).location
    asked(officer, address, "take")
    with app.app_context():
        number = db.session.scalars(select(ImportFile.id)).one()
        tools: Any = type("Tools", (), {"session": db.session()})
        kept = import_files.keep

        def killed(*args: Any) -> None:
            kept(*args)
            raise KeyboardInterrupt

        monkeypatch.setattr(import_files, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            import_file.run(tools, {"file_id": number})
        db.session.remove()
        monkeypatch.setattr(import_files, "keep", kept)
    assert agents(app) == 0
    assert Worker(app).drain() >= 1
    with app.app_context():
        tools = type("Tools", (), {"session": db.session()})
        import_file.run(tools, {"file_id": number})
        assert db.session.scalar(select(func.count()).select_from(ImportRun)) == 1
    assert agents(app) == len(ROWS)


def test_what_cannot_be_read_is_told_and_a_file_replaced_is_forgotten(app: Flask, officer: FlaskClient) -> None:
    address = send(officer, text(HEADER, *ROWS)).location
    asked(officer, address, "take")
    with app.app_context():
        file = db.session.scalars(select(ImportFile)).one()
        file.fields = [None, *(file.fields or [])[1:]]  # no number of agents any more
        db.session.commit()
    assert Worker(app).drain() >= 1
    page = officer.get(f"{address}?lang=en")
    assert (page.status_code, agents(app)) == (200, 0)
    assert 'role="alert"' in page.text
    asked(officer, address, "take")
    send(officer, text(HEADER, ZOE))
    Worker(app).drain()
    assert agents(app) == 0


def test_another_officer_sees_no_file_of_mine(app: Flask, officer: FlaskClient, people: dict[str, int]) -> None:
    address = send(officer, text(HEADER, *ROWS)).location
    asked(officer, address, "check")
    other = sign_in(app, app.test_client(), people["other"], "hr")
    assert other.get(f"{address}/stamp").json == {"stamp": "gone"}
    assert other.get(address).status_code == 303
