"""The description of the API (OpenAPI 3.1), made from what it declares."""

from datetime import date
from typing import Any

from lms.services.api_indicators import SAYS, years
from lms.services.api_resources import INDICATORS_SCOPE, RESOURCES, SCOPES, Field, Filter, Kind, Resource
from lms.services.indicator_table import FIGURES

VERSION = "1.0"
#: Items of a page, by default and at most.
PAGE, LONGEST_PAGE = 100, 500
#: Longest text of a filter.
LONGEST_TEXT = 200
#: The largest number a row may have.
LARGEST = 2**31 - 1

Schema = dict[str, Any]
_TYPES: dict[Kind, Schema] = {
    "string": {"type": "string"}, "integer": {"type": "integer"}, "boolean": {"type": "boolean"},
    "date-time": {"type": "string", "format": "date-time"}, "uuid": {"type": "string", "format": "uuid"},
}  # fmt: skip
_TEXT: Schema = {"type": "string", "pattern": r"^[^\x00]*$"}
_WRITTEN: dict[str, Schema] = {
    "int": {"type": ["integer", "null"], "minimum": 0}, "cents": {"type": ["integer", "null"]},
    "decimal": {"type": ["number", "null"], "minimum": 0}, "rate": {"type": ["number", "null"]},
}  # fmt: skip
_REFUSALS = {
    "400": ("BadRequest", "What is asked is not understood: it says which parameter, and how it is written."),
    "401": ("NoToken", "No token, or one that is unknown, ended or revoked."),
    "403": ("NotAllowed", "The token does not hold the scope that this asks for."),
    "404": ("NotFound", "There is none, or it is out of what this client may see."),
    "429": ("TooMany", "Too many requests: « Retry-After » says when to come back."),
}  # fmt: skip


def description(base_url: str, rate: int, mask_below: int, today: date) -> Schema:
    """The whole document, for the service at that address, where a client may ask so many times a minute.

    Counts of agents below ``mask_below`` are masked.
    """
    paths: Schema = {}
    for each in RESOURCES.values():
        paths[f"/{each.key}"] = {"get": _list(each)}
        paths[f"/{each.key}/{{id}}"] = {"get": _item(each)}
    paths["/indicators"] = {"get": _indicators(mask_below, years(today))}
    paths["/token"] = {"post": _token()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Manager Public IA", "version": VERSION,
            "description": "Agents, training, certificates and budgets, read-only, for the part of the organisation "
            f"that a client was opened to; {rate} requests a minute. Lists come by pages: follow « next » to its end, "
            "keep « next_since » of the first page and send it as « since » the next time. An item may come twice, "
            "never be missed.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": f"{base_url}/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": {each.key: _schema(each) for each in RESOURCES.values()} | {"problem": _problem()},
            "responses": {name: _refusal(says) for name, says in _REFUSALS.values()},
            "headers": _headers(),
            "securitySchemes": {
                "oauth": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": f"{base_url}/api/v1/token", "scopes": SCOPES}},
                },
                "token": {"type": "http", "scheme": "bearer", "description": "A long token."},
                "client": {"type": "http", "scheme": "basic", "description": "client_id and client_secret."},
            },
        },
    }  # fmt: skip


def _list(each: Resource) -> Schema:
    page = {
        "type": "object",
        "required": ["items", "next", "next_since"],
        "additionalProperties": False,
        "properties": {
            "items": {"type": "array", "maxItems": LONGEST_PAGE, "items": {"$ref": f"#/components/schemas/{each.key}"}},
            "next": {"type": ["string", "null"], "description": "Address of the next page; null at the end."},
            "next_since": {"type": "string", "format": "date-time", "description": "What to send as « since » later."},
        },
    }
    return {
        "operationId": f"list-{each.key}", "tags": [each.key], "summary": each.title, "description": each.says,
        "security": _security(each.scope), "parameters": [*map(_parameter, each.filters), *_PAGING, _KNOWN],
        "responses": {"200": _answer("A page.", page), "304": _UNCHANGED, **_refusals("400", "401", "403", "429")},
    }  # fmt: skip


def _item(each: Resource) -> Schema:
    identity = {
        "name": "id", "in": "path", "required": True, "description": each.identity.says,
        "schema": _asked(each.identity.kind),
    }  # fmt: skip
    return {
        "operationId": f"read-{each.key}", "tags": [each.key], "summary": f"{each.title}: one",
        "security": _security(each.scope), "parameters": [identity, _KNOWN],
        "responses": {
            "200": _answer("The item.", {"$ref": f"#/components/schemas/{each.key}"}),
            "304": _UNCHANGED, **_refusals("400", "401", "403", "404", "429"),
        },
    }  # fmt: skip


