"""Lessons as HTML, rendered once a version and kept: no Markdown is parsed in a request twice."""

from functools import lru_cache

from markupsafe import Markup

from curricula.model import Lesson, Localized, Module, Track
from curricula.render import render, render_inline
from lms.i18n import current_language


def lesson_html(track: Track, module: Module, lesson: Lesson, language: str) -> str:
    """The sanitised HTML of a lesson."""
    del track, module  # the body's text alone decides: the cache is addressed by content
    return _rendered(lesson.texts[language].body, language)


def inline_html(markdown: str, language: str) -> str:
    """The sanitised HTML of a stem, an option or a feedback."""
    return _inline(markdown, language)


def inline_markup(text: Localized, language: str | None = None) -> Markup:
    """The same in a language, by default the reader's, without the paragraph of a text that is only one."""
    speech = language or current_language()
    html = inline_html(text.get(speech, ""), speech)
    inner = html.removeprefix("<p>").removesuffix("\n").removesuffix("</p>") if html.count("<p>") == 1 else html
    return Markup(inner)  # noqa: S704 - sanitised by curricula.render


_rendered = lru_cache(maxsize=512)(render)
_inline = lru_cache(maxsize=8192)(render_inline)
