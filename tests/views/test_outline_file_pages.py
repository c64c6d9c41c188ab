"""The competency framework and the glossary in the studio: written, kept apart, removed only knowingly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from curricula.model import Framework, Term
from curricula.pieces import (
    framework_in,
    glossary_in,
    lesson_path,
    module_in,
    module_path,
    text_in,
    text_piece,
)
from lms.models import db
from lms.services import drafts
from tests.account_in_test import browser_of
from tests.page_in_test import filled

PLAN = "/author/decideurs/"
FRAMEWORK, GLOSSARY, MODULE = f"{PLAN}framework", f"{PLAN}glossary", f"{PLAN}d1/module"
LESSON = lesson_path("d1", "ce-que-produit-un-modele", "fr")
EN = {"lang": "en"}
#: A framework of two competencies, as one types it.
TYPED = {
    "title-fr": "Compétences",
    "competencies-0-title-fr": "Décider d’un usage",
    "competencies-0-levels-0-criterion-fr": "nomme le risque",
    "competencies-0-levels-1-criterion-fr": "choisit la suite",
    "competencies-1-title-fr": "Écrire une règle",
    "competencies-1-levels-0-criterion-fr": "rédige un avis",
}
Kept = Callable[[str], Any]


@pytest.fixture(autouse=True)
def draft(app: Flask) -> None:
    with app.app_context():
        drafts.begin(db.session(), "decideurs", None)
        db.session.commit()
        db.session.remove()


@pytest.fixture
def author(app: Flask) -> FlaskClient:
    return browser_of(app, "auteure@example.org", "author", name="Auteure")


@pytest.fixture
def kept(app: Flask) -> Kept:
    """What the draft says of a piece; None where it is not there."""

    def look(path: str) -> bytes | None:
        with app.app_context():
            draft = drafts.open_draft(db.session(), "decideurs")
            assert draft is not None
            row = drafts.piece(db.session(), draft, path)
            content = row.content if row is not None else None
            db.session.commit()
            db.session.remove()
        return content

    return look


def rewrite(app: Flask, path: str, change: Callable[[bytes], bytes]) -> None:
    with app.app_context():
        draft = drafts.open_draft(db.session(), "decideurs")
        assert draft is not None
        row = drafts.piece(db.session(), draft, path)
        assert row is not None
        drafts.save(db.session(), draft, path, change(row.content), row.edition, None)
        db.session.commit()
        db.session.remove()


def read(browser: FlaskClient, address: str) -> MultiDict[str, str]:
    page = browser.get(address, query_string=EN)
    assert page.status_code == 200
    return filled(page.text, "edition")


def send(browser: FlaskClient, address: str, data: MultiDict[str, str], more: dict[str, str]) -> TestResponse:
    sent = MultiDict(data)
    for name, value in more.items():
        sent[name] = value
    return browser.post(address, query_string=EN, data=sent)


def framework(content: bytes) -> Framework:
    return framework_in(content)


@pytest.fixture
def written(author: FlaskClient) -> FlaskClient:
    """An author who wrote the framework, its second competency once the first was there."""
    data = send(author, FRAMEWORK, read(author, FRAMEWORK), {"more": "competencies"})
    assert send(author, FRAMEWORK, filled(data.text, "edition"), TYPED).status_code == 303
    return author


@pytest.mark.usefixtures("written")
def test_a_framework_is_written_under_keys_of_its_own(kept: Kept) -> None:
    found = framework(kept("framework.toml"))
    assert (found.key, found.version, found.title["fr"]) == ("decideurs", "2026.2", "Compétences")
    assert [(each.key, [level.number for level in each.levels]) for each in found.competencies] == [
        ("decider-d-un-usage", [1, 2]), ("ecrire-une-regle", [1]),
    ]  # fmt: skip


def test_what_says_nothing_is_not_kept(author: FlaskClient, kept: Kept) -> None:
    for address, path in ((FRAMEWORK, "framework.toml"), (GLOSSARY, "glossary.toml")):
        assert send(author, address, read(author, address), {}).status_code == 303
        assert kept(path) is None


def test_saved_untouched_it_stays_and_emptied_it_goes(written: FlaskClient, kept: Kept) -> None:
    before = kept("framework.toml")
    assert send(written, FRAMEWORK, read(written, FRAMEWORK), {}).status_code == 303
    assert kept("framework.toml") == before
    gone = {"title-fr": "", "competencies-0-gone": "y", "competencies-1-gone": "y"}
    assert send(written, FRAMEWORK, read(written, FRAMEWORK), gone).status_code == 303
    assert kept("framework.toml") is None


def test_an_objective_names_a_level_and_is_left_without_knowingly(written: FlaskClient, kept: Kept) -> None:
    page = written.get(MODULE, query_string=EN).text
    assert "Décider d’un usage, level 2: choisit la suite" in page
    data = filled(page, "edition")
    assert send(written, MODULE, data, {"objectives-0-reaches": "decider-d-un-usage/2"}).status_code == 303
    goal = module_in(kept(module_path("d1"))).objectives[0]
    assert (goal.competency, goal.level) == ("decider-d-un-usage", 2)
    refused = send(written, MODULE, read(written, MODULE), {"objectives-0-reaches": "unknown/1"})
    assert refused.status_code == 400

    asked = send(written, FRAMEWORK, read(written, FRAMEWORK), {"competencies-0-levels-1-gone": "y"})
    assert asked.status_code == 409
    assert "What you remove is used in one place" in asked.text
    assert MODULE in asked.text
    assert len(framework(kept("framework.toml")).competencies[0].levels) == 2
    sure = send(written, FRAMEWORK, filled(asked.text, "edition"), {"sure": "yes"})
    assert sure.status_code == 303
    assert len(framework(kept("framework.toml")).competencies[0].levels) == 1
    goal = module_in(kept(module_path("d1"))).objectives[0]
    assert (goal.competency, goal.level) == (None, None)


def test_a_level_that_others_follow_does_not_go(written: FlaskClient, kept: Kept) -> None:
    before = kept("framework.toml")
    refused = send(written, FRAMEWORK, read(written, FRAMEWORK), {"competencies-0-levels-0-gone": "y"})
    assert refused.status_code == 400
    assert "Other levels follow it" in refused.text
    assert kept("framework.toml") == before


def test_blank_rows_are_given_within_a_competency(written: FlaskClient, kept: Kept) -> None:
    before = kept("framework.toml")
    data = filled(send(written, FRAMEWORK, read(written, FRAMEWORK), {"more": "competencies-1-levels"}).text, "edition")
    assert "competencies-1-levels-3-criterion-fr" in data
    assert kept("framework.toml") == before
    assert send(written, FRAMEWORK, data, {"competencies-1-levels-3-criterion-en": "the second"}).status_code == 303
    assert framework(kept("framework.toml")).competencies[1].levels[1].criterion["en"] == "the second"


def test_two_people_write_the_framework_at_once(app: Flask, written: FlaskClient, kept: Kept) -> None:
    mine = read(written, FRAMEWORK)
    other = browser_of(app, "autre@example.org", "author", name="Autre")
    theirs = {"competencies-0-title-en": "Decide", "title-fr": "Le leur"}
    assert send(other, FRAMEWORK, read(other, FRAMEWORK), theirs).status_code == 303
    page = send(written, FRAMEWORK, mine, {"competencies-1-title-en": "Write", "title-fr": "Le mien"})
    assert page.status_code == 409
    assert "Autre saved this page while you were writing" in page.text
    assert send(written, FRAMEWORK, filled(page.text, "edition"), {"take.title.fr": "theirs"}).status_code == 303
    found = framework(kept("framework.toml"))
    assert found.title["fr"] == "Le leur"
    assert [each.title["en"] for each in found.competencies] == ["Decide", "Write"]


def test_two_people_write_the_same_competency_and_read_both(app: Flask, written: FlaskClient, kept: Kept) -> None:
    mine = read(written, FRAMEWORK)
    other = browser_of(app, "autre@example.org", "author", name="Autre")
    assert send(other, FRAMEWORK, read(other, FRAMEWORK), {"competencies-0-levels-1-gone": "y"}).status_code == 303
    page = send(written, FRAMEWORK, mine, {"competencies-0-title-en": "Decide"})
    assert page.status_code == 409
    assert "1 · nomme le risque, 2 · choisit la suite" in page.text
    assert send(written, FRAMEWORK, filled(page.text, "edition"), {}).status_code == 303
    found = framework(kept("framework.toml")).competencies[0]
    assert (found.title["en"], [level.number for level in found.levels]) == ("Decide", [1, 2])


def test_two_people_begin_a_glossary_at_once(app: Flask, author: FlaskClient, kept: Kept) -> None:
    mine = read(author, GLOSSARY)
    other = browser_of(app, "autre@example.org", "author", name="Autre")
    assert send(other, GLOSSARY, read(other, GLOSSARY), {"terms-0-term-fr": "jeton"}).status_code == 303
    assert send(author, GLOSSARY, mine, {"terms-0-term-fr": "modèle"}).status_code == 303
    assert [term.key for term in glossary_in(kept("glossary.toml"))] == ["modele", "jeton"]


def test_a_glossary_removed_and_written_again_is_another(app: Flask, author: FlaskClient, kept: Kept) -> None:
    send(author, GLOSSARY, read(author, GLOSSARY), {"terms-0-term-fr": "jeton"})
    mine = read(author, GLOSSARY)
    other = browser_of(app, "autre@example.org", "author", name="Autre")
    send(other, GLOSSARY, read(other, GLOSSARY), {"terms-0-gone": "y"})
    assert kept("glossary.toml") is None
    send(other, GLOSSARY, read(other, GLOSSARY), {"terms-0-term-fr": "invite"})
    assert send(author, GLOSSARY, mine, {"terms-1-term-fr": "modèle"}).status_code == 303
    assert {term.key for term in glossary_in(kept("glossary.toml"))} == {"invite", "modele"}


def test_a_term_keeps_its_key_and_stays_while_lessons_lead_to_it(app: Flask, author: FlaskClient, kept: Kept) -> None:
    send(author, GLOSSARY, read(author, GLOSSARY), {"terms-0-term-fr": "jeton", "terms-0-definition-fr": "Un bout."})
    data = read(author, GLOSSARY)
    assert send(author, GLOSSARY, data, {"terms-0-term-fr": "unité", "terms-1-term-fr": "Jeton"}).status_code == 303
    assert glossary_in(kept("glossary.toml")) == (
        Term("jeton", {"fr": "unité", "en": ""}, {"fr": "Un bout.", "en": ""}),
        Term("jeton-2", {"fr": "Jeton", "en": ""}, {"fr": "", "en": ""}),
    )

    def leading(content: bytes) -> bytes:
        text = text_in(content)
        return text_piece(replace(text, body=f"{text.body}\n\nUn [jeton](term:jeton).\n"))

    rewrite(app, LESSON, leading)
    before = kept("glossary.toml")
    asked = send(author, GLOSSARY, read(author, GLOSSARY), {"terms-0-gone": "y", "terms-1-definition-fr": "Écrit."})
    assert asked.status_code == 409
    assert "/d1/lessons/ce-que-produit-un-modele/fr" in asked.text
    assert kept("glossary.toml") == before
    again = filled(asked.text, "edition")
    assert again["terms-1-definition-fr"] == "Écrit."
    assert send(author, GLOSSARY, again, {"sure": "yes"}).status_code == 409
    assert send(author, GLOSSARY, read(author, GLOSSARY), {"terms-1-gone": "y"}).status_code == 303
    assert [term.key for term in glossary_in(kept("glossary.toml"))] == ["jeton"]


def test_what_cannot_be_kept_is_refused_and_given_back(author: FlaskClient, kept: Kept) -> None:
    wrong = {"key": "../etc", "title-fr": "<script>alert(1)</script>", "competencies-0-title-fr": "x" * 201}
    page = send(author, FRAMEWORK, read(author, FRAMEWORK), wrong)
    assert page.status_code == 400
    assert "<script>alert(1)" not in page.text
    back = filled(page.text, "edition")
    assert (back["key"], back["title-fr"]) == ("../etc", "<script>alert(1)</script>")
    assert kept("framework.toml") is None
    for hostile in (
        {"competencies-²-title-fr": "x", "competencies-0-levels-x-criterion-fr": "x", "edition": "9" * 5000},
        {"more": "competencies-0-levels-0"},
        {"more": "../levels", "take.competencies.a": "theirs", "read": "title.fr=zzzzzzzz " * 500},
        {f"competencies-0-levels-{number}-criterion-fr": "x" for number in range(500)},
    ):
        assert send(author, FRAMEWORK, read(author, FRAMEWORK), hostile).status_code in {200, 303, 400, 409}
    many = {f"terms-{number}-term-fr": "x" for number in range(700)}
    assert send(author, GLOSSARY, read(author, GLOSSARY), many).status_code == 303
    keys = [term.key for term in glossary_in(kept("glossary.toml"))]
    assert len(keys) == len(set(keys)) == 500


def test_an_unreadable_file_and_a_draft_that_is_read(app: Flask, author: FlaskClient, kept: Kept) -> None:
    send(author, FRAMEWORK, read(author, FRAMEWORK), {"title-fr": "Avant"})
    rewrite(app, "framework.toml", lambda _content: b"= not TOML")
    assert send(author, FRAMEWORK, read(author, FRAMEWORK), {"title-fr": "Après"}).status_code == 303
    assert framework(kept("framework.toml")).title["fr"] == "Après"
    data = read(author, GLOSSARY)
    with app.app_context():
        found = drafts.open_draft(db.session(), "decideurs")
        assert found is not None
        found.state = "review"
        db.session.commit()
        db.session.remove()
    assert author.get(FRAMEWORK).status_code == author.get(GLOSSARY).status_code == 409
    assert send(author, GLOSSARY, data, {"terms-0-term-fr": "non"}).status_code == 409
    assert kept("glossary.toml") is None
