"""Drawings stay in their frame and say each value, whatever the values."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from lms.charts import Drawing, Series, gauge, lines, steps

amounts = st.integers(-(10**12), 10**13)


def inside(drawing: Drawing) -> bool:
    """Whether every point is in the frame."""
    places = [(shape.x, shape.y) for shape in drawing.shapes if shape.kind != "path"]
    places += [
        (float(x), float(y)) for shape in drawing.shapes for x, y in (at.split(",") for at in shape.points.split())
    ]
    return all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in places)


@given(st.lists(amounts, min_size=4, max_size=4), st.lists(st.none() | amounts, min_size=4, max_size=4))
def test_lines_stay_in_their_frame(goal: list[int], real: list[int | None]) -> None:
    for drawing in lines("abcd", [Series("goal", goal), Series("real", real)], str, short=str):
        assert inside(drawing)
        dots = [shape for shape in drawing.shapes if shape.kind == "dot"]
        assert len(dots) == 4 + sum(value is not None for value in real)


def test_nothing_to_draw_is_an_empty_frame() -> None:
    assert all(inside(drawing) for drawing in lines("a", [Series("real", [None])], str, short=str))


@given(amounts, amounts, st.integers(2, 8))
def test_an_axis_holds_its_values_in_round_steps(one: int, other: int, count: int) -> None:
    least, most = sorted((one, other))
    marks = steps(least, most, count)
    assert marks[0] <= least
    assert marks[-1] >= most
    assert 2 <= len(marks) <= count + 1
    assert marks == list(range(marks[0], marks[-1] + 1, marks[1] - marks[0]))


@given(st.fractions(-3, 3))
def test_a_gauge_is_cut_at_its_ends(value: Fraction) -> None:
    drawing = gauge(value, "1 €", "x", ("0", "1"))
    assert inside(drawing)
    fill = next(shape for shape in drawing.shapes if shape.name == "fill")
    assert fill.x2 == round(float(min(max(value, Fraction(0)), Fraction(1))) * 400, 1)
