"""What the works that a person marks share: texts, files, and what is kept of them."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from assessments.model import Field, Line, Mark, Plain, Response, Said, is_answered
from curricula.anatomy import Setting
from curricula.model import Question
from curricula.problems import N_

#: How few and how many criteria a rubric has.
CRITERIA = (1, 10)
#: Characters of a text: some 8 000 words.
TEXT = 50_000
FILES = Setting(
    "files", range(1, 11), N_("Files"), N_("How many files may be handed in at most."), otherwise=3,
)  # fmt: skip
MEGABYTES = Setting(
    "megabytes", range(1, 21), N_("Size of a file"), N_("Megabytes that a file has at most."), otherwise=10,
)  # fmt: skip

_WORD = re.compile(r"\S+")


def number(question: Question, setting: Setting) -> int:
    """What a question sets as a number, or what usually holds."""
    said = question.setting(setting.key)
    return int(said if said in setting.allowed else setting.usual)  # type: ignore[arg-type]


def waits(_question: Question, response: Response) -> Mark | None:
    """Nothing where nothing was handed in; else a person decides."""
    return None if is_answered(response) else Mark(Fraction(0), "none")


def latest_day(now: datetime) -> date:
    """The day it is where days begin first: agents work overseas too, and today is no date to come."""
    return (now.astimezone(UTC) + timedelta(hours=14)).date()


def typed(response: Response, name: str) -> str:
    """What was written in a field; nothing where it is blank."""
    return "\n".join(response.get(name, ())).strip()


def words(text: str) -> int:
    """How many words a text has, as word processors count: a sign alone is none."""
    return sum(any(map(str.isalnum, each.group())) for each in _WORD.finditer(text))


def text_line(label: Said, response: Response, name: str) -> Line:
    """A text as whoever marks it reads it."""
    text = typed(response, name)
    return Line(label, (Plain(text),) if text else (), (), None)


# Files. A response holds those of a field as « id/name »: what they are is kept apart.


def file_value(number: str, name: str) -> str:
    """A file as a response says it."""
    return f"{number}/{name}"


def file_id(value: str) -> str:
    """The id of a file that a response says."""
    return value.partition("/")[0]


def file_name(value: str) -> str:
    """The name of a file that a response says."""
    return value.partition("/")[2]


def files_field(question: Question, name: str, label: Said, *, required: bool = False) -> Field:
    """The files of a question, or of one of its parts."""
    return Field(
        name, "files", label, most=number(question, FILES), megabytes=number(question, MEGABYTES), required=required
    )


def files_line(label: Said, response: Response, name: str) -> Line:
    """Files, by their names."""
    return Line(label, tuple(Plain(file_name(value)) for value in response.get(name, ())), (), None)


def keeping(kept: Response, sent: Response, fields: Iterable[str]) -> Response:
    """What was sent last, and the files that were handed in: those come by their own way."""
    return {**{name: kept[name] for name in fields if name in kept}, **sent}
