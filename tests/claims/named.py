"""Tests as documents name them: ``tests/<file>.py::<test>``."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"tests/[\w/]+\.py::\w+")


def named(text: str) -> set[str]:
    """The tests that a text names."""
    return set(NAME.findall(text))


def missing(text: str) -> list[str]:
    """Those that do not exist."""
    return sorted(name for name in named(text) if name.split("::")[1] not in _tests(name.split("::")[0]))


@cache
def _tests(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    found = ast.parse(path.read_text("utf-8")).body
    return frozenset(each.name for each in found if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"))


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the tables of a Markdown text, headings left out."""
    lines = text.splitlines()
    after = [number for number, line in enumerate(lines) if re.fullmatch(r"\|(-+\|)+", line)]
    heads = {number - 1 for number in after} | set(after)
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for number, line in enumerate(lines)
        if line.startswith("|") and number not in heads
    ]
