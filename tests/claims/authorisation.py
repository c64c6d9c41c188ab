"""Writes ``docs/authorisation.md`` from the tables of the tests of authorisation: who may open which route."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from lms.app import create_app
from lms.config import load_config
from tests.claims.guards import GUARDS
from tests.claims.named import ROOT
from tests.test_authorisation import ALLOWED, GUARDED_OTHERWISE, VISITORS
from tests.test_marking_authorisation import JUDGED
from tests.test_marking_authorisation import VISITORS as JUDGES
from tests.test_studio_authorisation import EVERY, OWN_PAGES, STRANGERS, STUDIO

PAGE = ROOT / "docs" / "authorisation.md"
#: (endpoint, method)
Route = tuple[str, str]
HEAD = """# Who may open what

Every route of the service × every kind of visitor, of this institution's platform and of another one's (« other »):
**yes** lets in; an empty cell is 401 for whoever is not signed in, else 403 or 404. A line without any **yes** is for
somebody whom none of these visitors is: the institution's own HR account, the owner of a file or of a run; the tests of
that room open it. What is seen behind a door is narrowed further, by course, unit and owner: tests of each room again.

`tests/test_authorisation.py`, `tests/test_studio_authorisation.py` and `tests/test_marking_authorisation.py` ask each
of these doors as each of these visitors; a route that is in none of their tables fails them.

Written by `make authorisation` from those tables.
"""
PARTS = {
    "Pages of everybody, of learners, trainers, HR and administrators": (
        "« owner » is the learner whose attempt is asked for, « fellow » another of the same platform.",
        VISITORS,
        ALLOWED,
    ),
    "The studio": (
        "Roles for the track that is asked for. « elsewhere »: of another institution.",
        ("anonymous", *sorted(EVERY), *STRANGERS),
        {**STUDIO, **OWN_PAGES},
    ),
    "Marking, juries and appeals": (
        "« member » sits in the jury, « trainer » trains the course and does not, « owner » handed in the work.",
        JUDGES,
        JUDGED,
    ),
}


def addresses() -> dict[str, str]:
    """The address of each endpoint."""
    with TemporaryDirectory() as folder:
        settings = {"LMS_DATA_DIR": folder, "LMS_TRACKS_DIR": str(Path(__file__).parents[1] / "tracks")}
        app = create_app(load_config(settings))
    found: dict[str, str] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.endpoint, rule.rule)
    return found


def page(where: dict[str, str]) -> str:
    """The page as it should be."""
    lines = [HEAD]
    for title, (words, visitors, allowed) in PARTS.items():
        lines += [f"## {title}", "", words, ""]
        lines += _table(("Address", "Method", *visitors))
        for endpoint, method in _in_order(allowed, where):
            cells = ["yes" if visitor in allowed[endpoint, method] else "" for visitor in visitors]
            lines.append(_row((f"`{where[endpoint]}`", method, *cells)))
        lines.append("")
    lines += ["## Guarded by something else than who is signed in", ""]
    lines += _table(("Address", "Method", "What opens it", "Test"))
    for endpoint, method in _in_order(GUARDED_OTHERWISE, where):
        guard, test = guard_of(endpoint)
        lines.append(_row((f"`{where[endpoint]}`", method, guard, f"`{test}`")))
    return "\n".join(lines) + "\n"


def guard_of(endpoint: str) -> tuple[str, str]:
    """What guards a door, and the test of it. Raises ``KeyError`` for one of which nothing is said."""
    return GUARDS.get(endpoint) or GUARDS[endpoint.split(".")[0]]


def _in_order(routes: Iterable[Route], where: dict[str, str]) -> list[Route]:
    return sorted(routes, key=lambda route: (where[route[0]], route[1], route[0]))


def _table(titles: Sequence[str]) -> list[str]:
    return [_row(titles), "|" + "---|" * len(titles)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(addresses()), "utf-8")
    routes = sum(len(allowed) for _words, _visitors, allowed in PARTS.values()) + len(GUARDED_OTHERWISE)
    print(f"{PAGE.name}: {routes} routes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
