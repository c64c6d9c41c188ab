"""What the pages about programs share: the institution's administrators alone, the unit that a form names, words."""

from flask import abort

from lms.forms.programs import ReachForm
from lms.i18n import gettext as _
from lms.models import Unit, db
from lms.security import visitor


def institution_alone() -> None:
    """Programs are the institution's: an administrator by a platform's word has no power over them."""
    if visitor().platform_id is not None:
        abort(403)


def reach_of(form: ReachForm) -> tuple[bool, Unit | None]:
    """Whether the form says a part of the organisation, and its unit; what is wrong is said in the form."""
    if form.reach.data == "whole":
        return True, None
    code = (form.unit.data or "").strip()
    unit = db.session.query(Unit).filter_by(code=code).first() if code else None
    if unit is None:
        form.unit.errors = [_("No unit has this code.") if code else _("Write the code of the unit.")]
    return unit is not None, unit


def scope_words() -> dict[str, str]:
    """What each scope opens, for people."""
    return {
        "agents:read": _("Agents: number, name, category, unit"),
        "enrolments:read": _("Enrolments and how far they are"),
        "completions:read": _("Tracks completed"),
        "certificates:read": _("Certificates and their state"),
        "budgets:read": _("Budgets"),
        "indicators:read": _("Indicators, without names"),
    }


def event_words() -> dict[str, str]:
    """What each event is, for people."""
    return {
        "completion.created": _("Track completed"),
        "certificate.issued": _("Certificate issued"),
        "certificate.suspended": _("Certificate suspended"),
        "certificate.reinstated": _("Certificate reinstated"),
        "certificate.revoked": _("Certificate revoked"),
        "certificate.replaced": _("Certificate replaced"),
        "webhook.test": _("Test of the address"),
    }


def reach_words(unit: Unit | None) -> str:
    """The part of the organisation that a program is about."""
    return _("The whole institution") if unit is None else f"{unit.name} ({unit.code})"
