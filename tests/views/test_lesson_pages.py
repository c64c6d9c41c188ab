"""Writing a lesson: saved without losing a word, seen as learners will see it, never written over."""

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from curricula.model import LessonText
from curricula.pieces import Piece, Settings, settings_in, text_in, text_piece
from curricula.render import render
from lms.forms.lessons import ABLE, BODY, TITLE
from lms.models import Draft
from lms.services import drafts, lesson_drafts, studio
from lms.services.accounts import make_account
from tests.image_samples import GIF, HARMFUL, PNG, SVG, drawing
from tests.platform_in_test import PlatformInTest
from tests.test_authorisation import form_token

TRACK, MODULE, LESSON = "decideurs", "d1", "ce-que-produit-un-modele"
LESSONS = f"/author/{TRACK}/{MODULE}/lessons"
PATH = f"{MODULE}/lesson/{LESSON}/fr"
URL = f"{LESSONS}/{LESSON}/fr"
JSON = {"Accept": "application/json"}
PASSWORD = "a long enough password"
HOSTILE = (
    "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) [y](data:text/html,x)\n\n"
    '::: case "><svg onload=alert(1)>\n<iframe src="https://example.org"></iframe>\n:::\n'
)


class Author:
    """An author's browser."""

    def __init__(self, app: Flask, session: Session, name: str, *roles: str) -> None:
        person = make_account(session, f"{name}@example.org", PASSWORD, ["author"], name.capitalize()).person_id
        studio.grant(session, person, roles or ["author"])
        session.commit()
        self.person, self.browser = person, app.test_client()
        data = {"username": f"{name}@example.org", "password": PASSWORD, "csrf_token": form_token(self.browser)}
        assert self.browser.post("/account/login", data=data).status_code == 303
        self.token = form_token(self.browser)

    def get(self, url: str) -> TestResponse:
        return self.browser.get(f"{url}?lang=en")

    def post(self, url: str, headers: dict[str, str] | None = None, **data: Any) -> TestResponse:
        answer = self.browser.post(f"{url}?lang=en", data={"csrf_token": self.token, **data}, headers=headers)
        answer.request.environ["wsgi.input"].close()  # a large one is a file, which nobody else closes
        return answer

    def save(self, body: str, edition: int, *, script: bool = False, url: str = URL, **more: str) -> TestResponse:
        data = {"title": "Titre", "able": "choisir", "body": body, "edition": str(edition), **more}
        return self.post(url, JSON if script else None, **data)


@pytest.fixture
def draft(session: Session) -> Draft:
    found = drafts.begin(session, TRACK, None)
    session.commit()
    return found


@pytest.fixture
def author(app: Flask, session: Session, draft: Draft) -> Author:
    return Author(app, session, "anne")


@pytest.fixture
def other(app: Flask, session: Session, draft: Draft) -> Author:
    return Author(app, session, "benoit")


Kept = Callable[..., Any]


@pytest.fixture
def kept(session: Session, draft: Draft) -> Kept:
    """What the database holds of a lesson now: (text, edition)."""

    def read(path: str = PATH) -> tuple[LessonText, int] | None:
        session.expire_all()
        row = drafts.piece(session, draft, path)
        found = None if row is None else (text_in(row.content), row.edition)
        session.rollback()  # holds no page back
        return found

    return read


def plain(answer: TestResponse) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def field(answer: TestResponse, name: str) -> str:
    """What a text area of a page holds, as browsers read it."""
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\r?\n?(.*?)</textarea>', answer.text, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def test_a_text_is_saved_by_its_button(author: Author, kept: Kept) -> None:
    page = author.get(URL)
    assert page.status_code == 200
    assert field(page, "body").startswith("::: situation")
    assert 'name="edition" type="hidden" value="1"' in page.text
    answer = author.save("Bonjour.\r\n\r\n## Deux\r\n", 1, able=" choisir \r\n\r\nvérifier")
    assert answer.status_code == 303
    assert kept() == (LessonText("Titre", ("choisir", "vérifier"), "Bonjour.\n\n## Deux\n"), 2)
    assert "Saved at" in plain(author.browser.get(answer.location))


