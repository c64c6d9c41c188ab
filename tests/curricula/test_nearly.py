"""Texts that share most of their words are found, and no others, however many there are."""

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from curricula.nearly import ENOUGH, nearly_alike

SHARE = Fraction(3, 5)
ONE = "Un préfet veut résumer les courriers reçus avant de les orienter vers un service"
WORDS = st.lists(st.sampled_from("abcdefghijklm"), max_size=12).map(" ".join)


def test_the_same_question_in_nearly_the_same_words_is_found() -> None:
    other = ONE.replace("préfet", "recteur").replace("service", "bureau").upper()
    assert list(nearly_alike({"a": ONE, "b": "Une tout autre histoire de six mots au moins", "c": other}, SHARE)) == [
        ("c", "a")
    ]


def test_short_texts_say_too_little() -> None:
    assert list(nearly_alike({"a": "Que faites-vous ici ?", "b": "Que faites-vous ici ?"}, SHARE)) == []


@given(st.lists(WORDS, max_size=8))
def test_nothing_is_missed_and_nothing_invented(texts: list[str]) -> None:
    """Against every pair compared."""
    named = {str(number): text for number, text in enumerate(texts)}
    sets = {name: set(text.split()) for name, text in named.items() if len(set(text.split())) >= ENOUGH}
    expected = {
        later
        for place, later in enumerate(sets)
        if any(
            len(sets[later] & sets[before]) >= SHARE * len(sets[later] | sets[before]) for before in list(sets)[:place]
        )
    }
    found = list(nearly_alike(named, SHARE))
    assert {later for later, _before in found} == expected
    for later, before in found:
        assert len(sets[later] & sets[before]) >= SHARE * len(sets[later] | sets[before])


def test_a_bank_of_thousands_is_not_compared_two_by_two() -> None:
    """3 000 texts of 25 words: two by two would be 4.5 million comparisons, in each language, at each look."""
    chance = random.Random(7)
    words = [f"w{number}" for number in range(3_000)]
    texts = {str(number): " ".join(chance.sample(words, 25)) for number in range(3_000)}
    texts["twin"] = texts["3"]
    assert list(nearly_alike(texts, SHARE)) == [("twin", "3")]
