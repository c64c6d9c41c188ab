"""Who is whom: people who may be agents, both sides beside each other; one click decides, and another undoes."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.errors import Refused
from lms.i18n import capitalized, counted, ngettext
from lms.i18n import gettext as _
from lms.models import AgentMatch, db, writing
from lms.security import requires, visitor
from lms.services import match_review
from lms.services.audit import record
from lms.services.match_review import STATES, MatchRefused, Pair
from lms.services.organisation import scope_of

blueprint = Blueprint("hr_matches", __name__, url_prefix="/hr/matches")


@blueprint.get("/")
@requires("hr")
def index() -> ResponseReturnValue:
    """A page of the matches in a state; those in doubt unless another is asked. The journal notes who read them."""
    session, scope = db.session(), scope_of(db.session(), visitor().person)
    state = request.args.get("state", "doubtful")
    state = state if state in STATES else "doubtful"
    after = min(max(0, request.args.get("after", 0, type=int)), 2**31 - 1)
    found, last = match_review.pairs(session, scope, state, after)
    shown, waiting = [_pair(each) for each in found], match_review.waiting(session, scope)
    if shown:
        with writing(session):
            record(
                session, "hr.view", "matches", visitor().person.id, purpose="matching", state=state, count=len(shown)
            )
            session.commit()
    return render_template(
        "hr/matches.html",
        pairs=shown,
        state=state,
        states=[
            {"label": label, "url": url_for("hr_matches.index", state=key), "current": key == state}
            for key, label in _states().items()
        ],
        sentence=_sentence(waiting),
        nothing=scope.platform_id is not None,
        first_url=url_for("hr_matches.index", state=state) if after else None,
        next_url=url_for("hr_matches.index", state=state, after=last) if last is not None else None,
    )


@blueprint.post("/<int:match_id>/confirm")
@requires("hr")
def confirm(match_id: int) -> ResponseReturnValue:
    """They are the same."""
    row = _match(match_id)
    try:
        match_review.confirm(db.session(), row, visitor().person.id)
    except MatchRefused as refusal:
        db.session.rollback()
        raise Refused(_why(refusal), _("Refuse that match first, then confirm this one."), status=409) from refusal
    return _done(_("Confirmed: what this person follows counts for the agent."))


@blueprint.post("/<int:match_id>/refuse")
@requires("hr")
def refuse(match_id: int) -> ResponseReturnValue:
    """They are not the same."""
    match_review.refuse(db.session(), _match(match_id), visitor().person.id)
    return _done(_("Refused: the two stay apart, whatever the keys say."))


@blueprint.post("/<int:match_id>/undo")
@requires("hr")
def undo(match_id: int) -> ResponseReturnValue:
    """What somebody decided waits again."""
    match_review.undo(db.session(), _match(match_id), visitor().person.id)
    return _done(_("Undone: the match waits for a decision again."))


def _match(match_id: int) -> AgentMatch:
    row = match_review.find(db.session(), scope_of(db.session(), visitor().person), match_id)
    if row is None:
        abort(404)
    return row


def _done(said: str) -> ResponseReturnValue:
    db.session.commit()
    flash(said, "ok")
    state = request.form.get("state", "")
    kept: dict[str, Any] = {"state": state} if state in STATES and state != "doubtful" else {}
    return redirect(url_for("hr_matches.index", **kept), 303)


def _pair(each: Pair) -> dict[str, Any]:
    row, person, agent = each.match, each.person, each.agent
    name = person.display_name or _("Name withheld by the platform")
    return {
        "state": row.state,
        "why": _by(row.by),
        "decided_at": row.decided_at if row.state in {"confirmed", "refused"} else None,
        "names": f"{name}, {agent.given_name} {agent.family_name}",
        "person": [
            {"label": _("Name"), "value": name},
            {"label": _("E-mail address"), "value": person.email or "—"},
            {"label": _("Identifier"), "value": person.sourced_id or person.agent_key or "—"},
            {"label": _("Comes from"), "value": person.platform.name if person.platform else _("Local account")},
        ],
        "agent": [
            {"label": _("Name"), "value": f"{agent.given_name} {agent.family_name}"},
            {"label": _("E-mail address"), "value": agent.email or "—"},
            {"label": _("Agent number"), "value": agent.number},
            {"label": _("Is at"), "value": each.unit.name if each.unit else agent.service or agent.ministry or "—"},
        ],
        "confirm_url": url_for("hr_matches.confirm", match_id=row.id) if row.state == "doubtful" else None,
        "refuse_url": url_for("hr_matches.refuse", match_id=row.id) if row.state in {"doubtful", "sure"} else None,
        "undo_url": url_for("hr_matches.undo", match_id=row.id) if row.state in {"confirmed", "refused"} else None,
    }


def _states() -> dict[str, str]:
    return {
        "doubtful": _("To decide"),
        "confirmed": _("Confirmed"),
        "refused": _("Refused"),
        "sure": _("Sure by a key"),
    }


def _by(key: str) -> str:
    """Why they may be the same."""
    return {
        "sourced_id": _("The platform gives this agent's number."),
        "custom": _("A parameter of the launch gives this agent's number."),
        "email": _("They have the same e-mail address."),
        "name": _("They have the same name."),
    }.get(key, key)


def _sentence(waiting: int) -> str:
    if not waiting:
        return _("No match waits for a decision.")
    return capitalized(
        ngettext(
            "One match waits for a decision.", "%(shown)s matches wait for a decision.", waiting, shown=counted(waiting)
        )
    )


def _why(refusal: MatchRefused) -> str:
    return {
        "person": _("This person is matched with another agent already."),
        "agent": _("This agent is matched with another person of this platform already."),
    }[refusal.reason]
