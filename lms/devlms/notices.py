"""Platform Notification Service 1.0: tools say where notices go, and hear of copied courses."""

import secrets
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from flask import Blueprint, Response, jsonify

from lms.devlms.campus import Campus, Delivery, campus
from lms.devlms.errors import Refused
from lms.devlms.messages import context
from lms.devlms.services import read_json, require_token
from lms.devlms.settings import Course
from lms.devlms.tools import Tool, origin_of
from lms.devlms.vocabulary import CLAIM, COPY_NOTICE, HELLO_NOTICE, NOTICE_TYPES, NOTICES_SCOPE

_LIFETIME: Final = 300

notices = Blueprint("notices", __name__, url_prefix="/services/notices")


@notices.get("/<int:number>")
def read_handlers(number: int) -> Response:
    """Where each type of notice goes, nowhere being empty (section 3.2)."""
    tool = _caller(number)
    kept = campus().catalogue.notice_handlers(tool.client_id)
    handlers = [{"notice_type": kind, "handler": kept.get(kind, "")} for kind in NOTICE_TYPES]
    return jsonify(client_id=tool.client_id, deployment_id=tool.deployment_id, notice_handlers=handlers)


@notices.put("/<int:number>")
def keep_handler(number: int) -> Response:
    """Send a type of notice to an address of the tool, or nowhere (section 3.3)."""
    here, tool = campus(), _caller(number)
    body = read_json("application/json")
    kind, url = body.get("notice_type"), body.get("handler")
    if kind not in NOTICE_TYPES:
        raise Refused(400, f"notice_type is one of {', '.join(NOTICE_TYPES)}")
    if not isinstance(url, str) or (url and origin_of(url) != tool.origin):
        raise Refused(400, "handler is an address of the tool, or empty")
    here.catalogue.keep_notice_handler(tool.client_id, kind, url)
    if kind == HELLO_NOTICE and url:
        # After the answer: the tool may be unable to receive while it waits for us.
        threading.Thread(target=_deliver, args=(here, tool, kind, {}), daemon=True).start()
    return jsonify(notice_type=kind, handler=url)


def announce_copy(here: Campus, origin: Course, copy: Course) -> None:
    """Tell every tool that asked that a course was copied (section 4.2)."""
    about = {CLAIM + "context": context(copy), CLAIM + "origin_contexts": [origin.id]}
    for tool in here.tools():
        if here.quirks.notices and tool.active:
            _deliver(here, tool, COPY_NOTICE, about)


def _deliver(here: Campus, tool: Tool, kind: str, about: Mapping[str, Any]) -> None:
    """Send once, as Canvas does: a tool that misses a notice is not told again."""
    url = here.catalogue.notice_handlers(tool.client_id).get(kind)
    if not url:
        return
    issued = int(here.now())
    body = {
        "iss": here.settings.issuer,
        "aud": tool.client_id,
        "iat": issued,
        "exp": issued + _LIFETIME,
        "nonce": secrets.token_urlsafe(16),
        "jti": secrets.token_urlsafe(16),
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": tool.deployment_id,
        CLAIM + "notice": {
            "id": secrets.token_urlsafe(16),
            "timestamp": datetime.fromtimestamp(issued, UTC).isoformat(),
            "type": kind,
        },
        **about,
    }
    sent = {"notices": [{"jwt": here.key.sign(body)}]}
    try:
        status = httpx.post(url, json=sent, timeout=10, trust_env=False).status_code
    except httpx.HTTPError:
        status = 0
    here.deliveries.append(Delivery(kind, url, status))


def _caller(number: int) -> Tool:
    tool = require_token(NOTICES_SCOPE)
    if tool.number != number or not campus().quirks.notices:
        raise Refused(404, "No notices here")
    return tool
