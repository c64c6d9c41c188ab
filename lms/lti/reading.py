"""Reads claims strictly: each value is of its type, of bearable length, and storable, or the message is refused."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lms.lti.model import LtiError

SHORT = 255
ADDRESS = 2000

Claims = Mapping[str, Any]


def inside(claims: Claims, name: str) -> Claims:
    """The object of that name; empty when absent."""
    value = claims.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name)
    return value


def text(claims: Claims, name: str, *, required: bool = False, limit: int = SHORT) -> str:
    """A text that names something: exactly as sent, or the message is refused."""
    value = claims.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > limit or (required and not value) or value != storable(value):
        raise _wrong(name)
    return value


def words(claims: Claims, name: str, limit: int) -> str:
    """A text that people read: cut rather than refused, since a long title is nobody's fault."""
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(name)
    return storable(value)[:limit]


def texts(claims: Claims, name: str, *, required: bool = False) -> tuple[str, ...]:
    """A list of texts; empty when absent."""
    value = claims.get(name)
    if value is None and not required:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) and each == storable(each) for each in value):
        raise _wrong(name)
    return tuple(value)


def flag(claims: Claims, name: str, *, default: bool) -> bool:
    """A truth, which Moodle writes « "true" »."""
    value = claims.get(name)
    known = {True: True, False: False, "true": True, "false": False, None: default}
    if isinstance(value, (list, dict)) or value not in known or (isinstance(value, int) and value not in (True, False)):
        raise _wrong(name)
    return known[value]


def history(custom: Claims, name: str) -> tuple[str, ...]:
    """Ids from the last to the first, separated by commas; a variable the platform did not replace says nothing."""
    value = custom.get(name)
    if not isinstance(value, str) or value.startswith("$"):
        return ()
    return tuple(each for each in (part.strip() for part in value.split(",")) if each and len(each) <= SHORT)[:50]


def short_texts(custom: Claims) -> Iterator[tuple[str, str]]:
    """The custom parameters that say something short; a variable the platform did not replace says nothing."""
    for name, value in custom.items():
        if isinstance(value, str) and 0 < len(value) <= SHORT and value[0] != "$" and value == storable(value):
            yield name, value


def web_address(url: str) -> str | None:
    """``url`` if it is a web address, else None."""
    try:
        return url if urlsplit(url).scheme in {"https", "http"} else None
    except ValueError:
        return None


def storable(value: str) -> str:
    """Without NUL nor halves of characters, which JSON can say and a database cannot hold."""
    if value.isascii() and "\x00" not in value:  # most are, and are told at no cost
        return value
    return value.replace("\x00", "").encode(errors="ignore").decode()


def _wrong(name: str) -> LtiError:
    return LtiError("claim", name.rpartition("/")[2])
