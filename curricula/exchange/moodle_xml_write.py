"""Writes Moodle XML: questions in Markdown, which Moodle shows as we do; halves, answers and units as plain text."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape  # nosec B406 # writes, reads nothing

from curricula.exchange.answers import MOODLE, common_feedback, forms_of, losses, multiplier_of, starred, unwritable
from curricula.exchange.choices import our_weights
from curricula.exchange.labels import tags_of
from curricula.exchange.model import Bank, Given, Note
from curricula.exchange.moodle_text import shown_alike
from curricula.exchange.writable import CHOICE, writable
from curricula.model import Question

#: What XML 1.0 cannot hold (its section 2.2).
_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(bank: Bank) -> Given:
    """The bank's questions in its language, its title as a comment; a note on what is left out or changed."""
    notes = list[Note]()
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<!-- {_title(bank)} -->", "<quiz>"]
    for question in writable(bank, notes, CHOICE | MOODLE.keys()):
        refused = unwritable(question, bank.language)
        if refused:
            notes.append(Note(refused, question.key))
            continue
        if question.type in MOODLE:
            lost = losses(question, bank.language)
            notes += (Note(message, question.key, values=values) for message, values in lost)
        lines += _question(question, bank.language)
    return Given(("\n".join([*lines, "</quiz>"]) + "\n").encode(), tuple(notes))


def _question(question: Question, language: str) -> Iterator[str]:
    general = common_feedback(question, language) if question.type == "matching" else ""
    yield f'  <question type="{MOODLE.get(question.type, "multichoice")}">'
    yield from _element("name", question.key)
    yield from _element("questiontext", question.stem[language], markdown=True)
    yield from _element("generalfeedback", general or "", markdown=True)
    yield "    <defaultgrade>1.0000000</defaultgrade>"
    yield "    <penalty>0.3333333</penalty>"
    yield "    <hidden>0</hidden>"
    yield f"    <idnumber>{_said(question.key)}</idnumber>"
    if question.type == "matching":
        yield from _pairs(question, language)
    elif question.type == "short":
        yield f"    <usecase>{int(question.setting('case') == 'counted')}</usecase>"
        yield from _answers(question, language)
    elif question.type == "numeric":
        yield from _answers(question, language)
        yield from _units(question, language)
    else:
        yield from _choices(question, language)
    yield "    <tags>"
    yield from (f"      <tag><text>{_said(tag)}</text></tag>" for tag in tags_of(question))
    yield "    </tags>"
    yield "  </question>"


def _choices(question: Question, language: str) -> Iterator[str]:
    yield f"    <single>{'true' if question.type == 'single' else 'false'}</single>"
    yield "    <shuffleanswers>true</shuffleanswers>"
    yield "    <answernumbering>abc</answernumbering>"
    for option, weight in zip(question.options, our_weights(question), strict=True):
        yield f'    <answer fraction="{weight * 100:.7g}" format="markdown">'
        yield f"      <text>{_said(shown_alike(option.text[language]))}</text>"
        yield from _feedback(option.feedback.get(language, ""))
        yield "    </answer>"


def _pairs(question: Question, language: str) -> Iterator[str]:
    """Each option with its half, then the halves that are nobody's."""
    yield "    <shuffleanswers>true</shuffleanswers>"
    halves = {place.key: place.text[language] for place in question.places}
    alone = [("", halves[key]) for key in halves if key not in {option.place for option in question.options}]
    for left, right in (*((option.text[language], halves[option.place]) for option in question.options), *alone):
        yield '    <subquestion format="markdown">'
        yield f"      <text>{_said(shown_alike(left))}</text>"
        yield "      <answer>"
        yield f"        <text>{_said(right)}</text>"
        yield "      </answer>"
        yield "    </subquestion>"


def _answers(question: Question, language: str) -> Iterator[str]:
    for answer in forms_of(question, language):
        yield f'    <answer fraction="{answer.weight * 100:.7g}" format="moodle_auto_format">'
        yield f"      <text>{_said(starred(answer.text))}</text>"
        yield from _feedback(answer.feedback.get(language, ""))
        if question.type == "numeric":
            yield f"      <tolerance>{answer.tolerance}</tolerance>"
        yield "    </answer>"


def _units(question: Question, language: str) -> Iterator[str]:
    """The units to choose from, without grades of their own; none is shown where there is none."""
    yield "    <unitgradingtype>0</unitgradingtype>"
    yield "    <unitpenalty>0.1000000</unitpenalty>"
    yield f"    <showunits>{2 if question.places else 3}</showunits>"
    yield "    <unitsleft>0</unitsleft>"
    if question.places:
        yield "    <units>"
        for place in question.places:
            yield "      <unit>"
            yield f"        <multiplier>{multiplier_of(place)}</multiplier>"
            yield f"        <unit_name>{_said(place.text[language])}</unit_name>"
            yield "      </unit>"
        yield "    </units>"


def _feedback(text: str) -> Iterator[str]:
    yield '      <feedback format="markdown">'
    yield f"        <text>{_said(shown_alike(text))}</text>"
    yield "      </feedback>"


def _element(name: str, text: str, *, markdown: bool = False) -> Iterator[str]:
    yield f'    <{name} format="markdown">' if markdown else f"    <{name}>"
    yield f"      <text>{_said(shown_alike(text) if markdown else text)}</text>"
    yield f"    </{name}>"


def _title(bank: Bank) -> str:
    """The title as a comment may hold it: without « -- » (XML 1.0, section 2.5)."""
    return re.sub(r"-(?=-|$)", "- ", " ".join(_UNSAYABLE.sub("", bank.title).split()))


def _said(text: str) -> str:
    return escape(_UNSAYABLE.sub("", text), {"\r": "&#13;"})
