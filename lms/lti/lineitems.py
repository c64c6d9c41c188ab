"""Columns of a platform's gradebook (AGS 2.0, section 3.2): read, found, made, changed, removed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from lms.lti.addresses import on_known_host, with_query
from lms.lti.client import ServiceClient, ServiceRefused
from lms.lti.grades import LARGEST
from lms.lti.model import LtiError, Registration

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
READ_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
ITEM_MEDIA = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_MEDIA = "application/vnd.ims.lis.v2.lineitemcontainer+json"
#: Says which columns are ours.
TAG = "mpia"
#: Columns asked for at a time.
PAGE = 100


@dataclass(frozen=True)
class LineItem:
    """A column. ``url`` is its id, empty before it is made; ``link`` and ``resource`` what it is for."""

    label: str
    maximum: float
    url: str = ""
    link: str | None = None
    resource: str | None = None
    tag: str | None = None


def read(services: ServiceClient, platform: Registration, scopes: tuple[str, ...], url: str) -> LineItem:
    """The column of that address. Raises ``ServiceRefused`` or ``LtiError``, as all that follows."""
    answer = services.call(platform, scopes, "GET", url, accept=ITEM_MEDIA)
    return _item(_object(answer), platform)


def listed(
    services: ServiceClient, platform: Registration, scopes: tuple[str, ...], container: str, **filters: str
) -> Iterator[LineItem]:
    """The columns of a course; ``filters`` are the service's (``resource_link_id``, ``resource_id``, ``tag``).

    Platforms may ignore a filter, and Moodle's hide columns made without those fields: check what comes.
    """
    asked = with_query(container, **filters, limit=str(PAGE))
    for answer in services.pages(platform, scopes, asked, ITEMS_MEDIA):
        found = _json(answer)
        if not isinstance(found, list):
            raise LtiError("answer_not_json", "line items are a list")
        for each in found:
            if isinstance(each, dict):
                yield _item(each, platform)


def create(services: ServiceClient, platform: Registration, container: str, item: LineItem) -> LineItem:
    """Make a column; the platform gives its address."""
    answer = services.call(platform, (SCOPE,), "POST", container, accept=ITEM_MEDIA, media=ITEM_MEDIA, body=_body(item))
    return _item(_object(answer), platform)


def change(services: ServiceClient, platform: Registration, item: LineItem) -> LineItem:
    """Describe a column anew: label, maximum, resource and tag."""
    answer = services.call(platform, (SCOPE,), "PUT", item.url, accept=ITEM_MEDIA, media=ITEM_MEDIA, body=_body(item))
    return _item(_object(answer), platform)


def remove(services: ServiceClient, platform: Registration, url: str) -> None:
    """Remove a column, with its grades."""
    answer = services.call(platform, (SCOPE,), "DELETE", url)
    if not answer.is_success:
        raise ServiceRefused(answer)


def _body(item: LineItem) -> bytes:
    said = {
        "label": item.label,
        "scoreMaximum": item.maximum,
        "resourceLinkId": item.link,
        "resourceId": item.resource,
        "tag": item.tag,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None}).encode()


def _item(said: dict[str, Any], platform: Registration) -> LineItem:
    url, label, maximum = said.get("id"), said.get("label"), said.get("scoreMaximum")
    if not isinstance(url, str) or not url:
        raise LtiError("answer_not_json", "a line item has no id")
    # A column elsewhere is somebody else's: a score sent there would be told to a stranger (LTI.md S14).
    on_known_host(url, platform, "lineitem")
    number = isinstance(maximum, int | float) and not isinstance(maximum, bool) and 0 < maximum < LARGEST
    return LineItem(
        label=label if isinstance(label, str) else "",
        maximum=float(maximum) if number and maximum is not None else 0.0,
        url=url,
        link=_text(said, "resourceLinkId"),
        resource=_text(said, "resourceId"),
        tag=_text(said, "tag"),
    )


def _text(said: dict[str, Any], name: str) -> str | None:
    value = said.get(name)
    # Some platforms number their links.
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


def _object(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise ServiceRefused(answer)
    found = _json(answer)
    if not isinstance(found, dict):
        raise LtiError("answer_not_json", "a line item is an object")
    return found


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:
        raise LtiError("answer_not_json") from error
