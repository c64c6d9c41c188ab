"""A learning record store for tests: it takes what the specification of xAPI 1.0.3 allows, and says what it does not.

Written from the specification (Data, sections 2.4 and 4; Communication, sections 2.1, 3.3 and 6.2), nothing of the
service is used: no library that checks statements is kept up.
"""

import base64
import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.receiver_in_test import Received, Receiver

KEY, SECRET = "mpia", "a secret of the store"
_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_TAG = re.compile(r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Lrs:
    """The store: its statements by id, in the order they came, and what it found wrong."""

    def __init__(self, receiver: Receiver) -> None:
        self.statements: dict[str, dict[str, Any]] = {}
        self.wrong: list[str] = []
        self.batches: list[int] = []
        #: Statements it refuses whatever they are, by verb.
        self.refuses: set[str] = set()
        receiver.answer = self._answer

    def verbs(self) -> list[str]:
        """What it holds, by the last word of its verb."""
        return [each["verb"]["id"].rpartition("/")[2] for each in self.statements.values()]

    def _answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        said = {"X-Experience-API-Version": "1.0.3", "Content-Type": "application/json"}
        if request.headers.get("x-experience-api-version") != "1.0.3":
            return self._no(400, "no version", said)
        pair = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return self._no(401, "not allowed", said)
        if request.path != "/xapi/statements" or request.headers.get("content-type") != "application/json":
            return self._no(404, "not there", said)
        sent = json.loads(request.body)
        self.batches.append(len(sent))
        if len({each["id"] for each in sent}) < len(sent):
            return self._no(400, "twice in a batch", said)
        if any(each["verb"]["id"].rpartition("/")[2] in self.refuses for each in sent):
            return 400, said, b"not that one"
        for each in sent:
            try:
                check(each)
            except (AssertionError, ValueError, KeyError, TypeError) as error:
                return self._no(400, repr(error), said)
        if any(self.statements.get(each["id"], each) != each for each in sent):
            return self._no(409, "another one has this id", said)
        self.statements |= {each["id"]: each for each in sent}
        return 200, said, json.dumps([each["id"] for each in sent]).encode()

    def _no(self, status: int, why: str, said: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        self.wrong.append(why)
        return status, said, why.encode()


def check(statement: dict[str, Any]) -> None:
    """A statement of an agent who passed, failed or completed an activity. Raises what is wrong."""
    _only(statement, {"id", "actor", "verb", "object", "result", "context", "timestamp"}, {"actor", "verb", "object"})
    assert str(UUID(statement["id"])) == statement["id"]
    _no_null(statement)
    _actor(statement["actor"])
    _only(statement["verb"], {"id", "display"}, {"id"})
    _iri(statement["verb"]["id"])
    _languages(statement["verb"]["display"])
    _activity(statement["object"])
    _result(statement["result"])
    _context(statement["context"])
    assert _MOMENT.fullmatch(statement["timestamp"])
    datetime.fromisoformat(statement["timestamp"])


def _actor(actor: dict[str, Any]) -> None:
    _only(actor, {"objectType", "account"}, {"account"})  # exactly one way to name: an account
    assert actor["objectType"] == "Agent"
    _only(actor["account"], {"homePage", "name"}, {"homePage", "name"})
    _iri(actor["account"]["homePage"])
    assert actor["account"]["name"]


def _activity(activity: dict[str, Any]) -> None:
    _only(activity, {"objectType", "id", "definition"}, {"id"})
    assert activity["objectType"] == "Activity"
    _iri(activity["id"])
    definition = activity["definition"]
    _only(definition, {"name", "description", "type", "moreInfo", "extensions"}, set())
    _iri(definition["type"])
    _languages(definition["name"])


def _result(result: dict[str, Any]) -> None:
    _only(result, {"score", "success", "completion", "response", "duration", "extensions"}, set())
    for name in ("success", "completion"):
        assert isinstance(result.get(name, True), bool)
    if "score" in result:
        _only(result["score"], {"scaled", "raw", "min", "max"}, set())
        assert isinstance(result["score"]["scaled"], int | float)
        assert -1 <= result["score"]["scaled"] <= 1
    for iri in result.get("extensions", {}):
        _iri(iri)


def _context(context: dict[str, Any]) -> None:
    _only(context, {"registration", "contextActivities", "revision", "platform", "language", "extensions"}, set())
    UUID(context["registration"])
    activities = context.get("contextActivities", {})
    _only(activities, {"parent", "grouping", "category", "other"}, set())
    for each in activities.values():
        assert isinstance(each, list)
        for activity in each:
            _activity(activity)


def _only(given: dict[str, Any], known: set[str], needed: set[str]) -> None:
    assert needed <= given.keys() <= known, given.keys()


def _no_null(given: Any) -> None:
    assert given is not None
    for each in given.values() if isinstance(given, dict) else given if isinstance(given, list) else ():
        _no_null(each)


def _iri(text: str) -> None:
    assert _IRI.fullmatch(text), text


def _languages(texts: dict[str, str]) -> None:
    assert texts
    assert all(_TAG.fullmatch(tag) and isinstance(text, str) for tag, text in texts.items())
