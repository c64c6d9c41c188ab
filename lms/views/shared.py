"""The sharing link of a certificate: opened and closed by its holder; visits are neither counted nor followed."""

from flask import Blueprint, Response, abort, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.certificate_files import files, form_of_suffix, stored_form
from lms.certificate_pages import fields, linked, state_tag, summary
from lms.models import Certificate, db
from lms.pages import issuer_name
from lms.security import limited
from lms.services import certificate_life as life
from lms.services import verification

blueprint = Blueprint("shared", __name__, url_prefix="/shared")


@blueprint.get("/<token>")
@limited("60 per minute")
def show(token: str) -> ResponseReturnValue:
    """The certificate as its holder lets it be seen, its name included; one answer for every link that is not open."""
    found = verification.standing_of(db.session(), _open(token))
    page = render_template(
        "certificates/shared.html",
        certificate=summary(found),
        tag=state_tag(found.state),
        fields=fields(found),
        follows=linked(found),
        files=files(found, lambda suffix: url_for("shared.file", token=token, suffix=suffix)),
        issuer=issuer_name(),
        language_url=None,  # its form would set a cookie: here a visit leaves nothing, addresses choose the language
    )
    return _private(make_response(page))


@blueprint.get("/<token>/certificate.<suffix>")
@limited("60 per minute")
def file(token: str, suffix: str) -> Response:
    """A form of the certificate."""
    row, form = _open(token), form_of_suffix(suffix)
    stored = verification.file(db.session(), row.id, form) if form else None
    if stored is None:
        abort(404)
    return _private(stored_form(stored))


def _open(token: str) -> Certificate:
    row = life.shared(db.session(), token)
    if row is None:
        abort(404)
    return row


def _private(answer: Response) -> Response:
    # The address is the key: no engine keeps it, and no page it leads to is told of it.
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
