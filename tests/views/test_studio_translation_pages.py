"""The pages of translation: how each language stands, and one side written beside the other without losing a word."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from curricula.pieces import question_in, question_piece, text_in
from lms.models import Draft
from lms.services import drafts, translation
from tests.account_in_test import browser_of

QUESTION = "d1/question/d1-q01"
LIST = "/author/decideurs/translation?lang=en"


@pytest.fixture
def draft(session: Session) -> Draft:
    begun = drafts.begin(session, "decideurs", None)
    session.commit()
    return begun


@pytest.fixture
def lesson(session: Session, draft: Draft) -> str:
    found = drafts.listed(session, draft, "d1/lesson/")[0].path
    session.rollback()  # on SQLite, a transaction left open keeps the service from writing
    return found


@pytest.fixture
def author(app: Flask, draft: Draft) -> FlaskClient:
    return browser_of(app, "author@example.org", "author")


@pytest.fixture
def reviewer(app: Flask, draft: Draft) -> FlaskClient:
    return browser_of(app, "reviewer@example.org", "reviewer")


def address(unit: str, to: str = "en") -> str:
    return f"/author/decideurs/translation/{unit}?to={to}&lang=en"


def said(page: Any) -> str:
    return unescape(page.text).replace("\xa0", " ").replace("\u202f", " ")


def form(page: Any) -> dict[str, str]:
    """What a browser would send of the page's form."""
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    typed = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page.text, re.DOTALL)
    return {name: unescape(value) for name, value in (*fields.items(), *typed)}


def ask(session: Session, draft: Draft, **changes: Any) -> None:
    """Somebody else saves the question."""
    row = drafts.piece(session, draft, QUESTION)
    assert row is not None
    made = replace(question_in(row.content), **changes)
    drafts.save(session, draft, QUESTION, question_piece(made), row.edition, None)
    session.commit()


def stem(session: Session, draft: Draft) -> dict[str, str]:
    return dict(question_in(content(session, draft, QUESTION)).stem)


def content(session: Session, draft: Draft, path: str) -> bytes:
    """What a piece says now."""
    session.rollback()
    row = drafts.piece(session, draft, path)
    assert row is not None
    found = row.content
    session.rollback()
    return found


def test_the_list_says_how_each_language_stands(author: FlaskClient, session: Session, draft: Draft) -> None:
    page = said(author.get(LIST))
    assert page.count("100% of the texts are up to date") == 2
    assert "Next piece to translate" not in page
    ask(session, draft, stem={"fr": "Que faire <b> ?", "en": ""})
    page = said(author.get(LIST))
    assert "One is missing" in page
    assert "99% of the texts are up to date" in page
    narrowed = author.get(f"{LIST}&state=missing")
    assert "Que faire &lt;b&gt;" in narrowed.text
    assert "One text" in narrowed.text
    assert f"/author/decideurs/translation/{QUESTION}?to=en" in narrowed.text
    assert "No text fits." in author.get(f"{LIST}&state=missing&module=d2").text
    assert "No text fits." in author.get(f"{LIST}&to=fr&state=missing").text


@pytest.mark.parametrize(
    "odd", ["page=0", "page=-1", "page=999999999", "page=²", "to=de", "state=x", "module=zz", "q=%25'"]
)
def test_an_odd_address_is_a_page_all_the_same(author: FlaskClient, odd: str) -> None:
    assert author.get(f"{LIST}&{odd}").status_code == 200


def test_without_a_draft_the_plan_is_shown(app: Flask, session: Session, author: FlaskClient, draft: Draft) -> None:
    drafts.discard(session, draft, None)
    session.commit()
    assert author.get(LIST).location == "/author/decideurs/"
    assert author.get(address(QUESTION)).status_code == 404


def test_a_text_is_written_beside_its_source(author: FlaskClient, session: Session, draft: Draft, lesson: str) -> None:
    page = author.get(address(lesson))
    data = form(page)
    assert {"text:title", "text:able", "text:body"} <= data.keys()
    sent = {**data, "text:title": "Another <title>\r\n", "text:body": data["text:body"].replace("\n", "\r\n")}
    answer = author.post(address(lesson), data=sent)
    assert (answer.status_code, answer.location) == (303, f"/author/decideurs/translation/{lesson}?to=en")
    assert text_in(content(session, draft, f"{lesson}/en")).title == "Another <title>"
    after = author.get(address(lesson))
    assert "Up to date: Title." in said(after)
    assert "Another &lt;title&gt;" in after.text
    assert translation.following(translation.units(session, draft), "en", "") is None
    session.rollback()
    assert "Nothing was changed." in said(author.post(address(lesson), data=form(after), follow_redirects=True))


