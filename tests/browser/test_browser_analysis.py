"""The analysis of a module in a browser, wide and as on a phone: read by its author, who has attempts marked again."""

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import TRACK, Stage
from browser_studio import make_author, sign_in
from playwright.sync_api import expect

from lms.models import db
from tests.crowds_in_test import crowd
from tests.learner_in_test import module

AUTHOR = "auteur.analyse@example.org"


def test_an_author_reads_the_figures_and_has_attempts_marked_again(new_page: NewPage, stage: Stage) -> None:
    make_author(stage, AUTHOR, "author", name="Auteur", track_key=TRACK)
    with stage.app.app_context():
        crowd(db.session(), stage.track, module("d2"), 80)
        db.session.remove()
    page = sign_in(new_page("400 (BAD REQUEST)"), AUTHOR)
    page.goto(f"/teach/analysis/{TRACK}/d2")
    expect(page.locator(".lead")).to_contain_text("tentatives ont un résultat")
    page.evaluate("document.querySelectorAll('details').forEach(shut => { shut.open = true })")
    accessible(page)
    page.set_viewport_size({"width": 360, "height": 900})
    expect(page.locator("svg.narrow")).to_be_visible()
    expect(page.locator("svg.wide")).to_be_hidden()
    page.get_by_role("link", name="Difficulté", exact=True).click()
    page.locator("section[aria-labelledby=questions] table a").first.click()
    page.locator("section[aria-labelledby=question] a.button").click()
    expect(page.locator(".lead")).to_contain_text("ont une note à cette question")
    accessible(page)
    page.get_by_role("radio", name="Retirée").check()
    page.get_by_role("button", name="Revoir").click()
    expect(page.get_by_role("alert")).to_contain_text("Écrivez une phrase.")
    page.get_by_role("textbox", name="Pourquoi").fill("Deux réponses étaient justes.")
    page.get_by_role("button", name="Revoir").click()
    expect(page.get_by_role("status")).to_contain_text("en train d’être revues")
    stage.settle()
    page.reload()
    expect(page.get_by_text("Terminé :")).to_be_visible()
    accessible(page)
