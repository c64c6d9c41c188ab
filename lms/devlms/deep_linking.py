"""The answer of a tool's picker: verified, then made into activities and columns (Deep Linking 2.0)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from flask import Blueprint, render_template, request

from lms.devlms.campus import Campus, campus
from lms.devlms.errors import Refused, TokenRefused
from lms.devlms.gradebook import LineItem, read_line_item
from lms.devlms.launches import Launch
from lms.devlms.services import require_whole_characters
from lms.devlms.settings import CourseLink
from lms.devlms.tokens import check_times, fetch_keys, key_of
from lms.devlms.tools import DEEP_LINKING, Tool, origin_of
from lms.devlms.variables import from_lines, lines_of
from lms.devlms.vocabulary import CLAIM, DEEP_LINKING_SPEC

deep_linking = Blueprint("deep_linking", __name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the tool sends back: links with the columns they ask for, and words for people and for the log."""

    chosen: list[tuple[CourseLink, LineItem | None]]
    message: str
    error: str
    log: tuple[str, ...]


@deep_linking.post("/deep-linking")
def receive() -> str:
    """Take the answer, once, and show what it added."""
    here = campus()
    launch = here.launches.open(request.args.get("request", ""))
    if launch is None or launch.message_type != DEEP_LINKING:
        raise Refused(400, "Cette sélection de contenu n'est plus ouverte.")
    answer = read_answer(here, launch, _verified(here, launch.tool, request.form.get("JWT", "")))
    if not here.launches.end(launch.id):
        raise Refused(400, "Cette sélection de contenu a déjà été reçue.")
    added = here.add_links(answer.chosen)
    return render_template("devlms/added.html", course=launch.course, added=added, answer=answer)


def read_answer(here: Campus, launch: Launch, claims: Mapping[str, Any]) -> Answer:
    """The content of a verified answer, refused if it is not what was asked for (section 2.3)."""
    _expect(claims.get(CLAIM + "message_type") == "LtiDeepLinkingResponse", "message_type")
    _expect(claims.get(CLAIM + "version") == "1.3.0", "version")
    _expect(claims.get(CLAIM + "deployment_id") == launch.tool.deployment_id, "deployment_id")
    _expect(claims.get(DEEP_LINKING_SPEC + "data", "") == launch.data, "data")
    items = claims.get(DEEP_LINKING_SPEC + "content_items", [])
    _expect(isinstance(items, list) and all(isinstance(item, dict) for item in items), "content_items")
    _expect(here.deep_linking.accept_multiple or len(items) <= 1, "content_items : un seul est accepté")
    _expect(all(item.get("type") in here.deep_linking.accept_types for item in items), "type")
    links = [_link(here, launch, item) for item in items if item["type"] == "ltiResourceLink"]
    said = {name: _text(claims, DEEP_LINKING_SPEC + name) for name in ("msg", "errormsg", "log", "errorlog")}
    return Answer(links, said["msg"], said["errormsg"], tuple(filter(None, (said["log"], said["errorlog"]))))


def _verified(here: Campus, tool: Tool, token: str) -> dict[str, Any]:
    """The claims of the tool's message (LTI Security Framework, section 5.2)."""
    try:
        key = key_of(token, fetch_keys(tool.jwks_url))
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            audience=here.settings.issuer,
            issuer=tool.client_id,
            options={"require": ["iss", "aud", "exp", "iat", "nonce"], "verify_exp": False, "verify_iat": False},
        )
        check_times(claims, here.now())
        require_whole_characters(claims)
    except (jwt.PyJWTError, TokenRefused, UnicodeEncodeError) as error:
        raise Refused(400, f"La réponse de l'outil est refusée : {error}") from error
    nonce = f"nonce {tool.client_id} {claims['nonce']}"
    if not here.store.use_assertion(nonce, float(claims["exp"]), time.time()):
        raise Refused(400, "La réponse de l'outil a déjà servi (nonce).")
    return claims


def _link(here: Campus, launch: Launch, item: Mapping[str, Any]) -> tuple[CourseLink, LineItem | None]:
    custom = item.get("custom", {})
    _expect(isinstance(custom, dict) and all(isinstance(value, str) for value in custom.values()), "custom")
    url = _text(item, "url")
    _expect(not url or origin_of(url) == launch.tool.origin, "url")
    link = CourseLink(
        id="",
        title=_text(item, "title") or launch.tool.name,
        custom=from_lines(lines_of(custom)) if here.quirks.custom_by_lines else custom,
        description=_text(item, "text"),
        course_id=launch.course.id,
        client_id=launch.tool.client_id,
        url=url,
    )
    wanted = item.get("lineItem")
    if wanted is None or not here.deep_linking.accept_lineitem:
        return link, None
    _expect(isinstance(wanted, dict), "lineItem")
    # The label may be left out here, and is then the link's title (section 3.2.4).
    return link, read_line_item({**wanted, "label": wanted.get("label") or link.title, "resourceLinkId": None})


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name, "")
    _expect(isinstance(value, str), name)
    return str(value)


def _expect(holds: bool, name: str) -> None:
    if not holds:
        raise Refused(400, f"La réponse de l'outil est refusée : {name.removeprefix(DEEP_LINKING_SPEC)}.")
