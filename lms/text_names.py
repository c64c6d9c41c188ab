"""What the studio calls the texts of a draft (``curricula.texts``) and the units they are translated in."""

from collections.abc import Mapping

from curricula.framework import FILE as FRAMEWORK
from curricula.glossary import FILE as GLOSSARY
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.services.translation import Unit


def text_name(name: str) -> str:
    """A text, as authors call it: « Feedback of option a »."""
    first, *rest = name.split("/")
    alone = {
        "title": _("Title"), "promise": _("Promise"), "audience": _("Audience"), "summary": _("Summary"),
        "able": _("What one will be able to do"), "body": _("Text"), "stem": _("Question"),
    }  # fmt: skip
    if not rest:
        return alone.get(name, name)
    within = {
        ("certificate", "title"): _("Title of the certificate"),
        ("label", "title"): _("Title of the label"),
        ("label", "mention"): _("Mention of the label, %(key)s", key=rest[-2:][0]),
        ("objectives", "text"): _("Objective %(key)s", key=rest[0]),
        ("sources", "title"): _("Source %(key)s", key=rest[0]),
        ("options", "text"): _("Option %(key)s", key=rest[0]),
        ("options", "feedback"): _("Feedback of option %(key)s", key=rest[0]),
        ("options", "accepted"): _("Accepted for option %(key)s", key=rest[0]),
        ("places", "text"): _("Place %(key)s", key=rest[0]),
        ("criteria", "title"): _("Criterion %(key)s", key=rest[0]),
        ("criteria", "text"): _("Criterion %(key)s, level %(number)s", key=rest[0], number=rest[-2:][0]),
        ("branches", "title"): _("Branch %(key)s", key=rest[0]),
        ("branches", "note"): _("Note of branch %(key)s", key=rest[0]),
        ("legal", "title"): _("Legal reference %(key)s", key=rest[0]),
        ("legal", "note"): _("Note of legal reference %(key)s", key=rest[0]),
        ("competencies", "title"): _("Competency %(key)s", key=rest[0]),
        ("competencies", "criterion"): _("Competency %(key)s, level %(number)s", key=rest[0], number=rest[-2:][0]),
        (first, "term"): _("Term %(key)s", key=first),
        (first, "definition"): _("Definition of %(key)s", key=first),
    }  # fmt: skip
    return within.get((first, rest[-1]), name)


def unit_name(unit: Unit) -> str:
    """A unit, by its title or its question."""
    label = {language: text for language, text in unit.label.items() if language and text}
    if label:
        return localized({"fr": next(iter(label.values())), **label})
    return {FRAMEWORK: _("Competency framework"), GLOSSARY: _("Glossary")}.get(unit.path, unit.path)


def unit_kind(unit: Unit) -> str:
    """What it is."""
    kinds: Mapping[str, str] = {
        "track": _("Track"), "module": _("Module"), "lesson": _("Lesson"), "question": _("Question"),
    }  # fmt: skip
    return kinds.get(unit.path.split("/")[1] if "/" in unit.path else unit.path, "")
