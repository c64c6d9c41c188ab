"""Writes GIFT: questions in Markdown, their labels as comments that Moodle takes for tags."""

import re
from collections.abc import Iterator

from curricula.exchange.choices import our_weights
from curricula.exchange.labels import tags_of
from curricula.exchange.model import Bank, Given, Note
from curricula.exchange.moodle_text import shown_alike
from curricula.exchange.writable import writable
from curricula.model import Question
from curricula.problems import N_

#: What a line of text cannot hold: control characters but the tabulation, halves of characters, noncharacters.
_UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef]")
_SIGNS = re.compile(r"[\\#=~{}:]")


def write(bank: Bank) -> Given:
    """The bank's questions in its language, its title as a comment; a note on what is left out or changed."""
    notes = list[Note]()
    blocks = [f"// {_line(bank.title)}\n"]
    for question in writable(bank, notes):
        tags = tags_of(question)
        if any(_in_comment(tag) != tag.replace("]", r"\]") for tag in tags):
            notes.append(Note(N_("Its labels lose their ends of lines and their backslashes."), question.key))
        blocks.append("".join(f"{line}\n" for line in _question(question, tags, bank.language)))
    return Given("\n".join(blocks).encode(), tuple(notes))


def _question(question: Question, tags: list[str], language: str) -> Iterator[str]:
    yield " ".join([f"// [id:{_in_comment(question.key)}]", *(f"[tag:{_in_comment(tag)}]" for tag in tags)])
    yield f"::{_said(question.key)}::[markdown]{_said(shown_alike(question.stem[language]))}{{"
    for option, weight in zip(question.options, our_weights(question), strict=True):
        feedback = _marked(option.feedback.get(language, ""))
        yield f"\t{_sign(question, weight)}{_marked(option.text[language])}{'#' if feedback else ''}{feedback}"
    yield "}"


def _sign(question: Question, weight: float) -> str:
    if question.type == "single":
        return "=" if weight else "~"
    return f"~%{weight * 100:.7g}%"


def _marked(text: str) -> str:
    """A text of an option; with its format where it begins like a format or a weight."""
    return ("[markdown]" if text.startswith(("[", "%")) else "") + _said(shown_alike(text))


def _said(text: str) -> str:
    return _SIGNS.sub(r"\\\g<0>", _UNSAYABLE.sub("", text)).replace("\n", r"\n")


def _line(text: str) -> str:
    return " ".join(_UNSAYABLE.sub("", text).split())


def _in_comment(tag: str) -> str:
    return _line(tag).replace("\\", "").replace("]", r"\]")
