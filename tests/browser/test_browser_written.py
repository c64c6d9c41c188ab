"""What is typed, decided step by step or reasoned: answered by keyboard, on pages accessible wide and narrow."""

import re

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import Stage
from playwright.sync_api import Page, expect
from sqlalchemy import select

from curricula.write import folder_of
from lms.models import Enrolment, Person, db
from lms.services import attempts, learning, revisions
from lms.services.answers import responses
from tests.questions_in_test import varied

KINDS = ("truefalse", "cloze", "short", "numeric", "scenario")


class Answering:
    """A learner before an assessment of one question of each of these types."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self.stage, self.page, who = stage, page, stage.arrived()
        with stage.served.app_context():
            session, track = db.session(), varied(*KINDS)
            revisions.publish(session, folder_of(track), "imported")
            person = session.scalars(select(Person).where(Person.subject == who)).one()
            learning.enrol(session, person.id, track)
            row = learning.enrolment(session, person.id, track.key)
            assert isinstance(row, Enrolment)
            attempt = attempts.start(session, row, track.modules[0])
            session.commit()
            self.attempt_id, self.keys = attempt.id, [each["key"] for each in attempt.questions]
            db.session.remove()
        page.context.add_cookies([stage.cookie(who)])

    def open(self, kind: str) -> None:
        self.page.goto(f"/learn/attempts/{self.attempt_id}/{self.keys.index(kind) + 1}", wait_until="load")

    def kept(self, kind: str) -> dict[str, tuple[str, ...]]:
        with self.stage.served.app_context():
            found = dict(responses(db.session(), self.attempt_id).get(kind, {}))
            db.session.remove()
        return found


def test_each_is_answered_by_keyboard_on_accessible_pages(stage: Stage, new_page: NewPage) -> None:
    page = new_page()
    person, keys = Answering(stage, page), page.keyboard
    person.open("truefalse")
    accessible(page)
    page.locator("input[name='a.verdict']").first.focus()
    keys.press("Space")
    keys.press("ArrowDown")
    expect(page.locator("[data-save-status]")).to_have_attribute("data-state", "saved")
    assert person.kept("truefalse") == {"verdict": ("false",)}

    person.open("cloze")
    page.get_by_label("Ce qui classe les systèmes").focus()
    keys.type("risque")
    keys.press("Tab")
    keys.type("deployeur")
    here = page.url
    keys.press("Enter")  # goes on, as the next button does
    page.wait_for_url(lambda url: url != here)
    assert person.kept("cloze") == {"g1": ("risque",), "g2": ("deployeur",)}
    person.open("cloze")
    accessible(page)

    person.open("numeric")
    spent = page.get_by_role("textbox", name="Temps passé par mois")
    spent.focus()
    keys.type("1e4")
    keys.press("Tab")
    expect(page.locator("[data-save-status]")).to_contain_text("ne se lit pas comme un nombre")
    page.reload()
    expect(spent).to_have_accessible_description(re.compile("ne se lit pas comme un nombre"))
    accessible(page)


def test_a_decision_is_sent_by_its_button_alone_and_stands(stage: Stage, new_page: NewPage) -> None:
    page = new_page()
    person, keys = Answering(stage, page), page.keyboard
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    person.open("scenario")
    accessible(page)
    page.get_by_label("Faire cesser l’usage et prévenir le délégué.").focus()
    keys.press("Space")
    page.locator("#flag").check()
    assert sent == [], "what is only looked at is not a decision"
    page.get_by_role("button", name="Valider cette décision").press("Enter")
    expect(page.get_by_text("Votre décision")).to_be_visible()
    assert person.kept("scenario") == {"debut": ("arreter",)}
    expect(page.locator("#flag")).to_be_checked()
    accessible(page)
    page.get_by_label("Retrouver avec l’agent les demandes transmises.").focus()
    keys.press("Space")
    keys.press("Enter")  # confirms, as the button does
    expect(page.get_by_label("Partir du besoin mesuré et d’un outil sous contrat.")).to_be_visible()
    page.get_by_label("Partir du besoin mesuré et d’un outil sous contrat.").check()
    page.get_by_role("button", name="Valider cette décision").press("Enter")
    expect(page.get_by_text("Voilà où vos décisions ont mené.")).to_be_visible()
    accessible(page)
    page.goto(f"/learn/attempts/{person.attempt_id}/review")
    page.locator("form[action$='/submit'] button").press("Enter")
    page.wait_for_url("**/result")
    accessible(page)
