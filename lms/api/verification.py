"""``/api/v1/verify``: the public check for programs, by code or by file; what is received is judged and forgotten."""

import base64
import binascii
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from certificates.format import FORMATS
from certificates.verify import MAX_FILE, Unreadable
from lms.errors import Refused
from lms.i18n import gettext as _
from lms.models import db, writing
from lms.pages import config
from lms.security import limited
from lms.services import verdicts

blueprint = Blueprint("verification", __name__, url_prefix="/api/v1/verify")

#: Largest body: a file of ours as base64, in JSON.
LARGEST = MAX_FILE * 4 // 3 + 1000


@blueprint.get("/<code>")
@limited("60 per minute")
def by_code(code: str) -> ResponseReturnValue:
    """The state today of the certificate of a code. An unknown code is always answered the same way."""
    return _told(*verdicts.of_code(db.session(), code, config().base_url))


@blueprint.post("")
@limited("20 per minute")
def check() -> ResponseReturnValue:
    """The same for ``{"code": …}``; or for a file: ``{"file": base64}``, a form's ``file``, or the body itself."""
    request.max_content_length = LARGEST
    data = _file()
    if isinstance(data, str):
        return _told(*verdicts.of_code(db.session(), data, config().base_url))
    try:
        return _told(*verdicts.of_file(db.session(), data, config().base_url))
    except Unreadable as error:
        what = _("This file is not a certificate that can be read.")
        fix = _("Send the PDF, JSON or JWT file as it was received.")
        raise Refused(what, fix, status=422, cause="file_" + error.reason) from error


@blueprint.after_request
def open_to_all(answer: Response) -> Response:
    """Pages of any site may ask: nothing here depends on who asks."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS":
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST"
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type, Accept-Language"
        answer.headers["Access-Control-Max-Age"] = "86400"
    return answer


def _told(verdict: dict[str, Any], number: str | None) -> ResponseReturnValue:
    with writing(db.session()):
        verdicts.journal(db.session(), number, verdict["state"])
        db.session.commit()
    if verdict["state"] != "unknown" or verdict["sha256"] is not None:
        return jsonify(verdict)
    problem = {
        "type": "about:blank", "status": 404, "title": _("No certificate bears this code."),
        "detail": _("Check the code, letter by letter."), **verdict,
    }  # fmt: skip
    answer = jsonify(problem)
    answer.content_type = "application/problem+json"
    return answer, 404


def _file() -> bytes | str:
    """The file sent, or the code. Raises ``Refused``."""
    if request.mimetype in {form.media_type for form in FORMATS.values()}:
        return request.get_data()
    if request.mimetype == "multipart/form-data" and "file" in request.files:
        with request.files["file"].stream as stream:
            return stream.read(MAX_FILE + 1)
    try:
        sent = request.get_json(silent=True) if request.is_json else None
    except RecursionError:
        sent = None
    if isinstance(sent, dict) and isinstance(sent.get("code"), str):
        return str(sent["code"])
    if isinstance(sent, dict) and isinstance(sent.get("file"), str):
        try:
            return base64.b64decode(sent["file"], validate=True)
        except (binascii.Error, ValueError):
            pass
    raise Refused(
        _("This request names neither a code nor a file."),
        _("Send JSON with « code » or with « file » in base64, a form with « file », or the file itself."),
        cause="nothing_to_verify",
    )
