"""Which deliveries an administrator reads."""

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField

from lms.i18n import gettext as _


class DeliveriesForm(Form):  # type: ignore[misc]
    """Deliveries of a platform, or that met the same failure; a value that is not offered narrows nothing."""

    platform = SelectField()
    cause = SelectField()

    def __init__(
        self, values: MultiDict[str, str], platforms: Sequence[tuple[str, str]], causes: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__(values)
        self._offer(self.platform, _("Platform"), platforms)
        self._offer(self.cause, _("Reason"), causes)

    @staticmethod
    def _offer(field: Any, label: str, choices: Sequence[tuple[str, str]]) -> None:
        field.label.text, field.choices = label, [("", _("All")), *choices]
        if field.data not in dict(field.choices):
            field.data = ""
