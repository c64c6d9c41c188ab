"""What a program writes in an address, read strictly: what is not understood is refused, never passed over."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.datastructures import MultiDict

from lms.errors import Refused
from lms.i18n import gettext as _
from lms.models.signing import serializer
from lms.services.api_description import LARGEST, LONGEST_PAGE, LONGEST_TEXT, PAGE
from lms.services.api_resources import Kind, Resource

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """A page that is asked for. ``after`` is the key it goes on from, ``began`` when the first page was asked for."""

    filters: dict[str, Any]
    since: datetime | None
    limit: int
    after: int | str | None
    began: datetime


def asked(resource: Resource, args: MultiDict[str, str], secret: str, now: datetime) -> Asked:
    """What the parameters of a list ask for. Raises ``Refused``, naming the one that is wrong."""
    known = {each.key: each for each in resource.filters}
    _only(args, {*known, "since", "limit", "cursor"})
    filters = {}
    for key, each in known.items():
        if key in args:
            filters[key] = value(key, each.kind, args[key])
            if each.one_of and filters[key] not in each.one_of:
                raise _wrong(key, _("It is one of: %(values)s.", values=", ".join(each.one_of)))
    since = value("since", "date-time", args["since"]) if "since" in args else None
    limit = value("limit", "integer", args["limit"]) if "limit" in args else PAGE
    if not 1 <= limit <= LONGEST_PAGE:
        raise _wrong("limit", _("It is a whole number from 1 to %(most)s.", most=LONGEST_PAGE))
    after, began = _place(resource, args["cursor"], secret) if "cursor" in args else (None, now)
    return Asked(filters, since, limit, after, began)


def none_asked(args: MultiDict[str, str]) -> None:
    """Refuse any parameter."""
    _only(args, set())


def year_asked(args: MultiDict[str, str], years: range) -> int | None:
    """The fiscal year of figures, where one is asked for; nothing else can be. Raises ``Refused``."""
    _only(args, {"year"})
    if "year" not in args:
        return None
    try:
        year = _integer(args["year"])
    except ValueError:
        year = -1
    if year not in years:
        raise _wrong("year", _("It is a year from %(first)s to %(last)s.", first=years[0], last=years[-1]))
    return year


def cursor(resource: Resource, after: Any, began: datetime, secret: str) -> str:
    """Where a page ends, for the next one; signed, so that nothing is made of one that was changed."""
    return str(_signer(resource, secret).dumps([after, began.isoformat()]))


def value(key: str, kind: Kind, text: str) -> Any:
    """A parameter as its kind reads. Raises ``Refused``."""
    try:
        return _READ[kind](text)
    except (ValueError, KeyError, OverflowError) as error:
        written = {
            "string": _("It is a text of %(most)s characters at most, and not empty.", most=LONGEST_TEXT),
            "integer": _("It is a whole number from 0 to %(most)s.", most=LARGEST),
            "boolean": _("It is true or false."),
            "date-time": _(
                "It is a moment with its time zone, such as 2026-11-26T08:30:00Z (in an address, + is %(plus)s).",
                plus="%2B",
            ),
            "uuid": _("It is an identifier of 32 hexadecimal digits and 4 hyphens."),
        }
        raise _wrong(key, written[kind]) from error


def _text(text: str) -> str:
    if not 0 < len(text) <= LONGEST_TEXT:
        raise ValueError(text)
    return text


def _integer(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST):
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def _uuid(text: str) -> UUID:
    if not _UUID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


_READ = {
    "string": _text, "integer": _integer, "boolean": lambda text: {"true": True, "false": False}[text],
    "date-time": _moment, "uuid": _uuid,
}  # fmt: skip


def _only(args: MultiDict[str, str], known: set[str]) -> None:
    for key in args:
        if key not in known:
            fix = _("Known here: %(names)s.", names=", ".join(sorted(known))) if known else _("There is none here.")
            raise _wrong(key[:100], fix, unknown=True)
        if len(args.getlist(key)) > 1:
            raise _wrong(key, _("Give it once."))


def _wrong(key: str, fix: str, *, unknown: bool = False) -> Refused:
    what = (
        _("The parameter « %(name)s » is not known.", name=key)
        if unknown
        else _("The parameter « %(name)s » is not written as it should be.", name=key)
    )
    return Refused(what, fix, cause="parameter_unknown" if unknown else "parameter")


def _place(resource: Resource, text: str, secret: str) -> tuple[int | str, datetime]:
    try:
        after, began = _signer(resource, secret).loads(text)
        return after, datetime.fromisoformat(began)
    except (BadSignature, ValueError, TypeError) as error:
        raise _wrong("cursor", _("Follow « next » as it was given, or begin again without it.")) from error


def _signer(resource: Resource, secret: str) -> URLSafeSerializer:
    return serializer(secret, f"api cursor {resource.key}")
