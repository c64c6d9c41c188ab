"""Writes GIFT: questions in Markdown, their labels as comments that Moodle takes for tags."""

import re
from collections.abc import Iterator

from curricula.exchange.answers import MOODLE, common_feedback, forms_of, losses, starred, unwritable
from curricula.exchange.choices import our_weights
from curricula.exchange.labels import tags_of
from curricula.exchange.model import Bank, Given, Note
from curricula.exchange.moodle_text import shown_alike
from curricula.exchange.writable import CHOICE, writable
from curricula.model import Question
from curricula.problems import N_

#: What a line of text cannot hold: control characters but the tabulation, halves of characters, noncharacters.
_UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef]")
_SIGNS = re.compile(r"[\\#=~{}:]")


def write(bank: Bank) -> Given:
    """The bank's questions in its language, its title as a comment; a note on what is left out or changed."""
    notes = list[Note]()
    blocks = [f"// {_line(bank.title)}\n"]
    for question in writable(bank, notes, CHOICE | MOODLE.keys()):
        refused = unwritable(question, bank.language) or _unsayable(question, bank.language)
        if refused:
            notes.append(Note(refused, question.key))
            continue
        if question.type in MOODLE:
            lost = losses(question, bank.language)
            notes += (Note(message, question.key, values=values) for message, values in lost)
        tags = tags_of(question)
        if any(_in_comment(tag) != tag.replace("]", r"\]") for tag in tags):
            notes.append(Note(N_("Its labels lose their ends of lines and their backslashes."), question.key))
        blocks.append("".join(f"{line}\n" for line in _question(question, tags, bank.language)))
    return Given("\n".join(blocks).encode(), tuple(notes))


def _unsayable(question: Question, language: str) -> str | None:
    """Why GIFT alone cannot hold a question, to be translated."""
    if question.type == "numeric" and question.places:
        return N_("GIFT has no units. Not written.")
    if question.type == "short" and question.setting("case") == "counted":
        return N_("GIFT does not say that capitals count. Not written.")
    texts = [text.get(language, "") for text in question.texts(feedback=question.type == "short")][1:]
    if question.type in ("matching", "short") and any("->" in said for said in texts):
        return N_("It has « -> » in it, which GIFT puts between halves. Not written.")
    return None


def _question(question: Question, tags: list[str], language: str) -> Iterator[str]:
    yield " ".join([f"// [id:{_in_comment(question.key)}]", *(f"[tag:{_in_comment(tag)}]" for tag in tags)])
    number = "#" if question.type == "numeric" else ""
    yield f"::{_said(question.key)}::[markdown]{_said(shown_alike(question.stem[language]))}{{{number}"
    if question.type == "matching":
        yield from _pairs(question, language)
    elif question.type in MOODLE:
        yield from _answers(question, language)
    else:
        yield from _choices(question, language)
    yield "}"


def _choices(question: Question, language: str) -> Iterator[str]:
    for option, weight in zip(question.options, our_weights(question), strict=True):
        feedback = _marked(option.feedback.get(language, ""))
        yield f"\t{_sign(question, weight)}{_marked(option.text[language])}{'#' if feedback else ''}{feedback}"


def _pairs(question: Question, language: str) -> Iterator[str]:
    halves = {place.key: place.text[language] for place in question.places}
    for option in question.options:
        yield f"\t={_marked(option.text[language])} -> {_said(halves[option.place])}"
    for key in [key for key in halves if key not in {option.place for option in question.options}]:
        yield f"\t= -> {_said(halves[key])}"
    general = common_feedback(question, language)
    if general:
        yield f"\t####{_marked(general)}"


def _answers(question: Question, language: str) -> Iterator[str]:
    for answer in forms_of(question, language):
        feedback = _marked(answer.feedback.get(language, ""))
        worth = "%0%" if not answer.weight else "%100%" if answer.text.startswith("%") else ""
        near = f":{answer.tolerance}" if question.type == "numeric" else ""
        text = answer.text if question.type == "numeric" else _said(starred(answer.text))
        yield f"\t={worth}{text}{near}{'#' if feedback else ''}{feedback}"


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
