"""Adapting a shared track in the browser, and taking in its updates."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from curricula.pieces import lesson_path, text_in, text_piece
from curricula.write import folder_of
from lms.models import Draft, Institution, db
from lms.services import drafts, revisions
from tests.account_in_test import browser_of, token_of
from tests.forks_in_test import KEY, LESSON, OURS, SHIPPED, rewritten, theirs
from tests.tracks_in_test import fixed_tracks


@pytest.fixture
def author(app: Flask) -> FlaskClient:
    """The browser of an author of another institution."""
    with app.app_context():
        school = Institution(name="École de démonstration")
        db.session.add(school)
        db.session.flush()
        school_id = school.id
        db.session.commit()
        db.session.remove()
    return browser_of(app, "zoe@example.org", "author", institution_id=school_id)


def post(browser: FlaskClient, url: str, status: int = 303, **values: str) -> str:
    answer = browser.post(url, data={**values, "csrf_token": token_of(browser)})
    assert answer.status_code == status, answer.text
    return answer.text if status != 303 else browser.get(answer.location).text


def publish(app: Flask, **bodies: str) -> None:
    with app.app_context():
        revisions.publish(db.session(), folder_of(rewritten(SHIPPED, "2026.2", **bodies)), "imported")
        db.session.commit()
        db.session.remove()


def write(app: Flask, body: str, path: str = LESSON) -> None:
    """The fork's first lesson, or another, says this."""
    with app.app_context():
        session = db.session()
        draft = drafts.open_draft(session, OURS)
        assert draft is not None
        row = drafts.piece(session, draft, path)
        assert row is not None
        drafts.save(session, draft, path, text_piece(replace(text_in(row.content), body=body)), row.edition, None)
        session.commit()
        db.session.remove()


def test_a_shared_track_is_adapted(author: FlaskClient) -> None:
    page = author.get("/author/shared").text
    assert "CC-BY-SA-4.0" in page
    assert f'href="/author/{KEY}/adapt"' in page
    assert author.get(f"/author/{KEY}/").status_code == 404, "theirs to adapt, not to write"
    for key in ("", "Une clé !", KEY, "x" * 99):
        post(author, f"/author/{KEY}/adapt", 400, key=key, institution="1")
    page = post(author, f"/author/{KEY}/adapt", key=OURS, institution="1")
    assert "Décideurs publics" in page
    assert f"/author/{OURS}/upstream" in page
    assert author.get("/author/unknown/adapt").status_code == 404
    assert author.get(f"/author/{OURS}/upstream").status_code == 200


def test_what_is_closed_is_said_and_refused(app: Flask, author: FlaskClient) -> None:
    with app.app_context():
        closed = replace(fixed_tracks()[KEY], version="2026.2", licence="CC-BY-ND-4.0")
        revisions.publish(db.session(), folder_of(closed), "imported")
        db.session.commit()
        db.session.remove()
    page = author.get(f"/author/{KEY}/adapt").text
    assert "CC-BY-ND-4.0" in page
    assert 'name="key"' not in page
    post(author, f"/author/{KEY}/adapt", 400, key=OURS, institution="1")
    assert author.get(f"/author/{OURS}/").status_code == 404


def digest(page: str) -> str:
    found = re.search(r'name="digest" value="(\w+)"', page)
    assert found is not None
    return found[1]


