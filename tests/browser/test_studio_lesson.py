"""Writing a lesson in a browser: by keyboard alone, without losing a word to a crash, without writing over anybody."""

import re
from collections.abc import Iterator

import pytest
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import TRACK, Stage
from browser_studio import make_author, sign_in
from playwright.sync_api import Page, Route, expect

from curricula.model import LessonText
from curricula.pieces import lesson_path, text_in
from lms.models import db
from lms.services import drafts, lesson_drafts

NETWORK = ("ERR_CONNECTION_REFUSED", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "status of 409", "status of 401")
ANNE, BENOIT = "anne@example.org", "benoit@example.org"


class Desk:
    """A lesson of one's own in the draft of the track, and the authors who write it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        with stage.app.app_context():
            draft = drafts.begin(db.session(), TRACK, None)
            self.key = lesson_drafts.add_lesson(db.session(), draft, "d1", "Essai", "fr", None)
            db.session.commit()
            db.session.remove()
        self.url = f"/author/{TRACK}/d1/lessons/{self.key}/fr"

    def open(self, page: Page, who: str = ANNE) -> Page:
        """Sign in and open the lesson."""
        sign_in(page, who).goto(self.url)
        return page

    def kept(self) -> LessonText:
        """What the database holds."""
        with self.stage.app.app_context():
            draft = drafts.begin(db.session(), TRACK, None)
            row = drafts.piece(db.session(), draft, lesson_path("d1", self.key, "fr"))
            assert row is not None
            text = text_in(row.content)
            db.session.remove()
        return text


@pytest.fixture(scope="module")
def authors(stage: Stage) -> None:
    """Two authors of every track."""
    for email in (ANNE, BENOIT):
        make_author(stage, email, "author", name=email.partition("@")[0].title())


@pytest.fixture
def desk(stage: Stage, authors: None) -> Iterator[Desk]:
    yield Desk(stage)
    with stage.app.app_context():
        drafts.discard(db.session(), drafts.begin(db.session(), TRACK, None), None)
        db.session.commit()
        db.session.remove()


def status(page: Page, state: str) -> None:
    """Wait for the line that says whether the text is saved."""
    expect(page.locator("[data-save-status]")).to_have_attribute("data-state", state)


def test_a_lesson_is_written_by_keyboard_and_seen_as_learners_will(desk: Desk, new_page: NewPage) -> None:
    page = desk.open(new_page())
    text, bar = page.locator("#lesson-body"), page.locator("[role=toolbar]")
    text.focus()
    page.keyboard.type("Un mot ")
    page.keyboard.press("Control+b")
    page.keyboard.type("fort")
    expect(text).to_have_value("Un mot **fort**")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(text).not_to_have_value(re.compile("fort"))
    text.fill("Une phrase.")
    # One stop in the tab order, then the arrows.
    page.locator("[data-image] summary").focus()
    page.keyboard.press("Shift+Tab")
    expect(bar.locator("button").first).to_be_focused()
    page.keyboard.press("End")
    expect(bar.locator("summary").last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(bar.get_by_role("button", name=desk.stage.say("The situation"))).to_have_count(0)
    expect(bar.locator("[data-insert=named]").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(bar.locator("summary").last).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    text.evaluate("area => area.setSelectionRange(area.value.length, area.value.length)")
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    expect(text).to_have_value(re.compile(r"^Une phrase\.\n\n::: example\n.+\n:::\n\n$"))
    page.keyboard.type("Voici.")
    expect(page.locator("[data-preview] .block-example")).to_contain_text("Voici.")
    status(page, "saved")
    assert "::: example\nVoici.\n:::" in desk.kept().body
    # Undo takes back what a button wrote, too.
    for _ in range(20):
        page.keyboard.press("Control+z")
    expect(text).not_to_have_value(re.compile("example"))
    # What is not a block is said.
    text.fill("::: nope\nx")
    expect(page.locator("[data-problems]")).to_contain_text("« nope »")
    page.keyboard.press("Control+s")
    status(page, "saved")


def test_what_is_typed_outlives_a_crash_of_the_server_and_of_the_page(desk: Desk, new_page: NewPage) -> None:
    page = desk.open(new_page(*NETWORK))
    context = page.context
    page.locator("#lesson-body").fill("Avant la panne.")
    status(page, "saved")
    with desk.stage.stopped():
        page.locator("#lesson-body").press_sequentially(" Pendant la panne.")
        status(page, "failed")
        page.close()  # at once, as when a browser is killed: no page is asked anything
        page = context.new_page()
        page.wait_for_timeout(1000)  # what the page sent as it was closed found nobody, and is not on its way any more
    assert desk.kept().body == "Avant la panne.\n"
    page.goto(desk.url)
    expect(page.locator("[data-left]")).to_be_visible()
    expect(page.locator("#lesson-body")).to_have_value("Avant la panne.\n")
    page.locator("[data-left-restore]").click()
    status(page, "saved")
    assert desk.kept().body == "Avant la panne. Pendant la panne.\n"
    # Closed while typing: at most the last keystrokes.
    page.locator("#lesson-body").fill("Fermé en pleine frappe.")
    page.close(run_before_unload=False)
    page = context.new_page()
    page.goto(desk.url)
    if page.locator("[data-left]").is_visible():
        page.locator("[data-left-restore]").click()
        status(page, "saved")
    expect(page.locator("#lesson-body")).to_have_value(re.compile("^Fermé en pleine frappe."))
    assert desk.kept().body == "Fermé en pleine frappe.\n"
    page.reload()
    expect(page.locator("[data-left]")).to_be_hidden()


def test_what_is_typed_before_the_script_comes_is_saved(desk: Desk, new_page: NewPage) -> None:
    page = desk.open(new_page())
    late: list[Route] = []
    page.route("**/studio.js", lambda route: late.append(route))
    page.goto(desk.url, wait_until="commit")
    page.locator("#lesson-body").fill("Tapé sur un **réseau lent**.")
    assert late
    late[0].continue_()
    status(page, "saved")
    expect(page.locator("[data-preview] strong")).to_have_text("réseau lent")
    assert desk.kept().body == "Tapé sur un **réseau lent**.\n"


def test_two_authors_in_two_browsers_see_both_texts(desk: Desk, new_page: NewPage) -> None:
    anne, benoit = desk.open(new_page(*NETWORK)), desk.open(new_page(*NETWORK), BENOIT)
    benoit.locator("#lesson-body").fill("De Benoit.\n\nCommun.")
    status(benoit, "saved")
    anne.locator("#lesson-body").fill("D’Anne.\n\nCommun.")
    status(anne, "failed")
    expect(anne.locator("[data-save-status]")).to_contain_text("Benoit")
    assert desk.kept().body == "De Benoit.\n\nCommun.\n"
    anne.locator("[data-see-both]").click()
    expect(anne.locator("#merge-body")).to_have_value("D’Anne.\nDe Benoit.\n\nCommun.\n")
    accessible(anne)
    anne.locator("#merge-body").fill("D’Anne et de Benoit.\n\nCommun.")
    anne.locator("form.card button").click()
    expect(anne.locator("#lesson-body")).to_have_value("D’Anne et de Benoit.\n\nCommun.\n")
    expect(anne.locator("[data-left]")).to_be_hidden()
    assert desk.kept().body == "D’Anne et de Benoit.\n\nCommun.\n"


def test_an_image_is_inserted_with_its_words(desk: Desk, new_page: NewPage) -> None:
    page = desk.open(new_page("status of 400"))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
    page.locator("[data-image] summary").click()
    large = {"name": "photo.png", "mimeType": "image/png", "buffer": bytes(2_000_001)}
    page.locator("#image-file").set_input_files([large])  # type: ignore[list-item]
    page.locator("[data-image] button[type=submit]").click()
    expect(page.locator("#image-file-too-large")).to_contain_text("2\u00a0Mo")
    page.locator("#image-file").set_input_files([{"name": "plan.svg", "mimeType": "image/svg+xml", "buffer": svg}])
    page.locator("[data-image] button[type=submit]").click()
    expect(page.locator("[data-image-error]")).to_have_text(desk.stage.say("Say what the image shows."))
    page.locator("#image-alt").fill("Un carré")
    page.locator("#image-caption").fill("Le carré")
    page.locator("[data-image] button[type=submit]").click()
    expect(page.locator("#lesson-body")).to_have_value('![Un carré](files/plan.svg "Le carré")\n\n')
    image = page.locator("[data-preview] figure img")
    expect(image).to_have_js_property("complete", value=True)
    assert image.evaluate("image => image.naturalWidth") > 0
    expect(page.locator("[data-preview] figcaption")).to_have_text("Le carré")
    status(page, "saved")


def test_the_pages_of_lessons_are_accessible(desk: Desk, new_page: NewPage) -> None:
    page = desk.open(new_page())
    for path in (desk.url, desk.url[:-3] + "/settings", desk.url[:-3] + "/delete", f"/author/{TRACK}/d1/lessons/",
                 f"/author/{TRACK}/d1/files/", f"/author/{TRACK}/d1/lessons/ce-que-produit-un-modele/fr"):  # fmt: skip
        page.goto(path)
        accessible(page)
