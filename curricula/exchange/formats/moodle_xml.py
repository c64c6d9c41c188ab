"""Moodle XML: the question banks of Moodle.

Elements, their order and their defaults are those of docs.moodle.org « Moodle XML format » and of Moodle's own writer,
question/format/xml/format.php. Categories have no place here: one note each says how many questions were in it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange.choices import CATEGORY, GENERAL, NO_TYPE, TAGS, NotTaken
from curricula.exchange.labels import Keys, labels_of
from curricula.exchange.model import Format, Note, NotReadable, Taken
from curricula.exchange.moodle_elements import read_text, said_in
from curricula.exchange.moodle_kinds import KINDS, Asked
from curricula.exchange.moodle_text import Texts
from curricula.exchange.moodle_xml_write import write
from curricula.exchange.safe import Node, xml
from curricula.model import Localized, Question
from curricula.problems import N_

#: Settings that have no place here, and the values that change nothing for us (numbers to two digits).
_SETTINGS = {
    "defaultgrade": {"1"}, "penalty": {"0", "0.1", "0.33", "1"}, "hidden": {"0"}, "shuffleanswers": {"1", "true"},
    "answernumbering": {"abc"}, "correctfeedback": set(), "partiallycorrectfeedback": set(), "incorrectfeedback": set(),
    "unitgradingtype": {"0"}, "unitpenalty": {"0", "0.1"},
}  # fmt: skip
#: What is read, or says nothing to us.
_READ = {
    "name", "questiontext", "generalfeedback", "answer", "single", "tags", "idnumber", "hint", "file",
    "shownumcorrect", "showstandardinstruction", "subquestion", "usecase", "units", "showunits", "unitsleft",
    "instructions",
}  # fmt: skip


def read(content: bytes, language: str) -> Taken:
    """The questions of a file that are of a type of ``KINDS``; a note on everything else. Raises ``NotReadable``."""
    root = xml(content)
    if root.tag != "quiz":
        raise NotReadable(
            N_("This is not Moodle XML: its root is « %(root)s », not « quiz »."), root.line, root=root.tag[:100]
        )
    reader = _Reader(language)
    for element in root:
        assert isinstance(element, Node)
        reader.take(element)
    reader.end_category()
    return Taken(tuple(reader.questions), notes=(*reader.notes, *reader.settings()))


class _Reader:
    """Goes through a file's questions, in order."""

    def __init__(self, language: str) -> None:
        self._language, self._keys = language, Keys()
        self.questions, self.notes = list[Question](), list[Note]()
        self._settings = Counter[str]()
        self._category: Node | None = None
        self._before = 0

    def take(self, element: Node) -> None:
        """One child of the root."""
        kind, name = element.get("type", ""), said_in(element.find("name"))[:200]
        if element.tag != "question":
            message = N_("Element « %(name)s » is not taken.")
            self.notes.append(Note(message, line=element.line, values={"name": element.tag[:100]}))
        elif kind == "category":
            self.end_category()
            self._category = element
        elif kind in KINDS:
            self._take_question(element, name)
        else:
            self.notes.append(Note(NO_TYPE, name, element.line, {"type": kind[:100]}))

    def end_category(self) -> None:
        """Say what was in the category that ends, if there is one."""
        if self._category is not None:
            values = {
                "name": said_in(self._category.find("category"))[:500],
                "count": str(len(self.questions) - self._before),
            }
            self.notes.append(Note(CATEGORY, line=self._category.line, values=values))
        self._before = len(self.questions)

    def settings(self) -> Iterator[Note]:
        """What was set otherwise than usual, for the file as a whole."""
        message = N_("Setting « %(name)s » has no place here: set otherwise than usual in %(count)s questions.")
        for name, count in self._settings.items():
            yield Note(message, values={"name": name, "count": str(count)})

    def _take_question(self, element: Node, name: str) -> None:
        texts, line = Texts(self._language), element.line
        labels = labels_of(said_in(tag) for tag in element.iterfind("tags/tag"))
        stem = read_text(element.find("questiontext"), texts, "html")
        general = read_text(element.find("generalfeedback"), texts, "html")
        asked = Asked(self._keys.key(said_in(element.find("idnumber")) or name), stem, general, labels)
        try:
            made = KINDS[element.get("type", "")](element, texts, asked)
        except NotTaken as refused:
            self.notes += [*texts.notes(name, line), refused.note(name, line)]
            return
        self.questions.append(made.question)
        self.notes += texts.notes(name, line)
        left_out = (*_left_out(element, made.general, labels.others), *made.remarks)
        self.notes += (Note(message, name, line, values) for message, values in left_out)
        self._settings.update(child.tag for child in element if _is_unusual(child))


def _left_out(element: Node, general: Localized, tags: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """(message, values) of each thing of a question that has no place here."""
    if any(general.values()):
        yield GENERAL, {"text": " / ".join(filter(None, general.values()))}
    if tags:
        yield TAGS, {"names": ", ".join(tags)}
    hints = len(element.findall("hint"))
    if hints:
        yield N_("Hints have no place here: %(count)s."), {"count": str(hints)}
    files = [file.get("name", "")[:100] for file in element.iter("file")]
    if files:
        yield N_("Files are not taken: %(names)s."), {"names": ", ".join(files)}
    unknown = sorted({child.tag[:100] for child in element} - _READ - set(_SETTINGS))
    if unknown:
        yield N_("Not read: %(names)s."), {"names": ", ".join(unknown)}


def _is_unusual(setting: Element) -> bool:
    if setting.tag not in _SETTINGS:
        return False
    value = said_in(setting).lower()
    with suppress(ValueError):
        value = f"{float(value):.2g}"
    return bool(value) and value not in _SETTINGS[setting.tag]


FORMAT = Format("moodle-xml", "Moodle XML", (".xml",), read, write)
