"""A draft in the studio, from « send » to « published », by keyboard and mouse, wide and at the width of a phone."""

from dataclasses import replace

import pytest
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import TRACK, Stage
from browser_studio import sign_in
from playwright.sync_api import expect

from curricula.pieces import text_in, text_piece, track_in, track_piece
from curricula.write import folder_of
from lms.models import db
from lms.services import drafts, revisions
from tests.account_in_test import make_person
from tests.forks_in_test import rewritten, theirs
from tests.tracks_in_test import fixed_tracks

AUTHOR, REVIEWER = "auteur.relecture@example.org", "relecteur.relecture@example.org"


@pytest.fixture
def begun(stage: Stage) -> Stage:
    """A draft of the track with a sentence more, and two people."""
    with stage.served.app_context():
        session, people = db.session(), []
        for address, roles in ((AUTHOR, ["author"]), (REVIEWER, ["reviewer", "publisher"])):
            people.append(make_person(session, address, *roles, name=address.partition("@")[0]))
        draft = stage.draft(session, people[0])
        lesson = next(row.path for row in drafts.listed(session, draft, "d1/lesson/") if row.path.endswith("/fr"))
        for path in ("track", lesson):
            row = drafts.piece(session, draft, path)
            assert row is not None
            content = (
                track_piece(replace(track_in(row.content), version="2099.9"))
                if path == "track"
                else text_piece(
                    replace(text_in(row.content), body=text_in(row.content).body + "\nUne phrase de plus.\n")
                )
            )
            drafts.save(session, draft, path, content, row.edition, people[0])
        session.commit()
        db.session.remove()
    return stage


def _published_meanwhile(stage: Stage) -> None:
    with stage.served.app_context():
        track = rewritten(fixed_tracks()[TRACK], "2098.1", at1=theirs(1))
        revisions.publish(db.session(), folder_of(track), "imported")
        db.session.commit()
        db.session.remove()


def test_a_draft_is_sent_commented_approved_and_published(new_page: NewPage, begun: Stage) -> None:
    here = f"{begun.tool}/author/{TRACK}"
    author, reviewer = (sign_in(new_page(), address) for address in (AUTHOR, REVIEWER))
    for page in (author, reviewer):
        page.set_viewport_size({"width": 360, "height": 900})
    _published_meanwhile(begun)
    author.goto(f"{here}/review")
    author.get_by_role("link", name="Voir ce qui est paru et le reprendre").click()
    accessible(author)
    author.get_by_role("button", name="Reprendre").click()
    expect(author.get_by_role("status")).to_contain_text("Ce qui est paru est repris dans le brouillon.")
    accessible(author)
    author.get_by_label("Un mot pour qui le relira").fill("Relisez la séquence 1.")
    author.keyboard.press("Tab")
    author.keyboard.press("Enter")
    expect(author.get_by_role("status")).to_contain_text("Le brouillon est envoyé")
    reviewer.goto(f"{here}/review")
    reviewer.get_by_role("textbox", name="Commentaire").fill("La dernière phrase est-elle utile ?")
    reviewer.get_by_role("button", name="Commenter").click()
    expect(reviewer.get_by_text("La dernière phrase est-elle utile")).to_be_visible()
    accessible(reviewer)
    reviewer.get_by_role("button", name="Approuver").click()
    reviewer.get_by_label("Ce qui change dans cette version").fill("Une phrase de plus en séquence 1.")
    accessible(reviewer)
    for page in ("history", "versions/compare", "package", "preview", "preview/d1/assessment"):
        author.goto(f"{here}/{page}")
        accessible(author)
        if page in {"history", "versions/compare"}:
            expect(author.locator("ins", has_text="Une phrase de plus.").first).to_be_visible()
    reviewer.get_by_role("button", name="Publier").click()
    expect(reviewer.get_by_text("La version 2099.9 est publiée")).to_be_visible()
    expect(reviewer.get_by_text("Une phrase de plus en séquence 1.")).to_be_visible()
    accessible(reviewer)
