"""Writes Moodle XML: multichoice questions in Markdown, which Moodle shows as we do."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from curricula.exchange.choices import our_weights
from curricula.exchange.labels import tags_of
from curricula.exchange.model import Bank, Given, Note
from curricula.exchange.moodle_text import shown_alike
from curricula.exchange.writable import writable
from curricula.model import Question

#: What XML 1.0 cannot hold (its section 2.2).
_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(bank: Bank) -> Given:
    """The bank's questions in its language, its title as a comment; a note on what is left out or changed."""
    notes = list[Note]()
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<!-- {_title(bank)} -->", "<quiz>"]
    for question in writable(bank, notes):
        lines += _question(question, bank.language)
    return Given(("\n".join([*lines, "</quiz>"]) + "\n").encode(), tuple(notes))


def _question(question: Question, language: str) -> Iterator[str]:
    yield '  <question type="multichoice">'
    yield from _element("name", question.key)
    yield from _element("questiontext", question.stem[language], markdown=True)
    yield from _element("generalfeedback", "", markdown=True)
    yield "    <defaultgrade>1.0000000</defaultgrade>"
    yield "    <penalty>0.3333333</penalty>"
    yield "    <hidden>0</hidden>"
    yield f"    <idnumber>{_said(question.key)}</idnumber>"
    yield f"    <single>{'true' if question.type == 'single' else 'false'}</single>"
    yield "    <shuffleanswers>true</shuffleanswers>"
    yield "    <answernumbering>abc</answernumbering>"
    for option, weight in zip(question.options, our_weights(question), strict=True):
        yield f'    <answer fraction="{weight * 100:.7g}" format="markdown">'
        yield f"      <text>{_said(shown_alike(option.text[language]))}</text>"
        yield '      <feedback format="markdown">'
        yield f"        <text>{_said(shown_alike(option.feedback.get(language, '')))}</text>"
        yield "      </feedback>"
        yield "    </answer>"
    yield "    <tags>"
    yield from (f"      <tag><text>{_said(tag)}</text></tag>" for tag in tags_of(question))
    yield "    </tags>"
    yield "  </question>"


def _element(name: str, text: str, *, markdown: bool = False) -> Iterator[str]:
    yield f'    <{name} format="markdown">' if markdown else f"    <{name}>"
    yield f"      <text>{_said(shown_alike(text) if markdown else text)}</text>"
    yield f"    </{name}>"


def _title(bank: Bank) -> str:
    """The title as a comment may hold it: without « -- » (XML 1.0, section 2.5)."""
    return re.sub(r"-(?=-|$)", "- ", " ".join(_UNSAYABLE.sub("", bank.title).split()))


def _said(text: str) -> str:
    return escape(_UNSAYABLE.sub("", text), {"\r": "&#13;"})
