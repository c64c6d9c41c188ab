"""Markdown: a document as pages and questions, and a bank as a document.

**Pages.** A heading of level 1 begins a page. Where a document has none and its header gives no title, a heading of
level 2 does. Text before the first page is a page named by the header, or by its first words. A page keeps the text as
its author wrote it; blocks of HTML become Markdown, and whatever our pages do not show has a note with its line.

**Questions.** A task list is a question (GitHub Flavored Markdown, section 5.3, « Task list items »)::

    ### name

    `objective:d1-o1` `difficulty:2` `source:white-paper`

    The stem, as many paragraphs as it takes.

    - [x] a right option

      Its feedback.
    - [ ] a wrong option

The heading or the line all in bold before the list names the question, and what stands between is its stem; where
nothing does, the name is the stem. Without either since the page began, the stem is the block just before the list, so
that the page keeps its text. The line of tags (``curricula.exchange.labels``, and ``multiple`` where a single option
is right of a question that takes several) may be absent.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from curricula.exchange import safe
from curricula.exchange.html import to_markdown
from curricula.exchange.labels import Keys, labelled, labels_of, option_key, tags_of
from curricula.exchange.markdown_blocks import Block, blocks, header, named_blocks
from curricula.exchange.model import Bank, Format, Given, Note, NotReadable, Page, Taken
from curricula.exchange.writable import CHOICE, not_written
from curricula.model import Option, Question
from curricula.problems import N_

_TASK = re.compile(r"\[(?P<mark>[ xX])\](?:[ \t]+|\n|\Z)")
_TAGS = re.compile(r"`[^`\n]+`(?: +`[^`\n]+`)*")
_FOOTNOTE = re.compile(r"^( {0,3})\[\^", re.MULTILINE)
_MULTIPLE = "multiple"
#: What separates options from a list that ends the stem: the first that reads back right.
_BULLETS = ("-", "*", "+")


def read(content: bytes, language: str) -> Taken:
    """The pages and questions of a document, in its order. Raises ``NotReadable``."""
    text = safe.text(content)
    said, first, notes = header(text)
    lines = [""] * first + text.split("\n")[first:]
    found, unseen = blocks(lines)
    reading = _Reading(lines, language, said.get("title", ""))
    reading.read(found)
    notes = sorted([*notes, *unseen, *reading.notes], key=lambda note: note.line)
    return Taken(tuple(reading.questions), tuple(reading.pages), notes=tuple(notes))


@dataclass
class _Reading:
    """A document being read, block after block."""

    lines: list[str]
    language: str
    title: str
    questions: list[Question] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    keys: Keys = field(default_factory=Keys)
    names: Counter[str] = field(default_factory=Counter)

    def read(self, found: list[Block]) -> None:
        opens = 1 if self.title or any(block.level == 1 for block in found) else 2
        heading: Block | None = None
        page: list[Block] = []
        asked = 0
        for block in found:
            if 0 < block.level <= opens:
                self._close(heading, page, asked)
                heading, page, asked = block, [], len(self.questions)
            elif not self._took_question(block, page, heading):
                page.append(block)
        self._close(heading, page, asked)

    def _close(self, heading: Block | None, page: list[Block], asked: int) -> None:
        """Keeps a page that says something; there were ``asked`` questions when it began."""
        if all(block.level for block in page):
            if heading and len(self.questions) == asked:
                self.notes.append(Note(N_("There is no text under this heading."), line=heading.start + 1))
            return
        body = "\n\n".join(filter(None, map(self._source, page)))
        first = page[0].start + 1
        title = heading.name if heading else self.title
        if not title:
            title = " ".join(body.split())[:80]
            self.notes.append(Note(N_("This text has no title: its first words are taken."), line=first))
        if body:
            self.pages.append(Page(title, body, (self.title,) if heading and self.title not in {"", title} else ()))
        self.notes += named_blocks("\n".join(self.lines[page[0].start : page[-1].end]), first)

    def _source(self, block: Block) -> str:
        """A block as it is kept in a page."""
        said = "\n".join(self.lines[block.start : block.end]).strip("\n")
        if block.type == "definition":
            said = _FOOTNOTE.sub(r"\1\\[^", said)
        return to_markdown(said)[0] if block.type == "html_block" else said

    def _took_question(self, block: Block, page: list[Block], heading: Block | None) -> bool:
        """Whether the block is a question; what belongs to it then leaves the page."""
        marks = [_TASK.match(item.first) for item in block.items]
        if not any(marks):
            return False
        begin, name, stem, tags = self._before(block, page, heading)
        right = [mark is not None and mark["mark"] != " " for mark in marks]
        if not all(marks) or len(marks) < 2 or not any(right) or not stem:
            self.notes.append(
                Note(
                    N_("This list is not a question: it takes a text before, two options and a right one, all marked."),
                    line=block.start + 1,
                )
            )
            return False
        labels = labels_of(tags)
        # Numbered here: ``Keys`` tries every number again, which takes long where a thousand questions share a name.
        self.names[name] += 1
        numbered = f"{name} {self.names[name]}" if self.names[name] > 1 else name
        options = tuple(
            Option(
                option_key(number), {self.language: _TASK.sub("", item.first, count=1)},
                {self.language: item.rest}, right[number], labels.misconceptions.get(option_key(number), ""),
            )
            for number, item in enumerate(block.items)
        )  # fmt: skip
        several = sum(right) > 1 or _MULTIPLE in labels.others
        kind = "multiple" if several else "single"
        found = Question(self.keys.key(numbered), kind, "", 0, "", {self.language: stem}, options)
        self.questions.append(labelled(found, labels))
        del page[begin:]
        return True

    def _before(self, asked: Block, page: list[Block], heading: Block | None) -> tuple[int, str, str, list[str]]:
        """(index of the first block of the page that belongs to the question, its name, its stem, its tags)."""
        begin = next((index for index in reversed(range(len(page))) if page[index].name), None)
        if begin is None:
            name = heading.name if heading else self.title
            if not page:  # the heading of the page asks
                return 0, name, heading.text if heading else "", []
            return len(page) - 1, name, self._stem(page[-1], asked), []
        if begin == len(page) - 1 and not page[begin].level:  # a stem all in bold may have its name before
            above = begin - 1 - (begin > 0 and self._tags(page[begin - 1]) != [])
            begin = above if above >= 0 and page[above].level else begin
        name, said = page[begin].name, page[begin + 1 :]
        tags = self._tags(said[0]) if len(said) > 1 else []
        said = said[1:] if tags else said
        return begin, name, self._stem(said[0], asked) if said else page[begin].text, tags

    def _stem(self, first: Block, asked: Block) -> str:
        return "\n".join(self.lines[first.start : asked.start]).strip("\n")

    def _tags(self, block: Block) -> list[str]:
        """The tags of a paragraph made of nothing else than tags of ours."""
        said = re.findall(r"`([^`]+)`", block.text) if _TAGS.fullmatch(block.text) else []
        return said if set(labels_of(said).others) <= {_MULTIPLE} else []


def write(bank: Bank) -> Given:
    """The document of a bank. A question that would not be read back the same is left out, with a note."""
    title = "".join(sign if sign.isprintable() else " " for sign in bank.title)
    parts, notes = ["# " + " ".join(title.split())], list[Note]()
    for question in bank.questions:
        if question.type not in CHOICE:
            notes.append(not_written(question))
            continue
        expected = _in_language(question, bank.language)
        if [option.key for option in question.options] != [option.key for option in expected.options]:
            notes.append(Note(N_("Its options are named a, b, c… in their order."), question.key))
        written = next((part for part in _written(expected, bank.language) if _reads(part, expected, bank)), None)
        if written is None:
            notes.append(
                Note(
                    N_("The question is left out: a text is absent, or cannot be told from the marks of the list."),
                    question.key,
                )
            )
        else:
            parts.append(written)
    return Given(("\n\n".join(parts) + "\n").encode(), tuple(notes))


def _in_language(question: Question, language: str) -> Question:
    """The question as it will be read: in one language, its options named in their order."""
    options = tuple(
        Option(
            option_key(number), {language: option.text.get(language, "")},
            {language: option.feedback.get(language, "")}, option.correct, option.misconception,
        )
        for number, option in enumerate(question.options)
    )  # fmt: skip
    return replace(question, stem={language: question.stem.get(language, "")}, options=options)


def _written(question: Question, language: str) -> Iterator[str]:
    """The question with each kind of list."""
    right = sum(option.correct for option in question.options)
    tags = [*tags_of(question), *([_MULTIPLE] if question.type == "multiple" and right < 2 else [])]
    for bullet in _BULLETS:
        lines = [f"### {question.key}", "", " ".join(f"`{tag}`" for tag in tags), "", question.stem[language], ""]
        for option in question.options:
            lines.append(f"{bullet} [{'x' if option.correct else ' '}] " + _indented(option.text[language]))
            if option.feedback[language]:
                lines += ["", "  " + _indented(option.feedback[language])]
        yield "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join("  " + line if line and number else line for number, line in enumerate(text.split("\n")))


def _reads(part: str, expected: Question, bank: Bank) -> bool:
    """Whether a part of the document, before another, says the question and nothing else."""
    if not expected.stem[bank.language] or not all(option.text[bank.language] for option in expected.options):
        return False
    try:
        taken = read(f"# -\n\n{part}\n\n### -\n".encode(), bank.language)
    except (NotReadable, UnicodeEncodeError):
        return False
    return taken.questions == (expected,) and not taken.pages


FORMAT = Format("markdown", "Markdown", (".md", ".markdown"), read, write)
