"""Reads a large file of questions that an author sent, so that no request waits for it."""

from datetime import timedelta
from typing import Any

from lms.jobs import Tools
from lms.models import BankUpload
from lms.services import bank_files

#: 20 MB in the slowest format take a few minutes of one worker.
LEASE = timedelta(minutes=20)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Read the file of that upload, unless it was replaced or read meanwhile."""
    session = tools.session
    upload = session.get(BankUpload, payload["upload_id"])
    if upload is None or upload.read_at is not None:
        return
    bank_files.read(session, upload, session.commit)  # no transaction stays open while the file is read
    session.commit()
