"""Two sides change one question: what each did is kept, and what cannot be is asked about."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from curricula.merge import merge
from curricula.merge_question import merged_question
from curricula.model import Option, Question, Spot
from curricula.piece_changes import piece_changes
from curricula.pieces import Piece, question_in, question_path, question_piece
from tests.rich_type_in_test import a_rich_question, rich_questions

PATH = question_path("d1", "q")
BASE = a_rich_question(Question("q", "rich", "o1", 2, "s1", {"fr": "Quoi ?", "en": "What?"}, ()))


def merged(mine: Question, theirs: Question, base: Question = BASE) -> Question | None:
    found = merged_question(*map(question_piece, (base, mine, theirs)))
    return question_in(found) if found is not None else None


def part(name: str, number: int, question: Question = BASE, **changes: Any) -> Question:
    """The question, one of its parts being changed."""
    held = list(getattr(question, name))
    held[number] = replace(held[number], **changes)
    return replace(question, **{name: tuple(held)})


def test_a_fork_changes_a_place_and_the_original_an_option() -> None:
    text = {"fr": "Risque élevé", "en": "High"}
    mine, theirs = part("places", 0, text=text), part("options", 1, feedback={"fr": "Trie.", "en": "Sorts."})
    found = merge(*([Piece(PATH, question_piece(each))] for each in (BASE, mine, theirs)))
    assert found.conflicts == ()
    assert question_in(found.pieces[0].content) == part("options", 1, mine, feedback={"fr": "Trie.", "en": "Sorts."})
    assert found.taken == (PATH,)


def test_the_two_languages_of_a_text_and_the_levels_of_a_criterion_are_apart() -> None:
    mine = replace(BASE, stem={**BASE.stem, "fr": "Neuf ?"})
    theirs = replace(BASE, stem={**BASE.stem, "en": "New?"})
    assert merged(mine, theirs) == replace(BASE, stem={"fr": "Neuf ?", "en": "New?"})
    criterion = BASE.criteria[0]
    lower = replace(criterion, levels=(replace(criterion.levels[0], points=10), criterion.levels[1]))
    heavier = replace(criterion, weight=9)
    both = replace(BASE, criteria=(replace(lower, weight=9),))
    assert merged(replace(BASE, criteria=(lower,)), replace(BASE, criteria=(heavier,))) == both


def test_parts_that_each_side_adds_are_kept_and_settings_too() -> None:
    mine = replace(BASE, places=(*BASE.places, Spot("p3", {"fr": "a", "en": "a"})), settings=(("order", "given"),))
    theirs = replace(BASE, options=(*BASE.options, Option("o3", {"fr": "b", "en": "b"}, {})), settings=BASE.settings)
    found = merged(mine, theirs)
    assert found is not None
    assert [each.key for each in found.places] == ["p1", "p2", "p3"]
    assert [each.key for each in found.options] == ["o1", "o2", "o3"]
    assert found.settings == (("order", "given"),)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (part("places", 0, text={"fr": "a", "en": "a"}), part("places", 0, text={"fr": "b", "en": "a"})),
        (part("places", 0, text={"fr": "a", "en": "a"}), replace(BASE, places=BASE.places[1:])),
        (replace(BASE, type="single"), part("options", 0, points=1)),
        (replace(BASE, settings=(("near", 1),)), replace(BASE, settings=(("near", 2),))),
        (replace(BASE, difficulty=1), replace(BASE, difficulty=3)),
        (part("options", 1, accepted={"fr": "x", "en": "y"}), part("options", 1, accepted=None)),
        (replace(BASE, options=(*BASE.options, *BASE.options)), part("options", 0, points=1)),
    ],
)
def test_what_both_changed_is_asked(mine: Question, theirs: Question) -> None:
    assert merged(mine, theirs) is None
    assert merged(theirs, mine) is None
    sides = ([Piece(PATH, question_piece(each))] for each in (BASE, mine, theirs))
    assert [each.path for each in merge(*sides).conflicts] == [PATH]


def test_two_orders_are_asked_about() -> None:
    three = replace(BASE, options=(*BASE.options, Option("o3", {"fr": "c", "en": "c"}, {"fr": "d", "en": "d"})))

    def ordered(*numbers: int) -> Question:
        return replace(three, options=tuple(three.options[number] for number in numbers))

    assert merged(ordered(1, 0, 2), ordered(0, 2, 1), three) is None
    assert merged(ordered(1, 0, 2), part("options", 2, three, points=4), three) == part(
        "options", 2, ordered(1, 0, 2), points=4
    )


def test_what_cannot_be_read_is_asked() -> None:
    sides = ([Piece(PATH, content)] for content in (b"1", b"2", b"3"))
    assert merge(*sides).conflicts[0].mine == b"2"


QUESTIONS = rich_questions(replace(BASE, options=(), places=(), criteria=()))


@settings(max_examples=60, deadline=None)
@given(QUESTIONS, QUESTIONS, QUESTIONS)
def test_nothing_either_side_changed_is_lost(base: Question, mine: Question, theirs: Question) -> None:
    assert merged(mine, base, base) == mine
    assert merged(base, theirs, base) == theirs
    assert merged(mine, mine, base) == mine
    found = merged(mine, theirs, base)
    if found is None:
        return
    now = {each.path: each for each in changes(base, found)}
    for side in (mine, theirs):
        for change in changes(base, side):
            if change.path[-1] != "options":  # the order of what both keep
                assert now[change.path].after == change.after


def changes(before: Question, after: Question) -> list[Any]:
    return piece_changes(PATH, question_piece(before), question_piece(after))
