"""Who signs in through the OpenID provider: identities linked to accounts, and taken back."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.forms.identities import IdentityForm
from lms.i18n import gettext as _
from lms.models import OidcIdentity, db
from lms.oidc_sign_in import BACK, SIGNED_OUT, provider, provider_name
from lms.pages import config
from lms.security import requires, visitor
from lms.services import identities
from lms.services.accounts import account_named

blueprint = Blueprint("identities", __name__, url_prefix="/admin/identities")


@blueprint.before_request
def _institution() -> None:
    """Who signs in is the institution's to say: an administrator by a platform's word has no power over it."""
    if visitor().platform_id is not None:
        abort(403)


@blueprint.get("/")
@requires("administrator")
def index() -> ResponseReturnValue:
    """Which identities open which accounts."""
    return _page(IdentityForm(formdata=None))


@blueprint.post("/link")
@requires("administrator")
def link() -> ResponseReturnValue:
    """Let an identity of the provider open a local account."""
    form, found, own = IdentityForm(), provider(), db.session()
    if found is None:
        return _page(form), 409  # the page says that there is no provider
    if not form.validate_on_submit():
        return _page(form), 400
    account = account_named(own, form.email.data)
    if account is None:
        form.email.errors = [_("No account here has this address. Make one with « lms account create ».")]
        return _page(form), 400
    try:
        identities.link(own, account, found.client.issuer, form.identifier.data.strip(), by=visitor().person.id)
    except identities.IdentityTaken:
        form.identifier.errors = [_("This identifier opens another account. Take it back there first.")]
        return _page(form), 409
    own.commit()
    flash(_("%(name)s now signs in with this identifier.", name=account.person.display_name or account.email), "ok")
    return redirect(url_for("identities.index"), 303)


@blueprint.post("/<int:identity_id>/unlink")
@requires("administrator")
def unlink(identity_id: int) -> ResponseReturnValue:
    """Let an identity open nothing any more; one that is gone already stays gone."""
    row = db.session.get(OidcIdentity, identity_id)
    if row is not None:
        identities.unlink(db.session(), row, visitor().person.id)
        db.session.commit()
        flash(_("This identifier no longer opens anything. Whom it had signed in is signed out."), "ok")
    return redirect(url_for("identities.index"), 303)


def _page(form: IdentityForm) -> str:
    base = config().base_url
    return render_template(
        "admin/identities.html", identities=[_shown(row) for row in identities.identities(db.session())], form=form,
        provider=provider_name() if provider() else None, issuer=config().oidc_issuer,
        addresses=[(_("After signing in"), base + BACK), (_("After signing out"), base + SIGNED_OUT)],
        by_email=config().oidc_link_by_email,
    )  # fmt: skip


def _shown(row: OidcIdentity) -> dict[str, Any]:
    return {
        "name": row.person.display_name or row.person.email,
        "email": row.person.email,
        "subject": row.subject,
        "foreign": row.issuer if row.issuer != config().oidc_issuer else None,
        "how": row.linked_by,
        "since": row.created_at,
        "last": row.last_used_at,
        "url": url_for("identities.unlink", identity_id=row.id),
    }
