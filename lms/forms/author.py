"""Forms of the studio: a new track."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from curricula.fields import KEY
from lms.i18n import gettext as _


class NewTrackForm(FlaskForm):  # type: ignore[misc]
    """What a track needs to exist: the rest is written in it."""

    title = StringField()
    key = StringField()
    code = StringField()
    institution = SelectField()

    def __init__(self, institutions: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, longest in (
            ("title", _("Title, in French"), 200), ("key", _("Key"), 60), ("code", _("Code"), 5),
        ):  # fmt: skip
            field = self[name]
            field.label.text = label
            field.validators = [
                InputRequired(_("This is needed.")),
                Length(max=longest, message=_("This is too long: %(count)s characters at most.", count=longest)),
            ]
            field.flags.required = True
        self.key.description = _(
            "It names the track in addresses and in the platform's settings, for good: lower-case letters, digits and "
            "hyphens, for example controle-interne."
        )
        self.code.description = _("One or two letters, shown before the number of each module: C1, C2…")
        self.institution.label.text = _("Institution that owns it")
        self.institution.choices = institutions

    def validate_key(self, field: StringField) -> None:
        """A key, as folders and addresses have it."""
        field.data = (field.data or "").strip().lower()
        if not KEY.fullmatch(field.data):
            raise ValidationError(_("Use lower-case letters, digits and hyphens, for example controle-interne."))


class AdaptForm(FlaskForm):  # type: ignore[misc]
    """What an adapted track needs of its own: the rest is copied."""

    key = StringField()
    institution = SelectField()

    def __init__(self, institutions: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key.label.text = _("Key")
        self.key.description = _("It names your track in addresses and in the platform's settings, for good.")
        self.key.validators = [
            InputRequired(_("This is needed.")),
            Length(max=60, message=_("This is too long: %(count)s characters at most.", count=60)),
        ]
        self.key.flags.required = True
        self.institution.label.text = _("Institution that owns it")
        self.institution.choices = institutions

    validate_key = NewTrackForm.validate_key