def test_a_script_saves_as_one_types(author: Author, kept: Kept) -> None:
    first = author.save("Un.", 1, script=True)
    assert (first.status_code, first.json["edition"]) == (200, 2)  # type: ignore[index]
    assert first.json["message"].startswith("Saved at ")  # type: ignore[index]
    assert author.save("Un.", 2, script=True).json["edition"] == 2  # type: ignore[index]
    assert author.save("Un. Deux.", 2, script=True).json["edition"] == 3  # type: ignore[index]
    assert kept()[0].body == "Un. Deux.\n"


def test_an_unfinished_text_is_kept(author: Author, kept: Kept) -> None:
    assert author.save("", 1, title="", able="").status_code == 303
    assert kept()[0] == LessonText("", (), "")
    assert "Untitled lesson" in author.get(URL).text


def test_what_is_too_long_comes_back_whole(author: Author, kept: Kept) -> None:
    before = kept()
    for name, longest in (("title", TITLE), ("able", ABLE), ("body", BODY)):
        data = {"title": "T", "able": "a", "body": "b", "edition": "1", name: "x" * (longest + 1)}
        answer = author.post(URL, **data)
        assert answer.status_code == 400
        assert "This is too long" in plain(answer)
        assert "x" * (longest + 1) in answer.text
        script = author.post(URL, JSON, **data)
        assert (script.status_code, "too long" in script.json["message"]) == (400, True)  # type: ignore[index]
    assert kept() == before
    assert author.save("x" * BODY, 1, title="x" * TITLE, able="x" * ABLE).status_code == 303


def test_the_preview_is_the_learners_page(app: Flask, author: Author, session: Session) -> None:
    reader = PlatformInTest(app).launched()
    learned = reader.get(f"/learn/{TRACK}/{MODULE}/{LESSON}?lang=fr").text
    article = re.search(r'<article class="read">(.*?)<div class="end', learned, re.DOTALL)
    shown = re.search(r"<article[^>]*data-preview>(.*?)</article>", author.get(URL).text, re.DOTALL)
    assert article is not None
    assert shown is not None
    # The author reads English here: the preview speaks the lesson's language.
    assert shown[1].strip() == article[1].strip()
    text = lesson_drafts.lessons(session, drafts.begin(session, TRACK, None), MODULE)[0].texts["fr"]
    session.rollback()
    data = {"title": text.title, "able": "\n".join(text.able), "body": text.body}
    typed = author.post(f"{URL}/preview", JSON, **data).json
    assert typed is not None
    assert typed["html"].strip() == article[1].strip()
    assert re.search(r"\d+ words · about \d+ minutes of reading · reading ease \d+ out of 100", typed["measures"])


def test_the_preview_without_script_keeps_nothing_and_loses_nothing(author: Author, kept: Kept) -> None:
    before = kept()
    answer = author.post(f"{URL}/preview", title="Autre", able="", body="Du **neuf**.\n\n::: nope\nx", edition="1")
    assert answer.status_code == 200
    assert "<strong>neuf</strong>" in answer.text
    assert field(answer, "body") == "Du **neuf**.\n\n::: nope\nx"
    assert "Not saved yet" in plain(answer)
    assert "Line 3. Block « nope » is unknown. Use one of: situation" in plain(answer)
    assert kept() == before


def test_hostile_text_is_shown_as_text(author: Author) -> None:
    assert author.save(HOSTILE, 1, title="<b>T</b>", able="</textarea><script>x</script>").status_code == 303
    page = author.get(URL).text
    shown = page[page.index("data-preview>") :]
    for part in ("<script", "<img", "<iframe", "<svg onload", 'javascript:alert(1)"', 'href="data:'):
        assert part not in shown.replace('<svg class="icon"', "")
    assert "</textarea><script>" not in page
    assert "<b>T</b>" not in page
    again = author.post(f"{URL}/preview", JSON, body=HOSTILE, able="<script>", title="").json
    assert again is not None
    assert "<script" not in again["html"]
    assert "onerror=" not in re.sub(r"&lt;.*?&gt;", "", again["html"])


@pytest.mark.parametrize("unit", ["[", "> ", "::: case\n", "|a|\n|-|\n"])
def test_thousands_of_marks_can_be_rendered(unit: str) -> None:
    assert render((unit * 5000)[:10_000], "fr")


