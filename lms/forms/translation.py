"""The texts of a unit as a form has them: what was typed, and which text each answers."""

import re

from werkzeug.datastructures import MultiDict

from lms.i18n import gettext as _
from lms.i18n import number

#: Longest text, in characters.
LONGEST = 60_000
#: What no text holds: control characters other than tabs and ends of lines.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
TYPED, SEEN, THEIRS = "text:", "seen:", "theirs:"


class TranslationForm:
    """``said``: what was typed, by text; ``seen``: which texts were read; ``errors``: what cannot be kept."""

    def __init__(self, data: MultiDict[str, str]) -> None:
        self.typed = {name: _clean(value) for name, value in _named(data, TYPED).items()}
        self.seen = _named(data, SEEN)
        theirs = _named(data, THEIRS)
        self.said = {name: text for name, text in self.typed.items() if name not in theirs}
        too_long = _("This is too long: %(count)s characters at most.", count=number(LONGEST))
        self.errors = {name: too_long for name, text in self.said.items() if len(text) > LONGEST}


def _named(data: MultiDict[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in data.items() if name.startswith(prefix)}


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
