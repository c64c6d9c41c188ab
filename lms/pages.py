"""What every page shares: the frame's values, the visitor's way back, the tracks in use."""

from typing import Any
from urllib.parse import urlsplit

from flask import abort, current_app, g, request, session, url_for
from flask_login import current_user

from curricula.model import LANGUAGES, Track
from lms.config import Config
from lms.i18n import OWN_NAMES, current_language
from lms.i18n import gettext as _
from lms.lti.http import Outbound
from lms.lti.jwks import PlatformKeys
from lms.lti.keys import ToolKeys
from lms.models import Enrolment, db, utcnow
from lms.security import Visitor
from lms.services.library import Library

#: How long before its end a session tells of it, in seconds, at most.
_WARNED = 300


def config() -> Config:
    """The configuration in force."""
    found: Config = current_app.extensions["mpia"]
    return found


def issuer_name() -> str:
    """The institution in the reader's language, said to be fictitious when it is."""
    name = config().issuer_name_fr if current_language() == "fr" else config().issuer_name_en
    return _("%(name)s (fictitious)", name=name) if config().issuer_fictitious else name


def tool_keys() -> ToolKeys:
    """The tool's own LTI keys."""
    found: ToolKeys = current_app.extensions["tool_keys"]
    return found


def platform_keys() -> PlatformKeys:
    """The platforms' public keys, cached."""
    found: PlatformKeys = current_app.extensions["platform_keys"]
    return found


def outbound() -> Outbound:
    """The client for every outbound call."""
    found: Outbound = current_app.extensions["outbound"]
    return found


def tracks() -> Library:
    """The tracks as published."""
    return Library(db.session())


def followed(row: Enrolment) -> Track:
    """The revision a learner follows; 404 when the track is gone."""
    track = tracks().followed(row.track_key, row.track_digest)
    if track is None:
        abort(404)
    return track


def track_or_404(key: str) -> Track:
    """The track of that key; 404 when there is none."""
    track = tracks().get(key)
    if track is None:
        abort(404)
    return track


def wants_json() -> bool:
    """Whether a script asks, rather than a page of the browser."""
    return request.accept_mimetypes.best == "application/json"


def local_path(path: str | None, fallback: str) -> str:
    """``path`` if it leads inside this site, else ``fallback``: no redirection elsewhere, and no line break in one."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return fallback
    if urlsplit(path).netloc:
        return fallback
    return path


def template_values() -> dict[str, Any]:
    """The variables of ``base.html``."""
    speech = current_language()
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    values: dict[str, Any] = {
        "locale": speech,
        "current_path": here,
        "language_url": url_for("account.language"),
        "languages": [{"code": code, "label": OWN_NAMES[code], "current": code == speech} for code in LANGUAGES],
        "issuer_name": issuer_name(),
        "accessibility_url": url_for("about.accessibility"),
        "privacy_url": url_for("about.privacy"),
        "legal_url": url_for("about.legal"),
        "home_url": None,
        "embedded": bool(session.get("frame")),
        "platform_origin": session.get("frame"),
    }
    if current_user and current_user.is_authenticated:
        values |= _visitor_values(current_user)
        if g.get("confined"):  # to setting a second factor up (lms.signing_in)
            values |= {"home_url": None, "navigation": None, "settings_url": None}
    return values


def _visitor_values(visitor: Visitor) -> dict[str, Any]:
    person, origin = visitor.person, visitor.session.platform_origin
    return {
        "reading": {"size": person.text_size, "space": person.text_space},
        "reading_url": url_for("account.reading"),
        "embedded": origin is not None,
        "platform_origin": origin,
        "new_tab_url": url_for("account.new_tab", next=request.path) if origin else None,
        "home_url": url_for("home.index"),
        "navigation": _navigation(visitor),
        "account": {
            "name": person.display_name or _("Signed in"),
            "sign_out_url": url_for("account.logout"),
        },
        "settings_url": url_for("account.settings"),
        "idle": _idle(visitor),
    }


def idle_minutes(visitor: Visitor) -> int:
    """After how many minutes without a page or a form a session ends; 0 where its roles have no such end."""
    return 0 if visitor.roles.isdisjoint(config().idle_roles) else config().idle_minutes


def seconds_left(visitor: Visitor) -> int:
    """How long a session goes on if nothing more is asked."""
    return int((visitor.session.expires_at - utcnow()).total_seconds())


def _idle(visitor: Visitor) -> dict[str, Any] | None:
    """What a page needs to tell the end by inactivity before it comes (WCAG 2.2, 2.2.1); None without one."""
    minutes = idle_minutes(visitor)
    if not minutes:
        return None
    warn = min(_WARNED, minutes * 20)
    return {"url": url_for("my_sessions.left"), "left": seconds_left(visitor), "warn": warn, "minutes": minutes}


def _navigation(visitor: Visitor) -> list[dict[str, Any]]:
    # Whoever is signed in reads the catalogue; not all of them learn.
    learn = _("Learn") if visitor.roles & {"learner", "trainer", "author"} else _("Catalogue")
    rooms = [
        ("learn.catalogue", learn, visitor.roles),
        ("certificates.index", _("My certificates"), {"learner"}),
        ("teach.cohorts", _("Train"), {"trainer"}),
        ("author.index", _("Design"), {"author", "trainer"}),
        ("hr.index", _("Human resources"), {"hr"}),
        ("admin.index", _("Administration"), {"administrator"}),
    ]
    return [
        {"url": url_for(endpoint), "label": label, "current": _within(endpoint.split(".")[0])}
        for endpoint, label, roles in rooms
        if visitor.roles & roles and endpoint in current_app.view_functions
    ]


def _within(room: str) -> bool:
    """Whether the page is in that room, which several blueprints may share."""
    return request.blueprint == room or request.path.startswith(f"/{room}/")
