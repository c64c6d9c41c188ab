"""What the services have in common: media types, JSON in and out, pages with a Link header."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from flask import Response, request

from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.settings import Course
from lms.devlms.tools import Tool

#: More is no place in any list, nor a number SQLite holds.
_DIGITS: Final = 15
_T = TypeVar("_T")
#: Gives an address its query.
UrlOf = Callable[[Mapping[str, str]], str]


def require_token(*scopes: str) -> Tool:
    """The tool that calls, refused without a bearer token holding one of these scopes."""
    grant = campus().tokens.check(request.headers.get("Authorization"), frozenset(scopes))
    tool = campus().tool(grant.client_id)
    if tool is None or not tool.active:
        raise Refused(401, "The tool is not active", {"WWW-Authenticate": "Bearer"})
    return tool


def find_course(course_id: str) -> Course:
    """The course a service address names."""
    course = campus().course(course_id)
    if course is None:
        raise Refused(404, "No such course")
    return course


def require_accept(media: str) -> None:
    """Refuse a reader who could not read ``media``; Moodle's strictness wants it named exactly."""
    accept = request.headers.get("Accept", "")
    if campus().quirks.strict_media_types:
        if accept and accept != media:
            raise Refused(400, f"Accept is {media}")
    elif accept and not request.accept_mimetypes.best_match([media, "application/json"]):
        raise Refused(406, f"This service writes {media}")


def read_json(media: str) -> Mapping[str, Any]:
    """The JSON object of a request whose Content-Type is ``media``."""
    strict = campus().quirks.strict_media_types
    if request.mimetype != media or (strict and request.content_type != media):
        raise Refused(400 if strict else 415, f"Content-Type is {media}")
    try:
        body = json.loads(request.get_data())
        require_whole_characters(body)
    except ValueError as error:
        raise Refused(400, f"The body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "The body is a JSON object")
    return body


def require_whole_characters(body: Any) -> None:
    """``ValueError`` if a text holds half a character, which JSON can say and nobody can keep or show."""
    json.dumps(body, ensure_ascii=False).encode()


def answer(body: Any, media: str, status: int = 200) -> Response:
    """A JSON answer of that media type."""
    return Response(json.dumps(body, ensure_ascii=False), status=status, content_type=media)


def asked_slice(most: int = 0) -> tuple[int, int | None]:
    """Where the asked part begins (``from``), and how many entries it holds (``limit``, and never over ``most``).

    Without a limit everything comes at once.
    """
    limit, start = _whole("limit"), _whole("from") or 0
    if limit == 0:
        raise Refused(400, "limit is at least 1")
    if most:
        limit = min(limit or most, most)
    return start, limit


def one_more(limit: int | None) -> int | None:
    """How many entries to read, so as to know whether another part follows."""
    return None if limit is None else limit + 1


def cut(items: list[_T], start: int, limit: int | None, url: UrlOf) -> tuple[list[_T], str | None]:
    """The entries of the part, and the address of the next one if :func:`one_more` came."""
    if limit is None or len(items) <= limit:
        return items, None
    return items[:limit], following_part(start + limit, url)


def following_part(start: int, url: UrlOf) -> str:
    """The address of the part that begins there; it keeps the other parameters."""
    kept = {name: value for name, value in request.args.items() if name not in {"from", "type_id"}}
    return url({**kept, "from": str(start)})


def link_to(response: Response, following: str | None) -> Response:
    """Point to the next page (RFC 8288), or write it the way Moodle does when that quirk is on."""
    quirks = campus().quirks
    if quirks.broken_next:
        following = f"https://elsewhere.example{request.full_path}"
    elif quirks.looping_next:
        following = request.url
    if following and quirks.curly_links:
        text = f"<{following.replace('&', '&amp;')}>; rel=“next”"
        # WSGI headers are Latin-1 text standing for bytes: this sends UTF-8.
        response.headers["Link"] = text.encode().decode("latin-1")
    elif following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def _whole(name: str) -> int | None:
    text = request.args.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise Refused(400, f"{name} is a whole number")
    if len(text) > _DIGITS:
        raise Refused(400, f"{name} is too large")
    return int(text)
