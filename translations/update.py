"""``python -m translations.update [--check]``: collects the interface's messages and says what lacks a translation.

The template and the catalogues are written sorted, without locations or dates: two runs give the same bytes.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
#: Where messages are: the pages, and the domain packages that say something to people.
CODE = tuple(HERE.parent / name for name in ("lms", "curricula", "assessments"))
TEMPLATE = HERE / "messages.pot"
#: Messages are written in English: it needs no catalogue.
LANGUAGES = ("fr",)
METHODS = [("migrations/**", "ignore"), ("devlms/**", "ignore"), ("**.py", "python"), ("templates/**.html", "jinja2")]
#: ``N_`` marks a message that is translated later, where it is shown.
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
#: Headers left out of what is written: they change without any message changing, or say nothing.
_NOISE = re.compile(rb'^"(?:POT-|PO-|Generated-|Project-|Report-|Last-|Language-Team).*\\n"\n', re.MULTILINE)


def catalogue_path(language: str) -> Path:
    """Where the catalogue of a language is."""
    return HERE / language / "LC_MESSAGES" / "messages.po"


def extracted() -> Catalog:
    """Every message of the code and the templates; a comment that starts with « fr: » suggests a translation."""
    catalogue = Catalog(project="manager-public-ia", fuzzy=False, copyright_holder="", header_comment="")
    for folder in CODE:
        found = extract_from_dir(
            str(folder),
            METHODS,
            options_map={"templates/**.html": {"silent": "false"}},
            keywords=KEYWORDS,
            comment_tags=("fr:",),
            strip_comment_tags=False,
        )
        for _file, _line, message, comments, context in found:
            catalogue.add(message, auto_comments=comments, context=context)
    return catalogue


def updated(language: str, template: Catalog) -> Catalog:
    """The catalogue of a language brought to the template: new messages empty, vanished ones gone, none guessed."""
    path = catalogue_path(language)
    catalogue = read(path, language) if path.exists() else Catalog(locale=language, fuzzy=False, header_comment="")
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    return catalogue


def read(path: Path, language: str | None = None) -> Catalog:
    """The catalogue of a file."""
    with path.open("rb") as file:
        return read_po(file, locale=language)


def written(catalogue: Catalog) -> bytes:
    """The text of a catalogue, the same for the same messages."""
    file = BytesIO()
    write_po(file, catalogue, width=110, no_location=True, sort_output=True)
    return _NOISE.sub(b"", file.getvalue())


def faults(catalogue: Catalog) -> Iterator[str]:
    """What is wrong with a language's translations, one sentence each."""
    for message in catalogue:
        if message.id:
            yield from (f"{_texts(message.id)[0]!r}: {fault}" for fault in _faults(message))


def _faults(message: Message) -> Iterator[str]:
    originals, translations = _texts(message.id), _texts(message.string)
    if not all(text.strip() for text in translations):
        yield "no translation"
        return
    if message.fuzzy:
        yield "the translation is marked fuzzy: read it again, then remove the mark"
    allowed, needed = set(map(_placeholders, originals)), set(map(_placeholders, translations))
    if len(originals) == 1 and needed != allowed:
        yield f"placeholders differ: {sorted(*allowed)} became {sorted(*needed)}"
    for text in translations if len(originals) > 1 else ():
        # A form for one thing may leave its number out, or say it where English does not.
        if _placeholders(text) - {"num"} not in {found - {"num"} for found in allowed}:
            yield f"placeholders differ: {text!r}"
    if len(originals) > 1 and "num" in _placeholders(originals[-1]) and "num" not in _placeholders(translations[-1]):
        yield "the plural does not say its number, %(num)s"
    for text in (*originals, *translations):
        if "%" in PLACEHOLDER.sub("", text).replace("%%", ""):
            yield f"a lone % would break the page: {text!r}"


def _texts(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ("",))


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(PLACEHOLDER.findall(text))


def outdated() -> list[Path]:
    """The files that a run would change."""
    template = extracted()
    wanted = {TEMPLATE: written(template)}
    wanted |= {catalogue_path(language): written(updated(language, template)) for language in LANGUAGES}
    return [path for path, text in wanted.items() if not path.exists() or path.read_bytes() != text]


def update() -> None:
    """Write the template and the catalogues, and compile them for the service to read."""
    template = extracted()
    TEMPLATE.write_bytes(written(template))
    for language in LANGUAGES:
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(updated(language, template)))
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(path, language))


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 when ``--check`` finds a file out of date or a translation missing or wrong."""
    parser = argparse.ArgumentParser(prog="python -m translations.update", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is to be done")
    checking = parser.parse_args(arguments).check
    problems = []
    if checking:
        problems += [f"{path.relative_to(HERE.parent)} is out of date: run make translations." for path in outdated()]
    else:
        update()
    for language in LANGUAGES:
        if catalogue_path(language).exists():
            problems += [f"{language}: {fault}" for fault in faults(read(catalogue_path(language), language))]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(extracted()):d} messages, {len(problems)} to mend.")
    return 1 if checking and problems else 0


if __name__ == "__main__":
    sys.exit(main())
