"""Keyed tables of a TOML file: where each stands, and which keys are used twice."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from curricula.problems import N_, Place, Problem

RENAME_ONE = N_("Rename one of them.")
_TABLE = re.compile(r"\s*\[{1,2}([^\]]+)\]")
_KEY = re.compile(r"""\s*key\s*=\s*(["'])(.*?)\1""")


def repeated(place: Place, header: str, keys: Iterable[str], after: int = 1) -> Iterator[Problem]:
    """A problem at the second use of each key, looked for in ``[[header]]`` tables from line ``after`` on."""
    for key, count in Counter(keys).items():
        if count > 1:
            line = line_of_key(place, header, key, line_of_key(place, header, key, after) + 1)
            said = N_("« %(key)s » is used %(count)s times in %(header)s.")
            yield place.problem(line, said, RENAME_ONE, key=key, count=count, header=header)


def line_of_key(place: Place, header: str, key: str, after: int = 1) -> int:
    """The line of ``key = "…"`` in the first ``[[header]]`` table from line ``after`` on that has this key."""
    lines = _lines_of_keys(place.text).get((header, key), ())
    return next((number for number in lines if number >= after), after)


@lru_cache(maxsize=1)
def _lines_of_keys(text: str) -> Mapping[tuple[str, str], Sequence[int]]:
    """The lines of each key, by (header of its table, key). Kept: a bank is asked for each of its keys in turn."""
    found, header = defaultdict[tuple[str, str], list[int]](list), ""
    for number, line in enumerate(text.split("\n"), start=1):
        if opening := _TABLE.match(line):
            header = opening[1].strip()
        elif key := _KEY.match(line):
            found[header, key[2]].append(number)
    return found
