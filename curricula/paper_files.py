"""Reads the papers of a module: a file a language, a TOML header with the title, then Markdown."""

import re

from curricula.folder import Folder
from curricula.lessons import parted
from curricula.model import LANGUAGES
from curricula.papers import KINDS, Kind, Paper, PaperText, paper_path
from curricula.problems import N_, Place, Problem


def read_papers(folder: Folder, module: str, problems: list[Problem]) -> tuple[Paper, ...]:
    """The papers of a module in the order of their kinds; what is wrong gathers in ``problems``.

    Raises ``CurriculumError`` where a header is no TOML at all.
    """
    return tuple(paper for kind in KINDS if (paper := _paper(folder, module, kind, problems)))


def _paper(folder: Folder, module: str, kind: Kind, problems: list[Problem]) -> Paper | None:
    texts: dict[str, PaperText] = {}
    paths = {language: paper_path(module, kind, language) for language in LANGUAGES}
    if not any(path in folder.files for path in paths.values()):
        return None
    for language, path in paths.items():
        if path not in folder.files:
            what, fix = N_("This paper is missing in one language."), N_("Write it.")
            problems.append(Place(f"{folder.name}/{path}", "").problem(0, what, fix))
            continue
        place = folder.place(path)
        header, body = parted(place, problems)
        texts[language] = PaperText(header.text("title"), body)
        header.end()
        if not body.strip():
            what, fix = N_("This paper has no text."), N_("Write it after its header.")
            problems.append(place.problem(0, what, fix))
        if block := re.search(r"^:{3,}", body, re.MULTILINE):
            line = place.text.count("\n", 0, place.text.index(block[0])) + 1
            what, fix = N_("A paper has no block."), N_("Use headings, lists and tables: it is also printed.")
            problems.append(place.problem(line, what, fix))
    return Paper(kind, texts)
