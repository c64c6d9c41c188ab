"""A professional portfolio: a piece for each competency, marked by a person with a rubric."""

from datetime import date

from assessments.model import DrawnQuestion, Field, Line, Missing, Response, Sheet
from assessments.type import QuestionType
from assessments.works import (
    CRITERIA,
    FILES,
    MEGABYTES,
    TEXT,
    files_field,
    files_line,
    keeping,
    number,
    text_line,
    typed,
    waits,
)
from curricula.anatomy import Anatomy, Setting
from curricula.model import Option, Question
from curricula.problems import N_

PIECES = Setting(
    "pieces", range(9), N_("Pieces at least"), N_("How many competencies need a piece; 0 for every one of them.")
)
#: What is written about a piece: the end of the field's name, what it is called, what is said where it is missing.
_TEXTS = (
    ("title", N_("Title of the piece"), N_("Give the piece its title.")),
    ("context", N_("Context: where, when, with whom, what your part was"), N_("Tell the context of the piece.")),
    ("shows", N_("What the piece shows"), N_("Say what the piece shows.")),
    ("reflection", N_("Looking back: what you would do otherwise"), N_("Look back on the piece.")),
)
_FILES = "files"
_ENDS = (*(end for end, _label, _what in _TEXTS), _FILES)


def sheet(question: Question, _drawn: DrawnQuestion, _response: Response) -> Sheet:
    """A piece for each competency: its title, context, what it shows, a look back, its files."""
    fields: list[Field] = []
    for option in question.options:
        for end, label, _what in _TEXTS:
            begins = option.text if end == "title" else None
            kind, most = ("line", 200) if end == "title" else ("text", TEXT // 5)
            fields.append(Field(_name(option, end), kind, label, most=most, section=begins))  # type: ignore[arg-type]
        fields.append(files_field(question, _name(option, _FILES), N_("Files of the piece")))
    instruction = N_("Present a piece of your work for each competency. A person will mark it with the criteria shown.")
    return Sheet(instruction, tuple(fields))


def lines(question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """Each competency, then its piece."""
    found: list[Line] = []
    for option in question.options:
        found.append(Line(option.text, (), (), None, option.feedback))
        found.extend(text_line(label, response, _name(option, end)) for end, label, _what in _TEXTS)
        found.append(files_line(N_("Files of the piece"), response, _name(option, _FILES)))
    return tuple(found)


def missing(question: Question, response: Response, _today: date) -> tuple[Missing, ...]:
    """What pieces that were begun lack, and how many are still to begin."""
    begun = [option for option in question.options if any(_there(response, option, end) for end in _ENDS)]
    lacking = [
        Missing(_name(option, end), what)
        for option in begun
        for end, _label, what in _TEXTS
        if not _there(response, option, end)
    ]
    asked = min(number(question, PIECES) or len(question.options), len(question.options))
    if len(begun) < asked:
        first = next(option for option in question.options if option not in begun)
        what = N_("Pieces asked: %(asked)s; begun: %(count)s.")
        lacking.insert(0, Missing(_name(first, "title"), what, (("asked", asked), ("count", len(begun)))))
    return tuple(lacking)


def settle(question: Question, kept: Response, sent: Response) -> Response:
    """What was sent last, with the files."""
    return keeping(kept, sent, [_name(option, _FILES) for option in question.options])


def _name(option: Option, end: str) -> str:
    return f"{option.key}-{end}"


def _there(response: Response, option: Option, end: str) -> bool:
    return bool(typed(response, _name(option, end)))


TYPE = QuestionType(
    "portfolio", N_("Portfolio"),
    Anatomy(options=(1, 8), criteria=CRITERIA, settings=(PIECES, FILES, MEGABYTES), option_name=N_("Competency")),
    sheet, waits, lines, settle=settle, missing=missing,
)  # fmt: skip
