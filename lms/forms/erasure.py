"""Asking to be erased, and answering."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from lms.forms.marking import plain
from lms.i18n import gettext as _
from lms.services.erasure import WORDS


def _words(field: TextAreaField, label: str, *, needed: bool) -> None:
    field.label.text = label
    too_long = Length(max=WORDS, message=_("This is too long: %(count)s characters at most.", count=WORDS))
    field.validators = [DataRequired(_("Write a sentence.")) if needed else Optional(), too_long]
    field.render_kw = {"rows": 4, "maxlength": WORDS}


class AskErasureForm(FlaskForm):  # type: ignore[misc]
    """One's own request: a box to tick, words if one likes."""

    words = TextAreaField(filters=[plain])
    sure = BooleanField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words(self.words, _("Why, if you wish to say"), needed=False)
        self.sure.label.text = _("I understand that my progress, my answers and my results will be lost.")
        self.sure.validators = [InputRequired(_("Tick the box to confirm."))]


class AnswerErasureForm(FlaskForm):  # type: ignore[misc]
    """The answer: erased, which asks for the box, or refused, which asks for the reason."""

    words = TextAreaField(filters=[plain])
    sure = BooleanField()

    def __init__(self, *args: Any, erase: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words(self.words, _("Answer to the person"), needed=not erase)
        self.sure.label.text = _("I understand that this cannot be undone.")
        self.sure.validators = [InputRequired(_("Tick the box to confirm."))] if erase else [Optional()]
