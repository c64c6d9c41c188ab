"""Lessons as HTML, rendered once a version and kept: no Markdown is parsed in a request twice."""

from functools import lru_cache

from curricula.model import Lesson, Module, Track
from curricula.render import render, render_inline


def lesson_html(track: Track, module: Module, lesson: Lesson, language: str) -> str:
    """The sanitised HTML of a lesson."""
    del track, module  # the body's text alone decides: the cache is addressed by content
    return _rendered(lesson.texts[language].body, language)


def inline_html(markdown: str, language: str) -> str:
    """The sanitised HTML of a stem, an option or a feedback."""
    return _inline(markdown, language)


_rendered = lru_cache(maxsize=512)(render)
_inline = lru_cache(maxsize=8192)(render_inline)
