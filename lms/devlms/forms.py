"""The forms and frames of a page, as a browser without a window reads them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class Form:
    """A form as a page shows it; ``auto`` says that the page's script submits it (``data-auto-submit``)."""

    action: str
    method: str
    auto: bool
    #: What it would send untouched: no unchecked box, no button.
    fields: dict[str, str] = field(default_factory=dict)
    #: The values that boxes, radio buttons and lists offer, by field.
    choices: dict[str, list[str]] = field(default_factory=dict)


def forms(html: str) -> list[Form]:
    """The forms of a page."""
    return _read(html).forms


def frames(html: str) -> list[str]:
    """The addresses that a page opens in frames."""
    return _read(html).frames


def _read(html: str) -> "_Reader":
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.frames: list[str] = []
        self._list = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        name = values.get("name", "")
        if tag == "form":
            method = values.get("method", "get").lower()
            self.forms.append(Form(values.get("action", ""), method, "data-auto-submit" in values))
        elif tag == "iframe" and values.get("src"):
            self.frames.append(values["src"])
        elif tag == "option" and self._list:
            self._offer(self._list, values.get("value", ""), taken="selected" in values)
        elif tag == "input" and name:
            self._input(name, values)
        elif tag == "select" and self.forms:
            self._list = name
        elif tag == "textarea" and self.forms and name:
            self._area = name
            self.forms[-1].fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._list:
            # A list of one choice sends its first one when none is marked.
            offered = self.forms[-1].choices.get(self._list)
            if offered:
                self.forms[-1].fields.setdefault(self._list, offered[0])
            self._list = ""
        elif tag == "textarea":
            self._area = ""

    def _input(self, name: str, values: dict[str, str]) -> None:
        if not self.forms or values.get("type") in {"submit", "button", "image", "reset"}:
            return
        if values.get("type") in {"checkbox", "radio"}:
            self._offer(name, values.get("value", "on"), taken="checked" in values)
        else:
            self.forms[-1].fields[name] = values.get("value", "")

    def _offer(self, name: str, value: str, *, taken: bool) -> None:
        form = self.forms[-1]
        form.choices.setdefault(name, []).append(value)
        if taken:
            form.fields[name] = value
