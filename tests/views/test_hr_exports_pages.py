"""The page of exports: what is asked, kept, followed and downloaded; by HR, each their own, within what they see."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.hr_rooms import ROOMS
from lms.models import AuditEntry, ExportRun, HrScope, LocalAccount, Person, SavedExport, Unit, db, utcnow
from lms.worker import Worker
from tests.account_in_test import browser_of, token_of
from tests.platform_in_test import PlatformInTest, hr_officer, trainer


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    """The browser of HR of the institution."""
    return browser_of(app, "rh@example.org", account="hr")


def ask(browser: FlaskClient, **changes: str) -> str:
    """Ask for an export as the form does; where it leads."""
    fields = {
        "report_key": "completions", "format_key": "csv", "purpose": "training", "place": "download", "title": "",
        "schedule": "none", "status": "enrolled", "csrf_token": token_of(browser), **changes,
    }  # fmt: skip
    answer = browser.post("/hr/exports", data=fields)
    return answer.location if answer.status_code == 303 else f"{answer.status_code}\n{answer.text}"


def settle(app: Flask) -> None:
    Worker(app).drain()


@pytest.fixture
def made(app: Flask, officer: FlaskClient) -> Iterator[str]:
    """The address of a file that is made."""
    address = ask(officer)
    settle(app)
    return address


def journal(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_file_is_asked_for_followed_and_downloaded(app: Flask, officer: FlaskClient) -> None:
    address = ask(officer)
    page = officer.get(f"{address}?lang=en").text
    assert "The file is waiting." in page
    assert "No row is written yet." in page
    settle(app)
    page = officer.get(f"{address}?lang=en").text
    assert "The file is ready." in page
    assert "SHA-256" in page
    with officer.get(f"{address}/file") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=completions-20")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert answer.data.startswith("\ufeffidentifiant agent;".encode())
    assert {"hr.export", "hr.export_download"} <= set(journal(app))
    listed = officer.get("/hr/exports?lang=en").text
    assert f'href="{address}/file"' in listed
    assert "Status\u00a0: enrolled" in listed


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"purpose": ""}, "Choose what it is for."),
        ({"purpose": "curiosity"}, "Not a valid choice"),
        ({"place": "sftp"}, "Not a valid choice"),
        ({"report_key": "x"}, "Not a valid choice"),
        ({"from": "hier"}, "hier"),
        ({"schedule": "daily"}, "Give a name to what is made again."),
        ({"title": "x" * 101}, "too long"),
    ],
)
def test_what_cannot_be_asked_is_explained_and_nothing_is_lost(
    app: Flask, officer: FlaskClient, changes: dict[str, str], says: str
) -> None:
    officer.post("/account/language", data={"language": "en", "csrf_token": token_of(officer)})
    answer = ask(officer, to="01/02/2026", **changes)
    assert answer.startswith("400")
    assert says in answer
    assert 'value="01/02/2026"' in answer
    with app.app_context():
        assert db.session.scalars(select(ExportRun.id)).all() == []


def test_a_name_keeps_an_export(app: Flask, officer: FlaskClient) -> None:
    ask(officer, title="Chaque <lundi>", schedule="weekly", **{"from": "01/02/2026"})
    page = officer.get("/hr/exports?lang=fr").text
    assert "Chaque &lt;lundi&gt;" in page
    again = re.search(r'action="(/hr/exports/saved/\d+)/run"', page)
    assert again
    settle(app)
    answer = officer.post(f"{again[1]}/run", data={"csrf_token": token_of(officer)})
    assert answer.status_code == 303
    with app.app_context():
        first, second = db.session.scalars(select(ExportRun).order_by(ExportRun.id)).all()
        assert (first.filters, first.saved_id) == (second.filters, second.saved_id)
        assert first.filters == {"status": "enrolled", "from": "01/02/2026"}
    officer.post(f"{again[1]}/remove", data={"csrf_token": token_of(officer)})
    with app.app_context():
        assert db.session.scalars(select(SavedExport.id)).all() == []
    assert {"hr.export_saved", "hr.export_forgotten"} <= set(journal(app))


def test_a_file_can_be_removed_and_one_under_way_given_up(app: Flask, officer: FlaskClient, made: str) -> None:
    token = {"csrf_token": token_of(officer)}
    assert officer.post(f"{made}/remove", data=token).status_code == 303
    assert officer.get(f"{made}/file").status_code == 404
    assert list(app.extensions["mpia"].exports.iterdir()) == []
    waiting = ask(officer)
    officer.post(f"{waiting}/remove", data=token)
    settle(app)
    assert "given up" in officer.get(f"{waiting}?lang=en").text


def test_each_their_own(app: Flask, officer: FlaskClient, made: str) -> None:
    ask(officer, title="Mine")
    platform = PlatformInTest(app)
    others = [
        (browser_of(app, "rh2@example.org", account="hr"), 404),
        (platform.launched(**hr_officer()), 404),
        (browser_of(app, "chef@example.org", account="administrator"), 403),
        (platform.launched(**trainer()), 403),
        (platform.launched(), 403),
        (app.test_client(), 401),
    ]
    with app.app_context():
        saved = db.session.scalars(select(SavedExport.id)).one()
    for browser, status in others:
        token = {"csrf_token": token_of(browser)}
        assert browser.get(made).status_code == status
        assert browser.get(f"{made}/file").status_code == status
        assert browser.post(f"{made}/remove", data=token).status_code == status
        for act in ("run", "remove"):
            assert browser.post(f"/hr/exports/saved/{saved}/{act}", data=token).status_code == status
    with officer.get(f"{made}/file") as answer:
        assert answer.status_code == 200


def test_who_sees_less_than_before_cannot_download_what_they_saw(app: Flask, officer: FlaskClient, made: str) -> None:
    with app.app_context():
        unit = Unit(code="J", name="Justice", path="1.")
        db.session.add(unit)
        db.session.flush()
        person = db.session.scalars(select(Person.id).filter_by(email="rh@example.org")).one()
        db.session.add(HrScope(person_id=person, unit_id=unit.id))
        db.session.commit()
    answer = officer.get(f"{made}/file?lang=en")
    assert answer.status_code == 403
    assert "holds more than what you see now" in answer.text


def test_who_lost_the_role_cannot_download(app: Flask, officer: FlaskClient, made: str) -> None:
    with app.app_context():
        from lms.models import WebSession

        for row in db.session.scalars(select(WebSession)):
            row.roles = ["learner"]
        db.session.commit()
    assert officer.get(f"{made}/file").status_code == 403


def test_an_officer_of_a_platform_neither_schedules_nor_sends(app: Flask) -> None:
    browser = PlatformInTest(app).launched(**hr_officer())
    assert ask(browser, title="x", schedule="daily").startswith("400")
    assert ask(browser, place="folder").startswith("400")
    address = ask(browser)
    settle(app)
    with browser.get(f"{address}/file") as answer:
        assert answer.status_code == 200
    with app.app_context():
        run = db.session.scalars(select(ExportRun)).one()
        assert run.scope["platform_id"] is not None
        assert db.session.scalars(select(LocalAccount.id)).first() is None


def test_a_file_that_is_no_longer_there_is_not_found(app: Flask, officer: FlaskClient, made: str) -> None:
    for path in app.extensions["mpia"].exports.iterdir():
        path.unlink()
    assert officer.get(f"{made}/file").status_code == 404
    assert utcnow()


def test_the_room_is_told_of(app: Flask) -> None:
    assert "hr_exports.index" in {room[0] for room in ROOMS}
    assert all(room[0] in app.view_functions for room in ROOMS)
