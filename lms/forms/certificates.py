"""Forms about certificates: the name to print, another name, a decision and its reason, a search."""

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from lms.forms.account import check_printable
from lms.forms.marking import plain
from lms.i18n import gettext as _
from lms.services.certificate_life import WORDS


def _name(field: StringField) -> None:
    field.label.text = _("Name to print")
    field.validators = [InputRequired(_("Write the name to print."))]
    field.render_kw, field.flags.required = {"autocomplete": "name"}, True


def _words(field: TextAreaField, label: str, *, needed: bool) -> None:
    field.label.text = label
    too_long = Length(max=WORDS, message=_("This is too long: %(count)s characters at most.", count=WORDS))
    field.validators = [DataRequired(_("Write a sentence.")) if needed else Optional(), too_long]
    field.render_kw, field.flags.required = {"rows": 4, "maxlength": WORDS}, needed


class NameForm(FlaskForm):  # type: ignore[misc]
    """The name that certificates to come will bear."""

    name = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name(self.name)

    def validate_name(self, field: StringField) -> None:
        """The rule of the certificates themselves."""
        check_printable(field)


class CorrectionForm(NameForm):
    """Another name for a certificate, and why."""

    words = TextAreaField(filters=[plain])

    def __init__(self, *args: Any, needed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words(self.words, _("Why"), needed=needed)


class AnswerNameForm(FlaskForm):  # type: ignore[misc]
    """The answer to who asks for another name."""

    words = TextAreaField(filters=[plain])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words(self.words, _("Answer to the holder"), needed=False)


class ActForm(FlaskForm):  # type: ignore[misc]
    """Why a certificate is suspended, reinstated or revoked; what cannot be undone asks for a box to be ticked."""

    reason = RadioField()
    words = TextAreaField(filters=[plain])
    sure = BooleanField()

    def __init__(self, reasons: Iterable[tuple[str, str]], *args: Any, final: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.label.text, self.reason.choices = _("Reason"), list(reasons)
        self.reason.validators = [InputRequired(_("Choose a reason."))]
        _words(self.words, _("Words for the record"), needed=True)
        self.sure.label.text = _("I understand that this cannot be undone.")
        if final:
            self.sure.validators = [InputRequired(_("Tick the box to confirm."))]
        else:
            del self.sure


class SearchForm(Form):  # type: ignore[misc]
    """What a list of certificates is narrowed to."""

    q = StringField(validators=[Length(max=200)])
    track = SelectField(validate_choice=False)
    state = SelectField(validate_choice=False)

    def __init__(
        self, *args: Any, tracks: Iterable[tuple[str, str]], states: Iterable[tuple[str, str]], **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.q.label.text = _("Number, code or name")
        self.track.label.text, self.track.choices = _("Track"), [("", _("All")), *tracks]
        self.state.label.text, self.state.choices = _("State"), [("", _("All")), *states]