def test_two_authors_at_once_lose_nothing(author: Author, other: Author, kept: Kept) -> None:
    assert other.save("Le sien.\n\nCommun.", 1, title="Son titre").status_code == 303
    script = author.save("Le mien.\n\nCommun.", 1, script=True)
    assert script.status_code == 409
    assert script.json["conflict"] is True  # type: ignore[index]
    assert script.json["message"].startswith("Benoit saved this lesson at ")  # type: ignore[index]
    page = author.save("Le mien.\n\nCommun.", 1)
    assert page.status_code == 409
    words = plain(page)
    assert "Benoit saved this lesson at" in words
    assert "only in mine Le mien. only in theirs Le sien." in words
    assert "only in mine Titre only in theirs Son titre" in words
    assert "Le mien.\nLe sien.\n\nCommun." in unescape(page.text)
    assert kept() == (LessonText("Son titre", ("choisir",), "Le sien.\n\nCommun.\n"), 2)
    # Keep mine: with the edition that was shown, and theirs stays in the history.
    assert page.text.count('name="edition" value="2"') == 2
    assert author.save("Le mien.\n\nCommun.", 2).status_code == 303
    assert kept()[0].body == "Le mien.\n\nCommun.\n"


def test_theirs_can_be_put_back_from_the_history(
    author: Author, other: Author, session: Session, draft: Draft, kept: Kept
) -> None:
    other.save("Le sien.", 1)
    author.save("Le mien.", 2)
    kept()
    before = drafts.changes(session, draft, PATH)[0].before
    assert before is not None
    assert text_in(before).body == "Le sien.\n"


def test_a_third_save_during_a_conflict_is_another_conflict(author: Author, other: Author, kept: Kept) -> None:
    other.save("A.", 1)
    other.save("B.", 2)
    assert author.save("C.", 2).status_code == 409
    assert kept()[0].body == "B.\n"


def test_ones_own_other_tab_is_said_to_be_so(author: Author) -> None:
    author.save("Un.", 1)
    assert "You saved this lesson elsewhere" in plain(author.save("Deux.", 1))


def test_an_edition_that_is_none_writes_over_nothing(author: Author, kept: Kept) -> None:
    before = kept()
    for edition in ("", "x", "-1", "²", "9" * 400):
        assert author.post(URL, title="T", able="", body="B", edition=edition).status_code == 409
    assert kept() == before


def test_a_text_removed_meanwhile_can_be_put_back(author: Author, other: Author, kept: Kept) -> None:
    page = other.get(f"{LESSONS}/{LESSON}/delete")
    editions = re.search(r'name="editions" value="([^"]+)"', page.text)
    assert editions is not None
    assert other.post(f"{LESSONS}/{LESSON}/delete", editions=editions[1]).status_code == 303
    assert kept() is None
    page = author.save("Encore là.", 1)
    assert page.status_code == 409
    assert "Somebody removed this lesson" in plain(page)
    assert field(page, "body") == "Encore là.\n"
    assert author.save("Encore là.", 1, script=True).json["conflict"] is True  # type: ignore[index]
    assert author.save("Encore là.", 0, again="1").status_code == 303
    assert kept() == (LessonText("Titre", ("choisir",), "Encore là.\n"), 1)
    assert author.get(URL.replace("/fr", "/en")).status_code == 200


def test_nothing_is_put_back_under_a_name_that_is_no_key(author: Author, kept: Kept) -> None:
    for name in ("Un Deux", "A", "x" * 400, "%2e%2e", "é"):
        assert author.save("X.", 0, again="1", url=f"{LESSONS}/{name}/fr").status_code in {404, 409}
        assert kept(f"{MODULE}/lesson/{name}/fr") is None


def test_what_is_being_reviewed_is_read_only(author: Author, session: Session, draft: Draft, kept: Kept) -> None:
    before = kept()
    draft.state = "review"
    session.commit()
    page = author.get(URL)
    assert page.status_code == 200
    assert "can only be read now" in plain(page)
    assert '<fieldset class="stack plain" disabled>' in page.text
    assert "data-draft-key" not in page.text
    answer = author.save("Non.", 1, script=True)
    assert answer.status_code == 409
    assert "conflict" not in (answer.json or {})
    assert "being reviewed" in answer.json["message"]  # type: ignore[index]
    assert author.save("Non.", 1).status_code == 409
    for url, data in (
        (f"{LESSONS}/new", {"title": "T", "language": "fr"}), (f"{LESSONS}/{LESSON}/move", {"by": "down"}),
        (f"{LESSONS}/{LESSON}/settings", {"minutes": "9", "edition": "1"}),
    ):  # fmt: skip
        assert author.post(url, **data).status_code == 409
    assert kept() == before


