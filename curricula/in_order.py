"""What is right in a track: the other side of ``curricula.quality``, so that its authors see what was looked at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from curricula.lesson_quality import EASE
from curricula.links import links, well_formed
from curricula.model import LANGUAGES, Track
from curricula.problems import N_
from curricula.quality import fresh
from curricula.reading import ease


@dataclass(frozen=True)
class Kept:
    """Something that holds everywhere in a track, for so many things; ``message`` is to be translated."""

    message: str
    count: int


def in_order(track: Track, today: date) -> list[Kept]:
    """What holds of the modules that can be followed; what there is none of is not said."""
    return [Kept(message, len(each)) for message, each in _rules(track, today) if each and all(each)]


def _rules(track: Track, today: date) -> Iterator[tuple[str, list[bool]]]:
    """(what is held, whether each thing holds it)."""
    modules = track.published_modules
    taught = {(module.key, key) for module in modules for lesson in module.lessons for key in lesson.objectives}
    assessed = {(module.key, question.objective) for module in modules for question in module.questions}
    objectives = [(module.key, objective.key) for module in modules for objective in module.objectives]
    yield N_("Objectives, each taught and assessed: %(count)s."), [each in taught & assessed for each in objectives]
    options = [option for module in modules for question in module.questions for option in question.options]
    yield (
        N_("Options, each with its feedback: %(count)s."),
        [all(option.feedback.get(language) for language in LANGUAGES) for option in options],
    )
    lessons = [lesson for module in modules for lesson in module.lessons]
    yield (
        N_("Lessons, each in both languages: %(count)s."),
        [all(language in lesson.texts for language in LANGUAGES) for lesson in lessons],
    )
    said = [(language, text) for lesson in lessons for language, text in lesson.texts.items()]
    scores = [ease(text.body, language) for language, text in said]
    yield N_("Texts, none hard to read: %(count)s."), [score is None or score >= EASE for score in scores]
    checked = [source.checked_on for module in modules for source in (*module.sources, *module.reading)]
    checked += [reference.checked_on for reference in track.legal]
    yield (
        N_("Sources and texts of law, each checked within a year: %(count)s."),
        [bool(on and fresh(on, today)) for on in checked],
    )
    yield N_("Addresses, each well formed: %(count)s."), [well_formed(link.url) for link in links(track)]
