"""The glossary of a track: its terms are explained at the end of the lessons that use them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assessments.registry import anatomies
from curricula.diff import compare
from curricula.load import load_track
from curricula.quality import findings
from curricula.render import render
from tests.curricula.samples import FILES, rewrite, told

GLOSSARY = """\
[[terms]]
key = "token"
term = { fr = "jeton", en = "token" }
definition = { fr = "Un morceau de mot.", en = "A piece of a word." }

[[terms]]
key = "bias"
term = { fr = "biais", en = "bias" }
definition = { fr = "Un écart.", en = "A gap." }
"""
FRENCH = "m1/01-first.fr.md"
TERMS = {"token": ("jeton", "Un morceau : de mot."), "bias": ("biais", "Un écart.")}


@pytest.fixture
def explained(folder: Path) -> Path:
    """The folder with a glossary, one term of which its lesson uses."""
    (folder / "glossary.toml").write_text(GLOSSARY, "utf-8")
    (folder / FRENCH).write_text(FILES[FRENCH] + "\nUn [jeton](term:token).\n", "utf-8")
    return folder


def test_a_glossary_is_read(explained: Path) -> None:
    track = load_track(explained, anatomies())
    assert [(term.key, term.term["fr"], term.definition["en"]) for term in track.glossary] == [
        ("token", "jeton", "A piece of a word."),
        ("bias", "biais", "A gap."),
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (FRENCH, "term:token", "term:tokens", f"mini/{FRENCH}:17: The term « tokens » is unknown. Fix: Add it under"),
        (FRENCH, "(term:token).", "[t].\n\n[t]: term:x", f"mini/{FRENCH}:17: The term « x » is unknown."),
        ("glossary.toml", '"bias"', '"token"', "mini/glossary.toml:7: « token » is used 2 times in terms."),
        ("glossary.toml", 'key = "bias"', 'key = "Le biais"', "mini/glossary.toml:7: « Le biais » is not a key."),
        ("glossary.toml", ', en = "A gap."', "", "mini/glossary.toml:9: « definition » has no text in en."),
        ("glossary.toml", "definition", "sense", "« sense » is not a field of this table."),
        ("glossary.toml", "[[terms]]", "[[terms]", "mini/glossary.toml:1: This is not TOML"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(explained: Path, file: str, old: str, new: str, said: str) -> None:
    rewrite(explained, file, old, new)
    problems = told(explained)
    assert any(said in problem for problem in problems), problems


def test_code_that_shows_a_term_uses_none(explained: Path) -> None:
    (explained / FRENCH).write_text(FILES[FRENCH] + "\n`[jeton](term:zed)`\n", "utf-8")
    assert load_track(explained, anatomies()).key == "mini"


def test_a_term_no_lesson_uses_is_advice(explained: Path) -> None:
    found = [each for each in findings(load_track(explained), date(2026, 11, 20)) if each.path[0] == "glossary"]
    assert [(each.path, each.weight) for each in found] == [(("glossary", "bias"), "advice")]


def test_changes_of_a_glossary_are_said(explained: Path) -> None:
    track = load_track(explained)
    term = replace(track.glossary[0], definition={"fr": "Autre.", "en": "A piece of a word."})
    (change,) = compare(track, replace(track, glossary=(term, track.glossary[1])))
    assert change.path == ("glossary", "token", "definition", "fr")


def test_a_lesson_explains_the_terms_it_uses_and_no_other() -> None:
    html = render("Un [jeton](term:token), ce [*jeton*](term:token).", "fr", TERMS)
    assert html.startswith('<p>Un <a href="#term-token" class="term" rel="noopener">jeton</a>, ce ')
    assert html.count('id="term-token"') == 1
    assert '<section class="glossary" aria-labelledby="glossary"><h2 id="glossary">Glossaire</h2>' in html
    assert '<dt id="term-token">jeton</dt><dd>Un morceau\u00a0: de mot.</dd>' in html
    assert "biais" not in html
    assert "Glossary</h2>" in render("A [token](term:token).", "en", TERMS)
    assert "Gloss" not in render("Sans terme.", "fr", TERMS)


def test_a_term_that_is_unknown_leads_nowhere() -> None:
    html = render("[x](term:zed) [y](#term-token) [z](term:javascript:alert(1))", "fr", TERMS)
    assert "href" not in html
    assert "Glossaire" not in html


def test_a_definition_is_words_alone() -> None:
    html = render("[x](term:x)", "fr", {"x": ("<b>x</b>", '<img src=x onerror="alert(1)">')})
    assert "<b>" not in html
    assert "<img" not in html
