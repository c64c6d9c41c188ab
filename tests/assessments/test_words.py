"""What people type is compared whatever their keyboard, and nothing they type breaks the comparison."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.words import first_form, normalised, same


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("RGPD", "rgpd"),
        ("  l’intelligence   artificielle. ", "intelligence artificielle"),
        ("L'Intelligence artificielle", "intelligence artificielle"),
        ("« données\u00a0personnelles »", "donnees personnelles"),
        ("“données\u202fpersonnelles”", "donnees personnelles"),
        ("Les données personnelles !", "donnees personnelles"),
        ("The personal data…", "personal data"),
        ("an algorithm;", "algorithm"),
        ("de\u0301ployeur", "deployeur"),  # an accent typed after its letter
        ("ﬁable", "fiable"),  # a ligature of a PDF
        ("main-d’œuvre", "main-d'oeuvre"),
        ("co\u00adpilote", "copilote"),  # a hyphen that only breaks a line
        ("mot‑clé", "mot-cle"),
        ("ＩＡ", "ia"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        # What would leave nothing is left.
        ("la", "la"),
        ("?", "?"),
        ("l’", "l'"),
        ("", ""),
        (" \u00a0\t", ""),
        # An article only leads, and is a word of its own.
        ("dans la note", "dans la note"),
        ("lavage", "lavage"),
        ("analyse", "analyse"),
        ("la loi", "loi"),
    ],
)
def test_a_text_is_compared_without_what_a_keyboard_decides(typed: str, read: str) -> None:
    assert normalised(typed) == read


def test_accents_and_capitals_count_where_the_question_says_so() -> None:
    assert normalised("L’Élève", accents=True) == "élève"
    assert normalised("L’Élève", case=True) == "Eleve"
    assert normalised("Le RGPD.", accents=True, case=True) == "RGPD"
    assert same("pêche", ["peche"])
    assert not same("pêche", ["péché"], accents=True)
    assert not same("rgpd", ["RGPD"], case=True)
    assert same("Le RGPD", ["RGPD"], case=True)


def test_nothing_typed_is_no_form() -> None:
    assert not same("", [""])
    assert not same(" ", ["", " "])
    assert not same("x", [])


def test_the_first_form_of_each_language_is_shown_and_one_stands_for_the_other() -> None:
    (shown,) = first_form({"fr": " | déployeur | le déployeur", "en": "deployer"})
    assert shown.text == {"fr": "déployeur", "en": "deployer"}
    (shown,) = first_form({"fr": "", "en": "deployer"})
    assert shown.text == {"fr": "deployer", "en": "deployer"}
    assert first_form(None) == first_form({"fr": " | ", "en": ""}) == ()


@given(st.text(max_size=60), st.booleans(), st.booleans())
@settings(max_examples=1000)
def test_normalised_twice_a_text_stays_the_same(text: str, accents: bool, case: bool) -> None:
    once = normalised(text, accents=accents, case=case)
    assert normalised(once, accents=accents, case=case) == once


@given(st.text(alphabet="laesunthd' ’«\".,!é", max_size=40), st.booleans())
def test_what_counts_more_tells_more_apart(text: str, accents: bool) -> None:
    assert normalised(normalised(text, accents=accents, case=True)) == normalised(text)


def test_time_grows_with_the_length_and_no_more() -> None:
    for hostile in ("l'" * 100_000, '"le ' * 50_000, "a " * 100_000, " " * 200_000 + "x", "x" + ".!" * 100_000):
        began = time.process_time()
        normalised(hostile)
        assert time.process_time() - began < 5, hostile[:10]
