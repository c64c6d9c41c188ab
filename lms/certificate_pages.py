"""What the pages about certificates share: their states in words, their files, their history, those they follow."""

from typing import Any

from flask import url_for

from certificates.answer import WORDS
from certificates.model import printed_fields
from lms.award_pages import title_with
from lms.i18n import current_language
from lms.i18n import gettext as _
from lms.models import CertificateEvent
from lms.services.verification import Standing


def summary(found: Standing) -> dict[str, Any]:
    """A certificate as lists show it: what it is, whose, how it stands, and ``public_url``."""
    return {
        "id": found.row.id,
        "number": found.row.number,
        "title": title_with(found.record.title, found.record.mention),
        "holder": found.record.holder,
        "state": found.state,
        "issued_on": found.row.issued_at,
        "valid_until": found.row.valid_until,
        "public_url": url_for("verify.show", code=found.row.code),
    }


def state_tag(state: str) -> dict[str, str]:
    """How a state is tagged: ``kind``, ``text``, ``icon`` of ``macros.tag``."""
    kind, icon = {
        "valid": ("ok", "check"),
        "expired": ("warm", "clock"),
        "suspended": ("warm", "pause"),
        "replaced": ("", "again"),
        "revoked": ("bad", "cross"),
    }[state]
    return {"kind": kind, "text": WORDS[state][current_language()].capitalize(), "icon": icon}


def states() -> dict[str, str]:
    """Every state with its word, in the order lists offer them."""
    return {key: state_tag(key)["text"] for key in ("valid", "expired", "suspended", "revoked", "replaced")}


def fields(found: Standing) -> list[dict[str, str]]:
    """Every printed field, as ``macros.pairs`` shows them."""
    return [{"label": field.label, "value": field.value} for field in printed_fields(found.record, current_language())]


def linked(found: Standing) -> list[dict[str, str]]:
    """The certificates it follows and those that follow it: ``words``, ``number``, ``url`` of the public page."""
    previous = found.previous
    before = (
        _("Replaces the certificate") if previous and previous.cycle == found.row.cycle else _("Renews the certificate")
    )
    return [
        {"words": words, "number": row.number, "url": url_for("verify.show", code=row.code)}
        for words, row in (
            (before, previous),
            (_("Replaced by the certificate"), found.replaced_by),
            (_("Renewed by the certificate"), found.renewed_by),
        )
        if row is not None
    ]


def reason_words(reason: str | None) -> str | None:
    """Why something was done, as people read it."""
    return {
        "inquiry": _("Checks are under way"),
        "holder_request": _("At the request of its holder"),
        "jury_decision": _("By decision of the jury"),
        "cleared": _("The checks found nothing wrong"),
        "error": _("An error was made"),
        "fraud": _("Fraud was established"),
        "name": _("The name was corrected"),
    }.get(reason or "", reason)


def history(found: Standing, events: list[CertificateEvent]) -> list[dict[str, Any]]:
    """What happened to a certificate in plain words, its issue first: ``at``, ``what``, ``who``, ``why``, ``words``."""
    what = {
        "suspended": _("Suspended"),
        "reinstated": _("Valid again"),
        "revoked": _("Revoked for good"),
        "replaced": _("Replaced by a new edition"),
        "name_hidden": _("Name masked on the public page"),
        "name_shown": _("Name shown on the public page"),
        "shared": _("Sharing link opened"),
        "unshared": _("Sharing link closed"),
        "correction_asked": _("Another name asked for"),
        "correction_accepted": _("Other name accepted"),
        "correction_refused": _("Other name refused"),
    }
    who = {"holder": _("the holder"), "trainer": _("a trainer"), "administrator": _("the administration")}
    issued = {"at": found.row.issued_at, "what": _("Issued"), "who": None, "why": None, "words": None}
    return [issued] + [
        {
            "at": event.at,
            "what": what.get(event.action, event.action),
            "who": who.get(event.capacity),
            "why": reason_words(event.reason),
            "words": event.words,
        }
        for event in events
    ]


def refusal_words(reason: str) -> str:
    """What is said when an act on a certificate is refused (``LifeRefused``)."""
    return {
        "reason": _("Choose a reason."),
        "words": _("Say why in a few words, 2000 characters at most."),
        "state": _("The state of this certificate no longer allows it. Read its history."),
        "same": _("The certificate bears this name already."),
        "pending": _("Another name is waiting for an answer already."),
        "expired": _("This certificate has expired: it is renewed, no longer corrected."),
        "answered": _("A colleague has answered meanwhile."),
        "erased": _("The personal data of its holder is erased: this certificate stays as issued."),
        "name_script": _("Some letters of this name cannot be printed. Give it in Latin, Greek or Cyrillic letters."),
    }.get(reason, _("This name holds signs that cannot be printed. Type it again."))
