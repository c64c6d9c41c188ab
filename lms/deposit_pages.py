"""What pages show of the files handed in, and how one is given back."""

import uuid
from typing import Any

from flask import Response, current_app, url_for

from assessments.files import KINDS
from lms.models import Deposit, db
from lms.services import deposits

#: What a file chooser offers first.
ACCEPT = ",".join(f".{kind}" for kind in (*KINDS, "jpeg"))


def with_files(asked: dict[str, Any], attempt_id: uuid.UUID, key: str, number: int) -> dict[str, Any]:
    """What ``lms.questions.asked`` gives, with the files of its fields and where they are changed."""
    fields = [field for field in asked["fields"] if field["kind"] == "files"]
    if not fields:
        return asked
    rows = [row for row in deposits.listed(db.session(), attempt_id) if row.question_key == key]
    for field in fields:
        field["files"] = [_file(row) for row in rows if row.field == field["key"]]
        field["files_url"] = url_for("deposits.change", attempt_id=attempt_id, number=number)
        field["accept"], field["together"] = ACCEPT, current_app.extensions["uploads"]["deposits.change"]
    return asked


def _file(row: Deposit) -> dict[str, Any]:
    url = url_for("deposits.download", attempt_id=row.attempt_id, deposit_id=row.id)
    return {"id": row.id, "name": row.name, "size": row.size, "added_at": row.added_at, "url": url}


def as_attachment(row: Deposit) -> Response:
    """A file for whoever may read it: saved and never shown, for nobody knows what it would do in our pages."""
    answer = Response(row.content, mimetype=row.media)
    answer.headers.set("Content-Disposition", "attachment", filename=row.name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
