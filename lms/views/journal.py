"""The journal of certificates and keys, for the institution's administrators, and whether its chain is intact."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from certificates.answer import WORDS
from lms.errors import Refused
from lms.i18n import current_language
from lms.i18n import gettext as _
from lms.models import db
from lms.security import requires, visitor
from lms.services import journal_lines
from lms.services.journal_lines import PAGE, About, JournalLine
from lms.services.outbox import promise

blueprint = Blueprint("journal", __name__, url_prefix="/admin/journal")

ABOUT: tuple[About, ...] = ("", "certificates", "keys")


@blueprint.get("")
@requires("administrator")
def index() -> ResponseReturnValue:
    """The last lines, of one certificate or of all; the state of the chain."""
    _own_institution()
    about: About = next((each for each in ABOUT if each == request.args.get("about")), "")
    named = request.args.get("named", "").strip()[:100]
    before = request.args.get("before", type=int)
    found = journal_lines.lines(db.session(), about, named, before if before and before < 2**31 else None)
    asked: dict[str, Any] = {"about": about or None, "named": named or None}
    return render_template(
        "admin/journal.html",
        admin_url=url_for("admin.index"),
        chain=_chain(),
        check_url=url_for("journal.check"),
        about=about,
        named=named,
        kinds=[("", _("Certificates and keys")), ("certificates", _("Certificates")), ("keys", _("Keys"))],
        lines=[_line(line) for line in found[:PAGE]],
        next_url=url_for("journal.index", before=found[PAGE - 1].id, **asked) if len(found) > PAGE else None,
        first_url=url_for("journal.index", **asked) if before else None,
    )


@blueprint.post("/check")
@requires("administrator")
def check() -> ResponseReturnValue:
    """Ask that the whole chain be checked now."""
    _own_institution()
    promise(db.session(), "check_journal", "journal", {})
    db.session.commit()
    flash(_("The journal is being checked. Reload the page to see what was found."), "ok")
    return redirect(url_for("journal.index"), 303)


def _own_institution() -> None:
    """Refuse an administrator who comes from a platform: the journal is of all of them."""
    if visitor().platform_id is not None:
        raise Refused(
            _("The journal belongs to the whole institution: it is not read from a training platform."),
            _("Sign in with an account of this service that has the administrator role."),
            status=403,
            cause="journal_scope",
        )


def _chain() -> dict[str, Any] | None:
    row = journal_lines.head(db.session())
    if row is None or not row.position:
        return None
    faults = {
        "altered": _("a line was altered, or moved"), "removed": _("a line was removed"),
        "unchained": _("a line was added"), "backdated": _("a line is dated before those it follows"),
        "cut": _("the end was cut"), "rewritten": _("it is not the chain that was signed"),
        "head": _("its end is not signed by our keys"),
        "start": _("its beginning is not signed by our keys"),
    }  # fmt: skip
    return {
        "position": row.position, "hash": row.hash, "checked_at": row.checked_at, "checked_to": row.checked_to,
        "fault": faults.get(row.fault, row.fault) if row.fault else None, "fault_at": row.fault_at,
    }  # fmt: skip


def _line(line: JournalLine) -> dict[str, Any]:
    return {
        "position": line.position,
        "at": line.at,
        "action": _action(line.action),
        "target": line.target,
        "details": ", ".join(_detail(key, value) for key, value in line.details.items()),
        "who": (line.who.display_name or line.who.email or "—") if line.who else "—",
    }


def _detail(key: str, value: Any) -> str:
    """A detail in words when it is the state that was answered; as it is kept otherwise."""
    return WORDS[value][current_language()] if key == "state" and value in WORDS else f"{key}={value}"


def _action(action: str) -> str:
    """What was done, in words; the stable key of an action that has none here."""
    return {
        "certificate_issued": _("Certificate issued"), "certificate_verified": _("Certificate checked"),
        "certificate_viewed": _("Private data read"), "certificate_suspended": _("Certificate suspended"),
        "certificate_reinstated": _("Certificate reinstated"), "certificate_revoked": _("Certificate revoked"),
        "certificate_replaced": _("Certificate replaced"), "certificate_renewed": _("Certificate renewed"),
        "certificates_asked": _("Certificates of a course asked for"), "keys_rotated": _("Keys replaced"),
        "keys_retired": _("Key retired"), "keys_compromised": _("Key declared compromised"),
        "key_rotate": _("LTI key replaced"), "key_revoke": _("LTI key revoked"),
        "sessions_ended": _("Sessions ended"), "secret_key_replaced": _("Secret key replaced"),
    }.get(action, action)  # fmt: skip
