"""Signing in with a local account: the session it opens, and the second factor some are led to set up first.

The first factor of an account is as strong as what lets it in: where one must be had, the password alone opens no
session, not even to set it up (ADR 43).
"""

from datetime import timedelta

from flask import flash, g, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.i18n import gettext as _
from lms.known_browsers import remember
from lms.models import LocalAccount, db, writing
from lms.models.secrets import hashed
from lms.pages import config, idle_minutes, wants_json
from lms.security import SAFE_METHODS, SHOWN_ELSEWHERE, visitor
from lms.services.factors import asked_of, protected
from lms.services.passkeys import Site, site_of
from lms.services.sessions import change_end, close_session, end_by_inactivity, open_session

#: What stays open to whoever has to set a second factor up: doing so, leaving, reading in one's language, and what
#: the law has on every page.
_STILL_OPEN = {"factors", "passkeys", "about"}
_STILL_OPEN_PAGES = {"account.logout", "account.language", "issuer.colour", "issuer.logo"}


#: How far the end by inactivity must move before it is written down again.
_STEP = timedelta(minutes=1)

#: In the signed cookie: the session was opened by more than a password, and may set a second factor up.
STRONG = "strong"


def enter(account: LocalAccount, *, strong: bool = False) -> None:
    """Sign this browser in, with a session and a cookie that nobody knew before (no session fixation). Commits.

    ``strong``: more than a password was given.
    """
    leave()
    remember(account)
    token = open_session(db.session(), account.person_id, frozenset(account.roles), config().session_minutes)
    db.session.commit()
    session["sid"] = token
    if strong:
        session[STRONG] = True


def must_enrol(account: LocalAccount) -> bool:
    """Whether an account must have a second factor and has none: its password alone opens no session."""
    return asked_of(account.roles, config().second_factor_roles) and not protected(db.session(), account.person_id)


def leave() -> None:
    """End the session this browser has, if any, and empty its cookie."""
    end_session(db.session())
    session.clear()


def end_session(own: Session | Connection) -> None:
    """End the session this browser has, if any: its cookie is about to name another, or none."""
    old = session.get("sid")
    if old:
        close_session(own, hashed(old))


def site() -> Site | None:
    """What passkeys of this installation are bound to; None where there can be none."""
    return site_of(config().base_url)


def note_use() -> None:
    """Before every request: it puts off the end by inactivity of a session whose roles have one.

    Not what pages ask by themselves while they wait for something, nor what is no page of somebody's.
    """
    by_itself = request.method in SAFE_METHODS and request.headers.get("Sec-Fetch-Dest") == "empty"
    no_page = request.endpoint in {None, *SHOWN_ELSEWHERE} or request.blueprint in {"lti", "system"}
    if not config().idle_minutes or by_itself or no_page:
        return
    if not current_user.is_authenticated or not (minutes := idle_minutes(visitor())):
        return
    row = visitor().session
    ends = end_by_inactivity(row, config().session_minutes, minutes)
    if abs(ends - row.expires_at) < _STEP:
        return
    with writing(db.session()):
        try:
            change_end(db.session(), row, ends)
            db.session.commit()
        except DBAPIError:  # where nothing can be written pages show all the same: the end stays what it was
            db.session.rollback()


def lead_to_second_factor() -> ResponseReturnValue | None:
    """Before every request: whoever must have a second factor and has none sees nothing but how to set one up."""
    asking = config().second_factor_roles
    if not asking or request.endpoint in {None, "static"} or not current_user.is_authenticated:
        return None
    me = visitor()
    if me.platform_id is not None or not asked_of(me.roles, asking) or protected(db.session(), me.person.id):
        return None
    if not session.get(STRONG):
        return _out_again()
    g.confined = True  # the pages' frame offers no other room
    if request.blueprint in _STILL_OPEN or request.endpoint in _STILL_OPEN_PAGES:
        return None
    if wants_json():
        return jsonify(message=_("Set up a second factor first.")), 403
    return redirect(url_for("factors.index"), 303)


def _out_again() -> ResponseReturnValue | None:
    """A session that a password alone opened, before a second factor was asked for: it ends, to begin by a code."""
    if request.endpoint in _STILL_OPEN_PAGES or request.blueprint == "about":
        return None
    with writing(db.session()):
        leave()
        db.session.commit()
    if wants_json():
        return jsonify(message=_("Sign in again: a second factor is now asked of your role.")), 401
    flash(_("Sign in again: a second factor is now asked of your role."), "warm")
    return redirect(url_for("account.login"), 303)
