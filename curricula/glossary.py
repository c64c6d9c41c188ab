"""The glossary of a track: ``glossary.toml``, whose terms lessons explain where they use them."""

from collections.abc import Iterator
from dataclasses import dataclass

from curricula.fields import parse
from curricula.folder import Folder
from curricula.model import Term, Track
from curricula.problems import Place, Problem
from curricula.tables import repeated

FILE = "glossary.toml"


@dataclass(frozen=True)
class Glossary:
    """The terms of a track, as its file has them."""

    terms: tuple[Term, ...] = ()


def read_glossary(place: Place, problems: list[Problem]) -> tuple[Term, ...]:
    """The terms of a ``glossary.toml``; what is wrong gathers in ``problems``.

    Raises ``CurriculumError`` where it is not TOML at all.
    """
    fields = parse(place, problems)
    terms = []
    for table in fields.tables("terms"):
        terms.append(Term(table.key(), table.texts("term"), table.texts("definition")))
        table.end()
    fields.end()
    return tuple(terms)


def check_glossary(track: Track, folder: Folder) -> Iterator[Problem]:
    """Terms whose key is used twice."""
    if track.glossary:
        yield from repeated(folder.place(FILE), "terms", (term.key for term in track.glossary))