def test_an_update_is_shown_asked_about_and_taken_in(app: Flask, author: FlaskClient) -> None:
    post(author, f"/author/{KEY}/adapt", key=OURS, institution="1")
    write(app, "À nous.\n")
    publish(app, at0=theirs(), at1=theirs(1))
    assert "2026.2" in author.get(f"/author/{OURS}/").text
    page = author.get(f"/author/{OURS}/upstream").text
    assert page.count("De leur part.") == 2, "one comes by itself, one is asked about"
    assert "À nous." in page
    post(author, f"/author/{OURS}/upstream", 303, digest="0" * 64)  # published again meanwhile
    fields = {"digest": digest(page), "path-1": LESSON, "edition-1": "2"}
    for wrong in ({}, {"side-1": "both"}, {"side-1": "mine", "edition-1": "x"}, {"side-1": "mine", "edition-1": "1"}):
        asked = post(author, f"/author/{OURS}/upstream", 409, **{**fields, **wrong})
        assert "À nous." in asked
    post(author, f"/author/{OURS}/upstream", **fields, **{"side-1": "mine"})
    with app.app_context():
        draft = drafts.open_draft(db.session(), OURS)
        assert draft is not None
        folder = drafts.folder(db.session(), draft)
        lessons = [text.decode() for path, text in sorted(folder.files.items()) if path.endswith(".fr.md")]
        db.session.remove()
    assert sum("De leur part." in text for text in lessons) == 1
    assert sum("À nous." in text for text in lessons) == 1
    assert "2026.2" in author.get(f"/author/{OURS}/upstream").text
    assert 'name="digest"' not in author.get(f"/author/{OURS}/upstream").text


def test_choices_are_kept_until_every_one_is_made(app: Flask, author: FlaskClient) -> None:
    post(author, f"/author/{KEY}/adapt", key=OURS, institution="1")
    second = lesson_path("d1", SHIPPED.modules[0].lessons[1].key, "fr")
    for path in (LESSON, second):
        write(app, "À nous.\n", path)
    publish(app, at0=theirs(), at1=theirs(1))
    page = author.get(f"/author/{OURS}/upstream").text
    fields = {"digest": digest(page), "edition-1": "2", "edition-2": "2"}
    paths = re.findall(r'name="path-\d" value="([^"]+)"', page)
    fields |= {f"path-{number}": path for number, path in enumerate(paths, 1)}
    assert {fields["path-1"], fields["path-2"]} == {LESSON, second}
    assert "checked" not in page
    asked = post(author, f"/author/{OURS}/upstream", 409, **fields, **{"side-1": "theirs"})
    assert re.findall(r'id="(\w+)-1" value="\w+" checked', asked) == ["theirs"]
    assert re.findall(r'name="path-\d"', asked) == ['name="path-1"', 'name="path-2"']
    write(app, "Encore à nous.\n", fields["path-1"])  # by a colleague: the first choice was of other words
    again = post(author, f"/author/{OURS}/upstream", 409, **fields, **{"side-1": "theirs", "side-2": "mine"})
    assert re.findall(r'id="(\w+)-(\d)" value="\w+" checked', again) == [("mine", "2")]
    post(author, f"/author/{OURS}/upstream", **{**fields, "edition-1": "3", "side-1": "theirs", "side-2": "mine"})


def test_a_draft_that_is_read_is_not_changed(app: Flask, author: FlaskClient) -> None:
    post(author, f"/author/{KEY}/adapt", key=OURS, institution="1")
    publish(app, at1=theirs(1))
    page = author.get(f"/author/{OURS}/upstream").text
    with app.app_context():
        db.session.query(Draft).update({"state": "review"})
        db.session.commit()
        db.session.remove()
    post(author, f"/author/{OURS}/upstream", 409, digest=digest(page))


def test_an_update_under_a_closed_licence_is_shown_and_not_offered(app: Flask, author: FlaskClient) -> None:
    post(author, f"/author/{KEY}/adapt", key=OURS, institution="1")
    with app.app_context():
        closed = replace(fixed_tracks()[KEY], version="2026.2", licence="CC-BY-ND-4.0")
        found = revisions.publish(db.session(), folder_of(closed), "imported").digest
        db.session.commit()
        db.session.remove()
    page = author.get(f"/author/{OURS}/upstream").text
    assert "CC-BY-ND-4.0" in page
    assert 'name="digest"' not in page
    post(author, f"/author/{OURS}/upstream", digest=found)
    assert "CC-BY-SA-4.0" not in author.get(f"/author/{KEY}/adapt").text
    assert 'name="digest"' not in author.get(f"/author/{OURS}/upstream").text
