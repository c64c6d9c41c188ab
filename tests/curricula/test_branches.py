"""Progress through a common core and branches: locked modules, the branch that counts, completion."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.award import decide
from certificates.rules import rules
from curricula.progress import TrackProgress, progress
from lms.services.results import gradebook_modules
from tests.awards_in_test import scored
from tests.branching_in_test import branching

TRACK = branching()
KEYS = [module.key for module in TRACK.modules]
(RULE,) = rules(TRACK)


def passing(*keys: str, read: dict[str, set[str]] | None = None) -> TrackProgress:
    return progress(TRACK, read or {}, dict.fromkeys(keys, Fraction(1)))


def states(state: TrackProgress) -> dict[str, str]:
    return {step.module.key: step.state for step in state.modules}


def test_a_module_waits_for_those_it_requires() -> None:
    assert states(passing()) == {"a1": "todo", "a2": "locked", "s1": "locked", "s2": "locked", "j1": "todo"}
    waiting = passing("a1").modules[3]
    assert [module.key for module in waiting.waits_for] == ["s1"]
    assert states(passing("a1", "a2"))["s1"] == "todo"


def test_a_module_passed_before_it_waited_stays_passed() -> None:
    step = passing("a2").modules[1]
    assert (step.state, step.waits_for) == ("passed", ())


def test_a_score_below_the_threshold_opens_nothing() -> None:
    low = progress(TRACK, {}, {"a1": Fraction(1, 100), "a2": Fraction(1, 100)})
    assert states(low)["a1"] == "retry"
    assert states(low)["a2"] == "locked"


def test_lessons_of_a_locked_module_count_their_minutes() -> None:
    first = TRACK.modules[1].lessons[0]
    assert passing(read={"a2": {first.key}}).minutes_done == first.minutes


def test_until_a_branch_is_begun_the_shortest_counts() -> None:
    state = passing()
    assert state.branch is None
    assert (state.minutes_total, TRACK.duration_minutes) == (400, 400)
    assert [step.module.key for step in state.counted] == ["a1", "a2", "j1"]


def test_the_branch_furthest_on_counts() -> None:
    health = passing("a1", "a2", "s1")
    assert health.branch == TRACK.branches[0]
    assert (health.minutes_total, health.minutes_done, health.share) == (440, 320, Fraction(8, 11))
    assert health.current is not None
    assert health.current.module.key == "s2"
    both = passing("a1", "a2", "s1", "j1")
    assert both.branch == TRACK.branches[1]
    assert both.completed


def test_a_branch_is_to_be_chosen_once_the_core_is_passed() -> None:
    state = passing("a1", "a2")
    assert state.chooses
    assert state.current is None
    assert not state.completed
    assert state.share == Fraction(1, 2)
    assert not passing("a1").chooses
    assert not passing("a1", "a2", "j1").chooses


@given(st.sets(st.sampled_from(KEYS)))
def test_the_core_and_one_branch_complete_the_track_and_earn_its_certificate(passed: set[str]) -> None:
    state = passing(*passed)
    whole = {"a1", "a2"} <= passed and ({"s1", "s2"} <= passed or "j1" in passed)
    assert state.completed == whole
    decision = decide(RULE, scored(TRACK.key, dict.fromkeys(passed, Fraction(1))))
    assert decision.earned == whole
    assert 0 <= state.share <= 1
    assert (state.share == 1) == whole
    assert (state.current is None) == (whole or state.chooses)
    assert state.minutes_done + state.minutes_left == state.minutes_total


@pytest.mark.parametrize(
    ("passed", "modules"),
    [
        ({"a1", "a2", "j1"}, ("a1", "a2", "j1")),
        ({"a1", "a2", "s1", "j1"}, ("a1", "a2", "j1")),
        ({"a1", "a2", "s1", "s2"}, ("a1", "a2", "s1", "s2")),
        ({"a1"}, ("a1", "a2")),
    ],
)
def test_an_award_rests_on_the_core_and_on_the_branches_passed(passed: set[str], modules: tuple[str, ...]) -> None:
    decision = decide(RULE, scored(TRACK.key, dict.fromkeys(passed, RULE.threshold)))
    assert decision.modules == tuple(f"{TRACK.key}/{key}" for key in modules)
    assert decision.conditions[-1].met == (len(modules) > 2)


def test_the_gradebook_counts_the_core_and_the_branch_followed() -> None:
    assert gradebook_modules(passing("a1", "s1"), None) == ("a1", "a2", "s1", "s2")
    assert gradebook_modules(passing("a1"), None) == ("a1", "a2", "j1")
    assert gradebook_modules(passing(), "s2") == ("s2",)