def test_a_reviewer_reads_and_does_not_write(app: Flask, session: Session, draft: Draft) -> None:
    reader = Author(app, session, "claire", "reviewer")
    assert "disabled" in reader.get(URL).text
    assert "Add a lesson" not in reader.get(f"{LESSONS}/").text
    assert reader.save("Non.", 1).status_code == 403


def test_a_lesson_is_added_in_one_language(author: Author, kept: Kept) -> None:
    for title, key in (("L’été, déjà ?", "l-ete-deja"), ("L'été : déjà", "l-ete-deja-2"), ("…", "lesson")):
        answer = author.post(f"{LESSONS}/new", title=title, language="fr")
        assert (answer.status_code, answer.location) == (303, f"{LESSONS}/{key}/fr")
    assert kept(f"{MODULE}/lesson/l-ete-deja/fr")[0].title == "L’été, déjà ?"
    assert kept(f"{MODULE}/lesson/l-ete-deja/en")[0] == LessonText("", (), "")
    words = plain(author.get(f"{LESSONS}/"))
    assert "6 L’été, déjà ? 20 min French" in words
    assert words.count("Empty") == 6
    assert author.get(f"{LESSONS}/l-ete-deja/en").status_code == 200


def test_a_lesson_without_a_title_is_not_added(author: Author) -> None:
    for data in ({}, {"title": " "}, {"title": "x" * 201}, {"title": "T", "language": "de"}):
        answer = author.post(f"{LESSONS}/new", **{"language": "fr", **data})
        assert answer.status_code == 400
        assert "One answer needs your attention." in plain(answer)
    assert author.get(f"{LESSONS}/").text.count('class="none"') == 5


def test_lessons_change_places(author: Author) -> None:
    def order() -> list[str]:
        return re.findall(r'<li class="none" id="([^"]+)"', author.get(f"{LESSONS}/").text)

    first, second, *rest = order()
    assert author.post(f"{LESSONS}/{first}/move", by="down").status_code == 303
    assert order() == [second, first, *rest]
    assert author.post(f"{LESSONS}/{first}/move", by="up").status_code == 303
    assert author.post(f"{LESSONS}/{first}/move", by="up").status_code == 303  # at the top already
    assert order() == [first, second, *rest]
    assert author.post(f"{LESSONS}/{first}/move", by="sideways").status_code == 400
    assert author.post(f"{LESSONS}/gone/move", by="up").status_code == 303


def test_a_lesson_goes_once_it_is_said_what_goes(author: Author, other: Author, session: Session, draft: Draft) -> None:
    url = f"{LESSONS}/{LESSON}/delete"
    page = author.get(url)
    assert re.search(r"French: \d+ words", plain(page))
    editions = re.search(r'name="editions" value="([^"]+)"', page.text)
    assert editions is not None
    assert author.post(url).status_code == 409
    other.save("Du neuf.", 1)
    answer = author.post(url, editions=editions[1])
    assert answer.status_code == 409
    assert "changed since you opened this page" in plain(answer)
    editions = re.search(r'name="editions" value="([^"]+)"', answer.text)
    assert editions is not None
    assert author.post(url, editions=editions[1]).status_code == 303
    assert author.get(URL).status_code == 404
    session.rollback()
    assert len([change for change in drafts.changes(session, draft) if change.path.startswith(PATH[:-3])]) == 4


