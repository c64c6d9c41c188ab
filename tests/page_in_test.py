"""A page's form as a browser would send it."""

from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict


class _Form(HTMLParser):
    """Gathers what a browser sends of the form that has a field of a given name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[MultiDict[str, str]] = []
        self.area: str | None = None
        self.select: str | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, value = said.get("name") or "", said.get("value") or ""
        if tag == "form":
            self.forms.append(MultiDict())
        elif tag == "input" and name and self.forms:
            ticks = said.get("type") in {"checkbox", "radio"}
            if not ticks or "checked" in said:
                self.forms[-1].add(name, value if not ticks or "value" in said else "on")
        elif tag == "textarea":
            self.area, self.text = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and (self.select not in self.forms[-1] or "selected" in said):
            self.forms[-1][self.select] = value

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area is not None:
            self.forms[-1].add(self.area, self.text.removeprefix("\r\n").removeprefix("\n"))
            self.area = None
        elif tag == "select":
            self.select = None


def filled(html: str, name: str) -> MultiDict[str, str]:
    """What a browser would send of the form with a field of that name, nothing touched and no button pressed."""
    reader = _Form()
    reader.feed(html)
    return next(form for form in reader.forms if name in form)
