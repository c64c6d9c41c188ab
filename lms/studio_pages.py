"""What the studio calls each piece of a track, where it is written, and how its changes are shown."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from flask import url_for

from curricula.diff import Change
from curricula.framework import FILE as FRAMEWORK
from curricula.glossary import FILE as GLOSSARY
from curricula.marks import Mark, marks, shortened
from curricula.model import LANGUAGES, Localized, Track
from curricula.pieces import is_piece, lesson_path, module_path, question_path, track_path
from curricula.places import piece_of
from lms.i18n import gettext as _
from lms.i18n import localized

#: What lists show of each piece, by path (``DraftPiece.label``).
Labels = Mapping[str, Localized]


def edit_url(track_key: str, path: str) -> str:
    """Where a piece is written; the plan of its track where it has no page of its own."""
    module, kind, key, language = [*path.split("/"), "", "", ""][:4] if is_piece(path) else ("", "", "", "")
    if kind == "lesson":
        return url_for(
            "lessons.edit", track_key=track_key, module_key=module, lesson_key=key, language=language or LANGUAGES[0]
        )
    if kind == "question":
        return url_for("bank.question", track_key=track_key, module_key=module, question_key=key)
    if kind == "module":
        return url_for("outline.module", track_key=track_key, module_key=module)
    if path == track_path():
        return url_for("outline.track", track_key=track_key)
    if path in (FRAMEWORK, GLOSSARY):
        return url_for(f"outline_files.{path.removesuffix('.toml')}", track_key=track_key)
    return url_for("author.track", track_key=track_key)


def labels_of(track: Track) -> dict[str, Localized]:
    """What lists would show of the pieces of a track."""
    found: dict[str, Localized] = {track_path(): track.title}
    for module in track.modules:
        found[module_path(module.key)] = module.title
        for lesson in module.lessons:
            for language, text in lesson.texts.items():
                found[lesson_path(module.key, lesson.key, language)] = {language: text.title}
        for question in module.questions:
            found[question_path(module.key, question.key)] = question.stem
    return found


def piece_name(path: str, labels: Labels) -> str:
    """What people call a piece."""
    if path == track_path():
        return _("The track itself")
    if path in (FRAMEWORK, GLOSSARY):
        return _("Competency framework") if path == FRAMEWORK else _("Glossary")
    if not is_piece(path):
        return path
    module, kind, key, language = [*path.split("/"), "", "", ""][:4]
    if kind == "module":
        title = _label(labels.get(path))
        return _("Module %(key)s: %(title)s", key=module, title=title) if title else _("Module %(key)s", key=module)
    if kind == "question":
        stem = _label(labels.get(path))
        return _("Question %(key)s: %(stem)s", key=key, stem=stem) if stem else _("Question %(key)s", key=key)
    texts = [labels.get(lesson_path(module, key, each)) for each in (language, *LANGUAGES) if each]
    title = next(filter(None, map(_label, texts)), key)
    if language:
        return _("Lesson “%(title)s”, %(language)s", title=title, language=_words().get(language, language))
    return _("Lesson “%(title)s”, settings", title=title)


def _label(label: Localized | None) -> str:
    """A label in the reader's language, else in the one it has."""
    return localized({"fr": next((text for text in (label or {}).values() if text), ""), **_said(label)})


def _said(label: Localized | None) -> dict[str, str]:
    return {language: text for language, text in (label or {}).items() if text}


# Changes


@dataclass(frozen=True)
class Shown:
    """A part that changed: what it is, and its words before and after as marks."""

    name: str
    kind: str
    state: str
    marks: list[Mark]


@dataclass
class Group:
    """The changes of one piece."""

    path: str
    name: str
    parts: list[Shown] = field(default_factory=list)

    @property
    def state(self) -> str:
        """Whether the piece is there since (« added »), no longer (« removed »), or differs (« changed »)."""
        states = {part.state for part in self.parts}
        return states.pop() if len(states) == 1 else "changed"


