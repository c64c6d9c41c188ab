"""A work is marked, decided by a jury and appealed from, by keyboard and mouse, wide and at the width of a phone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import Stage
from browser_studio import sign_in
from playwright.sync_api import Page, expect

from lms.models import Context, Enrolment, Membership, Person, db
from lms.services.accounts import make_account
from tests.account_in_test import PASSWORD
from tests.clamd_in_test import Stub
from tests.judged_in_test import deposit, hand_in, published

#: Who marks, who sits beside them, who answers appeals.
TRAINERS = tuple(f"formatrice.{number}@example.org" for number in (1, 2, 3))
WORK = """Nous avons confié à l’assistant le tri de 240 courriers par semaine.

Avant : 11 heures de travail, mesurées du 1er au 14 septembre 2026. Après : 4 heures, mesurées du 1er au 14 octobre."""

COMMENT = "Les dates des deux mesures sont à l’appui de votre gain."


@dataclass
class Judged:
    """A learner whose work waits, in a course with three trainers."""

    stage: Stage
    learner: str
    attempt: str


@pytest.fixture
def judged(stage: Stage) -> Iterator[Judged]:
    with published(jury=True) as track:
        learner = stage.arrived("Agente")
        with stage.served.app_context():
            session = db.session()
            course = session.scalars(sa.select(Context).order_by(Context.id)).first()
            assert course is not None
            for number, address in enumerate(TRAINERS, start=1):
                account = make_account(session, address, PASSWORD, ["trainer"], f"Formatrice {number}")
                session.add(Membership(person_id=account.person_id, context_id=course.id, role="trainer"))
            query = sa.select(Enrolment).join(Enrolment.person).where(Person.subject == learner)
            attempt = hand_in(session, session.scalars(query).one(), track, WORK)
            deposit(session, attempt)
            db.session.remove()
        yield Judged(stage, learner, str(attempt.id))


def submit(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_work_is_marked_decided_and_appealed_from(new_page: NewPage, judged: Judged) -> None:
    # Chromium says so of a page that refuses a form or a file, which is what is tried.
    ana, bruno, chloe = (sign_in(new_page("status of 400", "status of 403"), address) for address in TRAINERS)
    mark(ana, judged)
    jury = decide(ana, bruno, judged)
    minutes(bruno, jury)
    learner = new_page("status of 400")
    learner.context.add_cookies([judged.stage.cookie(judged.learner)])
    appeal(learner, chloe, judged)


def mark(page: Page, judged: Judged) -> None:
    """The pile, a copy without name, a rubric filled from the keyboard, what is missing said."""
    page.goto("/teach/")
    page.get_by_role("link", name="copie à corriger").click()
    accessible(page)
    page.locator(f"a[href$='{judged.attempt}']").click()
    expect(page.locator("h1")).to_have_text("Copie " + page.locator("h1").inner_text()[-5:])
    expect(page.locator("main")).not_to_contain_text("Agente")
    expect(page.locator(".as-written").first).to_contain_text("240 courriers")
    accessible(page)
    submit(page, "Prendre cette copie")
    page.locator("#c-project-measure-none").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#c-project-measure-some")).to_be_checked()
    page.locator("#comment-project").fill(COMMENT)
    read(page, judged.stage)
    submit(page, "Terminer")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Prudence")
    expect(page.locator("#c-project-measure-some")).to_be_checked()
    accessible(page)
    alert.get_by_role("link").click()
    page.locator("#c-project-care-full").check()
    submit(page, "Terminer")
    expect(page.get_by_role("status")).to_contain_text("votre correction est terminée")
    page.goto(f"/teach/marking/{judged.attempt}")
    expect(page.locator("main")).to_contain_text("Devant le jury")
    accessible(page)


def read(page: Page, stage: Stage) -> None:
    """A file is given, then kept back once it is known to be harmful: what was typed is still there."""
    link = page.get_by_role("link", name="Fichier 1 (PDF")
    with page.expect_download() as begun:
        link.click()
    assert begun.value.path().read_bytes() == b"%PDF"
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(stage.served.extensions, "antivirus", Stub("infected"))
        link.click()
        expect(page.locator("main")).to_contain_text("il n’est donné à personne")
        accessible(page)
    page.go_back()
    expect(page.locator("#comment-project")).to_have_value(COMMENT)
    expect(page.locator("#c-project-measure-some")).to_be_checked()


def decide(page: Page, other: Page, judged: Judged) -> str:
    """A jury of two: one writes, the other confirms; gives its path."""
    page.goto("/teach/juries")
    accessible(page)
    page.get_by_role("link", name="Constituer un jury").click()
    page.locator("#place").select_option(label=page.locator("#place option").first.inner_text())
    accessible(page)
    submit(page, "Continuer")
    page.locator("#title").fill("Jury d’automne")
    submit(page, "Constituer le jury")
    expect(page.get_by_role("alert")).to_be_visible()
    accessible(page)
    expect(page.locator("#title")).to_have_value("Jury d’automne")
    page.locator("#day").fill("02/12/2026")
    for group in ("#members", "#president"):
        page.locator(group).get_by_label("Formatrice 1").check()
    page.locator("#members").get_by_label("Formatrice 2").check()
    submit(page, "Constituer le jury")
    jury = page.url.removeprefix(judged.stage.tool)
    accessible(page)
    page.locator(f"a[href$='{judged.attempt}']").click()
    accessible(page)
    page.get_by_label("Admis", exact=True).check()
    page.locator("#reason").fill("Le gain est mesuré et la prudence constante.")
    submit(page, "Écrire la décision")
    expect(page.locator("#said")).to_have_text(re.compile(r"Admis, 81.%"))
    accessible(page)
    other.goto(jury)
    expect(other.locator("main")).to_contain_text("Second membre attendu")
    other.locator(f"a[href$='{judged.attempt}']").click()
    submit(other, "Valider cette décision")
    expect(other.get_by_role("status")).to_contain_text("Le jury a décidé")
    submit(other, "Clôturer le jury")
    return jury


def minutes(page: Page, jury: str) -> None:
    """The minutes are read on the page and taken away on paper."""
    expect(page).to_have_url(re.compile(re.escape(f"{jury}/minutes")))
    accessible(page)
    with page.expect_download() as begun:
        page.get_by_role("link", name="Télécharger le procès-verbal").click()
    assert begun.value.path().read_bytes().startswith(b"%PDF")


def appeal(learner: Page, trainer: Page, judged: Judged) -> None:
    """The learner reads levels, words and reason, asks once, and is answered."""
    learner.goto(f"/learn/attempts/{judged.attempt}/result")
    expect(learner.locator("main")).to_contain_text("Le gain est mesuré et la prudence constante.")
    accessible(learner)
    learner.get_by_role("link", name="Demander que ce résultat soit réexaminé").click()
    submit(learner, "Envoyer le recours")
    expect(learner.get_by_role("alert")).to_be_visible()
    accessible(learner)
    learner.locator("#text").fill("Les deux mesures sont datées, à la seconde ligne de mon dossier.")
    submit(learner, "Envoyer le recours")
    accessible(learner)
    trainer.goto("/teach/marking")
    trainer.locator("a[href*='/appeals/']").click()
    accessible(trainer)
    trainer.locator("details summary").filter(has_text="Corriger à nouveau").click()
    trainer.locator("#c-project-measure-full").check()
    trainer.locator("#answer").fill("Les deux dates y sont : le niveau est relevé.")
    accessible(trainer)
    submit(trainer, "Accepter le recours")
    learner.reload()
    expect(learner.locator("main")).to_contain_text("Votre recours est accepté")
    accessible(learner)
