"""Sign-in by OpenID Connect as the pages see it: the provider in force, its name, the way out, words for refusals."""

from urllib.parse import urlsplit

import structlog
from flask import current_app

from lms.config import Config
from lms.errors import Refused, reference
from lms.i18n import current_language
from lms.i18n import gettext as _
from lms.lti.http import Outbound
from lms.oidc.flow import Provider
from lms.oidc.model import Client, OidcError
from lms.pages import config

log = structlog.get_logger()

#: Where providers send browsers back to: both are to be registered there.
BACK = "/account/oidc/back"
SIGNED_OUT = "/account/login"


def provider_of(settings: Config, outbound: Outbound) -> Provider | None:
    """The provider of those settings; None where they name none."""
    if not settings.oidc_issuer:
        return None
    client = Client(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        redirect_url=settings.base_url + BACK,
        signed_out_url=settings.base_url + SIGNED_OUT,
        scopes=settings.oidc_scope,
        acr_values=tuple(" ".join(settings.oidc_acr_values).split()),
    )
    return Provider(outbound, client, settings.secret_key)


def provider() -> Provider | None:
    """The provider people sign in with here; None where there is none."""
    found: Provider | None = current_app.extensions["oidc"]
    return found


def provider_name() -> str:
    """What the provider is called, in the reader's language."""
    settings = config()
    named = settings.oidc_name_fr if current_language() == "fr" else settings.oidc_name_en
    return named or urlsplit(settings.oidc_issuer).hostname or ""


def way_out(id_token: str | None) -> str | None:
    """Where a browser signs out of the provider; None without, and when it does not answer: here it is signed out."""
    found = provider()
    if found is None or id_token is None:
        return None
    try:
        return found.way_out(id_token)
    except OidcError as error:
        log.warning("oidc_refused", cause=error.cause, detail=error.detail[:100], reference=reference())
        return None


def sign_in_refusal(error: OidcError) -> Refused:
    """The page of a cause of ``OidcError``, which is written in the log: what happened, what to do."""
    log.warning("oidc_refused", cause=error.cause, detail=error.detail[:100], reference=reference())
    name = provider_name()
    again = _("Go back to the sign-in page and try again.")
    tell = _("Try again. If this comes back, give this reference to the administrator of Manager Public IA.")
    words = {
        "state_unknown": (
            _("This sign-in has expired, was used already, or began in another browser."),
            again,
        ),
        "provider_refused": (_("%(name)s did not sign you in.", name=name), again),
        "busy": (_("Many people are signing in at this moment."), _("Wait a minute and try again.")),
        "acr": (
            _("%(name)s signed you in at a level of assurance that is not enough here.", name=name),
            _("Sign in there with the means your administration gave you for this, then try again."),
        ),
        "clock": (
            _("The answer of %(name)s is too old, or its clock and ours differ.", name=name),
            tell,
        ),
    }
    away = (_("%(name)s does not answer.", name=name), _("Try again in a few minutes."))
    words |= dict.fromkeys(("unreachable", "address_unknown", "answer_status"), away)
    what, fix = words.get(error.cause, (_("The answer of %(name)s cannot be accepted.", name=name), tell))
    status = 503 if error.cause in {"busy", "unreachable", "address_unknown", "answer_status"} else 400
    return Refused(what, fix, status=status, cause="oidc_" + error.cause)
