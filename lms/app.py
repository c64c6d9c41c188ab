"""Builds the application: configuration, extensions, pages."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, g, request, session
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RoutingException

import lms.api
import lms.views
from lms import metrics
from lms.access import Identified, init_access
from lms.antivirus import Antivirus
from lms.assets import init_assets
from lms.config import Config, load_config
from lms.cookies import CookieSessions
from lms.counting import ByMinute, Counts
from lms.downloads import Downloads
from lms.errors import init_errors
from lms.forms.files import file_limits
from lms.i18n import init_i18n
from lms.lti.client import ServiceClient
from lms.lti.http import Outbound
from lms.lti.jwks import PlatformKeys
from lms.lti.keys import ToolKeys
from lms.lti.tokens import Tokens
from lms.models import db
from lms.models.database import begin_reading, end_reading
from lms.models.pooling import engine_options
from lms.oidc_sign_in import provider_of
from lms.pages import template_values
from lms.plugins import discover
from lms.replica import init_replica
from lms.security import SAFE_METHODS, RowNumber, Visitor, limit_sessions, refuse_nul, secure_headers
from lms.services.sessions import live_session
from lms.signing_in import lead_to_second_factor, note_use
from lms.theme import theme

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: What a form may weigh beside its file, in bytes.
FORM_ROOM = 100_000


class Service(Flask):
    """Flask without coroutines: no view here is one, and asking each view and hook costs as much as a query."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(config: Config | None = None) -> Flask:
    """The service under ``config``, by default that of the environment. Touches no table."""
    config = config or load_config()
    app = Service("lms")
    app.url_map.converters["int"] = RowNumber
    app.config.from_mapping(_flask_settings(config))
    app.session_interface = CookieSessions(app)
    app.extensions["mpia"] = config
    app.extensions["counts"] = Counts(config.cache_url, config.secret_key)
    app.extensions["pages_of_sessions"] = ByMinute()
    app.extensions["downloads"] = Downloads()
    app.extensions["antivirus"] = Antivirus(config.antivirus_url) if config.antivirus_url else None
    app.extensions["tool_keys"] = ToolKeys(config.secret_key)
    app.extensions["outbound"] = Outbound(config.allowed_private_hosts, config.authorities)
    app.extensions["platform_keys"] = PlatformKeys(app.extensions["outbound"])
    app.extensions["oidc"] = provider_of(config, app.extensions["outbound"])
    db.init_app(app)
    init_replica(app, config.replica)
    with app.app_context():
        tokens = Tokens(app.extensions["outbound"], app.extensions["tool_keys"], config.secret_key, db.engine)
        metrics.watch(db.engine)
    app.extensions["services"] = ServiceClient(app.extensions["outbound"], tokens)
    app.extensions["uploads"] = {
        name: size for each in discover(lms.views, "UPLOADS").values() for name, size in each.items()
    }
    init_access(app)
    app.before_request(limit_sessions)
    app.before_request(_allow_uploads)  # before the form is read, for its token
    csrf = CSRFProtect(app)
    init_assets(app, theme(config.theme_dir))
    init_i18n(app)
    app.add_template_global(file_limits)
    init_errors(app)
    _init_login(app)
    app.before_request(_declare_intent)
    app.before_request(refuse_nul)
    app.before_request(note_use)
    app.before_request(lead_to_second_factor)
    app.teardown_request(_forget_intent)
    app.after_request(secure_headers)
    app.context_processor(template_values)
    cross_site = discover(lms.views, "CROSS_SITE")
    for name, blueprint in discover(lms.views, "blueprint").items():
        app.register_blueprint(blueprint)
        if cross_site.get(name):
            csrf.exempt(blueprint)
    for blueprint in discover(lms.api, "blueprint").values():  # no form there, and nobody signed in
        app.register_blueprint(blueprint)
        csrf.exempt(blueprint)
    for endpoints in discover(lms.views, "OWN_TOKEN").values():
        for endpoint in endpoints:
            view = app.view_functions[endpoint]
            csrf.exempt(f"{view.__module__}.{view.__name__}")
    count = config.trusted_proxies
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, count, count, count, count)  # type: ignore[method-assign]
    app.wsgi_app = Identified(app.wsgi_app, trusting=count > 0)  # type: ignore[method-assign]
    return app


def _flask_settings(config: Config) -> dict[str, Any]:
    return {
        "SECRET_KEY": config.secret_key,
        "SQLALCHEMY_DATABASE_URI": config.database,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(config.database),
        "MAX_CONTENT_LENGTH": config.upload_limit + FORM_ROOM,
        "MAX_FORM_MEMORY_SIZE": 1_000_000,
        "SESSION_COOKIE_NAME": config.cookie_name,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_PATH": "/",
        # The LMS frames us: the cookie must travel in its frame, and only there (CHIPS).
        "SESSION_COOKIE_SECURE": config.secure,
        "SESSION_COOKIE_SAMESITE": "None" if config.secure else "Lax",
        "SESSION_COOKIE_PARTITIONED": config.secure,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: an open page must not lose an answer
        "WTF_CSRF_SSL_STRICT": False,  # the referrer is withheld by some networks; the token decides
        "TESTING": config.testing,
        "PREFERRED_URL_SCHEME": config.base_url.split(":", 1)[0],
    }


def _init_login(app: Flask) -> None:
    manager = LoginManager(app)

    @manager.request_loader  # type: ignore[untyped-decorator]
    def load(_request: Any) -> Visitor | None:
        token = session.get("sid")
        row = live_session(db.session(), token) if token else None
        return Visitor(row) if row else None


def largest_body(app: Flask) -> "Callable[[WSGIEnvironment], int]":
    """Tells how many bytes the page that a request (PEP 3333) asks for takes."""

    def largest(environ: "WSGIEnvironment") -> int:
        usual = _taken(app, None)
        announced = environ.get("CONTENT_LENGTH")
        if announced and int(announced) <= usual:
            return usual
        try:
            endpoint, _values = app.url_map.bind_to_environ(environ).match()
        except (HTTPException, RoutingException):  # no such page: it says so
            return usual
        return _taken(app, endpoint)

    return largest


def _taken(app: Flask, endpoint: str | None) -> int:
    """How many bytes a page takes: its file (``UPLOADS`` of its module) and a form, or what any page takes."""
    file = app.extensions["uploads"].get(endpoint)
    return int(file) + FORM_ROOM if file else int(app.config["MAX_CONTENT_LENGTH"])


def _allow_uploads() -> None:
    """Let the pages that take large files be sent so much, and no other."""
    request.max_content_length = _taken(current_app, request.endpoint)


def _declare_intent() -> None:
    if request.method in SAFE_METHODS:
        g.intent = begin_reading()


def _forget_intent(_error: BaseException | None) -> None:
    if "intent" in g:
        end_reading(g.pop("intent"))
