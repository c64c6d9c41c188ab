"""What a page of an assessment sends: an answer read by the sheet of its question, as it is typed."""

import re

from werkzeug.datastructures import MultiDict

from assessments.model import DrawnQuestion, Field
from assessments.registry import question_types
from curricula.model import Question
from lms.questions import PREFIX
from lms.services.answers import Sent

#: Characters of what is written on one line; of a text when its field does not say.
LINE, TEXT = 500, 20_000
_PAGE = re.compile(r"[0-9a-f]{8,32}")
_NUMBER = re.compile(r"[0-9]{1,9}")
#: What no text needs: control characters, but for tabs and ends of lines.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class TooLong(Exception):
    """A text is longer than its field takes: ``count`` characters of ``most``."""

    def __init__(self, count: int, most: int) -> None:
        super().__init__()
        self.count, self.most = count, most


def read_answer(form: MultiDict[str, str], question: Question, drawn: DrawnQuestion) -> Sent:
    """The answer that a form says. Raises ``TooLong``.

    Values that no sheet of the question offers are dropped.
    """
    response: dict[str, tuple[str, ...]] = {}
    for field in question_types()[question.type].fields(question, drawn):
        response |= _values(form, field)
    page = form.get("page", "")
    return Sent(
        response, bool(form.get("flag")), page if _PAGE.fullmatch(page) else "", _number(form.get("turn", "")) or 0,
        _number(form.get("shown", "")),
    )  # fmt: skip


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _values(form: MultiDict[str, str], field: Field) -> dict[str, tuple[str, ...]]:
    sent = form.getlist(PREFIX + field.name)
    offered = {choice.key for choice in field.choices}
    if field.kind in ("one", "pick", "several"):
        values = [value for value in dict.fromkeys(sent) if value in offered]
        return {field.name: tuple(values if field.kind == "several" else values[:1])}
    if field.kind == "files":
        return {}  # files come by their own way, one at a time
    most = field.most or (TEXT if field.kind == "text" else LINE)
    text = _CONTROL.sub("", (sent or [""])[0].replace("\r\n", "\n"))
    if len(text) > most:
        raise TooLong(len(text), most)
    found: dict[str, tuple[str, ...]] = {field.name: (text,) if text.strip() else ()}
    units = [value for value in form.getlist(f"{PREFIX}{field.name}.unit") if value in offered]
    return found | ({f"{field.name}.unit": (units[0],)} if units else {})