class TestSettings:
    """What a lesson is in every language."""

    url = f"{LESSONS}/{LESSON}/settings"

    def now(self, session: Session, draft: Draft) -> Settings:
        session.expire_all()
        row = drafts.piece(session, draft, PATH.removesuffix("/fr"))
        assert row is not None
        found = settings_in(row.content)
        session.rollback()  # holds no page back
        return found

    def test_are_saved(self, author: Author, session: Session, draft: Draft) -> None:
        before = self.now(session, draft)
        assert 'value="llm-basics"' in author.get(self.url).text
        data = {"minutes": "31", "edition": "1", "objectives": ["d1-o3", "d1-o1"], "sources": [*before.sources[::-1]]}
        assert author.post(self.url, **data).status_code == 303
        assert self.now(session, draft) == Settings(31, ("d1-o1", "d1-o3"), before.sources)

    def test_refuse_what_is_no_number_of_minutes(self, author: Author, session: Session, draft: Draft) -> None:
        before = self.now(session, draft)
        for minutes in ("", "x", "0", "241", "1.5", "9" * 50):
            answer = author.post(self.url, minutes=minutes, edition="1", objectives=["d1-o2"])
            assert answer.status_code == 400
            assert "Give a whole number of minutes, from 1 to 240." in plain(answer)
            assert re.search(r'checked[^>]*value="d1-o2"|value="d1-o2"[^>]*checked', answer.text)
        assert self.now(session, draft) == before

    def test_refuse_what_is_not_in_the_module(self, author: Author, session: Session, draft: Draft) -> None:
        before = self.now(session, draft)
        assert author.post(self.url, minutes="5", edition="1", objectives=["d2-o1"]).status_code == 400
        assert self.now(session, draft) == before

    def test_keep_what_the_module_no_longer_has(self, author: Author, session: Session, draft: Draft) -> None:
        row = drafts.piece(session, draft, PATH.removesuffix("/fr"))
        assert row is not None
        content = row.content.replace(b'"d1-o1"', b'"gone"')
        drafts.save(session, draft, row.path, content, 1, None)
        session.commit()
        assert "gone (no longer in the module)" in plain(author.get(self.url))
        assert author.post(self.url, minutes="5", edition="2", objectives=["gone", "d1-o2"]).status_code == 303
        assert self.now(session, draft).objectives == ("gone", "d1-o2")

    def test_of_two_people_are_shown_side_by_side(
        self, author: Author, other: Author, session: Session, draft: Draft
    ) -> None:
        assert other.post(self.url, minutes="40", edition="1", objectives=["d1-o2"]).status_code == 303
        page = author.post(self.url, minutes="50", edition="1", objectives=["d1-o3"])
        assert page.status_code == 409
        assert "Benoit changed these settings" in plain(page)
        assert "They chose: 40 min spot" in plain(page)
        assert 'value="50"' in page.text
        assert self.now(session, draft).minutes == 40
        assert author.post(self.url, minutes="50", edition="2", objectives=["d1-o3"]).status_code == 303
        assert self.now(session, draft) == Settings(50, ("d1-o3",), ())


def test_what_is_not_there_is_not_found(author: Author) -> None:
    for part in (f"{MODULE}/lessons/none/fr", "d9/lessons/", "d9/lessons/x/fr", f"{MODULE}/lessons/{LESSON}/de"):
        assert author.get(f"/author/{TRACK}/{part}").status_code == 404


def test_a_large_upload_is_refused_in_words(author: Author) -> None:
    answer = author.save("x" * 3_000_000, 1)
    assert answer.status_code == 413
    assert "too large" in plain(answer)


