"""Reads the lessons of a module: two files each, a TOML header then Markdown (docs/curriculum-format.md)."""

import re
from typing import Any, cast

from curricula.fields import Fields, parse
from curricula.folder import Folder
from curricula.model import LANGUAGES, Lesson, LessonText
from curricula.papers import PAPER_NAMES
from curricula.problems import N_, CurriculumError, Place, Problem

LESSON_FILE = re.compile(r"(?P<order>\d{2})-(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)\.(?P<language>fr|en)\.md")
#: The header of a lesson's file between its marks, and what follows.
HEADER = re.compile(r"\A\+\+\+\n(?P<header>.*?)^\+\+\+\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)


def lesson_file_path(module: str, lesson: Lesson, language: str) -> str:
    """Where the file of a lesson in a language is."""
    return f"{module}/{lesson.order:02}-{lesson.key}.{language}.md"


def read_lessons(folder: Folder, module: str, problems: list[Problem]) -> tuple[Lesson, ...]:
    """The lessons of a module in their order; what is wrong gathers in ``problems``.

    Raises ``CurriculumError`` where a header is no TOML at all.
    """
    found: dict[tuple[int, str], dict[str, tuple[Fields, LessonText]]] = {}
    for path in folder.names(module, ".md"):
        if path.rpartition("/")[2] in PAPER_NAMES:
            continue
        place = folder.place(path)
        name = LESSON_FILE.fullmatch(path.rpartition("/")[2])
        if name is None:
            what, fix = N_("This is not a lesson's file name."), N_("Name it 01-slug.fr.md.")
            problems.append(place.problem(0, what, fix))
        else:
            header, body = parted(place, problems)
            text = LessonText(header.text("title"), header.words("able"), body)
            found.setdefault((int(name["order"]), name["slug"]), {})[name["language"]] = (header, text)
    return tuple(_lesson(order, slug, found[order, slug], problems) for order, slug in sorted(found))


def parted(place: Place, problems: list[Problem]) -> tuple[Fields, str]:
    """The header and the body of a lesson's file; ``CurriculumError`` where there is no header, or no TOML in it."""
    parts = HEADER.match(place.text.replace("\r\n", "\n"))
    if parts is None:
        what, fix = N_("The lesson has no TOML header."), N_("Open it with +++ … +++.")
        raise CurriculumError([place.problem(1, what, fix)])
    header = parse(Place(place.name, parts["header"], offset=1), problems)
    body = parts["body"].strip()
    return header, f"{body}\n" if body else ""


def _lesson(order: int, slug: str, versions: dict[str, tuple[Fields, LessonText]], problems: list[Problem]) -> Lesson:
    shared, before = {}, len(problems)
    for language, (header, _text) in versions.items():
        shared[language] = {
            "minutes": header.number("minutes", 1, 240),
            "objectives": header.words("objectives"),
            "sources": header.words("sources"),
        }
        header.end()
    comparable = len(problems) == before
    first = next(language for language in LANGUAGES if language in versions)
    for language in LANGUAGES:
        if language not in versions:
            name = versions[first][0].place.name.replace(f".{first}.md", f".{language}.md")
            problems.append(Problem(name, 0, N_("This lesson is missing in one language."), N_("Write it.")))
            continue
        header, text = versions[language]
        if not text.body.strip():
            what, fix = N_("This lesson has no text."), N_("Write it after its header.")
            problems.append(header.place.problem(0, what, fix))
        for name in (name for name in shared[first] if comparable and shared[language][name] != shared[first][name]):
            what, fix = N_("« %(name)s » differs between the languages."), N_("Write the same in both files.")
            header.refuse(name, what, fix)
    texts = {language: text for language, (_header, text) in versions.items()}
    return Lesson(key=slug, order=order, texts=texts, **cast(dict[str, Any], shared[first]))
