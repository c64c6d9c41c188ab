"""The texts of a piece (``curricula.pieces``) apart from everything else it says: what there is to translate.

A text is named by the way to it: ``title``, ``options/a/feedback``, ``levels/1/criterion``. A lesson's languages are
two pieces that make one unit; every other piece is a unit of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple

from curricula.framework import FILE as FRAMEWORK
from curricula.glossary import FILE as GLOSSARY
from curricula.model import LANGUAGES, LessonText, Localized, Question
from curricula.pieces import (
    framework_in,
    framework_piece,
    glossary_in,
    glossary_piece,
    module_in,
    module_piece,
    question_in,
    question_piece,
    text_in,
    text_piece,
    track_in,
    track_path,
    track_piece,
)
from curricula.problems import CurriculumError

#: What is said in each language, by the way to it. An empty text is one that is not written yet.
Texts = dict[str, dict[str, str]]


class _Form(NamedTuple):
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


def unit_of(path: str) -> str:
    """The unit of a piece: a lesson without its language, the piece itself otherwise."""
    lesson, _, language = path.rpartition("/")
    return lesson if language in LANGUAGES and "/lesson/" in path and path.count("/") == 3 else path


def language_of(path: str) -> str:
    """The language of a piece that is a lesson in one; empty otherwise."""
    return path.rpartition("/")[2] if unit_of(path) != path else ""


def texts_of(contents: Mapping[str, bytes]) -> Texts:
    """The texts of a unit, of the contents of its pieces; those written in no language are left out."""
    return together(texts_in(path, content) for path, content in contents.items())


def together(parts: Iterable[Texts]) -> Texts:
    """The texts of a unit, of those of its pieces; those written in no language are left out."""
    found: Texts = {}
    for part in parts:
        for name, text in part.items():
            found.setdefault(name, dict.fromkeys(LANGUAGES, "")).update(text)
    return {name: text for name, text in found.items() if any(text.values())}


def texts_in_question(question: Question) -> Texts:
    """The texts of a question, empty ones too."""
    return _texts_in(question)


def texts_in(path: str, content: bytes) -> Texts:
    """The texts of a piece, empty ones too: in its own language for a lesson's. None where it cannot be read."""
    found: Texts = {}
    with suppress(CurriculumError):
        if language := language_of(path):
            found = {name: {language: text} for name, text in _lesson_texts(text_in(content)).items()}
        elif form := _form(path):
            found = _texts_in(form.read(content))
    return found


def with_texts(path: str, content: bytes, texts: Texts) -> bytes:
    """The piece with these texts instead of its own; what it has no place for is left out.

    Raises ``CurriculumError`` where the piece cannot be read.
    """
    if language := language_of(path):
        said = {name: text[language] for name, text in texts.items() if language in text}
        return text_piece(_lesson_with(text_in(content), said))
    form = _form(path)
    if form is None:
        return content
    return form.write(with_each(form.read(content), lambda name, text: {**_both(text), **texts.get(name, {})}))


# A lesson in one language


def _lesson_texts(text: LessonText) -> dict[str, str]:
    return {"title": text.title, "able": "\n".join(text.able), "body": text.body.strip()}


def _lesson_with(text: LessonText, said: Mapping[str, str]) -> LessonText:
    present = _lesson_texts(text)
    new = {name: words for name, words in said.items() if words != present.get(name)}
    able = (line.strip() for line in new.get("able", "").split("\n"))
    return LessonText(
        title=" ".join(new["title"].split()) if "title" in new else text.title,
        able=tuple(filter(None, able)) if "able" in new else text.able,
        body=new["body"].strip() + "\n" if "body" in new else text.body,
    )


# Anything else: values that hold others, down to the texts


def _form(path: str) -> _Form | None:
    if path == track_path():
        return _Form(track_in, track_piece)
    if path.endswith("/module") and path.count("/") == 1:
        return _Form(module_in, module_piece)
    if "/question/" in path and path.count("/") == 2:
        return _Form(question_in, question_piece)
    if path == FRAMEWORK:
        return _Form(framework_in, framework_piece)
    if path == GLOSSARY:
        return _Form(glossary_in, glossary_piece)
    return None


def _texts_in(value: Any) -> Texts:
    found: Texts = {}
    with_each(value, lambda name, text: found.setdefault(name, _both(text)))
    return found


def with_each(value: Any, change: Callable[[str, Mapping[str, Any]], Mapping[str, Any]], here: str = "") -> Any:
    """The value with what is said in each language, anywhere below it, changed; ``change`` is told the way to it."""
    if isinstance(value, Mapping):
        return change(here, value)
    if isinstance(value, tuple):
        return tuple(with_each(item, change, _way(here, name)) for name, item in zip(_names(value), value, strict=True))
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: with_each(item, change, _way(here, name)) for name, item in held.items()})
    return value


def _way(here: str, name: str) -> str:
    return f"{here}/{name}" if here else name


def _names(values: tuple[Any, ...]) -> list[str]:
    """What each of several values is called: its key, its number; told apart where two have the same."""
    names, known = [], Counter[str]()
    for value in values:
        name = str(getattr(value, "key", getattr(value, "number", "")))
        known[name] += 1
        names.append(name if known[name] == 1 else f"{name}~{known[name]}")
    return names


def _both(text: Localized) -> dict[str, str]:
    return {language: text.get(language, "") for language in LANGUAGES}
