"""What the verification pages say of a certificate: its printed fields, each check in words, what a file changes."""

from typing import Any

from flask import url_for

from certificates.model import Record, printed_fields
from certificates.rules import rules
from certificates.verify import Verdict
from certificates.wording import reason
from lms.i18n import current_language, day, moment
from lms.i18n import gettext as _
from lms.pages import tracks
from lms.services.verification import Standing


def facts(record: Record, *, name_public: bool) -> dict[str, Any]:
    """Every printed field, the holder's name where it is public, and why the certificate was given."""
    fields = [
        {"label": field.label, "value": field.value}
        for field in printed_fields(record, current_language())
        if name_public or field.name_key != "holder"
    ]
    return {
        "fields": fields,
        "holder_hidden": not name_public,
        "criteria": reason(record, current_language()),
        "criteria_url": _criteria_url(record),
    }


def _criteria_url(record: Record) -> str | None:
    """The page of what was asked for, while the track is taught in that version."""
    track = tracks().get(record.track)
    if track is None or track.version != record.track_version:
        return None
    if record.kind not in {each.kind for each in rules(track)}:
        return None
    return url_for("criteria.show", track_key=track.key, version=track.version, kind=record.kind)


def differences(claim: Record, known: Standing) -> list[dict[str, Any]]:
    """Each printed field as the file tells it beside what was issued; nothing when they tell the same."""
    issued = {field.name_key: field.value for field in printed_fields(known.record, current_language())}
    if not known.row.name_public:
        del issued["holder"]
    rows = [
        {
            "label": field.label,
            "received": field.value,
            "issued": issued[field.name_key],
            "same": field.value == issued[field.name_key],
        }
        for field in printed_fields(claim, current_language())
        if field.name_key in issued
    ]
    return [] if all(row["same"] for row in rows) else rows


def code_checks(found: Standing) -> list[dict[str, Any]]:
    """What the register says: ``state`` (ok, warm, bad), ``title``, ``detail`` of each thing looked at."""
    state, limit = found.state, found.record.valid_until
    live = state in {"valid", "expired"}
    period = _("No limit of validity.") if limit is None else _("Valid until %(date)s.", date=day(limit))
    return [
        {
            "state": "ok",
            "title": _("Issued by the institution"),
            "detail": _(
                "Number %(number)s, on %(when)s.", number=found.record.number, when=moment(found.row.issued_at)
            ),
        },
        {
            "state": "ok" if live else "bad",
            "title": _("Neither revoked nor suspended") if live else _("Revoked, suspended or replaced"),
            "detail": _("According to the register, at this moment."),
        },
        {
            "state": "warm" if state == "expired" else "ok",
            "title": _("Out of its period of validity") if state == "expired" else _("Within its period of validity"),
            "detail": period,
        },
    ]


def why_unverifiable(verdict: Verdict) -> str:
    """Why nothing can be said of a file."""
    if has(verdict, "compromised"):
        return _("This is the file we issued, but it was signed with a key that was compromised since.")
    if has(verdict, "withdrawn"):
        return _("This file was signed with a key that is no longer believed.")
    return _("The state of the certificate cannot be established at this moment.")


def has(verdict: Verdict, *details: str) -> bool:
    """Whether a check of the verdict ended for one of those reasons."""
    return any(check.detail in details for check in verdict.checks)


def file_checks(verdict: Verdict) -> list[dict[str, Any]]:
    """What was looked at in a file, as :func:`code_checks` says it."""
    titles = {
        "seal": (
            _("The seal of the PDF is intact"),
            _("The PDF was changed after it was sealed"),
            _("The seal of the PDF could not be checked"),
        ),
        "signature": (
            _("The signature is authentic"),
            _("The signature is not authentic"),
            _("The signature could not be checked"),
        ),
        "period": (
            _("Within its period of validity"),
            _("Out of its period of validity"),
            _("The period of validity could not be checked"),
        ),
        "revocation": (_("Not revoked"), _("This certificate is revoked"), _("The revocation could not be checked")),
        "suspension": (
            _("Not suspended"),
            _("This certificate is suspended"),
            _("The suspension could not be checked"),
        ),
        "refresh": (
            _("Not replaced"),
            _("Another certificate takes its place"),
            _("Whether another one takes its place could not be checked"),
        ),
    }
    rows = []
    for check in verdict.checks:
        good, bad, unknown = titles[check.key]
        rows.append(
            {
                "state": "ok" if check.ok else "warm" if check.ok is None else "bad",
                "title": unknown if check.ok is None else good if check.ok else bad,
                "detail": _("It existed on %(when)s, as a timestamp attests.", when=moment(verdict.stamped_at))
                if check.key == "seal" and verdict.stamped_at
                else "",
            }
        )
    if verdict.is_picture:
        rows.append(
            {
                "state": "warm",
                "title": _("The drawing itself is not signed"),
                "detail": _("Only the credential it carries is. Believe the lines of this page, not the drawing."),
            }
        )
    return rows
