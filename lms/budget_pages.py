"""What the pages of the budget share: whose budget they show, of which year, as known when; and words."""

from datetime import datetime, time
from fractions import Fraction
from math import floor
from typing import Any

from babel.numbers import format_decimal
from flask import abort, request, url_for
from sqlalchemy import select

from assessments.amounts import day
from lms.errors import Refused
from lms.i18n import ZONE, current_language, euros, ratio
from lms.i18n import gettext as _
from lms.models import Unit, db, utcnow
from lms.security import visitor
from lms.services.budgets import YEARS
from lms.services.organisation import Scope, scope_of, sees


def budget_scope() -> Scope:
    """What the visitor sees of the budget; whoever has the role by a platform's word alone sees none (403)."""
    scope = scope_of(db.session(), visitor().person)
    if scope.platform_id is not None:
        raise Refused(
            _("The budget belongs to the institution: it is not shown from a training platform."),
            _("Sign in with an account of this service that has the human resources role."),
            status=403,
            cause="budget_scope",
        )
    return scope


def asked_unit(scope: Scope) -> Unit | None:
    """The unit of the address, by its code; without one, all the visitor sees, or the first of their units."""
    code = request.values.get("unit", "").strip()
    query = select(Unit)
    if code:
        query = query.where(Unit.code == code[:200])
    elif scope.whole:
        return None
    else:
        query = query.where(Unit.path.in_(scope.paths or ())).order_by(Unit.path)
    unit = db.session.scalars(query.limit(1)).first()
    if unit is None or not sees(scope, unit):
        abort(404)
    return unit


def asked_year(otherwise: int) -> int:
    """The fiscal year of the address."""
    asked = request.values.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else otherwise
    return year if year in YEARS else otherwise


def asked_at() -> datetime | None:
    """The end of the day of the address, as lived in France; None, now, without one or with one to come."""
    found = day(request.args.get("at", "")[:10])
    if found is None or found.year not in YEARS:
        return None
    end = datetime.combine(found, time.max, ZONE)
    return end if end < utcnow() else None


def place_name(unit: Unit | None) -> str:
    """Whose budget it is."""
    return _("The whole institution") if unit is None else unit.name


def frame(unit: Unit | None, here: str, title: str) -> dict[str, Any]:
    """What each page of the budget says of itself: whose it is, the way back, its neighbours."""
    code = unit.code if unit else None
    rooms = [
        ("budget.index", _("Path and forecast")),
        ("budget_lines.index", _("Lines")),
        ("baselines.index", _("Baseline")),
        ("costs.index", _("Costs")),
        ("budget_imports.index", _("File of the budget")),
    ]
    return {
        "title": title,
        "place": place_name(unit),
        "code": code or "",
        "rooms": [{"url": url_for(at, unit=code), "label": label, "current": at == here} for at, label in rooms],
    }


def share(value: Fraction | None) -> str:
    """A ratio to a tenth of a hundredth, never rounded up: 99,96 % of the rise is not 100 %."""
    return "–" if value is None else ratio(Fraction(floor(value * 1000), 1000))


def signed(value: Fraction | None) -> str:
    """The same with its sign: +30,0 %."""
    return f"+{share(value)}" if value is not None and value > 0 else share(value)


def money(value: int | None) -> str:
    """An amount in cents; a dash for none."""
    return "–" if value is None else euros(value)


def short_money(cents: int | None) -> str:
    """An amount in a few signs, for drawings: 13,3 M€; a dash for none."""
    if cents is None:
        return "–"
    size, unit = next(((s, u) for s, u in ((100_000_000, "M€"), (100_000, "k€")) if abs(cents) >= s), (100, "€"))
    digits = format_decimal(round(cents / size, 1), "#,##0.#", locale=current_language())
    return f"{digits}\u00a0{unit}"


def why_not(reason: str) -> str:
    """The words for a reason of ``BudgetRefused``, ``BaselineRefused``, ``CostRefused`` or ``UndoRefused``."""
    return {
        "amount": _("This amount is not one a budget may hold."),
        "year": _("This year is out of the years of the budget."),
        "part": _("The AI part is larger than the whole it is a part of."),
        "code": _("A budget line already has this code."),
        "scope": _("This is outside of what you manage."),
        "pending": _("Another baseline waits for a decision: decide on it first."),
        "decided": _("Somebody decided on this baseline meanwhile."),
        "same": _("You proposed this baseline: somebody else has to decide."),
        "reason": _("Say why."),
        "ai": _("What trained to AI cannot be larger than the training budget."),
        "custom": _("Give a target for each of the three years."),
        "double": _("The target of year 3 is the double of B₀ at least."),
        "nothing": _("Attach the cost to a track, a course or a budget line."),
        "quantity": _("Write how many hours or seats."),
        "none": _("There is no import of the budget to undo."),
        "since": _("What this import brought was changed since: undoing it would lose that."),
        "rests": _("A budget line that this import made is used by something else since."),
    }[reason]
