"""Shares are exact: as many as asked, at the least cost, or said to be impossible."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.shares import Impossible, shares

ROWS, COLUMNS = ("a", "b", "c"), (1, 2)
Costs = dict[str, list[int]]


@st.composite
def tables(make: st.DrawFn) -> tuple[int, Costs, dict[int, list[int]], dict[tuple[str, int], list[int]]]:
    """A small table with growing costs everywhere."""
    costs = st.lists(st.integers(-3, 6), max_size=2).map(sorted)
    rows = {row: make(costs) for row in ROWS}
    columns = {column: make(st.lists(st.integers(-3, 6), max_size=3).map(sorted)) for column in COLUMNS}
    return make(st.integers(0, 5)), rows, columns, {cell: make(costs) for cell in product(ROWS, COLUMNS)}


def whole_cost(taken: dict[tuple[str, int], int], rows: Costs, columns: dict[int, list[int]],
               cells: dict[tuple[str, int], list[int]]) -> int | None:  # fmt: skip
    """What a share costs; None where it takes more than there is."""
    total = 0
    sums = [(cells[cell], number) for cell, number in taken.items()]
    sums += [(rows[row], sum(taken[row, column] for column in COLUMNS)) for row in ROWS]
    sums += [(columns[column], sum(taken[row, column] for row in ROWS)) for column in COLUMNS]
    for costs, number in sums:
        if number > len(costs):
            return None
        total += sum(costs[:number])
    return total


@given(tables())
def test_no_share_costs_less(
    table: tuple[int, Costs, dict[int, list[int]], dict[tuple[str, int], list[int]]],
) -> None:
    count, rows, columns, cells = table
    keys = list(cells)
    every = (
        dict(zip(keys, numbers, strict=True)) for numbers in product(*(range(len(cells[key]) + 1) for key in keys))
    )
    costs = [
        cost
        for taken in every
        if sum(taken.values()) == count and (cost := whole_cost(taken, rows, columns, cells)) is not None
    ]
    if not costs:
        with pytest.raises(Impossible):
            shares(count, rows, columns, cells)
        return
    found = shares(count, rows, columns, cells)
    assert sum(found.values()) == count
    assert whole_cost(found, rows, columns, cells) == min(costs)