def test_still_the_same_and_the_next_one_are_one_click(
    author: FlaskClient, session: Session, draft: Draft, lesson: str
) -> None:
    before = stem(session, draft)
    ask(session, draft, stem={**before, "fr": "Que faire ?"})
    page = author.get(address(QUESTION))
    assert "It still says the same" in page.text
    assert before["fr"] in said(page)  # what it said when both agreed
    answer = author.post(address(lesson), data={**form(author.get(address(lesson))), "then": "next"})
    assert answer.location == f"/author/decideurs/translation/{QUESTION}?to=en"
    author.post(address(QUESTION), data={**form(page), "same": "stem"})
    assert "It still says the same" not in author.get(address(QUESTION)).text


def test_two_people_lose_nothing(author: FlaskClient, session: Session, draft: Draft) -> None:
    data = form(author.get(address(QUESTION)))
    first = stem(session, draft)
    ask(session, draft, stem={"fr": first["fr"], "en": "Theirs"})
    answer = author.post(address(QUESTION), data={**data, "text:stem": "Mine"})
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert ">\nMine</textarea>" in answer.text
    assert stem(session, draft)["en"] == "Theirs"
    assert author.post(address(QUESTION), data={**form(answer), "theirs:stem": "1"}).status_code == 303
    assert stem(session, draft)["en"] == "Theirs"
    assert author.post(address(QUESTION), data=form(answer)).status_code == 303
    assert stem(session, draft)["en"] == "Mine"


def test_what_was_typed_for_a_text_or_a_piece_that_is_gone_is_shown(
    author: FlaskClient, session: Session, draft: Draft
) -> None:
    data = form(author.get(address(QUESTION)))
    options = question_in(content(session, draft, QUESTION)).options
    ask(session, draft, options=options[1:])
    name = f"text:options/{options[0].key}/text"
    answer = author.post(address(QUESTION), data={**data, name: "Precious words"})
    assert (answer.status_code, "Precious words" in answer.text) == (409, True)
    drafts.remove(session, draft, QUESTION, None)
    session.commit()
    answer = author.post(address(QUESTION), data={**data, name: "Precious words"})
    assert (answer.status_code, "Precious words" in answer.text) == (409, True)
    assert author.get(address(QUESTION)).status_code == 404


def test_what_cannot_be_kept_is_said_and_given_back(author: FlaskClient, session: Session, draft: Draft) -> None:
    data = form(author.get(address(QUESTION)))
    answer = author.post(address(QUESTION), data={**data, "text:stem": "x" * 60_001})
    assert answer.status_code == 400
    assert "This is too long" in answer.text
    assert "x" * 60_001 in answer.text
    author.post(address(QUESTION), data={**data, "text:stem": "a\x07b\x1bc"})
    assert stem(session, draft)["en"] == "abc"


@pytest.mark.parametrize(
    "odd", [{}, {"text:stem": "x"}, {"text:zz": "x", "seen:zz": ":::"}, {"seen:stem": "é" * 999}, {"same": "zz"}]
)
def test_a_form_made_by_hand_breaks_nothing(
    author: FlaskClient, session: Session, draft: Draft, odd: dict[str, str]
) -> None:
    before = stem(session, draft)
    token = form(author.get(address(QUESTION)))["csrf_token"]
    assert author.post(address(QUESTION), data={**odd, "csrf_token": token}).status_code in (303, 409)
    assert stem(session, draft) == before


def test_the_preview_is_what_learners_would_read_and_is_not_kept(
    author: FlaskClient, session: Session, draft: Draft, lesson: str
) -> None:
    data = {**form(author.get(address(lesson))), "text:body": "Some *words* <script>x</script>", "preview": "1"}
    page = author.post(address(lesson), data=data)
    assert "Some <em>words</em> &lt;script&gt;" in page.text
    assert "The structure differs" in page.text
    before = content(session, draft, f"{lesson}/en")
    live = author.post(address(lesson), data=data, headers={"Accept": "application/json"})
    assert "<em>words</em>" in live.json["html"]
    assert content(session, draft, f"{lesson}/en") == before
    assert b"Some *words*" not in before


def test_who_does_not_write_reads(author: FlaskClient, reviewer: FlaskClient, session: Session, draft: Draft) -> None:
    page = reviewer.get(address(QUESTION))
    assert "readonly" in page.text
    assert 'name="then"' not in page.text
    data = form(author.get(address(QUESTION)))
    draft.state = "review"
    session.commit()
    assert "readonly" in author.get(address(QUESTION)).text
    before = stem(session, draft)
    assert author.post(address(QUESTION), data={**data, "text:stem": "Late"}).status_code == 409
    assert stem(session, draft) == before
