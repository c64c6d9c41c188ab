"""A lesson that is being written, as learners will read it, and what can be said of its text."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import render_template, url_for
from markupsafe import Markup

from curricula.blocks import unknown_blocks
from curricula.folder import Folder
from curricula.model import LessonText, Module, Term, Track
from curricula.problems import Place
from curricula.reading import ease, reading_minutes
from curricula.references import check_references
from curricula.render import render
from curricula.typography import typeset
from lms.i18n import gettext as _
from lms.i18n import ngettext, number, speaking
from lms.models import Draft, db
from lms.services import lesson_files, outline_files
from lms.track_pages import source_values


def learner_view(
    draft: Draft, module: Module, text: LessonText, sources: tuple[str, ...], language: str,
    images: Mapping[str, int], glossary: Iterable[Term],
) -> Markup:  # fmt: skip
    """The lesson's part of the learner's page, in the lesson's language whatever the reader's."""
    terms = {term.key: (term.term[language], term.definition[language]) for term in glossary}

    def address(name: str) -> str | None:
        if name not in images:
            return None
        return url_for("module_files.show", track_key=draft.track_key, module_key=module.key, name=name, v=images[name])

    with speaking(language):
        values = {
            "able": [typeset(line, language) for line in text.able],
            "body": Markup(render(text.body, language, terms, address)),  # nosec B704 # noqa: S704 - sanitised by curricula.render
        }
        page = render_template("learn/lesson_text.html", lesson=values, sources=source_values(module.cited(sources)))
    return Markup(page)  # nosec B704 # noqa: S704 - a template's


def measures(text: LessonText, language: str) -> str:
    """Its words, the time they take and how easily they read, as a phrase."""
    minutes = max(1, round(reading_minutes(text.words)))
    phrases = [
        ngettext("One word", "%(count)s words", text.words, count=number(text.words)),
        ngettext("about one minute of reading", "about %(num)s minutes of reading", minutes),
    ]
    easy = ease(text.body, language)
    if easy is not None:
        phrases.append(_("reading ease %(ease)s out of 100", ease=max(0, min(100, round(easy)))))
    return " · ".join(phrases)


def problems(
    draft: Draft, module: Module, text: LessonText, images: Iterable[str], glossary: tuple[Term, ...]
) -> list[str]:  # fmt: skip
    """What is wrong in the blocks, the images and the terms of a text, each with its line and what to do."""
    place = Place("", text.body)
    known = Track(
        key=draft.track_key, code="", version="", title={}, promise={}, audience={}, licence="", languages=(),
        recommendations=(), modules=(), glossary=glossary,
    )  # fmt: skip
    folder = Folder("", {lesson_files.file_path(module.key, name): b"" for name in images})
    found = [*unknown_blocks(place), *check_references(known, module, folder, place)]
    return [
        _("Line %(line)s.", line=each.line) + " " + said(each.what, each.values) + " " + said(each.fix, each.values)
        for each in sorted(found, key=lambda each: each.line)
    ]


def said(message: str, values: tuple[tuple[str, str], ...]) -> str:
    """A message of the curricula in the reader's language."""
    return _(message, **dict(values))


def preview_values(
    draft: Draft, module: Module, text: LessonText, sources: tuple[str, ...], language: str
) -> dict[str, Any]:
    """Everything that follows a text while it is typed."""
    images = lesson_files.files(db.session(), draft, module.key)
    glossary = outline_files.glossary(db.session(), draft)
    return {
        "html": learner_view(draft, module, text, sources, language, images, glossary),
        "measures": measures(text, language),
        "problems": problems(draft, module, text, images, glossary),
    }
