"""What the text of a lesson refers to: terms of the glossary and images of its module, with their lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from curricula.folder import Folder
from curricula.lessons import HEADER
from curricula.model import Module, Track
from curricula.problems import N_, Place, Problem
from curricula.reading import KEPT
from curricula.render import FILES, TERM, parse


@dataclass(frozen=True)
class Reference:
    """A link or an image: where it leads, and the words of its own (of an image, its alternative text)."""

    line: int
    target: str
    words: str
    image: bool


@lru_cache(maxsize=KEPT)
def references(text: str) -> tuple[Reference, ...]:
    """The links to terms and the images of a lesson, its header left out; lines count from 1."""
    if "![" not in text and TERM not in text:
        return ()  # most lessons: parsing them would take half of the time of reading a track
    return tuple(_references(text))


def _references(text: str) -> Iterator[Reference]:
    line = 0
    for token in parse(_without_header(text)):
        line = token.map[0] + 1 if token.map else line
        passed = 0
        for child in token.children or () if token.type == "inline" else ():
            if child.type in ("softbreak", "hardbreak"):
                passed += 1
            elif child.type == "image":
                yield Reference(line + passed, str(child.attrs["src"]), child.content.strip(), image=True)
            elif child.type == "link_open" and str(child.attrs["href"]).startswith(TERM):
                yield Reference(line + passed, str(child.attrs["href"]), "", image=False)


def _without_header(text: str) -> str:
    """The text with its header blanked, so that lines keep their numbers."""
    text = text.replace("\r\n", "\n")
    parts = HEADER.match(text)
    return "\n" * text.count("\n", 0, parts.start("body")) + parts["body"] if parts else text


def check_references(track: Track, module: Module, folder: Folder, place: Place) -> Iterator[Problem]:
    """Terms that are not in the glossary; images without words, from elsewhere, or that are not there."""
    terms = {term.key for term in track.glossary}
    for found in references(place.text):
        if not found.image:
            key = found.target.removeprefix(TERM)
            if key not in terms:
                what, fix = N_("The term « %(key)s » is unknown."), N_("Add it under [[terms]] of glossary.toml.")
                yield place.problem(found.line, what, fix, key=key)
            continue
        if not found.words:
            what, fix = N_("This image has no alternative text."), N_("Say what it shows: ![what it shows](files/…).")
            yield place.problem(found.line, what, fix)
        if not found.target.startswith(FILES):
            what = N_("The image « %(name)s » is not one of the module.")
            fix = N_("Put it in the folder files of the module, and write ![…](files/name.png).")
            yield place.problem(found.line, what, fix, name=found.target[:200])
        elif f"{module.key}/{found.target}" not in folder.files:
            what, fix = N_("The file « %(name)s » is missing."), N_("Put it in the folder files of the module.")
            yield place.problem(found.line, what, fix, name=found.target[:200])
