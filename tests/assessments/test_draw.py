"""A draw is the same for the same attempt, fair to the objectives, and new to the learner when it can be."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.draw import draw
from curricula.model import Question
from tests.assessments.samples import question


@st.composite
def draws(make: st.DrawFn) -> tuple[list[Question], int, str, set[str]]:
    """A bank, how many to draw, a seed, and what was seen."""
    objectives = make(st.lists(st.integers(1, 5), min_size=1, max_size=25))
    bank = [
        replace(question(f"q{number}", f"o{objective}"), difficulty=make(st.integers(1, 3)))
        for number, objective in enumerate(objectives)
    ]
    seen = make(st.sets(st.sampled_from([item.key for item in bank])))
    return bank, make(st.integers(0, len(bank))), make(st.text(max_size=8)), seen


@given(draws())
def test_the_same_attempt_shows_the_same_questions(case: tuple[list[Question], int, str, set[str]]) -> None:
    bank, count, seed, seen = case
    assert draw(bank, count, seed, seen) == draw(bank, count, seed, sorted(seen, reverse=True))


@given(draws())
def test_as_many_questions_as_asked_each_once(case: tuple[list[Question], int, str, set[str]]) -> None:
    bank, count, seed, seen = case
    keys = [item.key for item in draw(bank, count, seed, seen)]
    assert len(keys) == len(set(keys)) == count
    assert set(keys) <= {item.key for item in bank}


@given(draws())
def test_options_are_all_there_in_some_order(case: tuple[list[Question], int, str, set[str]]) -> None:
    bank, count, seed, seen = case
    for item in draw(bank, count, seed, seen):
        assert sorted(item.options) == ["a", "b", "c", "d"]


@given(draws())
def test_objectives_share_the_questions(case: tuple[list[Question], int, str, set[str]]) -> None:
    bank, count, seed, seen = case
    by_key = {item.key: item for item in bank}
    drawn = Counter(by_key[item.key].objective for item in draw(bank, count, seed, seen))
    available = Counter(item.objective for item in bank)
    for objective, size in available.items():
        for other in available:
            exhausted = drawn[objective] == size
            assert exhausted or drawn[other] <= drawn[objective] + 1


@given(draws())
def test_a_question_comes_back_only_when_its_objective_has_no_new_one(
    case: tuple[list[Question], int, str, set[str]],
) -> None:
    bank, count, seed, seen = case
    keys = {item.key for item in draw(bank, count, seed, seen)}
    for item in bank:
        if item.key in keys & seen:
            assert all(
                other.key in keys for other in bank if other.objective == item.objective and other.key not in seen
            )


@given(st.text(max_size=8))
def test_difficulties_alternate_inside_an_objective(seed: str) -> None:
    bank = [replace(question(f"q{number}"), difficulty=1 + number % 3) for number in range(9)]
    difficulty = {item.key: item.difficulty for item in bank}
    assert sorted(difficulty[item.key] for item in draw(bank, 3, seed)) == [1, 2, 3]
    assert sorted(difficulty[item.key] for item in draw(bank, 6, seed)) == [1, 1, 2, 2, 3, 3]


def test_two_attempts_differ() -> None:
    bank = [question(f"q{number}", f"o{number % 3}") for number in range(12)]
    shown = {draw(bank, 6, str(seed)) for seed in range(20)}
    assert len(shown) == 20
    firsts = Counter(item.options[0] for drawn in shown for item in drawn)
    assert set(firsts) == {"a", "b", "c", "d"}, "the right option is not always first"


def test_a_draw_stays_what_it_was_whatever_the_release() -> None:
    bank = [question(f"q{number}", f"o{number % 2}") for number in range(6)]
    shown = [(item.key, "".join(item.options)) for item in draw(bank, 3, "attempt")]
    assert shown == [("q4", "cabd"), ("q1", "cadb"), ("q3", "bacd")]


@pytest.mark.parametrize("size", [0, 3])
def test_a_bank_too_small_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"4 questions asked of a bank of {size}"):
        draw([question(f"q{number}") for number in range(size)], 4, "seed")


@st.composite
def exact_draws(make: st.DrawFn) -> tuple[list[Question], tuple[int, int, int], str, set[str], set[str]]:
    """A bank, how many of each difficulty can be drawn, a seed, what was seen and what is exposed."""
    bank = make(draws())[0]
    held = Counter(item.difficulty for item in bank)
    wanted = (make(st.integers(0, held[1])), make(st.integers(0, held[2])), make(st.integers(0, held[3])))
    keys = st.sets(st.sampled_from([item.key for item in bank]))
    return bank, wanted, make(st.text(max_size=4)), make(keys), make(keys)


@given(exact_draws())
def test_so_many_of_each_difficulty(case: tuple[list[Question], tuple[int, int, int], str, set[str], set[str]]) -> None:
    bank, wanted, seed, seen, exposed = case
    by_key = {item.key: item for item in bank}
    drawn = draw(bank, sum(wanted), seed, seen, exposed=exposed, difficulties=wanted)
    assert drawn == draw(bank, sum(wanted), seed, seen, exposed=exposed, difficulties=wanted)
    chosen = [by_key[item.key] for item in drawn]
    assert len({item.key for item in chosen}) == sum(wanted)
    assert tuple(Counter(item.difficulty for item in chosen)[level] for level in (1, 2, 3)) == wanted
    # No single exchange shares the objectives better, nor brings a newer question at the same share.
    sizes = Counter(item.objective for item in chosen)
    for gone in chosen:
        for new in bank:
            if new in chosen or new.difficulty != gone.difficulty:
                continue
            if new.objective != gone.objective:
                assert sizes[new.objective] + 1 >= sizes[gone.objective]
            else:
                ranks = [2 * (item.key in seen) + (item.key in exposed) for item in (gone, new)]
                assert ranks[0] <= ranks[1]


@given(draws(), st.data())
def test_what_too_many_met_comes_after_what_is_new_and_before_what_one_met(
    case: tuple[list[Question], int, str, set[str]], data: st.DataObject
) -> None:
    bank, count, seed, seen = case
    exposed = data.draw(st.sets(st.sampled_from([item.key for item in bank])))
    keys = {item.key for item in draw(bank, count, seed, seen, exposed=exposed)}
    rank = {item.key: 2 * (item.key in seen) + (item.key in exposed) for item in bank}
    for item in bank:
        for other in bank:
            if other.objective == item.objective and item.key in keys and other.key not in keys:
                assert rank[item.key] <= rank[other.key]


def test_difficulties_that_the_bank_cannot_give_are_said() -> None:
    bank = [replace(question(f"q{number}"), difficulty=1 + number % 2) for number in range(6)]
    with pytest.raises(ValueError, match="too small: 2 of difficulty 3 asked of 0"):
        draw(bank, 4, "seed", difficulties=(1, 1, 2))


def test_an_exact_draw_stays_what_it_was_whatever_the_release() -> None:
    bank = [replace(question(f"q{number}", f"o{number % 3}"), difficulty=1 + number // 4) for number in range(12)]
    shown = [(item.key, "".join(item.options)) for item in draw(bank, 4, "attempt", ["q1"], difficulties=(1, 2, 1))]
    assert shown == [("q3", "cbad"), ("q7", "dcba"), ("q11", "acbd"), ("q4", "abdc")]
