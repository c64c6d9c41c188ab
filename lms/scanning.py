"""Files that people send are shown to the antivirus of the settings before anything is made of them.

One door: :func:`examined`. Forms come through it by their field (``lms.forms.files``), pages without one call it. What
is refused was never kept: neither the file, nor its name in a log.
"""

import time
from typing import IO

import structlog
from flask import current_app, g, request
from flask_login import current_user

from lms import antivirus, metrics
from lms.antivirus import Antivirus, Outcome
from lms.i18n import gettext as _
from lms.models import db
from lms.services import audit

log = structlog.get_logger()


def scanner() -> Antivirus | None:
    """The antivirus of the application under way; None where the settings name none."""
    found: Antivirus | None = current_app.extensions["antivirus"]
    return found


def examined(stream: IO[bytes]) -> tuple[str, str] | None:
    """Why a file that was sent is refused, what happened and what to do; None for what is read on from its beginning.

    To be called before the page makes anything of the file. What the page did so far is committed, so that nobody waits
    in the database for the scanner. All files of a request have ``antivirus.PATIENCE`` seconds together.
    """
    asked = scanner()
    if asked is None:
        return None
    db.session.commit()
    end: float = g.setdefault("scanned_until", time.monotonic() + antivirus.PATIENCE)
    stream.seek(0)
    verdict = asked.scan(stream, max(0.0, end - time.monotonic()))
    stream.seek(0)
    metrics.examined(verdict.outcome)
    if verdict.outcome == "clean":
        return None
    place = request.endpoint or "none"
    log.warning("file_refused", outcome=verdict.outcome, signature=verdict.signature or None, route=place)
    if verdict.outcome == "infected":
        who = current_user.person.id if current_user.is_authenticated else None
        audit.record(db.session(), "file_infected", place, who, signature=verdict.signature)
        db.session.commit()
    return _words(verdict.outcome, verdict.signature)


def _words(outcome: Outcome, signature: str) -> tuple[str, str]:
    """What happened, what to do."""
    if outcome == "infected":
        return (
            _("The antivirus recognised something harmful in this file (%(name)s): nothing of it was kept.",
              name=signature),
            _("Do not open it nor send it to anybody. Tell whoever looks after the security of your computer, then "
              "send a sound version."),
        )  # fmt: skip
    if outcome == "large":
        return (
            _("This file is larger than the antivirus can examine: it was not kept."),
            _("Make it smaller, or share it into several. Nothing else that you typed is lost."),
        )
    if outcome == "away":
        return (
            _("The antivirus that examines files does not answer at the moment: this file was not kept."),
            _("Send it again in a moment. Nothing else that you typed is lost."),
        )
    return (
        _("The antivirus could not examine this file: it was not kept."),
        _("Send it again in a moment; if it is refused again, save it in another format. Nothing else that you typed "
          "is lost."),
    )  # fmt: skip
