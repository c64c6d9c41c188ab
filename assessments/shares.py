"""Sharing out a number of questions in a table, rows by columns, at the least cost: exact, by augmenting paths."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

R = TypeVar("R", bound=Hashable)
C = TypeVar("C", bound=Hashable)


class Impossible(ValueError):
    """So many cannot be shared out: a row, a column or a cell takes no more."""


def shares(
    count: int,
    rows: Mapping[R, Sequence[int]],
    columns: Mapping[C, Sequence[int]],
    cells: Mapping[tuple[R, C], Sequence[int]],
) -> dict[tuple[R, C], int]:
    """How many of ``count`` each cell takes, so that all together cost the least. Raises ``Impossible``.

    Each row, column and cell says what its first one costs, its second one…: never less than the one before, and it
    takes no more than it has costs. Of shares that cost as little, the order of rows and columns settles.
    """
    taken = dict.fromkeys(cells, 0)
    in_row, in_column = dict.fromkeys(rows, 0), dict.fromkeys(columns, 0)
    for _each in range(count):
        way = _cheapest(rows, columns, cells, taken, in_row, in_column)
        if way is None:
            raise Impossible(f"{count} cannot be shared out.")
        for place, cell in enumerate(way):  # one more here, one less in the cell after it, and so on
            taken[cell] += -1 if place % 2 else 1
        in_row[way[0][0]] += 1
        in_column[way[-1][1]] += 1
    return taken


def _cheapest(
    rows: Mapping[R, Sequence[int]],
    columns: Mapping[C, Sequence[int]],
    cells: Mapping[tuple[R, C], Sequence[int]],
    taken: Mapping[tuple[R, C], int],
    in_row: Mapping[R, int],
    in_column: Mapping[C, int],
) -> list[tuple[R, C]] | None:
    """The cheapest way to take one more, None where there is none: cells that take one and give one back in turn.

    The second of a pair is of the column of the first, the first of the next pair is of its row.
    """
    to_row: dict[R, tuple[int, list[tuple[R, C]]]] = {
        row: (costs[in_row[row]], []) for row, costs in rows.items() if in_row[row] < len(costs)
    }
    to_column: dict[C, tuple[int, list[tuple[R, C]]]] = {}
    better = True
    while better:  # until no way gets cheaper, as Bellman and Ford do: what is given back costs less than nothing
        better = False
        for (row, column), costs in cells.items():
            held = taken[row, column]
            if row in to_row and held < len(costs):
                cost, way = to_row[row]
                if column not in to_column or cost + costs[held] < to_column[column][0]:
                    to_column[column], better = (cost + costs[held], [*way, (row, column)]), True
            if column in to_column and held:
                cost, way = to_column[column]
                if row not in to_row or cost - costs[held - 1] < to_row[row][0]:
                    to_row[row], better = (cost - costs[held - 1], [*way, (row, column)]), True
    ends = [
        (cost + columns[column][in_column[column]], number, way)
        for number, (column, (cost, way)) in enumerate(to_column.items())
        if in_column[column] < len(columns[column])
    ]
    return min(ends)[2] if ends else None
