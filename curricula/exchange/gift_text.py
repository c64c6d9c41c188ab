"""The syntax of GIFT: blocks between blank lines, comments, escapes, title, text and answers.

As docs.moodle.org « GIFT format » says it, and as Moodle's own reader, question/format/gift/format.php, decides where
that page does not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curricula.exchange.answers import written_number
from curricula.exchange.choices import NotTaken
from curricula.lacking import number
from curricula.problems import N_

#: Escaped signs while a block is read: characters that no text holds (Unicode 16, section 23.7, noncharacters).
_HELD = {sign: chr(0xFDD0 + number) for number, sign in enumerate("\\:#={}~n")}
_SHOWN = str.maketrans({held: "\n" if sign == "n" else sign for sign, held in _HELD.items()})
_ESCAPE = re.compile(r"\\([\\:#={}~n])")
_FORMAT = re.compile(r"\[(html|markdown|moodle|plain)\]")
_ID = re.compile(r"\[id:((?:\\\]|[^\]\x00-\x1f]){1,500})\]")
_TAG = re.compile(r"\[tag:((?:\\\]|[^\]\x00-\x1f]){1,500})\]")
_WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d*)?)%")
#: What stands where the answers were, in a text that goes on after them.
_MISSING_WORD = "_____"


@dataclass(frozen=True)
class Block:
    """What stands between two blank lines, without its comments, escaped signs held."""

    #: Of its first line that is not a comment, from 1.
    line: int
    text: str
    #: What its comments say: « [id:…] » and each « [tag:…] ».
    identity: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Parts:
    """A question's parts, escaped signs held. ``answers`` is None where there are no braces."""

    title: str
    text: str
    answers: str | None
    general: str


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a file that are not comments alone."""
    lines = list[tuple[int, str]]()
    for at, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            lines.append((at, line.strip()))
            continue
        said = [(at, each) for at, each in lines if not each.startswith("//")]
        if said:
            comments = "\n".join(each for _, each in lines if each.startswith("//"))
            identity = _ID.search(comments)
            tags = tuple(found.replace(r"\]", "]").strip() for found in _TAG.findall(comments))
            held = "\n".join(_hold(each) for _, each in said)
            yield Block(said[0][0], held, identity[1].replace(r"\]", "]").strip() if identity else "", tags)
        lines = []


def _hold(line: str) -> str:
    clean = line.translate(dict.fromkeys(map(ord, _HELD.values()), "\ufffd"))
    return _ESCAPE.sub(lambda found: _HELD[found[1]], clean)


def shown(text: str) -> str:
    """A part as its reader sees it: held signs are themselves."""
    return text.translate(_SHOWN).strip()


def parts(text: str) -> Parts:
    """The parts of a block that is a question; raises ``NotTaken`` where the syntax is wrong."""
    title, text = _title(text)
    start, end = text.find("{"), text.find("}")
    if start < 0 and end < 0:
        return Parts(title, text, None, "")
    if start < 0 or end < start:
        raise NotTaken(N_("A brace of its answers is missing. Not taken."))
    before, answers, after = text[:start], text[start + 1 : end].strip(), text[end + 1 :]
    if "{" in after or "}" in after:
        raise NotTaken(N_("It has braces after its answers: write them \\{ and \\}. Not taken."))
    said = f"{before}{_MISSING_WORD}{after}" if after.strip() else before
    answers, _, general = (*answers.rpartition("####"),) if "####" in answers else (answers, "", "")
    return Parts(title, said, answers.strip(), general)


def _title(text: str) -> tuple[str, str]:
    if not text.startswith("::"):
        return "", text
    end = text.find("::", 2)
    if end < 0:
        raise NotTaken(N_("Its title is not closed: write « :: » on both sides. Not taken."))
    return shown(text[2:end]), text[end + 2 :].strip()


def with_format(text: str, usual: str) -> tuple[str, str]:
    """(text as shown, its format): « [html] », « [markdown] », « [moodle] » or « [plain] » may begin it."""
    found = _FORMAT.match(text.strip())
    return (shown(text.strip()[found.end() :]), found[1]) if found else (shown(text), usual)


def answers(text: str) -> Iterator[tuple[float, str, str]]:
    """(weight, text, feedback) of each answer of a multiple choice, in a text between braces."""
    for at, answer in enumerate(re.split("(?=[~=])", text)):
        sign, said = (answer[:1], answer[1:].strip()) if answer[:1] in ("~", "=") else ("", answer.strip())
        if not said and (not sign or at == 0):
            continue
        weight = 1.0 if sign == "=" else 0.0
        percent = _WEIGHT.match(said) if sign != "=" else None
        if percent:
            weight, said = float(percent[1]) / 100, said[percent.end() :]
        body, _, feedback = said.partition("#")
        yield weight, body, feedback


def foreseen(text: str) -> Iterator[tuple[float, str, str]]:
    """(weight, text, feedback) of each short answer or number, in a text between braces, « # » of numbers left out.

    « =%50%text » is worth a half, and « ~ » stands for every other number.
    """
    for answer in re.split("(?=[~=])", text.removeprefix("#").strip()):
        sign, said = (answer[:1], answer[1:].strip()) if answer[:1] in ("~", "=") else ("", answer.strip())
        if not said:
            continue
        percent = _WEIGHT.match(said)
        weight = float(percent[1]) / 100 if percent else 0.0 if sign == "~" else 1.0
        body, _, feedback = (said[percent.end() :] if percent else said).partition("#")
        yield weight, shown(body), feedback


def number_of(said: str) -> tuple[str, str]:
    """(number, tolerance) of « 5:1 », « 5 » or « 4..6 »."""
    low, dots, high = said.partition("..")
    if not dots:
        value, _, tolerance = said.partition(":")
        return value.strip(), tolerance.strip()
    ends = [number(end.strip()) for end in (low, high)]
    if ends[0] is None or ends[1] is None:
        return said, ""
    middle, half = (ends[0] + ends[1]) / 2, abs(ends[1] - ends[0]) / 2
    return written_number(middle) or said, written_number(half) or ""


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """The two halves of each pair; the first may be empty."""
    for pair in text.split("=")[1:]:
        left, arrow, right = pair.partition("->")
        if not arrow:
            raise NotTaken(N_("A pair has no « -> ». Not taken."))
        yield left.strip(), right.strip()


def kind_of(given: str | None) -> str:
    """Moodle's name of the type of a question, by what stands between its braces."""
    if given is None:
        return "description"
    if not given:
        return "essay"
    if given.startswith("#"):
        return "numerical"
    if "~" in given:
        return "multichoice"
    if "=" in given and "->" in given:
        return "match"
    return "truefalse" if given.split("#")[0].strip() in ("T", "TRUE", "F", "FALSE") else "shortanswer"
