"""What may be placed in a course: found by words, audience and length, chosen by key."""

import pytest

from lms.services.offers import Search, chosen, offers
from lms.services.words import fold
from tests.tracks_in_test import fixed_tracks

EVERY = offers(fixed_tracks().values())
BY_KEY = {offer.key: offer for offer in EVERY}


def found(search: Search, language: str = "fr") -> list[str]:
    return [offer.key for offer in EVERY if search.finds(offer, language)]


def test_every_track_is_followed_by_its_modules() -> None:
    assert [offer.key for offer in EVERY][:3] == ["decideurs", "decideurs/d1", "decideurs/d2"]
    assert len(BY_KEY) == len(EVERY)


@pytest.mark.parametrize("text", ["règlement", "REGLEMENT", "  reglement  ia ", "Règlement"])
def test_accents_capitals_and_spaces_do_not_count(text: str) -> None:
    assert found(Search(text)) == ["decideurs/d2"]


def test_each_language_is_searched_in_its_own_words() -> None:
    assert found(Search("understanding"), "en") == ["decideurs/d1"]
    assert found(Search("understanding"), "fr") == []


def test_nothing_asked_finds_everything() -> None:
    assert found(Search(" ")) == [offer.key for offer in EVERY]


@pytest.mark.parametrize(
    ("key", "length"),
    [("decideurs", "day"), ("decideurs/d1", "short"), ("decideurs/d2", "half"), ("decideurs/d7", None)],
)
def test_a_length_is_that_of_its_duration(key: str, length: str | None) -> None:
    assert BY_KEY[key].length == length
    assert key not in found(Search(length="more"))


def test_what_is_chosen_keeps_the_order_of_the_list_and_comes_once() -> None:
    keys = ["decideurs/d2", "decideurs", "decideurs/d2"]
    assert [offer.key for offer in chosen(EVERY, keys)] == ["decideurs", "decideurs/d2"]
    assert chosen(EVERY, []) == []


@pytest.mark.parametrize("key", ["nowhere", "decideurs/d3", "", "decideurs/", "D1"])
def test_what_does_not_exist_or_is_only_announced_is_not_chosen(key: str) -> None:
    with pytest.raises(KeyError):
        chosen(EVERY, ["decideurs", key])


def test_folding() -> None:
    assert fold("  L’Œuvre\u00a0D’ÉTÉ ") == "l'oeuvre d'ete"


def test_what_is_announced_cannot_be_placed_and_the_rest_is_assessed() -> None:
    assert [offer.key for offer in EVERY if offer.available] == ["decideurs", "decideurs/d1", "decideurs/d2"]
    assert all(offer.assessed for offer in EVERY if offer.available)
