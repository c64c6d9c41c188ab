"""``lms serve`` in two processes and a real clamd, which dies in the middle and comes back: files alone are refused."""

import re
import time
from html import unescape
from pathlib import Path
from threading import Event
from typing import Any

import httpx
from sqlalchemy import select

from lms.models import AuditEntry, ImportFile, db
from tests.account_in_test import make_person
from tests.clamd_in_test import EICAR, SIGNATURE, Clamd
from tests.conftest import make_config, service
from tests.faults.serving_in_test import Served, signed_cookie
from tests.views.test_import_pages import HEADER, ZOE, text

PATIENCE = 120
SOUND = text(HEADER, ZOE)


class Officer:
    """HR's browser there, signed in."""

    def __init__(self, web: Served, cookie: str) -> None:
        self._browser = httpx.Client(base_url=web.url, trust_env=False, timeout=PATIENCE, headers={"Cookie": cookie})

    def get(self, path: str) -> httpx.Response:
        return self._browser.get(path)

    def send(self, content: bytes) -> tuple[int, str]:
        """Send a file of agents: the status, and what the page says."""
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self._browser.get("/hr/imports/new").text)
        assert token is not None
        form = {"csrf_token": token[1], "kind": "agents", "source": "typed before"}
        answer = self._browser.post("/hr/imports/new?lang=en", data=form, files={"file": ("a.csv", content)})
        return answer.status_code, unescape(answer.text)

    def __enter__(self) -> "Officer":
        return self

    def __exit__(self, *error: Any) -> None:
        self._browser.close()


def figures(web: Served) -> list[str]:
    return httpx.get(f"{web.url}/metrics", trust_env=False, timeout=PATIENCE).text.splitlines()


def test_files_are_refused_while_it_is_away_and_nothing_else(sqlite_template: Path, tmp_path: Path) -> None:
    database = tmp_path / "lms.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    with Clamd() as clamd:
        config = make_config(f"sqlite:///{database}", tmp_path, antivirus_url=clamd.url)
        with service(config) as app, app.app_context():
            person_id = make_person(db.session(), "rh@example.org", account="hr")
            cookie = signed_cookie(app, db.session(), person_id, "hr")
            db.session.commit()
        with Served(config, workers=2) as web, Officer(web, cookie) as officer:
            status, page = officer.send(EICAR)
            assert (status, SIGNATURE in page, "typed before" in page) == (422, True, True)
            assert officer.send(SOUND)[0] == 303
            assert 'mpia_files_examined_total{outcome="infected"} 1.0' in figures(web)
            assert "mpia_antivirus_away 0.0" in figures(web)

            clamd.kill()
            status, page = officer.send(SOUND)
            assert (status, "does not answer at the moment" in page, "typed before" in page) == (422, True, True)
            assert "mpia_antivirus_away 1.0" in figures(web)
            assert [officer.get(path).status_code for path in ("/readyz", "/hr/imports", "/verify")] == [200, 200, 200]

            clamd.path.unlink(missing_ok=True)
            clamd.start()
            end = time.monotonic() + PATIENCE
            while officer.send(SOUND)[0] != 303:  # each process asks again by itself
                assert time.monotonic() < end, "files are refused though it is back"
                Event().wait(0.5)
            assert officer.send(EICAR)[0] == 422
        with service(config) as app, app.app_context():
            lines = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "file_infected")).all()
            assert [line.person_id for line in lines] == [person_id] * 2
            assert [row.content for row in db.session.scalars(select(ImportFile))] == [SOUND]
