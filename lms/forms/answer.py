"""What a page of an assessment sends: an answer read by the sheet of its question, as it is typed."""

import re

from werkzeug.datastructures import MultiDict

from assessments.model import DrawnQuestion, Field
from assessments.registry import question_types
from curricula.model import Question
from lms.questions import PREFIX, shown_key
from lms.services.answers import Sent

#: Characters of what is written on one line; of a text when its field does not say.
LINE, TEXT = 500, 20_000
#: Kinds of fields that are written in.
WRITTEN = ("line", "text", "number", "day")
_PAGE = re.compile(r"[0-9a-f]{8,32}")
_NUMBER = re.compile(r"[0-9]{1,9}")
#: What no text needs: control characters, but for tabs and ends of lines.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class TooLong(Exception):
    """A text is longer than its field takes: ``count`` characters of ``most``; ``sent`` is all that was sent."""

    def __init__(self, count: int, most: int, sent: Sent) -> None:
        super().__init__()
        self.count, self.most, self.sent = count, most, sent


def read_answer(form: MultiDict[str, str], question: Question, drawn: DrawnQuestion) -> Sent:
    """The answer that a form says. Raises ``TooLong``.

    Values that no sheet of the question offers are dropped.
    """
    response: dict[str, tuple[str, ...]] = {}
    fields = question_types()[question.type].fields(question, drawn)
    for field in fields:
        response |= _values(form, field, question, drawn)
    page = form.get("page", "")
    sent = Sent(
        response, bool(form.get("flag")), page if _PAGE.fullmatch(page) else "", _number(form.get("turn", "")) or 0,
        _number(form.get("shown", "")),
    )  # fmt: skip
    for field in fields:
        count = max(map(len, response.get(field.name, ())), default=0)
        if field.kind in WRITTEN and count > most(field):
            raise TooLong(count, most(field), sent)
    return sent


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def most(field: Field) -> int:
    """How many characters a field that is written in takes."""
    return field.most or (TEXT if field.kind == "text" else LINE)


def _values(
    form: MultiDict[str, str], field: Field, question: Question, drawn: DrawnQuestion
) -> dict[str, tuple[str, ...]]:
    sent = form.getlist(PREFIX + shown_key(question, drawn, "options", field.name))
    offered = {shown_key(question, drawn, "places", choice.key): choice.key for choice in field.choices}
    if field.kind in ("one", "pick", "several"):
        values = [offered[value] for value in dict.fromkeys(sent) if value in offered]
        return {field.name: tuple(values if field.kind == "several" else values[:1])}
    if field.kind == "files":
        return {}  # files come by their own way, one at a time
    text = _CONTROL.sub("", (sent or [""])[0].replace("\r\n", "\n"))
    found: dict[str, tuple[str, ...]] = {field.name: (text,) if text.strip() else ()}
    units = [value for value in form.getlist(f"{PREFIX}{field.name}.unit") if value in offered]
    return found | ({f"{field.name}.unit": (units[0],)} if units else {})
