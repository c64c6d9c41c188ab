"""The browsers one is signed in with: seen, and signed out one by one or together."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.factor_pages import this_session
from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import WebSession, db
from lms.pages import seconds_left
from lms.security import visitor
from lms.services.audit import record
from lms.services.sessions import close_session, close_sessions, is_fresh, key_of, sessions_of

blueprint = Blueprint("my_sessions", __name__, url_prefix="/account/sessions")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The open sessions of the visitor, this one first."""
    me, mine = visitor(), this_session()
    rows = sorted(sessions_of(db.session(), me.person.id), key=lambda row: row.token_hash != mine)
    return render_template(
        "account/sessions.html",
        sessions=[
            {
                "key": key_of(row), "here": row.token_hash == mine, "began_at": row.created_at,
                "ends_at": row.expires_at, "where": _where(row),
            }
            for row in rows
        ],
        fresh=is_fresh(me.session),
        sign_in_url=url_for("account.login", next=url_for("my_sessions.index")) if me.platform_id is None else None,
        end_url=url_for("my_sessions.end"),
        back_url=url_for("account.settings"),
    )  # fmt: skip


@blueprint.route("/left", methods=["GET", "POST"])
def left() -> ResponseReturnValue:
    """How long this session goes on, as JSON: ``left``, in seconds. Asked by POST, it goes on (``lms.signing_in``)."""
    return jsonify(left=seconds_left(visitor()))


@blueprint.post("/end")
def end() -> ResponseReturnValue:
    """Sign one other browser out (``session``), or all others; one that ended meanwhile changes nothing.

    Whoever found this browser open must not end the others: one has just signed in, else the page says how to.
    """
    if not is_fresh(visitor().session):
        flash(_("Nothing was signed out: you have to sign in again first."), "warm")
        return redirect(url_for("my_sessions.index"), 303)
    person_id, mine, asked = visitor().person.id, this_session(), request.form.get("session", "")
    if asked:
        found = [row for row in sessions_of(db.session(), person_id) if key_of(row) == asked and row.token_hash != mine]
        count = sum(close_session(db.session(), row.token_hash) for row in found)
    else:
        count = close_sessions(db.session(), person_id, but=mine)
    if count:
        record(db.session(), "sessions_ended", f"person:{person_id}", person_id, count=count)
    db.session.commit()
    if count:
        flash(ngettext("One browser is signed out.", "%(num)s browsers are signed out.", count), "ok")
    else:
        flash(_("Nothing was left to sign out."), "warm")
    return redirect(url_for("my_sessions.index"), 303)


def _where(row: WebSession) -> str:
    """What it was opened from: a platform, and the course there; or this service."""
    if row.person.platform is None:
        return _("This service")
    names = (row.person.platform.name, row.context.title if row.context else "")
    return ", ".join(name for name in names if name)
