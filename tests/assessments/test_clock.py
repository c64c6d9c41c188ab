"""The clock of an attempt, for any moment."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.clock import (
    LONGEST_PAUSE,
    ON_ITS_WAY,
    is_over,
    is_up,
    minutes_allowed,
    pause_end,
    time_left,
    unused,
)

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
spans = st.timedeltas(timedelta(0), timedelta(hours=4))


@pytest.mark.parametrize(("minutes", "extra", "allowed"), [(0, 33, None), (60, 0, 60), (60, 33, 80), (45, 33, 60)])
def test_the_minutes_allowed(minutes: int, extra: int, allowed: int | None) -> None:
    assert minutes_allowed(minutes, extra) == allowed


@given(st.integers(1, 1000), st.integers(0, 300))
def test_extra_time_is_never_rounded_down(minutes: int, extra: int) -> None:
    allowed = minutes_allowed(minutes, extra)
    assert allowed is not None
    assert 0 <= allowed - minutes * Fraction(100 + extra, 100) < 1


@given(before=spans, pause=spans, after=spans)
def test_a_pause_costs_no_time_but_what_it_has_too_long(before: timedelta, pause: timedelta, after: timedelta) -> None:
    """As the service keeps it: the due moment moves when the pause begins, and back when it ends."""
    due, began = NOON + timedelta(hours=5), NOON + before
    assert time_left(due, began) == timedelta(hours=5) - before
    due += LONGEST_PAUSE
    assert time_left(due, began, began) == timedelta(hours=5) - before, "nothing is gained by beginning it"
    ended = began + pause
    meanwhile = time_left(due, ended, began)
    due -= unused(began, pause_end(began, ended))
    assert time_left(due, ended) == meanwhile, "nor lost by ending it"
    ran = before + after + max(pause - LONGEST_PAUSE, timedelta(0))
    assert time_left(due, ended + after) == max(timedelta(hours=5) - ran, timedelta(0))


def test_what_is_on_its_way_when_the_time_is_up_still_counts() -> None:
    assert not is_up(NOON, NOON - timedelta(microseconds=1))
    assert is_up(NOON, NOON)
    assert not is_over(NOON, NOON + ON_ITS_WAY)
    assert is_over(NOON, NOON + ON_ITS_WAY + timedelta(microseconds=1))
    assert not is_up(None, NOON)
    assert not is_over(None, NOON)
