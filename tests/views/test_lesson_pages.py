"""Writing a lesson: saved without losing a word, seen as learners will see it, never written over."""

import re
from html import unescape

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from curricula.model import LessonText
from curricula.pieces import text_in, text_piece
from curricula.render import render
from lms.forms.lessons import ABLE, BODY, TITLE
from lms.models import Draft
from lms.services import drafts, history, lesson_drafts
from tests.author_in_test import JSON, LESSON, LESSONS, MODULE, PATH, TRACK, URL, Author, Kept, plain
from tests.platform_in_test import PlatformInTest

HOSTILE = (
    "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) [y](data:text/html,x)\n\n"
    '::: case "><svg onload=alert(1)>\n<iframe src="https://example.org"></iframe>\n:::\n'
)


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
    before = history.changes(session, draft, PATH)[0].before
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
    assert '<fieldset class="stack" disabled>' in page.text
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


def test_what_is_not_there_is_not_found(author: Author) -> None:
    for part in (f"{MODULE}/lessons/none/fr", "d9/lessons/", "d9/lessons/x/fr", f"{MODULE}/lessons/{LESSON}/de"):
        assert author.get(f"/author/{TRACK}/{part}").status_code == 404


def test_a_large_upload_is_refused_in_words(author: Author) -> None:
    answer = author.save("x" * 3_000_000, 1)
    assert answer.status_code == 413
    assert "too large" in plain(answer)


typed = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)


@given(typed, typed, typed)
def test_whatever_is_typed_reads_back_the_same(title: str, able: str, body: str) -> None:
    text = lesson_drafts.said(title, able, body)
    assert text_in(text_piece(text)) == text
    assert lesson_drafts.said(text.title, "\n".join(text.able), text.body) == text
