"""``/api/v1``: agents, enrolments, completions, certificates, budgets and indicators, for programs with a token."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from lms.api_access import api_headers, let_in
from lms.api_parameters import asked, cursor, none_asked, value, year_asked
from lms.errors import Refused
from lms.i18n import gettext as _
from lms.models import db, utcnow, writing
from lms.pages import config
from lms.replica import reporting
from lms.services import api_clients, api_indicators, audit
from lms.services.api_clients import Caller
from lms.services.api_description import description
from lms.services.api_resources import INDICATORS_SCOPE, RESOURCES, Resource
from lms.services.dashboards import today_here

blueprint = Blueprint("resources", __name__, url_prefix="/api/v1")
blueprint.after_request(api_headers)

#: A row is dated when it is written and seen when its transaction ends, never so long after: whoever comes back asks
#: from so long before. A replica that is read is never so late either.
OVERLAP = timedelta(minutes=15)
_ONE_OF = f"<any({', '.join(RESOURCES)}):key>"


@blueprint.get("/openapi.json")
def describe() -> ResponseReturnValue:
    """What there is, for whoever writes a client: no token is needed."""
    answer = jsonify(description(config().base_url, config().api_rate, config().mask_below, today_here(utcnow())))
    answer.add_etag()
    return answer.make_conditional(request)


@blueprint.get(f"/{_ONE_OF}")
def several(key: str) -> ResponseReturnValue:
    """A page of a list."""
    resource, now = RESOURCES[key], utcnow()
    who = let_in(resource.scope)
    want = asked(resource, request.args, config().secret_key, now)
    rows = (
        reporting()
        .execute(resource.query(who.reach, want.filters, want.since, want.after).limit(want.limit + 1))
        .mappings()
    )
    found = [dict(row) for row in rows]
    more, found = len(found) > want.limit, found[: want.limit]
    items = [_shown(item) for item in found]
    following = None
    if more:
        last = found[-1][resource.order.key]
        args = {**request.args, "cursor": cursor(resource, last, want.began, config().secret_key)}
        following = f"{config().base_url}{request.path}?{urlencode(args)}"
    since = (want.began - OVERLAP).astimezone(UTC).replace(microsecond=0)
    answer = _answer({"items": items, "next": following, "next_since": _written(since)}, [items, more])
    if following:
        answer.headers["Link"] = f'<{following}>; rel="next"'
    return _given(answer, who, resource, len(items))


@blueprint.get(f"/{_ONE_OF}/<identity>")
def one(key: str, identity: str) -> ResponseReturnValue:
    """One item, for whoever was told its identifier: a moment ago perhaps, so never of a replica."""
    resource = RESOURCES[key]
    who = let_in(resource.scope)
    none_asked(request.args)
    row = db.session.execute(resource.one(who.reach, value("id", resource.identity.kind, identity))).mappings().first()
    if row is None:
        what = _("There is none of that identifier in what this client may see.")
        raise Refused(what, _("Check the identifier, or the unit of the client."), status=404, cause="not_found")
    item = _shown(dict(row))
    return _given(_answer(item, item), who, resource, 1)


@blueprint.get("/indicators")
def indicators() -> ResponseReturnValue:
    """The indicators of what the client may see, as a whole."""
    who, today = let_in(INDICATORS_SCOPE), today_here(utcnow())
    year = year_asked(request.args, api_indicators.years(today))
    found = api_indicators.indicators(reporting(), who.reach, today, config().mask_below, year)
    return _given(_answer(found, found), who, None, 0)


def _given(answer: Response, who: Caller, resource: Resource | None, count: int) -> Response:
    """The answer, or 304 where it is known already; a page that names people is written in the journal."""
    answer.make_conditional(request)
    session, now = db.session(), utcnow()
    told = resource is not None and resource.nominative and answer.status_code == 200 and count
    if told or who.used_at is None or now - who.used_at > api_clients.SEEN:
        with writing(session):
            if told and resource is not None:
                what = f"api:{resource.key}"
                audit.record(session, "hr.view", what, None, client=who.key, purpose=who.purpose, count=count)
            api_clients.note_use(session, who, now)
            session.commit()
    return answer


def _answer(body: dict[str, Any], content: Any) -> Response:
    """A body in the order it is declared, with the tag of its content: when it was asked for does not change it."""
    answer = make_response(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
    answer.content_type = "application/json"
    answer.set_etag(hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32], weak=True)
    return answer


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {key: _written(each) for key, each in item.items()}


def _written(each: Any) -> Any:
    if isinstance(each, datetime):
        return each.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(each) if isinstance(each, UUID) else each