def _indicators(mask_below: int, known: range) -> Schema:
    figures = {
        key: _WRITTEN[kind] | {"description": SAYS[key] + (" In cents." if kind == "cents" else "")}
        for key, kind in FIGURES.items()
    }
    item = {
        "type": "object", "required": ["track", *FIGURES, "masked"], "additionalProperties": False,
        "properties": {
            "track": {"type": ["string", "null"], "description": "Key of the track; null for any track."},
            **figures,
            "masked": {"type": "array", "items": {"type": "string", "enum": list(FIGURES)},
                       "description": "The figures that are null because they are masked."},
        },
    }  # fmt: skip
    schema = {
        "type": "object", "required": ["version", "year", "as_on", "items"], "additionalProperties": False,
        "properties": {
            "version": {"type": "string", "description": "Version of the definitions."},
            "year": {"type": "integer", "description": "The fiscal year."},
            "as_on": {"type": "string", "format": "date", "description": "The day the figures are of."},
            "items": {"type": "array", "items": item, "description": "Any track first, then each track."},
        },
    }  # fmt: skip
    year = {
        "name": "year",
        "in": "query",
        "schema": {"type": "integer", "minimum": known[0], "maximum": known[-1]},
        "description": "Fiscal year: figures at its end, or now for the one under way, as by default.",
    }
    return {
        "operationId": "read-indicators", "tags": ["indicators"], "summary": "Indicators",
        "description": "Every indicator of what this client may see, as a whole: of any track, and of each. Agents are "
        "distinct: tracks do not add up. Ratios are never rounded up, amounts are integer cents; those of the budget "
        f"are of any track alone. A count from 1 to {mask_below - 1} is masked, as is what would let it be found: what "
        "is computed from it, and the same count of any track. No other cut is offered: tables "
        "freely chosen, each masked by itself, could be subtracted from one another.",
        "security": _security(INDICATORS_SCOPE), "parameters": [year, _KNOWN],
        "responses": {
            "200": _answer("The indicators.", schema), "304": _UNCHANGED, **_refusals("400", "401", "403", "429"),
        },
    }  # fmt: skip


def _token() -> Schema:
    asked = {
        "type": "object", "required": ["grant_type"],
        "properties": {
            "grant_type": {"type": "string", "enum": ["client_credentials"]},
            "scope": _TEXT | {"description": "Scopes separated by spaces; all of the client's by default."},
            "client_id": _TEXT | {"description": "Here, where no Authorization header gives it."},
            "client_secret": _TEXT,
        },
    }  # fmt: skip
    given = {
        "type": "object", "required": ["access_token", "token_type", "expires_in", "scope"],
        "properties": {
            "access_token": {"type": "string"}, "token_type": {"type": "string", "enum": ["Bearer"]},
            "expires_in": {"type": "integer"}, "scope": {"type": "string"},
        },
    }  # fmt: skip
    error = {
        "type": "object", "required": ["error"],
        "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    }  # fmt: skip
    problem = {"schema": {"$ref": "#/components/schemas/problem"}}
    refused = {
        "description": "As RFC 6749 (section 5.2) says it; a problem where the form cannot be read at all.",
        "content": {"application/json": {"schema": error}, "application/problem+json": problem},
    }
    return {
        "operationId": "give-token", "tags": ["token"], "summary": "A token for an id and a secret",
        "security": [{"client": []}, {}],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": asked}}},
        "responses": {
            "200": {"description": "The token.", "content": {"application/json": {"schema": given}}},
            "400": refused, "401": refused, **_refusals("429"),
        },
    }  # fmt: skip


def _schema(each: Resource) -> Schema:
    return {
        "type": "object", "additionalProperties": False, "required": [field.key for field in each.fields],
        "properties": {field.key: _property(field) for field in each.fields},
    }  # fmt: skip


def _property(field: Field) -> Schema:
    schema = dict(_TYPES[field.kind])
    if field.one_of:
        schema["enum"] = list(field.one_of)
    if field.null:
        schema["type"] = [schema["type"], "null"]
    return {**schema, "description": field.says}


def _asked(kind: Kind) -> Schema:
    """What a value in an address may be."""
    limits: dict[Kind, Schema] = {
        "string": {"minLength": 1, "maxLength": LONGEST_TEXT, "pattern": r"^[^\x00]+$"},
        "integer": {"minimum": 0, "maximum": LARGEST},
    }
    return {**_TYPES[kind], **limits.get(kind, {})}


def _parameter(each: Filter) -> Schema:
    schema = _TYPES[each.kind] | {"enum": list(each.one_of)} if each.one_of else _asked(each.kind)
    return {"name": each.key, "in": "query", "description": each.says, "schema": schema}


_PAGING: list[Schema] = [
    {
        "name": "since", "in": "query", "schema": {"type": "string", "format": "date-time"},
        "description": "Only what changed since that moment (RFC 3339, with its time zone).",
    },
    {
        "name": "limit", "in": "query", "description": "Items of a page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE},
    },
    {
        "name": "cursor", "in": "query", "schema": {"type": "string", "maxLength": 1000},
        "description": "From « next »: never made by hand.",
    },
]  # fmt: skip
_KNOWN: Schema = {
    "name": "If-None-Match", "in": "header", "schema": {"type": "string"},
    "description": "The ETag of what is known already: 304 where it is still so.",
}  # fmt: skip
_UNCHANGED: Schema = {"description": "It is as it was.", "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}}


def _answer(says: str, schema: Schema) -> Schema:
    names = ("ETag", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    return {
        "description": says, "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {"application/json": {"schema": schema}},
    }  # fmt: skip


def _headers() -> Schema:
    number = {"type": "integer", "minimum": 0}
    return {
        "ETag": {"schema": {"type": "string"}},
        "RateLimit-Limit": {"description": "Requests allowed a minute.", "schema": number},
        "RateLimit-Remaining": {"description": "Those left.", "schema": number},
        "RateLimit-Reset": {"description": "Seconds until all are.", "schema": number},
    }


def _security(scope: str) -> list[Schema]:
    return [{"oauth": [scope]}, {"token": []}]


def _refusal(says: str) -> Schema:
    schema = {"$ref": "#/components/schemas/problem"}
    return {"description": says, "content": {"application/problem+json": {"schema": schema}}}


def _refusals(*codes: str) -> Schema:
    return {code: {"$ref": f"#/components/responses/{_REFUSALS[code][0]}"} for code in codes}


def _problem() -> Schema:
    return {
        "type": "object", "description": "What went wrong (RFC 9457), in the language of Accept-Language.",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
            "detail": {"type": "string"}, "cause": {"type": ["string", "null"]}, "reference": {"type": "string"},
        },
    }  # fmt: skip
