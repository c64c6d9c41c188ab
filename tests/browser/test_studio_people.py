"""Who shares the studio, a track adapted and brought up to date, and a text of law that changed; in a browser."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import STEWARD, Stage
from browser_studio import make_author
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from curricula.pieces import lesson_path, text_in, text_piece
from curricula.write import folder_of
from lms.models import Curriculum, Draft, ReviewTask, StudioRole, TrackRevision, db
from lms.services import drafts, library, revisions, studio
from lms.services.authors import people_of

AUTHOR, COPY, LAW = "partage@example.org", "cadres-dirigeants", "ai-act-26"


@pytest.fixture
def author(stage: Stage) -> Iterator[str]:
    """The address of an account without a role yet; the stage is left as it was found."""
    with stage.app.app_context():
        known = people_of(db.session(), AUTHOR)
        db.session.remove()
    if not known:
        make_author(stage, AUTHOR, name="Autrice du partage")
    yield AUTHOR
    with stage.app.app_context():
        for model in (Draft, Curriculum):
            db.session.execute(delete(model).where(model.track_key == COPY))
        db.session.execute(delete(ReviewTask))
        studio_roles = delete(StudioRole).where(StudioRole.person_id == people_of(db.session(), AUTHOR)[0].id)
        db.session.execute(studio_roles)
        db.session.execute(delete(TrackRevision).where(TrackRevision.origin == "imported"))
        db.session.commit()
        library.forget(db.session())
        db.session.remove()


def signed_in(new_page: NewPage, stage: Stage, who: str) -> Page:
    page = new_page("400", "409")
    page.context.add_cookies([stage.cookie(who)])
    return page


def both_sides_change(stage: Stage) -> None:
    """The copy and the track it was adapted from say something else of one lesson."""
    first = stage.track.modules[0]
    lesson = first.lessons[0]
    theirs = replace(lesson.texts["fr"], body=lesson.texts["fr"].body + "\nAjout de l’institut.\n")
    lessons = (replace(lesson, texts={**lesson.texts, "fr": theirs}), *first.lessons[1:])
    track = replace(stage.track, version="2099", modules=(replace(first, lessons=lessons), *stage.track.modules[1:]))
    path = lesson_path(first.key, lesson.key, "fr")
    with stage.app.app_context():
        session = db.session()
        draft = drafts.open_draft(session, COPY)
        assert draft is not None
        row = drafts.piece(session, draft, path)
        assert row is not None
        mine = replace(text_in(row.content), body=lesson.texts["fr"].body + "\nAjout de l’école.\n")
        drafts.save(session, draft, path, text_piece(mine), row.edition, None)
        revisions.publish(session, folder_of(track), "imported")
        session.commit()
        db.session.remove()


def test_a_role_is_given_a_track_adapted_and_its_update_taken_in(stage: Stage, new_page: NewPage, author: str) -> None:
    admin = signed_in(new_page, stage, STEWARD)
    admin.goto("/admin/")
    admin.get_by_role("link", name=stage.say("Authors and institutions")).click()
    admin.get_by_label(stage.say("Name of the institution")).last.fill("École de démonstration")
    admin.get_by_role("button", name=stage.say("Add it")).click()
    admin.get_by_label(stage.say("E-mail address")).fill(author)
    admin.get_by_role("button", name=stage.say("Give this role")).click()
    expect(admin.get_by_role("alert")).to_be_visible()
    expect(admin.get_by_label(stage.say("E-mail address"))).to_have_value(author)
    admin.get_by_label(stage.say("Author: writes and sends to review")).check()
    admin.get_by_label(stage.say("Over what")).select_option(
        label=stage.say("Every track of %(name)s", name="École de démonstration")
    )
    admin.get_by_role("button", name=stage.say("Give this role")).click()
    expect(admin.get_by_role("row", name="Autrice du partage")).to_be_visible()
    accessible(admin)

    page = signed_in(new_page, stage, author)
    page.goto("/author/")
    page.get_by_role("link", name=stage.say("Adapt a shared track")).click()
    accessible(page)
    page.locator(f"a[href='/author/{stage.track.key}/adapt']").click()
    accessible(page)
    page.get_by_label(stage.say("Key")).fill(COPY)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{stage.tool}/author/{COPY}/")

    both_sides_change(stage)
    page.reload()
    page.get_by_role("link", name=stage.say("See the differences and take them in")).click()
    expect(page.locator(".parts ins").first).to_contain_text("Ajout de l’école.")
    accessible(page)
    page.get_by_role("button", name=stage.say("Take in"), exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label(stage.say("Take theirs")).check()
    page.get_by_role("button", name=stage.say("Take in"), exact=True).click()
    expect(page).to_have_url(f"{stage.tool}/author/{COPY}/")
    title = stage.typeset(stage.track.title["fr"])
    same = stage.say("Adapted from « %(title)s », and up to date with it", title=title)
    expect(page.get_by_role("link", name=same)).to_be_visible()


def test_a_text_of_law_that_changed_is_read_again(stage: Stage, new_page: NewPage, author: str) -> None:
    with stage.app.app_context():
        studio.grant(db.session(), people_of(db.session(), author)[0].id, ["author"])
        db.session.commit()
        db.session.remove()
    page = signed_in(new_page, stage, author)
    page.goto("/author/law")
    page.get_by_role("link", name=stage.typeset("Règlement (UE) 2024/1689, art. 26")).first.click()
    accessible(page)
    page.get_by_label(stage.say("New version")).fill("2099-01-01")
    page.get_by_label(stage.say("What changes")).fill("Le délai d’information passe à deux mois.")
    page.get_by_role("button", name=stage.say("Have the modules read again")).click()
    expect(page.get_by_role("article")).to_have_count(3)
    accessible(page)
    page.get_by_label(stage.say("What came of it")).first.fill("Relu : le délai n’est pas cité.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article")).to_have_count(2)
    page.goto(f"/author/{stage.track.key}/")
    expect(page.get_by_role("link", name=stage.say("Open the legal watch"))).to_be_visible()
