"""GIFT: questions as lines of text, which people write by hand and Moodle reads.

Its syntax is that of docs.moodle.org « GIFT format ». Categories have no place here: one note each says how many
questions were in it.
"""

from collections.abc import Iterator

from curricula.exchange import gift_text as gift
from curricula.exchange.choices import (
    CATEGORY,
    GENERAL,
    NO_TYPE,
    TAGS,
    WEIGHTS,
    Choice,
    NotTaken,
    as_question,
    true_or_false,
    weighs_as_ours,
    with_general,
)
from curricula.exchange.gift_write import write
from curricula.exchange.labels import Keys, labels_of
from curricula.exchange.model import Format, Note, Taken
from curricula.exchange.moodle_text import Texts
from curricula.exchange.safe import text
from curricula.model import Question

_CATEGORY = "$CATEGORY:"


def read(content: bytes, language: str) -> Taken:
    """The choice and true or false questions of a file; a note on everything else. Raises ``NotReadable``."""
    reader = _Reader(language)
    for block in gift.blocks(text(content)):
        reader.take(block)
    reader.end_category()
    return Taken(tuple(reader.questions), notes=tuple(reader.notes))


class _Reader:
    """Goes through a file's blocks, in order."""

    def __init__(self, language: str) -> None:
        self._language, self._keys = language, Keys()
        self.questions, self.notes = list[Question](), list[Note]()
        self._category, self._category_line, self._before = "", 0, 0

    def take(self, block: gift.Block) -> None:
        """One block: a category, a question, or both in a row."""
        said, line = block.text, block.line
        if said.startswith(_CATEGORY):
            self.end_category()
            name, _, said = said.partition("\n")
            self._category, self._category_line = gift.shown(name.removeprefix(_CATEGORY))[:500], line
            line += 1
        if said:
            try:
                self._take_question(block, said, line)
            except NotTaken as refused:
                self.notes.append(refused.note(_name(said), line))

    def end_category(self) -> None:
        """Say what was in the category that ends, if there is one."""
        if self._category_line:
            values = {"name": self._category, "count": str(len(self.questions) - self._before)}
            self.notes.append(Note(CATEGORY, line=self._category_line, values=values))
        self._before = len(self.questions)

    def _take_question(self, block: gift.Block, said: str, line: int) -> None:
        parts = gift.parts(said)
        name, kind = parts.title[:200] or _name(parts.text), gift.kind_of(parts.answers)
        if parts.answers is None or kind not in ("multichoice", "truefalse"):
            self.notes.append(Note(NO_TYPE, name, line, {"type": kind}))
            return
        texts, labels = Texts(self._language), labels_of(block.tags)
        stem, form = gift.with_format(parts.text, "moodle")
        read = (_true_false if kind == "truefalse" else _choices)(parts.answers, texts, form)
        choices, general = with_general(list(read), texts.read(*gift.with_format(parts.general, form)))
        try:
            question = as_question(
                self._keys.key(block.identity or name), texts.read(stem, form), choices,
                single=kind == "truefalse" or "=" in parts.answers, labels=labels, spoken=texts.languages(),
            )  # fmt: skip
        except NotTaken as refused:
            self.notes += [*texts.notes(name, line), refused.note(name, line)]
            return
        self.questions.append(question)
        self.notes += texts.notes(name, line)
        if any(general.values()):
            self.notes.append(Note(GENERAL, name, line, {"text": " / ".join(filter(None, general.values()))}))
        if labels.others:
            self.notes.append(Note(TAGS, name, line, {"names": ", ".join(labels.others)}))
        if not weighs_as_ours(question, choices):
            self.notes.append(Note(WEIGHTS, name, line))


def _choices(answers: str, texts: Texts, form: str) -> Iterator[Choice]:
    for weight, said, feedback in gift.answers(answers):
        yield Choice(texts.read(*gift.with_format(said, form)), texts.read(*gift.with_format(feedback, form)), weight)


def _true_false(answers: str, texts: Texts, form: str) -> list[Choice]:
    """« TRUE#feedback when wrong#feedback when right »."""
    said, wrong, right = (*answers.split("#", 2), "", "")[:3]
    is_true = said.strip().startswith("T")
    feedbacks = [texts.read(*gift.with_format(each, form)) for each in (wrong, right)]
    return true_or_false(is_true, feedbacks[is_true], feedbacks[not is_true])


def _name(said: str) -> str:
    """What a question without title is called: how it begins."""
    return " ".join(gift.with_format(said, "")[0].split())[:80]


FORMAT = Format("gift", "GIFT", (".gift", ".txt"), read, write)
