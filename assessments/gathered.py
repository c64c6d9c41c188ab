"""What was answered in many attempts, packed for their analysis: one number an answer, each different answer once."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """A question in one of its revisions: two revisions of a question are two items.

    ``options`` is all that can be chosen in it, ``wrong`` what is known to be wrong among it: its distractors.
    """

    key: str
    revision: str = ""
    options: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Cell:
    """One way an item was answered: what it earned, 0 to 1, what was chosen, whether anything was answered."""

    item: int
    points: float
    chosen: tuple[str, ...] = ()
    answered: bool = True


class Gathered:
    """Attempts one after the other: ``answers`` numbers the cells of each, which ``ends`` parts; with their scores."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.cells: list[Cell] = []
        self.answers, self.ends = array("i"), array("q")
        self.scores, self.passed = array("d"), array("b")
        self._numbers: dict[Cell, int] = {}
        self._items: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self.ends)

    def item(self, item: Item) -> int:
        """The number of an item: the same for the same question in the same revision."""
        number = self._items.setdefault((item.key, item.revision), len(self.items))
        if number == len(self.items):
            self.items.append(item)
        return number

    def cell(self, cell: Cell) -> int:
        """The number of a way of answering."""
        number = self._numbers.setdefault(cell, len(self.cells))
        if number == len(self.cells):
            self.cells.append(cell)
        return number

    def add(self, cells: Sequence[int], score: float, passed: bool) -> None:
        """One more attempt, by the cells of its answers; one without any is left out."""
        if cells:
            self.answers.extend(cells)
            self.ends.append(len(self.answers))
            self.scores.append(score)
            self.passed.append(passed)
