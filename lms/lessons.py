"""Lessons as HTML, rendered once a version and kept: no Markdown is parsed in a request twice."""

from functools import lru_cache

from flask import url_for
from markupsafe import Markup

from curricula.model import Lesson, Localized, Module, Track
from curricula.render import render, render_inline
from lms.i18n import current_language


def lesson_html(track: Track, module: Module, lesson: Lesson, language: str, file: str = "lesson_files.show") -> str:
    """The sanitised HTML of a lesson, with the terms it uses and the images it shows; ``file`` is who serves them."""
    return _shown(track, module, lesson.texts[language].body, language, file)


def paper_html(track: Track, module: Module, body: str, file: str | None) -> str:
    """The same of a paper, in the reader's language; with the words of its images alone without a ``file``."""
    return _shown(track, module, body, current_language(), file)


def _shown(track: Track, module: Module, body: str, language: str, file: str | None) -> str:
    terms = tuple((term.key, term.term[language], term.definition[language]) for term in track.glossary)
    files = tuple((each.name, each.digest) for each in module.files) if file else ()
    # What is shown decides, whatever the revision: the cache is addressed by content.
    return _rendered(body, language, terms, files, (file, track.key, module.key) if file and files else None)


def inline_html(markdown: str, language: str) -> str:
    """The sanitised HTML of a stem, an option or a feedback."""
    return _inline(markdown, language)


def inline_markup(text: Localized, language: str | None = None) -> Markup:
    """The same in a language, by default the reader's, without the paragraph of a text that is only one."""
    speech = language or current_language()
    html = inline_html(text.get(speech, ""), speech)
    inner = html.removeprefix("<p>").removesuffix("\n").removesuffix("</p>") if html.count("<p>") == 1 else html
    return Markup(inner)  # nosec B704 # noqa: S704 - sanitised by curricula.render


@lru_cache(maxsize=512)
def _rendered(
    body: str,
    language: str,
    terms: tuple[tuple[str, str, str], ...],
    files: tuple[tuple[str, str], ...],
    place: tuple[str, str, str] | None,
) -> str:
    digests = dict(files)

    def address(name: str) -> str | None:
        if place is None or name not in digests:
            return None
        endpoint, track, module = place
        return url_for(endpoint, track_key=track, module_key=module, digest=digests[name], name=name)

    return render(body, language, {key: (term, definition) for key, term, definition in terms}, address)


_inline = lru_cache(maxsize=8192)(render_inline)
