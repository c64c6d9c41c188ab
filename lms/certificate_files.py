"""The files of a certificate: who may have them, how they are given, and how pages name them."""

from typing import Any
from uuid import UUID

from flask import Response, abort, make_response, request, url_for
from flask_login import current_user

from certificates.format import FORMATS
from certificates.picture import title
from lms.i18n import current_language
from lms.i18n import gettext as _
from lms.models import Certificate, db
from lms.services import verification
from lms.services.verification import Standing


def may_read(row: Certificate) -> bool:
    """Whether the files are for this visitor: they carry the name, so when it is hidden they are its holder's alone."""
    return row.name_public or (current_user.is_authenticated and current_user.person.id == row.person_id)


def file_answer(identity: UUID, form: str) -> Response:
    """One stored form of a certificate; 404 when there is none, or when it is not for this visitor."""
    stored = verification.file(db.session(), identity, form)
    row = db.session().get(Certificate, identity) if stored else None
    if stored is None or row is None or not may_read(row):
        abort(404)
    answer = make_response(stored.content)
    answer.headers["Content-Type"] = FORMATS[form].media_type
    name = f"certificate-{identity}{FORMATS[form].suffix}"
    shown = "inline" if FORMATS[form].media_type.startswith("image/") else "attachment"
    answer.headers["Content-Disposition"] = f'{shown}; filename="{name}"'
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Vary"] = "Accept"
    answer.set_etag(stored.sha256)
    answer.make_conditional(request)
    return answer


def proofs(found: Standing) -> list[dict[str, Any]]:
    """What this visitor may download to check without us."""
    labels = {
        "pdf": _("Sealed PDF"), "png": _("Badge, PNG"), "svg": _("Badge, SVG"), "jsonld": "JSON-LD", "jwt": "JWT"
    }  # fmt: skip
    order = [*labels, *sorted(FORMATS.keys() - labels.keys())]
    readable = found.files if may_read(found.row) else {}
    files = [
        {
            "label": labels.get(key, key.upper()),
            "url": _file_url(found, key),
            "size": readable[key][0],
        }
        for key in order
        if key in readable
    ]
    return [*files, {"label": _("Public key"), "url": url_for("verify.did"), "size": None}]


def picture(found: Standing) -> dict[str, str] | None:
    """The badge and what to say of it; nothing where it is not for this visitor, or would show what no longer holds."""
    if found.state != "valid" or "png" not in found.files or not may_read(found.row):
        return None
    return {
        "url": _file_url(found, "png"),
        "text": _("Badge: %(title)s", title=title(found.record, current_language())),
    }


def _file_url(found: Standing, form: str) -> str:
    return url_for("verify.credential_file", identity=found.record.id, suffix=FORMATS[form].suffix[1:])
