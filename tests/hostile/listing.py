"""Writes ``docs/hostile-cases.md`` from the tests; with ``--check``, says whether it is what they say."""

import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from tests.hostile.catalogue import CASES, FAMILIES

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "hostile-cases.md"
NAME = re.compile(r"([A-Z]\d+) (.+)")
KINDS = {"sqlite", "postgresql"}
HEAD = """# Hostile cases

Each message of a platform (L to M) is sent through HTTP to the production server, which runs two processes, on SQLite
and on PostgreSQL (`tests/hostile/`). Unless a name says otherwise: 4xx on an accessible page with a reference; no
session; nothing stored; nothing fetched but the platform's registered key set; nothing of anybody in the log; never a
500.

Registration (G) is tried in one process: some of its cases are about what a name resolves to meanwhile.

Services (S) are what platforms answer to us: the worker runs against a real platform, over HTTP on the loopback, which
answers as the name says. Nothing is lost, nothing is sent twice, and our token goes to no other host.

Pages (W) and typed addresses (A) are tried as browsers ask for them, by each kind of visitor. Files (F) go through
every door that reads one, those of formats added later too. Patterns (R) are all those of the sources, each in a
process of its own with seconds of processor.

Written by `make hostile` from the names of the tests.
"""


class _Names:
    """A plug-in of pytest that keeps the names of cases collected."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, list[str]]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read each test's own id: the case comes first, other parameters and the database after."""
        for item in session.items:
            ids = item.callspec._idlist if hasattr(item, "callspec") else []
            parts = [part for part in ids if part not in KINDS]
            named = NAME.fullmatch(parts[0]) if parts else None
            if named is not None:
                ways = self.found.setdefault(named[1], {}).setdefault(named[2], [])
                ways += [part for part in parts[1:] if part not in ways]


def collected() -> dict[str, list[str]]:
    """The names of the tests of each case, by id, as pytest collects them."""
    names = _Names()
    with redirect_stdout(StringIO()) as said:
        code = pytest.main(["--collect-only", "-qq", str(HERE)], plugins=[names])
    if code != pytest.ExitCode.OK:
        raise SystemExit(f"the tests cannot be collected: {said.getvalue()}")
    return {
        key: [f"{name} ({', '.join(ways)})" if ways else name for name, ways in found.items()]
        for key, found in names.found.items()
    }


def page(tests: dict[str, list[str]]) -> str:
    """The page as it should be."""
    lines = [HEAD]
    for letter, title in FAMILIES.items():
        lines += [f"## {title}", "", "| Case | What is sent | Tried as |", "|---|---|---|"]
        for key, what in CASES.items():
            if key[0] == letter:
                lines.append(f"| {key} | {what} | {' · '.join(map(_cell, tests.get(key, ['—'])))} |")
        lines.append("")
    return "\n".join(lines)


def problems(tests: dict[str, list[str]], written: str, families: str = "".join(FAMILIES)) -> list[str]:
    """What does not hold: cases of those families without a test, tests of no case, a page that is not up to date."""
    found = [f"{key} ({what}) has no test" for key, what in CASES.items() if key[0] in families and key not in tests]
    found += [f"{key} is in no list of cases: {names[0]}" for key, names in tests.items() if key not in CASES]
    if written != page(tests):
        found.append("docs/hostile-cases.md is not what the tests say: run make hostile")
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main(arguments: list[str]) -> int:
    """Write the page, or check it: 1 when something does not hold. Families may be named after ``--check``."""
    tests = collected()
    if arguments[:1] == ["--check"]:
        written = PAGE.read_text("utf-8") if PAGE.exists() else ""
        wrong = problems(tests, written, arguments[1] if arguments[1:] else "".join(FAMILIES))
        print("\n".join(wrong))
        return 1 if wrong else 0
    PAGE.write_text(page(tests), "utf-8")
    print(f"{PAGE.name}: {sum(map(len, tests.values()))} messages for {len(tests)} cases of {len(CASES)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
