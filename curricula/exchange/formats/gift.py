"""GIFT: questions as lines of text, which people write by hand and Moodle reads.

Its syntax is that of docs.moodle.org « GIFT format ». Categories have no place here: one note each says how many
questions were in it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from curricula.exchange import gift_text as gift
from curricula.exchange.answers import Answer, matching, numeric, spoken_of
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
from curricula.exchange.moodle_kinds import Asked, Made, other_numbers, shared, short_of
from curricula.exchange.moodle_text import Texts
from curricula.exchange.safe import text
from curricula.model import Localized, Question

_CATEGORY = "$CATEGORY:"


def read(content: bytes, language: str) -> Taken:
    """The questions of a file that are of a type of ``_KINDS``; a note on everything else. Raises ``NotReadable``."""
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
        if parts.answers is None or kind not in _KINDS:
            self.notes.append(Note(NO_TYPE, name, line, {"type": kind}))
            return
        texts, labels = Texts(self._language), labels_of(block.tags)
        stem, form = gift.with_format(parts.text, "moodle")
        general = texts.read(*gift.with_format(parts.general, form))
        asked = Asked(self._keys.key(block.identity or name), texts.read(stem, form), general, labels)
        try:
            made = _KINDS[kind](parts.answers, texts, form, asked)
        except NotTaken as refused:
            self.notes += [*texts.notes(name, line), refused.note(name, line)]
            return
        self.questions.append(made.question)
        self.notes += texts.notes(name, line)
        if any(made.general.values()):
            self.notes.append(Note(GENERAL, name, line, {"text": " / ".join(filter(None, made.general.values()))}))
        if labels.others:
            self.notes.append(Note(TAGS, name, line, {"names": ", ".join(labels.others)}))
        self.notes += (Note(message, name, line, values) for message, values in made.remarks)


def _choice(answers: str, texts: Texts, form: str, asked: Asked) -> Made:
    return _chosen(list(_choices(answers, texts, form)), texts, asked, single="=" in answers)


def _one_of_two(answers: str, texts: Texts, form: str, asked: Asked) -> Made:
    return _chosen(_true_false(answers, texts, form), texts, asked, single=True)


def _chosen(choices: list[Choice], texts: Texts, asked: Asked, *, single: bool) -> Made:
    choices, general = with_general(choices, asked.general)
    question = as_question(
        asked.key, asked.stem, choices, single=single, labels=asked.labels, spoken=texts.languages()
    )  # fmt: skip
    return Made(question, general, () if weighs_as_ours(question, choices) else ((WEIGHTS, {}),))


def _matching(answers: str, texts: Texts, form: str, asked: Asked) -> Made:
    pairs = [
        (texts.read(*gift.with_format(left, form)), texts.read(gift.shown(right), "plain"))
        for left, right in gift.pairs(answers)
    ]
    return Made(matching(asked.key, asked.stem, pairs, asked.general, asked.labels, spoken_of(texts.languages())))


def _short(answers: str, texts: Texts, form: str, asked: Asked) -> Made:
    found, general = _foreseen(answers, texts, form, asked)
    return short_of(found, general, texts, asked)


def _numeric(answers: str, texts: Texts, form: str, asked: Asked) -> Made:
    found, general = _foreseen(answers, texts, form, asked)
    numbers = [replace(each, text=said[0], tolerance=said[1]) for each in found for said in [gift.number_of(each.text)]]
    question = numeric(asked.key, asked.stem, numbers, (), asked.labels, spoken_of(texts.languages()))
    return Made(question, general, tuple(other_numbers(numbers)))


def _foreseen(answers: str, texts: Texts, form: str, asked: Asked) -> tuple[list[Answer], Localized]:
    found = [
        Answer(said, texts.read(*gift.with_format(feedback, form)), weight)
        for weight, said, feedback in gift.foreseen(answers)
    ]
    return shared(found, asked.general)


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


#: Moodle's name of a type → what makes a question of it; raises ``NotTaken``.
_KINDS: Mapping[str, Callable[[str, Texts, str, Asked], Made]] = {
    "multichoice": _choice, "truefalse": _one_of_two, "match": _matching, "shortanswer": _short,
    "numerical": _numeric,
}  # fmt: skip

FORMAT = Format("gift", "GIFT", (".gift", ".txt"), read, write)
