"""Forms of an administrator who connects a platform by hand, or sets how it is used."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, Optional

from lms.connecting import PRODUCTS
from lms.forms.parts import is_web_address
from lms.i18n import gettext as _
from lms.models import ROLES
from lms.services.platforms import is_host


class PlatformForm(FlaskForm):  # type: ignore[misc]
    """What a platform shows once the tool is registered there."""

    name = StringField()
    product = SelectField()
    issuer = StringField()
    client_id = StringField()
    deployment_id = StringField()
    auth_url = StringField()
    token_url = StringField()
    jwks_url = StringField()
    token_audience = StringField()
    hosts = TextAreaField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.product.choices = [("", _("Another product")), *PRODUCTS.items()]
        labels = {
            "name": (_("Name, as shown here"), 200), "issuer": (_("Issuer (platform ID)"), 255),
            "client_id": (_("Client ID"), 255), "deployment_id": (_("Deployment ID"), 255),
            "auth_url": (_("Authentication request URL"), 1000), "token_url": (_("Access token URL"), 1000),
            "jwks_url": (_("Public keyset URL"), 1000),
        }  # fmt: skip
        for name, (label, longest) in labels.items():
            field = self[name]
            field.label.text = label
            field.validators = [
                InputRequired(_("This is needed.")),
                Length(max=longest, message=_("This is too long.")),
            ]
            field.flags.required = True
        for name in ("issuer", "auth_url", "token_url", "jwks_url"):
            self[name].render_kw = {"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        self.product.label.text = _("Product")
        _more(self)

    def validate_issuer(self, field: StringField) -> None:
        """Addresses are web addresses."""
        _address(field)

    validate_auth_url = validate_token_url = validate_jwks_url = validate_issuer

    def validate_token_audience(self, field: StringField) -> None:
        """Empty, or an address."""
        _address(field)

    def validate_hosts(self, field: TextAreaField) -> None:
        """One host a line."""
        _hosts(field)

    @property
    def host_list(self) -> tuple[str, ...]:
        """The hosts as written, one a line."""
        return _lines(self.hosts.data)


class UseForm(FlaskForm):  # type: ignore[misc]
    """How a platform is used here: its name, hosts and roles."""

    name = StringField()
    token_audience = StringField()
    hosts = TextAreaField()
    role_map = TextAreaField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name.label.text = _("Name, as shown here")
        self.name.validators = [InputRequired(_("This is needed.")), Length(max=200, message=_("This is too long."))]
        self.name.flags.required = True
        self.role_map.label.text = _("Roles given here to roles of the platform")
        self.role_map.description = _(
            "One a line: the platform's role, « = », then one of %(roles)s. The usual roles need no line.",
            roles=", ".join(ROLES),
        )
        self.role_map.render_kw = {"rows": 4, "spellcheck": "false"}
        _more(self)

    def validate_hosts(self, field: TextAreaField) -> None:
        """One host a line."""
        _hosts(field)

    def validate_token_audience(self, field: StringField) -> None:
        """Empty, or an address."""
        _address(field)

    def validate_role_map(self, field: TextAreaField) -> None:
        """Each line gives a role that exists."""
        for line in _lines(field.data):
            theirs, equals, ours = (part.strip() for part in line.rpartition("="))
            if not equals or not theirs or ours not in ROLES or len(theirs) > 500:
                raise ValidationError(_("« %(line)s » gives no role. Write: role of the platform = one of %(roles)s.",
                                        line=line[:80], roles=", ".join(ROLES)))  # fmt: skip

    @property
    def host_list(self) -> tuple[str, ...]:
        """The hosts as written, one a line."""
        return _lines(self.hosts.data)

    @property
    def roles(self) -> dict[str, str]:
        """The role map as written."""
        pairs = (line.rpartition("=") for line in _lines(self.role_map.data))
        return {theirs.strip(): ours.strip() for theirs, _equals, ours in pairs}


class DeploymentForm(FlaskForm):  # type: ignore[misc]
    """One deployment to admit."""

    deployment_id = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deployment_id.label.text = _("Deployment ID")
        self.deployment_id.validators = [
            InputRequired(_("Copy the identifier that the platform shows.")),
            Length(max=255, message=_("This is too long.")),
        ]
        self.deployment_id.flags.required = True


def _more(form: FlaskForm) -> None:
    form.token_audience.label.text = _("Audience of token requests")
    form.token_audience.description = _("Only if the platform asks for another one than its access token URL.")
    form.token_audience.validators = [Optional(), Length(max=1000, message=_("This is too long."))]
    form.hosts.label.text = _("Other hosts of the platform")
    form.hosts.description = _(
        "One a line. Its services and return addresses are accepted on these hosts, beside those of its addresses."
    )
    form.hosts.render_kw = {"rows": 2, "spellcheck": "false"}


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


def _hosts(field: TextAreaField) -> None:
    for host in _lines(field.data):
        if not is_host(host):
            raise ValidationError(
                _("« %(host)s » is no host name. Write lms.example, without https://.", host=host[:80])
            )


def _address(field: StringField) -> None:
    if field.data and not is_web_address(field.data):
        raise ValidationError(_("Write a web address that begins with https://."))
