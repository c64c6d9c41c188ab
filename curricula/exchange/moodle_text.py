"""Texts as Moodle keeps them: in one of four formats, sometimes in several languages.

Formats are those of docs.moodle.org « Formatting text »; languages are marked as docs.moodle.org « Multi-language
content filter » says, or « Multi-Language Content (v2) » of moodle.org/plugins.
"""

import re
from collections.abc import Iterator

from curricula.exchange.html import plain_to_markdown, to_markdown
from curricula.exchange.model import Note
from curricula.model import LANGUAGES
from curricula.problems import N_

#: Names of the formats in files, and ours of each.
FORMATS = {
    "html": "html", "markdown": "markdown", "plain_text": "plain", "plain": "plain", "moodle_auto_format": "moodle",
    "moodle": "moodle",
}  # fmt: skip
#: Marks of languages: an element opens, an element closes, a v2 block opens (or closes).
_MARKS = re.compile(
    r"""(?P<span><span(?=[^<>]{0,99}\bclass=["']multilang["'])[^<>]{0,99}?\blang=["'](?P<lang>[\w-]{1,20})["'][^<>]{0,99}>)"""
    r"|(?P<end></span\s*>)|(?P<v2>\{ ?mlang\b(?P<langs>[^{}]{0,99})\})",
    re.IGNORECASE,
)
_OTHER = "other"
#: Elements within Markdown, outside its code; an address in angle brackets is a link.
_CODE_OR_MARKUP = re.compile(r"(?<!`)(`+)(?!`).{1,5000}?(?<!`)\1(?!`)|<(?=[a-zA-Z/!?])(?!https://|mailto:)", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\[\]\n]*\]\(")
_LINE = re.compile(r"(?<=\S)[ \t]*\n(?=[ \t]*\S)")


class Texts:
    """Reads the texts of one question, and gathers what they lose."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._lost, self._foreign = set[str](), set[str]()
        self._markup = False
        #: Languages of the texts that say theirs.
        self.spoken = set[str]()

    def read(self, text: str, kind: str) -> dict[str, str]:
        """Markdown by language of a text in a format of ``FORMATS``; the file's language where it says none."""
        parts = list(_by_language(text)) if "lang" in text else []
        if not any(languages for languages, _ in parts):
            return {self._language: self._markdown(text, kind)}
        named = {language for languages, _ in parts for language in languages} - {_OTHER}
        self._foreign |= named - set(LANGUAGES)
        found = named & set(LANGUAGES) or {self._language}
        self.spoken |= found
        return {language: self._markdown(_choose(parts, language), kind) for language in sorted(found)}

    def notes(self, item: str, line: int) -> Iterator[Note]:
        """What was lost since the start."""
        if self._lost:
            yield Note(N_("Not taken in its texts: %(names)s."), item, line, {"names": ", ".join(sorted(self._lost))})
        if self._foreign:
            names = ", ".join(sorted(self._foreign))
            yield Note(N_("Texts in other languages are not taken: %(names)s."), item, line, {"names": names})
        if self._markup:
            yield Note(N_("HTML within Markdown is shown as it is written."), item, line)

    def languages(self) -> set[str]:
        """The languages of the question: those its texts say, or the file's."""
        return self.spoken or {self._language}

    def _markdown(self, text: str, kind: str) -> str:
        if not text.strip():
            return ""
        if kind == "markdown":
            self._markup |= any(not found[1] for found in _CODE_OR_MARKUP.finditer(text))
            self._lost |= {"img"} if _IMAGE.search(text) else set()
            return text.strip()
        if kind == "plain":
            return _LINE.sub("\\\\\n", plain_to_markdown(text))
        if kind == "moodle":  # HTML, where an end of line is one: docs.moodle.org « Formatting text »
            text = text.strip().replace("\n", "<br>")
        said, lost = to_markdown(text)
        self._lost |= set(lost)
        return said


def _by_language(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """(languages, text) of each part; no language where it is for all of them."""
    languages, in_span, begun = tuple[str, ...](), False, 0
    for mark in _MARKS.finditer(text):
        if mark["end"] and not in_span:
            continue  # of another element
        if mark["span"] and languages:
            continue  # an element within an element
        yield languages, text[begun : mark.start()]
        begun, in_span = mark.end(), bool(mark["span"])
        said = mark["lang"] or mark["langs"] or ""
        languages = tuple(_language(each) for each in said.split(",") if each.strip())
    yield languages, text[begun:]


def _language(code: str) -> str:
    """« fr » of « fr », « fr_ca » or « FR-be »."""
    return re.split(r"[_-]", code.strip().lower())[0]


def _choose(parts: list[tuple[tuple[str, ...], str]], language: str) -> str:
    """What a reader of that language sees: of neighbours in several languages, theirs, « other » or the first."""
    seen, group = list[str](), list[tuple[tuple[str, ...], str]]()
    for languages, text in parts:
        if languages:
            group.append((languages, text))
        elif text.strip() or not group:  # a blank between two does not part them
            seen += [_of_group(group, language), text]
            group = []
    return "".join([*seen, _of_group(group, language)]).strip()


def _of_group(group: list[tuple[tuple[str, ...], str]], language: str) -> str:
    for wanted in (language, _OTHER):
        for languages, text in group:
            if wanted in languages:
                return text
    return group[0][1] if len(group) > 1 else ""


def shown_alike(markdown: str) -> str:
    """Markdown of ours whose angle brackets Moodle, which takes HTML within it, shows as ours does."""
    return _CODE_OR_MARKUP.sub(lambda found: found[0] if found[1] else "&lt;", markdown)
