"""What is published of a table of indicators: no small count, and none that the others give back."""

from collections import Counter
from itertools import product
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from lms.services.budget_table import BudgetTable
from lms.services.figure_facts import WHOLE, Cell
from lms.services.indicator_table import COUNTS, FIGURES, Asked, Line, lines
from lms.services.organisation import Scope
from lms.services.sources import Computed

BELOW, YEAR, BRANCHES, TRACKS = 5, 2026, ("FPE", "FPH", "FPT"), ("agents", "decideurs", "juristes")
#: How far somebody went in a track: (enrolled, trained, presented, certified), each the year it happened or nothing.
NOT, ENROLLED, BEFORE, NOW = (0, 0, 0, 0), (2025, 0, 2025, 0), (2025, 2025, 2025, 0), (2025, 2026, 2026, 2026)
#: A group of people alike: their branch, what they did in each track, how many they are.
Group = tuple[str, tuple[tuple[int, ...], ...], int]


class Known(Computed):
    """Figures of people who are in no database."""

    def __init__(self, groups: list[Group]) -> None:
        super().__init__(None, None, None)  # type: ignore[arg-type]
        sums: dict[Cell, Counter[int]] = {}
        for branch, did, number in groups:
            sums.setdefault(Cell(WHOLE, branch, "A", "", True, 0), Counter())[0] += number
            any_track = tuple(min((years[at] for years in did if years[at]), default=0) for at in range(4))
            for track, years in (("", any_track), *zip(TRACKS, did, strict=True)):
                for at, year in enumerate(years, 1):
                    if year:
                        sums.setdefault(Cell(WHOLE, branch, "A", track, True, year), Counter())[at] += number
        self._read = {cell: tuple(counts[at] for at in range(6)) for cell, counts in sums.items()}

    def money(self) -> BudgetTable:
        return BudgetTable()


def published(groups: list[Group], below: int, *by: str) -> dict[tuple[str | None, str | None], Line]:
    """The lines by (track, branch)."""
    with (
        patch("lms.services.indicator_table.source", return_value=Known(groups)),
        patch("lms.services.indicator_table.Library", return_value={}),
    ):
        found = lines(None, Scope(), Asked(YEAR, by=by, apart=True), below)  # type: ignore[arg-type]
        return {(line.track, line.branch): line for line in found}


def width(name: str, table: dict[tuple[str | None, str | None], Line], key: tuple[str | None, str | None]) -> float:
    """How far apart the least and the most are that a masked count can be, for whoever knows the others."""
    order = [place for place, line in table.items() if name in line.masked]
    tracks, branches = {track for track, _branch in table if track}, {branch for _track, branch in table if branch}

    def equation(terms: list[tuple[tuple[str | None, str | None], int]]) -> tuple[np.ndarray, float]:
        row, right = np.zeros(len(order)), 0
        for place, sign in terms:
            if place in order:
                row[order.index(place)] += sign
            elif place in table:
                value = table[place].values[name]
                assert isinstance(value, int)
                right -= sign * value
        return row, right

    equal = [
        equation([*(((track, branch), 1) for branch in branches), ((track, None), -1)])
        for track in (None, *tracks)
        if branches
    ]
    most = []
    for branch in (None, *branches):
        parts = [(track, branch) for track in tracks]
        if name == "population":
            equal += [equation([(part, 1), ((None, branch), -1)]) for part in parts]
            continue
        most.append(equation([((None, branch), 1), *((part, -1) for part in parts)]))
        if not name.endswith("_in_year"):
            most += [equation([(part, 1), ((None, branch), -1)]) for part in parts]
    ends = []
    for sign in (1, -1):
        aim = np.zeros(len(order))
        aim[order.index(key)] = sign
        answer = linprog(
            aim, A_eq=np.array([row for row, _ in equal]) if equal else None, b_eq=[each for _, each in equal] or None,
            A_ub=np.array([row for row, _ in most]) if most else None, b_ub=[each for _, each in most] or None,
            bounds=[(1, 1000)] * len(order),
        )  # fmt: skip
        assert answer.status == 0, answer.message
        ends.append(sign * answer.fun)
    return ends[1] - ends[0]


groups = st.lists(
    st.tuples(
        st.sampled_from(BRANCHES),
        st.tuples(*(st.sampled_from((NOT, ENROLLED, BEFORE, NOW)) for _ in TRACKS)),
        st.one_of(st.integers(1, 4), st.integers(1, 30)),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("by", [("track",), ("branch", "track")])
@given(found=groups)
@settings(max_examples=30, deadline=None)
def test_no_small_count_is_shown_nor_given_back(by: tuple[str, ...], found: list[Group]) -> None:
    right, shown = published(found, 0, *by), published(found, BELOW, *by)
    assert right.keys() == shown.keys()
    for (key, line), name in product(shown.items(), COUNTS):
        count = right[key].values[name]
        assert isinstance(count, int)
        if name not in line.masked:
            assert line.values[name] == count
            assert not 0 < count < BELOW
        else:
            assert line.values[name] is None
            assert count > 0
            assert count >= BELOW or width(name, shown, key) > 0.999, (name, key)


@given(found=groups)
@settings(max_examples=50, deadline=None)
def test_what_is_computed_from_a_masked_count_is_masked(found: list[Group]) -> None:
    for line in published(found, BELOW, "branch", "track").values():
        assert ("coverage" in line.masked) == bool({"trained", "population"} & line.masked)
        assert ("success" in line.masked) == bool({"certified", "presented"} & line.masked)
        assert ("hours" in line.masked) == bool({"enrolled", "trained"} & line.masked)
        assert line.masked >= {"hours_per_agent"} or "hours" not in line.masked
        assert all(line.values[name] is None for name in line.masked)
        assert line.hidden == [name for name in FIGURES if name in line.masked]


def test_a_track_of_a_few_hides_that_count_of_any_track_and_no_other() -> None:
    shown = published([("FPE", (NOW, NOT, NOT), 20), ("FPE", (NOT, ENROLLED, NOT), 3)], BELOW, "track")
    whole, few = shown[None, None], shown["decideurs", None]
    assert few.hidden[:2] == ["enrolled", "presented"]
    assert (whole.values["enrolled"], whole.values["trained"], whole.values["population"]) == (None, 20, 23)
    assert {"completion", "hours"} <= whole.masked
    assert float(whole.shown("coverage") or 0) == 0.8695  # 20 of 23, never rounded up


def test_the_total_of_any_track_goes_where_it_would_say_a_small_count() -> None:
    one_alone = [("FPE", (ENROLLED, NOT, NOT), 1), ("FPH", (ENROLLED, ENROLLED, NOT), 9),
                 ("FPH", (NOT, ENROLLED, NOT), 21)]  # fmt: skip
    # 31 in all, 30 of the hospitals in « décideurs »: 31 less 30 would tell of the one.
    assert published(one_alone, BELOW, "branch", "track")[None, None].values["enrolled"] is None
    apart = [*one_alone, ("FPH", (ENROLLED, NOT, NOT), 9)]
    assert published(apart, BELOW, "branch", "track")[None, None].values["enrolled"] == 40
