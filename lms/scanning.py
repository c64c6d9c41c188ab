"""Files that people send are shown to the antivirus of the settings before anything is made of them.

One door in: :func:`examined`. Forms come through it by their field (``lms.forms.files``), pages without one call it.
What is refused was never kept: neither the file, nor its name in a log. A work's file is shown again as it leaves for
whoever judges it: :func:`examined_again`.
"""

import time
from typing import IO
from uuid import UUID

import structlog
from flask import current_app, g, request
from flask_login import current_user

from lms import antivirus, metrics
from lms.antivirus import Antivirus, Outcome, Verdict
from lms.errors import Refused
from lms.i18n import gettext as _
from lms.models import db, writing
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
    verdict = _unclean(stream, "file_refused")
    return None if verdict is None else _words(verdict.outcome, verdict.signature)


def examined_again(stream: IO[bytes], number: UUID) -> None:
    """Let a file that was kept leave for somebody else: today's signatures know what those of its day did not.

    It is read on from its beginning; ``number`` is its own, for the journal. What the page did so far is committed.
    Raises ``Refused`` unless the antivirus, where there is one, calls it clean.
    """
    verdict = _unclean(stream, "file_kept_back", file=str(number))
    if verdict is None:
        return
    if verdict.outcome == "infected":
        raise Refused(
            _("The antivirus now recognises something harmful in this file (%(name)s): it is not given to anybody.",
              name=verdict.signature),
            _("Do not ask for it by another way. Tell whoever looks after the security of the service. Go back, where "
              "what you typed still is, and judge the work on what else was handed in."),
            status=403, cause="file_infected",
        )  # fmt: skip
    if verdict.outcome == "large":
        raise Refused(
            _("This file is larger than the antivirus can examine: it is not given to anybody."),
            _("Ask whoever runs the service to have it take larger ones."),
            status=403, cause="file_large",
        )  # fmt: skip
    raise Refused(
        _("The antivirus that examines files could not examine this one: it is not given to anybody."),
        _("Go back, where what you typed still is, and try again in a moment."),
        status=503, cause="file_not_examined",
    )  # fmt: skip


def _unclean(stream: IO[bytes], event: str, **which: str) -> Verdict | None:
    """What keeps a file from being taken for clean, counted and logged; None where nothing does."""
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
    log.warning(event, outcome=verdict.outcome, signature=verdict.signature or None, route=place)
    if verdict.outcome == "infected":
        who = current_user.person.id if current_user.is_authenticated else None
        with writing(db.session()):
            audit.record(db.session(), "file_infected", place, who, signature=verdict.signature, **which)
            db.session.commit()
    return verdict


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
