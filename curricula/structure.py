"""What a lesson is built of, compared between its languages: a translation has as many headings, blocks and tables."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from markdown_it.token import Token

from curricula.problems import N_
from curricula.reading import KEPT
from curricula.render import parse

#: What is counted, and what is said where the counts differ (values: count here, other in French).
KINDS = {
    "headings": N_("The structure differs: %(count)s headings here, %(other)s in French."),
    "blocks": N_("The structure differs: %(count)s blocks here, %(other)s in French."),
    "tables": N_("The structure differs: %(count)s tables here, %(other)s in French."),
    "figures": N_("The structure differs: %(count)s figures here, %(other)s in French."),
    "links": N_("The structure differs: %(count)s links here, %(other)s in French."),
}
_TOKENS = {"heading_open": "headings", "table_open": "tables", "image": "figures", "link_open": "links"}


@lru_cache(maxsize=KEPT)
def shape(markdown: str) -> Mapping[str, int]:
    """How many of each kind a text has, 0 of what it has none of."""
    return Counter(kind for token in _all(parse(markdown)) if (kind := _kind(token)))


def differences(markdown: str, french: str) -> list[tuple[str, int, int]]:
    """(what is said, count, count in French) of each kind whose counts differ."""
    here, there = shape(markdown), shape(french)
    return [(said, here[kind], there[kind]) for kind, said in KINDS.items() if here[kind] != there[kind]]


def _kind(token: Token) -> str | None:
    if token.type.startswith("container_") and token.nesting == 1:
        return "blocks"
    return _TOKENS.get(token.type)


def _all(tokens: Iterable[Token]) -> Iterable[Token]:
    return (each for token in tokens for each in (token, *(token.children or ())))