def shown(changes: Iterable[Change], labels: Labels, modules: Container[str]) -> list[Group]:
    """Changes as pages show them, by piece, in their order."""
    groups: dict[str, Group] = {}
    for change in changes:
        path = piece_of(change.path, modules)
        group = groups.setdefault(path, Group(path, piece_name(path, labels)))
        group.parts.append(shown_part(change, path))
    return list(groups.values())


def shown_part(change: Change, path: str) -> Shown:
    """One part of the piece ``path``."""
    state = "added" if change.before is None else "removed" if change.after is None else "changed"
    inside = change.path[len(path.split("/")) - 1 :] if path.endswith("/module") else change.path
    if "/lesson/" in path or "/question/" in path:
        inside = change.path[3:]
    words = _words()
    name = ", ".join(words.get(part, part) for part in inside)
    found = marks(change.before or "", change.after or "")
    return Shown(name[:1].upper() + name[1:], change.kind, state, shortened(found) if state == "changed" else found)


def kind_names() -> dict[str, str]:
    """What changes are about (``curricula.diff.Kind``), in words."""
    return {
        "text": _("Texts"), "question": _("Questions"), "rule": _("Rules"), "law": _("Law"), "source": _("Sources"),
    }  # fmt: skip


def _words() -> dict[str, str]:
    """The fields of the format, as people call them."""
    return {
        "fr": _("in French"), "en": _("in English"), "title": _("title"), "promise": _("promise"),
        "audience": _("audience"), "code": _("code"), "licence": _("licence"), "version": _("version"),
        "recommendations": _("recommendations of the white paper"), "certificate": _("certificate"),
        "placement": _("placement test"), "exempts": _("exempts"),
        "modules": _("modules"), "threshold": _("threshold"), "valid_months": _("validity in months"),
        "legal": _("text of law"), "reference": _("reference"), "checked_on": _("checked on"),
        "in_force_from": _("in force from"), "in_force_to": _("in force until"), "note": _("note"),
        "summary": _("summary"), "order": _("order"), "status": _("status"), "requires": _("prerequisites"),
        "duration_minutes": _("duration in minutes"), "workshop_minutes": _("of which in a workshop"),
        "reading": _("further reading"), "paper": _("paper"), "memo": _("page to keep"), "session": _("session plan"),
        "kit-learner": _("learner’s guide"), "kit-trainer": _("trainer’s guide"), "kit-jury": _("guide of the jury"),
        "quiz": _("assessment"), "questions": _("questions drawn"),
        "attempts": _("attempts"), "cooldown_minutes": _("wait between attempts, in minutes"),
        "objective": _("objective"), "objectives": _("objectives"), "text": _("text"), "source": _("source"),
        "sources": _("sources"), "mark": _("mark"), "published_on": _("published on"), "url": _("address"),
        "minutes": _("minutes"), "able": _("what it makes one able to do"), "body": _("text"), "type": _("type"),
        "difficulty": _("difficulty"), "stem": _("wording"), "options": _("options"), "option": _("option"),
        "feedback": _("feedback"), "correct": _("right or not"), "misconception": _("misconception"),
        "place": _("place"), "leads": _("leads to"), "points": _("points"), "value": _("number expected"),
        "tolerance": _("tolerance"), "accepted": _("accepted"), "factor": _("factor"), "criterion": _("criterion"),
        "weight": _("weight"), "setting": _("setting"), "reserved": _("kept for the assessment"),
        "instead": _("asked instead of"), "pauses": _("pauses"), "supervised": _("supervised"),
        "difficulties": _("questions of each difficulty"), "exposure": _("exposure"), "forms": _("parallel forms"),
        "correction": _("correction"), "markers": _("markers"), "marking_days": _("days to mark"), "jury": _("jury"),
        "branch": _("branch"), "file": _("size in bytes"), "competency": _("competency"), "level": _("level"),
        "label": _("label"), "attendance": _("statements of attendance"), "one_of": _("way"), "award": _("certificate"),
        "mention": _("mention"), "module": _("module"), "members": _("members"), "refresher": _("refresher"),
        "key": _("key"),
    }  # fmt: skip
