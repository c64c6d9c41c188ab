"""How long a text takes to read and how easy that is."""

from fractions import Fraction

import pytest

from curricula.model import LessonText
from curricula.reading import ease, long_sentences, reading_minutes, sentences


def test_reading_takes_a_minute_for_180_words() -> None:
    assert reading_minutes(LessonText("", (), "mot " * 270).words) == Fraction(3, 2)
    assert reading_minutes(LessonText("", (), "::: method\nun, deux – trois\n:::").words) == Fraction(4, 180)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Une phrase. Une autre ! « Une troisième ? » Une quatrième…", 4),
        ("## Un titre\n\nUne phrase\nsur deux lignes.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", 1),
        ("- Un point\n- un autre\n\n1. un pas\n2. un second\n", 4),
        ("Il écrit `a.b. C` et ```\nun code. Un autre.\n``` puis signe.", 1),
        ("En 2026, 3,5 % des cas. Voir [la loi](https://x.example/a.b.C).", 2),
        ("", 0), ("::: plain\n:::\n", 0),
    ],
)  # fmt: skip
def test_sentences_are_those_of_the_prose(text: str, found: int) -> None:
    assert len(sentences(text)) == found, sentences(text)


def test_long_sentences_are_counted_and_the_longest_is_shown() -> None:
    long = "Le service " + "examine une à une les demandes " * 6 + "du jour."
    share, longest = long_sentences(f"Une phrase courte. {long} Une autre.")
    assert (share, longest) == (Fraction(1, 3), long)
    assert long_sentences("") == (0, "")


EASY = {
    "fr": "Le chat dort sur le lit. Il fait beau. On va à la mer. ",
    "en": "The cat sat on the mat. It is hot. We go to sea. ",
}
HARD = {
    "fr": "L’opérationnalisation interministérielle des réglementations administratives nécessite une harmonisation "
    "méthodologique préalable des organisations territoriales concernées. ",
    "en": "The operationalisation of interdepartmental administrative regulations necessitates preliminary "
    "methodological harmonisation of the territorial organisations concerned. ",
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_easy_is_told_from_what_is_hard(language: str) -> None:
    easy, hard = ease(EASY[language] * 8, language), ease(HARD[language] * 8, language)
    assert easy is not None
    assert hard is not None
    assert easy > 80
    assert hard < 20


def test_a_text_too_short_says_nothing() -> None:
    assert ease("Trois mots seulement.", "fr") is None
    assert ease(EASY["fr"] * 8, "de") is None
