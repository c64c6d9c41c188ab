"""An author translates in a browser: the preview follows, a crash loses nothing, every width and the keyboard do."""

from dataclasses import replace

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import Stage
from browser_studio import sign_in
from playwright.sync_api import expect

from curricula.pieces import text_in, text_piece
from lms.models import db
from lms.services import drafts

LIST = "/author/decideurs/translation"


def _french_changed(stage: Stage) -> str:
    """A draft whose first lesson was rewritten in French alone; gives the lesson."""
    with stage.app.app_context():
        session = db.session()
        draft = stage.draft(session)
        row = next(each for each in drafts.contents(session, draft, "d1/lesson/") if each.path.endswith("/fr"))
        text = text_in(row.content)
        drafts.save(
            session, draft, row.path, text_piece(replace(text, body=text.body + "\n## De plus\n")), row.edition, None
        )
        path = row.path.removesuffix("/fr")
        db.session.commit()
        db.session.remove()
    return path


def test_a_lesson_is_translated(new_page: NewPage, stage: Stage) -> None:
    lesson = _french_changed(stage)
    page = sign_in(new_page(), "auteur@example.org", stage.demo.password)
    page.goto(f"{LIST}?state=review")
    accessible(page)
    page.get_by_role("link", name=stage.say("Next piece to translate")).click()
    expect(page).to_have_url(f"{stage.tool}{LIST}/{lesson}?to=en")
    accessible(page)
    # From each source to its translation, by the keyboard alone.
    page.locator("textarea").first.focus()
    for name in ("text:able", None, None, "text:body"):
        page.keyboard.press("Tab")
        if name:
            assert page.evaluate("document.activeElement.name") == name
    body = page.locator("textarea.editor")
    body.press("Control+End")
    body.press_sequentially("\n\n## Moreover\n")
    expect(page.locator("[data-preview] h2").last).to_have_text("Moreover")
    # The browser is closed before anything is saved.
    address, context = page.url, page.context
    page.close()
    page = context.new_page()
    page.goto(address)
    expect(page.locator("[data-brought]")).to_be_visible()
    assert page.locator("textarea.editor").input_value().endswith("## Moreover\n")
    page.get_by_role("button", name=stage.say("Save"), exact=True).click()
    expect(page.locator("[data-brought]")).to_be_hidden()
    expect(page.get_by_text(stage.say("Up to date: %(names)s.", names=stage.say("Text")))).to_be_visible()
    page.goto(LIST)
    expect(page.get_by_role("link", name=stage.say("Next piece to translate"))).to_have_count(0)
