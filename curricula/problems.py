"""What is wrong in a curriculum folder, said so that an author can mend it: file, line, what, fix."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

#: Marks a message for extraction; whoever shows it translates it.
N_ = str


def said(message: str, values: Mapping[str, str]) -> str:
    """A message in English, with its values; one without values stands as it is."""
    return message % values if values else message


@dataclass(frozen=True)
class Problem:
    """One thing to mend. ``line`` counts from 1; 0 means the file as a whole.

    ``what`` and ``fix`` are to be translated, then given ``values``.
    """

    file: str
    line: int
    what: str
    fix: str
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        place, values = f"{self.file}:{self.line}" if self.line else self.file, dict(self.values)
        return f"{place}: {said(self.what, values)} Fix: {said(self.fix, values)}"


class CurriculumError(ValueError):
    """A folder that is not a curriculum; ``problems`` lists every reason, in reading order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line, str(problem)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Place:
    """A text file being read: knows its name for people, and finds the line where something stands."""

    name: str
    text: str
    offset: int = 0

    @classmethod
    def of(cls, name: str, raw: bytes) -> "Place":
        """A content as UTF-8, with or without a byte order mark; ``CurriculumError`` names the line that is not."""
        try:
            return cls(name, raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            problem = Problem(name, line, N_("This file is not UTF-8 text."), N_("Save it again as UTF-8."))
            raise CurriculumError([problem]) from error

    @cached_property
    def _lines(self) -> list[str]:
        # Kept: a long bank is asked for a line at each of its tables.
        return self.text.split("\n")

    def line_of(self, pattern: str, after: int = 0) -> int:
        """First line from ``after`` on that the expression matches; ``after`` itself when none does."""
        first, search = max(after, 1), re.compile(pattern).search
        for index in range(first - 1, len(self._lines)):
            if search(self._lines[index]):
                return index + 1 + self.offset
        return first + self.offset

    def problem(self, line: int, what: str, fix: str, /, **values: object) -> Problem:
        """A problem at that line of this file."""
        return Problem(self.name, line, what, fix, tuple((name, str(value)) for name, value in values.items()))
