"""What a question sets, as its form shows it: words to choose among, numbers to write."""

import re
from dataclasses import dataclass

from wtforms import StringField

from curricula.anatomy import Setting
from lms.forms.bank_rows import NOTE
from lms.forms.parts import Row, at_most, clean
from lms.i18n import gettext as _

#: What a setting may be called.
_SETTING = re.compile(r"[a-z][a-z0-9_]{0,39}")
_INTEGER = re.compile(r"-?[0-9]{1,9}")


class SettingRow(Row):
    """Something the question sets: which setting, and its value; empty where it is the usual one."""

    value = StringField(validators=[at_most(NOTE)])

    def setting(self) -> tuple[str, str | int] | None:
        """The setting as written, None where it says nothing."""
        name, said = self.key.data or "", clean(self.value.data)
        if not said or not _SETTING.fullmatch(name):
            return None
        return name, int(said) if _INTEGER.fullmatch(said) else said


@dataclass(frozen=True)
class ShownSetting:
    """A setting of the type, its row in the form; ``choices`` where it is chosen among words."""

    row: SettingRow
    label: str
    help: str
    choices: list[tuple[str, str]]


def shown_setting(setting: Setting, row: SettingRow) -> ShownSetting:
    """The setting as the form asks for it: where nothing is written, it is as usual."""
    allowed, value = setting.allowed, row.value.data or ""
    row.value.label.text, row.value.description = _(setting.label), _(setting.help)
    if isinstance(allowed, range):
        bounds = _("From %(low)s to %(high)s. Empty: %(usual)s.", low=allowed[0], high=allowed[-1], usual=setting.usual)
        row.value.description = f"{row.value.description} {bounds}".strip()
        return ShownSetting(row, row.value.label.text, row.value.description, [])
    names = dict(zip(allowed, map(_, setting.names or allowed), strict=True))
    first = _("As usual: %(what)s", what=names[allowed[0]])
    choices = [("", first), *((word, names[word]) for word in allowed if word != allowed[0] or word == value)]
    if value and value not in names:
        choices.append((value, _("%(key)s (not known here)", key=value[:60])))
    return ShownSetting(row, row.value.label.text, row.value.description, choices)
