"""How far a learner is: states, minutes and shares, exact."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from curricula.load import load_track
from curricula.model import Lesson, Module, Track
from curricula.progress import ModuleProgress, TrackProgress, progress
from tests.curricula.samples import write_track


@pytest.fixture
def track(tmp_path: Path) -> Track:
    """m1: lessons of 20 and 10 minutes for 60 declared; m2: one lesson of 7 for 90; m3: planned, 90."""
    base = load_track(write_track(tmp_path))
    first, planned = base.modules
    lesson = first.lessons[0]
    second: Lesson = replace(lesson, key="second", order=2, minutes=10)
    m1 = replace(first, lessons=(lesson, second))
    m2 = replace(first, key="m2", order=2, duration_minutes=90, lessons=(replace(lesson, minutes=7),))
    return replace(base, modules=(m1, m2, replace(planned, key="m3", order=3)))


def first(track: Track, read: set[str], best: Fraction | None = None) -> ModuleProgress:
    return progress(track, {"m1": read}, {} if best is None else {"m1": best}).modules[0]


@pytest.mark.parametrize(
    ("read", "best", "state"),
    [
        (set(), None, "todo"),
        ({"first"}, None, "now"),
        ({"first", "second"}, None, "ready"),
        ({"first"}, Fraction(49, 100), "retry"),
        ({"first"}, Fraction(1, 2), "passed"),
        (set(), Fraction(1), "passed"),
        (set(), Fraction(0), "retry"),
    ],
)
def test_a_module_is_in_one_state(track: Track, read: set[str], best: Fraction | None, state: str) -> None:
    assert first(track, read, best).state == state


def test_just_under_the_threshold_is_not_passed(track: Track) -> None:
    step = first(track, set(), Fraction(1, 2) - Fraction(1, 10**12))
    assert step.state == "retry"
    assert step.missing == Fraction(1, 10**12)


@pytest.mark.parametrize(("best", "missing"), [(None, None), (Fraction(1, 3), Fraction(1, 6)), (Fraction(3, 4), None)])
def test_what_is_missing_is_exact(track: Track, best: Fraction | None, missing: Fraction | None) -> None:
    assert first(track, set(), best).missing == missing


@pytest.mark.parametrize(
    ("read", "best", "minutes"),
    [
        (set(), None, 0),
        ({"second"}, None, 10),
        ({"first"}, None, 20),
        ({"first", "second"}, None, 30),
        ({"first", "second"}, Fraction(0), 30),
        (set(), Fraction(1), 60),
        ({"gone"}, None, 0),
    ],
)
def test_lessons_count_their_minutes_and_a_passed_module_its_whole_duration(
    track: Track, read: set[str], best: Fraction | None, minutes: int
) -> None:
    assert first(track, read, best).minutes_done == minutes


def test_the_share_of_a_track_is_exact(track: Track) -> None:
    whole = progress(track, {"m1": {"first"}}, {"m2": Fraction(1)})
    assert (whole.minutes_done, whole.minutes_left) == (110, 40)
    assert whole.share == Fraction(11, 15)
    assert whole.passed == 1
    assert not whole.completed


def test_one_resumes_at_the_first_lesson_not_read_of_the_first_module_not_passed(track: Track) -> None:
    start = progress(track, {}, {})
    assert start.current is not None
    assert start.current.module.key == "m1"
    assert start.current.next_lesson is not None
    assert start.current.next_lesson.key == "first"
    later = progress(track, {"m2": {"first"}}, {"m1": Fraction(1)})
    assert later.current is not None
    assert later.current.module.key == "m2"
    assert later.current.next_lesson is None


def test_a_track_is_completed_when_every_published_module_is_passed(track: Track) -> None:
    whole = progress(track, {}, {"m1": Fraction(1), "m2": Fraction(1, 2)})
    assert whole.completed
    assert whole.current is None
    assert whole.share == 1
    assert whole.minutes_left == 0
    assert whole.modules[2].state == "planned"


def test_a_module_withdrawn_counts_for_nothing(track: Track) -> None:
    withdrawn: Module = replace(track.modules[1], status="planned")
    whole = progress(replace(track, modules=(track.modules[0], withdrawn)), {"m2": {"first"}}, {"m2": Fraction(1)})
    assert whole.modules[1].state == "planned"
    assert (whole.minutes_done, whole.share) == (0, 0)


def test_a_track_with_nothing_to_follow_is_not_completed(track: Track) -> None:
    whole: TrackProgress = progress(replace(track, modules=track.modules[2:]), {}, {})
    assert not whole.completed
    assert (whole.share, whole.minutes_left, whole.current) == (0, 0, None)


def test_a_module_without_assessment_is_followed_and_never_passed(track: Track) -> None:
    free = replace(track, modules=(replace(track.modules[0], quiz=None),))
    assert first(free, {"first", "second"}, Fraction(1)).state == "ready"
    assert first(free, set(), Fraction(0)).missing is None
