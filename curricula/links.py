"""The addresses a track sends its readers to, and whether each is written as one. None is called here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from curricula.model import LANGUAGES, Track

#: Of Markdown: [text](address "title"), ![text](address), <https://address>, [label]: address.
_INLINE = re.compile(r"\]\(\s*<?(?P<url>(?:[^\s)>\]]|\](?!\())+)>?(?:\s+[\"'(][^)]{0,1000})?\)")
_BARE = re.compile(r"(?<!\()<(?P<url>https?://[^\s<>]+)>")
_LABEL = re.compile(r"^\s{0,3}\[[^\[\]]+\]:\s*<?(?P<url>[^\s>]+)", re.MULTILINE)
_CODE = re.compile(r"```.*?```|~~~.*?~~~|`[^`\n]*`", re.DOTALL)
#: What leads out of the track.
_ELSEWHERE = re.compile(r"(?:https?|ftp|file|data|javascript):|//|www\.", re.IGNORECASE)
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """An address and where it stands; ``path`` is as in ``curricula.diff``."""

    path: tuple[str, ...]
    url: str


def links(track: Track) -> Iterator[Link]:
    """Every address of the web in a track: of legal texts, of sources, then in lessons, in reading order."""
    for reference in track.legal:
        yield Link(("legal", reference.key), reference.source)
    for module in track.modules:
        for name, sources in (("source", module.sources), ("reading", module.reading)):
            for source in sources:
                if source.url:
                    yield Link((module.key, name, source.key), source.url)
        for lesson in module.lessons:
            for language in (language for language in LANGUAGES if language in lesson.texts):
                for url in _of_text(lesson.texts[language].body):
                    yield Link((module.key, "lesson", lesson.key, language), url)
        for paper in module.papers:
            for language, text in paper.texts.items():
                for url in _of_text(text.body):
                    yield Link((module.key, "paper", paper.kind, language), url)


def well_formed(url: str) -> bool:
    """Whether an address can lead anywhere: http or https, and the full name of a host."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and _HOST.fullmatch(host) is not None and not parts.username


def _of_text(body: str) -> Iterator[str]:
    """The addresses of a text; what leads inside the page or the track (« #… », « files/… », « term:… ») is none."""
    bare = _CODE.sub(" ", body)
    found = [match for form in (_INLINE, _BARE, _LABEL) for match in form.finditer(bare)]
    for match in sorted(found, key=lambda match: match.start()):
        if _ELSEWHERE.match(match["url"]):
            yield match["url"]
