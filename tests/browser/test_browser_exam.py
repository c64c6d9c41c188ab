"""A supervised, timed exam in a browser: its sitting, its code, its clock, a pause, two tabs, its end."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from browser_axe import accessible
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.devlms import serve
from lms.i18n import ZONE
from lms.models import Attempt, Pause, Person, Sitting, db, utcnow
from lms.services.sessions import HANDOVER, open_session
from tests.conftest import make_config
from tests.exam_in_test import START, examinee, publish_exam
from tests.learner_in_test import course, joins

#: A voice of the machine that says nothing, and keeps what it was asked to say.
VOICE = """
window.said = [];
Object.defineProperty(window, "speechSynthesis", {value: {
  getVoices: () => [{lang: "fr-FR", localService: true, name: "essai"}], addEventListener() {},
  speak: (each) => window.said.push(each.text), cancel() {},
}});
window.SpeechSynthesisUtterance = class extends EventTarget { constructor(text) { super(); this.text = text; } };
"""


class Examined:
    """The service with an exam, its trainer and a learner, each signed in a browser of their own."""

    def __init__(self, app: Flask, url: str, browser: Browser) -> None:
        self.app, self.url = app, url
        with app.app_context():
            session = db.session()
            track = publish_exam(session, supervised=True, pauses=1, correction="closed")
            link = course(session)
            row, trains = examinee(session, track, 1), examinee(session, track, 2)
            joins(session, row.person_id, link)
            joins(session, trains.person_id, link, "trainer")
            tokens = self._token(session, row.person_id, "learner"), self._token(session, trains.person_id, "trainer")
            self.course = f"/teach/{link.context_id}"
            self.file = f"{self.course}/learners/{row.person_id}/accommodation"
            session.commit()
            db.session.remove()
        self.learner, self.trainer = (self._signed(browser, token) for token in tokens)

    def _token(self, session: Session, person_id: int, role: str) -> str:
        session.get_one(Person, person_id).language = "fr"
        return open_session(session, person_id, frozenset({role}), HANDOVER)

    def _signed(self, browser: Browser, token: str) -> BrowserContext:
        """A browser that takes a session handed over, as a tab of its own does."""
        context = browser.new_context(base_url=self.url, locale="fr-FR", reduced_motion="reduce")
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(f"/account/arrive/{token}")
        page.locator("main form button").click()
        expect(page.locator(".me")).to_be_visible()
        page.close()
        return context

    def time_left(self, seconds: float) -> None:
        """Let time pass on the server until so much is left."""
        with self.app.app_context():
            attempt = db.session.scalars(select(Attempt)).one()
            attempt.due_at = utcnow() + timedelta(seconds=seconds)
            db.session.commit()
            db.session.remove()

    def record(self) -> tuple[Attempt, int, str]:
        """The attempt, how many pauses were made and the code of the sitting."""
        with self.app.app_context():
            attempt, code = db.session.scalars(select(Attempt)).one(), db.session.scalars(select(Sitting.code)).one()
            pauses = len(db.session.scalars(select(Pause)).all())
            db.session.expunge_all()
            db.session.remove()
        return attempt, pauses, code


@pytest.fixture
def examined(browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[Examined]:
    (tmp_path / "lms.sqlite3").write_bytes(sqlite_template.read_bytes())
    app = create_app(make_config("", tmp_path))
    server = serve(app, "127.0.0.1", 0)
    made = Examined(app, server.url, browser)
    yield made
    made.learner.close()
    made.trainer.close()
    server.stop()
    with app.app_context():
        db.engine.dispose()
    app.extensions["outbound"].close()


def test_an_exam_from_its_code_to_its_end(examined: Examined) -> None:
    troubles: list[str] = []
    for context in (examined.learner, examined.trainer):
        context.on("weberror", lambda error: troubles.append(str(error.error)))
    code = prepared(examined, examined.trainer.new_page())
    page = examined.learner.new_page()
    page.add_init_script(VOICE)
    begun(page, code)
    answered_aloud(page)
    paused(page)
    second_tab(examined, page)
    ended(examined, page)
    assert troubles == []


def prepared(examined: Examined, page: Page) -> str:
    """The trainer grants an accommodation and prepares a sitting; gives its code as it is shown."""
    page.goto(examined.file)
    accessible(page)
    page.get_by_label("Temps majoré, en pourcentage").fill("33")
    page.get_by_label("Questions lues à voix haute").check()
    page.get_by_label("Lettres agrandies").check()
    page.get_by_label("Espacement élargi").check()
    page.get_by_role("button", name="Accorder").click()
    expect(page.get_by_role("status").first).to_contain_text("L’aménagement est accordé")
    accessible(page)
    page.goto(examined.course)
    page.get_by_role("link", name="Sessions d’épreuve").click()
    accessible(page)
    now = utcnow().astimezone(ZONE)
    last = now + timedelta(hours=2)
    page.get_by_label("Jour", exact=True).fill(f"{now - timedelta(minutes=1):%d/%m/%Y}")
    page.get_by_label("Ouvre à").fill(f"{now - timedelta(minutes=1):%H:%M}")
    page.get_by_role("button", name="Préparer la session").click()
    expect(page.get_by_role("alert")).to_be_visible()
    accessible(page)
    page.get_by_label("Ferme à").fill(f"{last:%H h %M}")
    page.get_by_label("Jour de fermeture").fill(f"{last:%d/%m/%Y}")
    page.get_by_role("button", name="Préparer la session").click()
    shown = page.locator("#the-code")
    expect(shown).to_be_visible()
    accessible(page)
    return shown.inner_text()


def begun(page: Page, code: str) -> None:
    """The learner reads the rules, types a wrong code, then the right one."""
    page.goto("/learn/decideurs")
    page.goto(START)
    expect(page.locator("#rules ~ .needs")).to_contain_text(re.compile(r"Votre temps.: 1.h.20, aménagement compris"))
    accessible(page)
    for typed in ("AAA-AAA", code.lower().replace("-", " ")):
        page.get_by_label("Code de la session").fill(typed)
        page.get_by_role("button", name="Commencer").click()
        if typed == "AAA-AAA":
            expect(page.get_by_role("alert")).to_contain_text("ne porte ce code")
            accessible(page)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"1.h.(20|19)"))
    assert page.locator("html").get_attribute("data-size") == "xl"
    accessible(page, widths=(1280, 360, 320))
    page.goto("/learn/decideurs")
    page.get_by_role("link", name="Reprendre l’évaluation").click()
    expect(page.get_by_role("timer")).to_be_visible()


def answered_aloud(page: Page) -> None:
    """The question is read aloud, answered and saved."""
    page.get_by_role("button", name="Lire la question à voix haute").press("Enter")
    stem = page.locator(".stem").inner_text()
    assert page.evaluate("window.said[0]") == " ".join(stem.split())
    assert page.evaluate("window.said.length") > 3
    page.get_by_role("button", name="Arrêter la lecture").click()
    page.locator("input[name='a.choice']").first.check()
    expect(page.locator("[data-save-status]")).to_have_attribute("data-state", "saved")


def paused(page: Page) -> None:
    """A pause hides the question; then the clock runs again where it was."""
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("h1")).to_have_text("Vous êtes en pause")
    assert page.locator("input[name='a.choice']").count() == 0
    accessible(page)
    page.get_by_role("button", name="Reprendre l’épreuve").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"1.h.(20|19)"))
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    expect(page.locator("input[name='a.choice']").first).to_be_checked()


def second_tab(examined: Examined, page: Page) -> None:
    """Another tab answers the same question; each says what counts."""
    other = examined.learner.new_page()
    other.goto(page.url)
    other.locator("input[name='a.choice']").nth(1).check()
    expect(other.locator("[data-save-status]")).to_have_attribute("data-state", "saved")
    page.locator("input[name='a.choice']").nth(2).check()
    expect(page.locator("[data-save-status]")).to_contain_text("Un autre onglet")
    # The other one goes on without changing anything: what counts stays.
    other.locator(".strip button[value='2']").click()
    expect(other.locator("h1")).to_contain_text("Question 2")
    other.locator(".strip button[value='1']").click()
    expect(other.locator("input[name='a.choice']").nth(2)).to_be_checked()
    other.close()


def ended(examined: Examined, page: Page) -> None:
    """One minute is announced; the learner submits; the answers wait for the end of the sitting."""
    examined.time_left(62)
    page.locator("input[name='a.choice']:not(:checked)").first.check()  # what is left comes with what is saved
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"(1.min.0\d|0.min.5\d).s"))
    expect(page.locator("[data-clock-said]")).to_have_text("Il reste une minute.")
    page.locator("button[value=review]").last.click()
    expect(page.get_by_role("timer")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Rendre mes réponses").click()
    expect(page.get_by_text("Vos réponses ne sont pas montrées.")).to_be_visible()
    accessible(page)
    attempt, pauses, _code = examined.record()
    assert (attempt.minutes, attempt.pauses, pauses, attempt.timed_out) == (80, 1, 1, False)
    trainer = examined.trainer.pages[0]
    trainer.reload()
    expect(trainer.locator("tbody tr")).to_contain_text("Rendue")
    accessible(trainer)
