"""The catalogue: what a search and its filters find, in which order, and what it costs."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from curricula.model import Track
from curricula.write import folder_of
from lms.services import catalogue, revisions
from lms.services.catalogue import Entry, Query, one_entry, query
from lms.services.learning import enrol
from lms.services.library import Library
from lms.services.offers import holds
from lms.services.words import fold
from tests.learner_in_test import TRACK, data, learner, module, statements, take

SHORT = replace(
    TRACK, key="bases", title={"fr": "Bases communes", "en": "Common ground"}, certificate=None, recommendations=(2,),
    modules=TRACK.modules[:1],
)  # fmt: skip
PLANNED = replace(TRACK, key="annonce", certificate=None, modules=TRACK.modules[2:3])
EVERY = [Entry(TRACK), Entry(SHORT), Entry(PLANNED)]
TYPED = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)


def found(text: str = "", language: str = "fr", **narrowed: str) -> list[str]:
    return [entry.track.key for entry in EVERY if Query(text, narrowed).finds(entry, language)]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ["decideurs", "bases", "annonce"]),
        ("BASES", ["bases"]),
        ("préfètes", ["decideurs", "bases", "annonce"]),  # for whom
        ("reglement", ["decideurs"]),  # a module's title
        ("altération", ["decideurs", "bases"]),  # an objective of D1
        ("alteration  RÈGLEMENT", ["decideurs"]),  # words of two modules
        ("communes altération", ["bases"]),  # of the track and of a module
        ("zzz", []),
    ],
)
def test_words_are_looked_for_in_the_track_and_its_modules(text: str, keys: list[str]) -> None:
    assert found(text) == keys


def test_each_language_has_its_own_words() -> None:
    assert found("common ground", "en") == ["bases"]
    assert found("common ground", "fr") == []


@pytest.mark.parametrize(
    ("narrowed", "keys"),
    [
        ({"length": "short"}, ["bases"]),
        ({"length": "day"}, ["decideurs"]),
        ({"certificate": "yes"}, ["decideurs"]),
        ({"recommendation": "2"}, ["bases"]),
        ({"recommendation": "17"}, []),
        ({"state": "todo"}, ["decideurs", "bases"]),
        ({"state": "done"}, []),
        ({"length": "day", "recommendation": "2"}, []),
    ],
)
def test_filters_narrow_together(narrowed: dict[str, str], keys: list[str]) -> None:
    assert found(**narrowed) == keys


@given(TYPED)
def test_folding_forgets_accents_capitals_and_spaces(text: str) -> None:
    folded = fold(text)
    assert folded == folded.strip()
    assert "  " not in folded
    assert not any(unicodedata.combining(letter) for letter in folded)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert fold(f"  {text}\u00a0") == folded


@given(st.text(alphabet="aeéèEÉçÇœŒôuù ’'-", max_size=30), st.text(max_size=20))
def test_what_is_written_is_found_however_it_is_typed(text: str, around: str) -> None:
    words = fold(f"{around} {text} {around}")
    bare = "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
    for typed in (text, text.upper(), text.lower(), bare, text.replace("’", "'"), f" {text} "):
        assert holds(words, typed)


@given(st.dictionaries(st.sampled_from(["q", *catalogue.FILTERS, "other"]), TYPED))
def test_any_address_is_read(asked: dict[str, str]) -> None:
    wanted, unknown = query(asked, catalogue.FILTERS)
    assert len(wanted.text) <= 200
    assert set(wanted.narrowed) | set(unknown) == {key for key in catalogue.FILTERS if asked.get(key)}
    assert not set(wanted.narrowed) & set(unknown)
    for entry in EVERY:
        wanted.finds(entry, "fr")


def test_a_filter_that_is_not_for_this_reader_is_told_apart() -> None:
    assert query({"state": "now", "length": "day"}, ["length"]) == (Query("", {"length": "day"}), ["state"])


def test_each_way_out_leaves_one_thing_out() -> None:
    wanted = Query("zzz", {"length": "day", "state": "todo"})
    assert wanted.ways_out() == {
        "text": Query("", {"length": "day", "state": "todo"}),
        "length": Query("zzz", {"state": "todo"}),
        "state": Query("zzz", {"length": "day"}),
    }
    assert Query(" ").ways_out() == {}
    assert not Query(" \u0301").asks


def published(session: Session, track: Track) -> None:
    revisions.publish(session, folder_of(track), "imported", note="Pour ce test")


def other(number: int) -> Track:
    """A track of that number, as short as the real one's first module."""
    rule = TRACK.certificate
    assert rule is not None
    return replace(
        TRACK, key=f"autre-{number:02}", modules=TRACK.modules[:1], certificate=replace(rule, modules=("d1",))
    )


def test_what_one_follows_comes_first_with_how_far_one_is(session: Session) -> None:
    published(session, other(1))
    row = learner(session)
    (first, second) = catalogue.entries(session, Library(session), row.person_id)
    assert (first.track.key, first.state) == ("decideurs", "todo")
    assert (second.track.key, second.state, second.row) == ("autre-01", "todo", None)
    take(session, row, module("d1"))
    first = catalogue.entries(session, Library(session), row.person_id)[0]
    assert first.state == "now"
    assert first.progress is not None
    assert first.progress.passed == 1
    take(session, row, module("d2"))
    first = catalogue.entries(session, Library(session), row.person_id)[0]
    assert first.state == "passed", "no certificate was issued yet"
    assert one_entry(session, Library(session), TRACK, row.person_id) == first
    assert [entry.row for entry in catalogue.entries(session, Library(session))] == [None, None]


def test_a_learner_finds_the_revision_they_follow(session: Session) -> None:
    row = learner(session)
    published(session, replace(TRACK, version="2026.2", title={"fr": "Nouveau titre", "en": "New title"}))
    known = Library(session)
    assert catalogue.entries(session, known, row.person_id)[0].track.version == TRACK.version
    assert one_entry(session, known, known["decideurs"], row.person_id).track.version == TRACK.version
    assert catalogue.entries(session, known)[0].track.version == "2026.2"


def test_many_tracks_cost_what_one_costs(session: Session) -> None:
    row = learner(session)

    def cost() -> int:
        known = Library(session)
        list(known.values())  # a revision is read once in the life of a process
        with statements() as heard:
            catalogue.entries(session, known, row.person_id)
        return len(data(heard))

    alone = cost()
    for number in range(12):
        published(session, other(number))
    for number in range(6):
        enrol(session, row.person_id, Library(session)[f"autre-{number:02}"])
    assert cost() == alone <= 4