class TestImages:
    """The images of a module: taken by their content, with words, seen by those who write."""

    url = f"/author/{TRACK}/{MODULE}/files/"

    def add(self, author: Author, name: str, content: bytes, *, script: bool = True, **more: str) -> TestResponse:
        data = {"alt": "Un plan", "file": (BytesIO(content), name), **more}
        return author.post(self.url, JSON if script else None, **data)

    def test_are_added_shown_and_kept_once(self, author: Author) -> None:
        first = self.add(author, "Schéma d’été.PNG", SVG, caption='Le « plan » "A"')
        assert first.json == {
            "name": "schema-d-ete.svg", "markdown": '![Un plan](files/schema-d-ete.svg "Le « plan » \\"A\\"")',
        }  # fmt: skip
        assert self.add(author, "schema d'ete.svg", SVG).json["name"] == "schema-d-ete.svg"  # type: ignore[index]
        assert self.add(author, "schema-d-ete.svg", drawing("")).json["name"] == "schema-d-ete-2.svg"  # type: ignore[index]
        page = self.add(author, "../../x/a.png", PNG, script=False, alt="a [b]")
        assert "![a \\[b\\]](files/x-a.png)" in unescape(page.text)
        shown = author.browser.get(f"{self.url}schema-d-ete.svg")
        assert (shown.data, shown.mimetype) == (SVG, "image/svg+xml")
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
        typed = author.post(f"{URL}/preview", JSON, body='![Un plan](files/schema-d-ete.svg "Légende")').json
        assert typed is not None
        assert '<figure><img src="/author/decideurs/d1/files/schema-d-ete.svg?v=1" alt="Un plan"' in typed["html"]
        assert typed["problems"].strip() == ""

    def test_are_refused_in_words(self, author: Author) -> None:
        for content, said in (
            (b"", "This is not an image that is taken."), (b"%PDF-1.7", "This is not an image that is taken."),
            (b"<html><script>alert(1)</script>", "This is not an image"), (PNG + b"x" * 2_000_000, "larger than 2 MB"),
            *((content, "This ") for content in HARMFUL.values()),
        ):  # fmt: skip
            answer = self.add(author, "a.png", content)
            assert answer.status_code == 400
            assert said in answer.json["message"]  # type: ignore[index]
        assert "Say what the image shows." in self.add(author, "a.png", PNG, alt=" ").json["message"]  # type: ignore[index]
        assert "Choose an image first." in plain(author.post(self.url, alt="x"))
        assert self.add(author, "a.png", PNG + b"x" * 3_000_000).status_code == 413
        assert "No image yet." in plain(author.get(self.url))

    def test_are_replaced_and_removed_when_no_lesson_shows_them(self, author: Author) -> None:
        self.add(author, "a.png", PNG)
        author.save("![Un plan](files/a.png)", 1)
        data = {"edition": "1", "file": (BytesIO(GIF), "b.gif")}
        assert author.post(f"{self.url}a.png/replace", **data).status_code == 303
        assert author.browser.get(f"{self.url}a.png").data == GIF
        for content, edition, said in ((PNG, "1", "meanwhile"), (b"<p>", "2", "not an image"), (b"", "2", "Choose")):
            author.post(f"{self.url}a.png/replace", edition=edition, file=(BytesIO(content), "b.gif"))
            assert said in plain(author.get(self.url))
        assert author.browser.get(f"{self.url}a.png").data == GIF
        author.post(f"{self.url}a.png/delete", edition="2")
        assert "take it out of the lesson first" in plain(author.get(self.url))
        author.save("Rien.", 2)
        author.post(f"{self.url}a.png/delete", edition="1")
        assert author.browser.get(f"{self.url}a.png").status_code == 200
        author.post(f"{self.url}a.png/delete", edition="2")
        assert author.browser.get(f"{self.url}a.png").status_code == 404

    def test_what_a_text_refers_to_and_is_not_there_is_said(self, author: Author) -> None:
        text = "[x](term:none)\n\n![](files/none.png)\n\n![a](https://example.org/a.png)"
        typed = author.post(f"{URL}/preview", JSON, body=text).json
        assert typed is not None
        said = unescape(typed["problems"])
        assert "Line 1. The term « none » is unknown." in said
        assert "Line 3. This image has no alternative text." in said
        assert "Line 5. The image « https://example.org/a.png » is not one of the module." in said
        assert "<img" not in typed["html"]


def test_terms_of_the_glossary_are_explained(author: Author, session: Session, draft: Draft) -> None:
    glossary = b"""[[terms]]
key = "token"
term = { fr = "jeton", en = "token" }
definition = { fr = "Un morceau de <mot>.", en = "A part of a word." }
"""
    drafts.add(session, draft, [Piece("glossary.toml", glossary)], None)
    session.commit()
    assert 'data-text="](term:token)" data-sample="jeton"' in author.get(URL).text
    typed = author.post(f"{URL}/preview", JSON, body="Un [jeton](term:token).").json
    assert typed is not None
    assert "Un morceau de &lt;mot&gt;." in typed["html"]
    row = drafts.piece(session, draft, "glossary.toml")
    assert row is not None
    drafts.save(session, draft, row.path, b"not toml", 1, None)
    session.commit()
    assert author.get(URL).status_code == 200


typed = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)


@given(typed, typed, typed)
def test_whatever_is_typed_reads_back_the_same(title: str, able: str, body: str) -> None:
    text = lesson_drafts.said(title, able, body)
    assert text_in(text_piece(text)) == text
    assert lesson_drafts.said(text.title, "\n".join(text.able), text.body) == text
