"""Whoever knows all that a masked table shows cannot work out a cell it hides: linear programming tries."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from lms.masking import TOTAL, Key, hidden, with_totals

numbers = st.one_of(st.integers(0, 4), st.integers(0, 6), st.integers(0, 400))


@st.composite
def tables(draw: st.DrawFn) -> dict[Key, int]:
    """Small tables of one to three dimensions, many of whose cells are small or empty."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    shape = shape if len(shape) < 3 else [min(size, 2) for size in shape]
    places = product(*([f"p{place}" for place in range(size)] for size in shape))
    return with_totals({place: draw(numbers) for place in places})


def known(table: dict[Key, int], shown: frozenset[Key]) -> list[tuple[list[Key], Key]]:
    """Every line of the table with its total."""
    lines = []
    for key in table:
        for at, place in enumerate(key):
            if place == TOTAL:
                cells = [
                    other for other in table
                    if other[at] != TOTAL and other[:at] + other[at + 1 :] == key[:at] + key[at + 1 :]
                ]  # fmt: skip
                lines.append((cells, key))
    return lines


def bounds(table: dict[Key, int], masked: frozenset[Key]) -> dict[Key, tuple[float, float]]:
    """How little and how much each hidden cell can be, as whoever knows the rest works out."""
    order = sorted(masked)
    rows, right = [], []
    for cells, total in known(table, masked):
        row, known_sum = np.zeros(len(order)), 0
        for key, sign in [*((cell, 1) for cell in cells), (total, -1)]:
            if key in masked:
                row[order.index(key)] += sign
            else:
                known_sum -= sign * table[key]
        if row.any():
            rows.append(row)
            right.append(known_sum)
    found = {}
    for at, key in enumerate(order):
        ends = []
        for sign in (1, -1):
            aim = np.zeros(len(order))
            aim[at] = sign
            answer = linprog(aim, A_eq=np.array(rows), b_eq=np.array(right), bounds=[(1, None)] * len(order))
            ends.append(sign * answer.fun if answer.status == 0 else sign * float("-inf"))
        found[key] = (ends[0], ends[1])
    return found


@given(tables(), st.integers(2, 6))
@settings(max_examples=60)
def test_nothing_hidden_can_be_worked_out(table: dict[Key, int], below: int) -> None:
    masked = hidden(table, below)
    assert {key for key, number in table.items() if 0 < number < below} <= masked
    assert not any(table[key] == 0 for key in masked)
    for key, (least, most) in bounds(table, masked).items() if masked else ():
        assert most - least > 0.999, (key, least, most)
        assert least - 0.001 <= table[key] <= most + 0.001


def test_a_table_without_small_cells_is_shown_whole() -> None:
    assert hidden(with_totals({("A",): 5, ("B",): 700, ("C",): 0}), 5) == frozenset()


def test_the_next_smallest_goes_with_a_small_one() -> None:
    table = with_totals({("A",): 1420, ("B",): 610, ("C",): 6, ("D",): 3})
    assert hidden(table, 5) == {("D",), ("C",)}


def test_a_total_goes_when_the_cells_alone_would_say_it() -> None:
    assert hidden(with_totals({(name,): 1 for name in "ABCDE"}), 5) == {*((name,) for name in "ABCDE"), (TOTAL,)}
    assert hidden(with_totals({("A",): 3, ("B",): 0}), 5) == {("A",), (TOTAL,)}


def test_two_dimensions_hide_boxes() -> None:
    cells = {("x", "A"): 2, ("x", "B"): 50, ("y", "A"): 40, ("y", "B"): 60, ("z", "A"): 9, ("z", "B"): 8}
    assert hidden(with_totals(cells), 5) == {("x", "A"), ("x", "B"), ("z", "A"), ("z", "B")}
