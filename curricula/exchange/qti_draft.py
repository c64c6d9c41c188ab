"""A question as a QTI file tells it, of any version, and how it becomes one of ours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from curricula.exchange.labels import Keys, labelled, labels_of
from curricula.exchange.model import Note, Taken
from curricula.exchange.qti_text import markdown_of
from curricula.model import LANGUAGES, Option, Question
from curricula.problems import N_

#: A link that does not lead to a web page nor to an address: its text alone is kept.
_ELSEWHERE = re.compile(r"""<a\s[^<>]*href\s*=\s*(?:"|'|(?=[^"'\s]))(?!https://|mailto:)""", re.IGNORECASE)
#: How many options our choice questions have.
FEWEST, MOST = 2, 8


class Remarks:
    """The notes on one item, in the order they were made."""

    def __init__(self, item: str, line: int) -> None:
        self._item, self._line = item, line
        self.notes: list[Note] = []

    def add(self, message: str, line: int = 0, **values: str) -> None:
        """One note more, on the item's own line unless told another."""
        self.notes.append(Note(message, self._item, line or self._line, values))

    def markdown(self, html: str) -> str:
        """A text as Markdown; what was lost of it is noted."""
        text, lost = markdown_of(html)
        if lost:
            self.add(N_("Elements of the text were not taken: %(elements)s."), elements=", ".join(lost))
        if _ELSEWHERE.search(html):
            self.add(N_("Links to files or to pages without https were not taken: their text was."))
        if "<table" in html.lower():  # lessons alone show tables: see curricula.render
            self.add(N_("A table of the text is lines of text here."))
        return text


@dataclass(frozen=True)
class Choice:
    """An option: its identifier in the file, its text as HTML."""

    name: str
    html: str


@dataclass(frozen=True)
class Draft:
    """A choice question as its file tells it; ``feedback`` is HTML by the choice's identifier."""

    name: str
    several: bool
    html: str
    choices: tuple[Choice, ...]
    right: frozenset[str]
    feedback: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def question_of(draft: Draft, language: str, keys: Keys, remarks: Remarks) -> Question | None:
    """The question, its texts in ``language``; None, and a remark that says why, where it cannot be one of ours."""
    names = [choice.name for choice in draft.choices]
    refused = _refusal(draft, names)
    if refused:
        remarks.add(refused)
        return None
    stem = remarks.markdown(draft.html)
    labels, option_keys, options = labels_of(draft.tags), Keys(), list[Option]()
    for choice in draft.choices:
        key, text = option_keys.key(choice.name), remarks.markdown(choice.html)
        feedback = remarks.markdown(draft.feedback.get(choice.name, ""))
        misconception = labels.misconceptions.get(key, "")
        right = choice.name in draft.right
        options.append(Option(key, {language: text}, {language: feedback}, right, misconception))
    if not stem or not all(option.text[language] for option in options):
        remarks.add(N_("The question, or one of its options, says nothing that can be taken: it was left out."))
        return None
    if labels.others:
        remarks.add(N_("Keywords were not taken: %(keywords)s."), keywords=", ".join(labels.others))
    key, kind = keys.key(draft.name), "multiple" if draft.several else "single"
    return labelled(Question(key, kind, "", 0, "", {language: stem}, tuple(options)), labels)


def right_number(names: Sequence[str], remarks: Remarks) -> bool:
    """Whether a question can have so many options; a remark says it where it cannot."""
    if FEWEST <= len(names) <= MOST:
        return True
    remarks.add(N_("A question has 2 to 8 options: this one was left out."))
    return False


def _refusal(draft: Draft, names: Sequence[str]) -> str:
    if len(set(names)) < len(names):
        return N_("Two options have the same identifier: the question was left out.")
    if not draft.right:
        return N_("The file says no right option: the question was left out.")
    if not draft.right <= set(names):
        return N_("A right option is not among the options: the question was left out.")
    if not draft.several and len(draft.right) > 1:
        return N_("One option can be chosen and several are right: the question was left out.")
    return ""


def language_of(said: str | None, usual: str, remarks: Remarks) -> str:
    """The language of an item whose ``xml:lang`` is ``said``: ``usual`` where it says none, or none of ours."""
    if not said:
        return usual
    code = said.lower().replace("_", "-").split("-")[0]
    if code in LANGUAGES:
        return code
    remarks.add(
        N_("The language « %(language)s » is not one of ours: the texts were taken as they are."), language=said
    )
    return usual


def joined(parts: Sequence[Taken]) -> Taken:
    """Several readings as one, in their order."""
    return Taken(
        questions=tuple(question for part in parts for question in part.questions),
        notes=tuple(note for part in parts for note in part.notes),
    )


def in_file(taken: Taken, path: str) -> Taken:
    """The same; a note that names no item names its file."""
    return replace(taken, notes=tuple(note if note.item else replace(note, item=path) for note in taken.notes))
