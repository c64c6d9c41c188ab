"""The files of a certificate: who may have them, how they are given, and how pages name them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, abort, make_response, request, url_for
from flask_login import current_user

from certificates.format import FORMATS
from certificates.picture import title
from lms.i18n import current_language
from lms.i18n import gettext as _
from lms.models import Certificate, CertificateFile, db
from lms.services import verification
from lms.services.verification import Standing


def may_read(row: Certificate) -> bool:
    """Whether the files are for this visitor: they carry the name, so when it is hidden they are its holder's alone."""
    return row.name_public or (current_user.is_authenticated and current_user.person.id == row.person_id)


def form_of_suffix(suffix: str) -> str | None:
    """The key of the form whose files end so."""
    return next((form.key for form in FORMATS.values() if form.suffix == "." + suffix), None)


def file_answer(identity: UUID, form: str) -> Response:
    """One stored form of a certificate; 404 when there is none, or when it is not for this visitor."""
    stored = verification.file(db.session(), identity, form)
    row = db.session().get(Certificate, identity) if stored else None
    if stored is None or row is None or not may_read(row):
        abort(404)
    answer = stored_form(stored)
    answer.headers["Vary"] = "Accept"
    return answer


def stored_form(stored: CertificateFile) -> Response:
    """A stored form as a download, a picture as a picture."""
    form = FORMATS[stored.format]
    shown = "inline" if form.media_type.startswith("image/") else "attachment"
    answer = make_response(stored.content)
    answer.headers["Content-Type"] = form.media_type
    answer.headers["Content-Disposition"] = f'{shown}; filename="certificate-{stored.certificate_id}{form.suffix}"'
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.set_etag(stored.sha256)
    answer.make_conditional(request)
    return answer


def files(found: Standing, address: Callable[[str], str]) -> list[dict[str, Any]]:
    """The forms kept, the PDF first: ``label``, ``size``, and ``url`` as ``address`` gives it by suffix."""
    labels = {
        "pdf": _("Sealed PDF"), "png": _("Badge, PNG"), "svg": _("Badge, SVG"), "jsonld": "JSON-LD", "jwt": "JWT"
    }  # fmt: skip
    return [
        {
            "label": labels.get(key, key.upper()),
            "url": address(FORMATS[key].suffix[1:]),
            "size": found.files[key][0],
        }
        for key in [*labels, *sorted(FORMATS.keys() - labels.keys())]
        if key in found.files
    ]


def proofs(found: Standing) -> list[dict[str, Any]]:
    """What this visitor may download to check without us."""
    readable = files(found, lambda suffix: _file_url(found, suffix)) if may_read(found.row) else []
    return [*readable, {"label": _("Public key"), "url": url_for("verify.did"), "size": None}]


def picture(found: Standing) -> dict[str, str] | None:
    """The badge and what to say of it; nothing where it is not for this visitor, or would show what no longer holds."""
    if found.state != "valid" or "png" not in found.files or not may_read(found.row):
        return None
    return {
        "url": _file_url(found, FORMATS["png"].suffix[1:]),
        "text": _("Badge: %(title)s", title=title(found.record, current_language())),
    }


def _file_url(found: Standing, suffix: str) -> str:
    return url_for("verify.credential_file", identity=found.record.id, suffix=suffix)
