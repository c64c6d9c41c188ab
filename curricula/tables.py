"""Keyed tables of a TOML file: where each stands, and which keys are used twice."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from curricula.problems import N_, Place, Problem

RENAME_ONE = N_("Rename one of them.")


def repeated(place: Place, header: str, keys: Iterable[str], after: int = 1) -> Iterator[Problem]:
    """A problem at the second use of each key, looked for in ``[[header]]`` tables from line ``after`` on."""
    for key, count in Counter(keys).items():
        if count > 1:
            line = line_of_key(place, header, key, line_of_key(place, header, key, after) + 1)
            said = N_("« %(key)s » is used %(count)s times in %(header)s.")
            yield place.problem(line, said, RENAME_ONE, key=key, count=count, header=header)


def line_of_key(place: Place, header: str, key: str, after: int = 1) -> int:
    """The line of ``key = "…"`` in the first ``[[header]]`` table from line ``after`` on that has this key."""
    inside = False
    for number, line in enumerate(place.text.split("\n"), start=1):
        opening = re.match(r"\s*\[{1,2}([^\]]+)\]", line)
        inside = opening[1].strip() == header if opening else inside
        if number >= after and inside and re.match(rf'\s*key\s*=\s*["\']{re.escape(key)}["\']', line):
            return number
    return after
