"""What platforms say to us, and answer: messages, notices, services; and what any provider publishes."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import jwt
from joserfc.jwk import ECKey

from lms import request_ids
from lms.lti import grades, groups, launch, lineitems, links, members, notices, tokens
from lms.lti.addresses import host_of, on_known_host
from lms.lti.client import ServiceClient
from lms.lti.http import retry_after
from lms.lti.jwks import PlatformKeys, parse_key_set
from lms.lti.model import LtiError, PendingLogin, Registration
from lms.lti.pylti import AGS_ENDPOINT, CLAIM, DL_SETTINGS
from lms.lti.registration import read_answer, read_configuration
from lms.lti.token import check_claims, strict_part
from lms.oidc.flow import read_tokens
from lms.oidc.model import Client, OidcError
from lms.oidc.published import read_keys, read_metadata
from tests.fuzz.target import Target
from tests.platform_in_test import MEMBERSHIP, b64, jwk, rsa_key

HOST = "https://lms.example.org"
OURS = Registration(1, HOST, "tool", f"{HOST}/auth", f"{HOST}/token", f"{HOST}/jwks", {"1": 1})
KEYS = {"keys": [jwk(rsa_key("lms"), "k")]}
LAUNCH = "https://tool.example.org/lti/launch"
PENDING = PendingLogin(1, "1", "n", LAUNCH, "", datetime(2099, 1, 1, tzinfo=UTC))
ISSUER = "https://agents.example.org"
PROVIDER = Client(ISSUER, "tool", "secret", "https://tool.example.org/in", "https://tool.example.org/out")
SECRET = "s" * 40


def parsed(feed: Callable[[Any], object]) -> Callable[[bytes], object]:
    """What reads a document that was JSON; what is none is refused before, in a way tried by the others."""

    def fed(content: bytes) -> object:
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            return None
        return feed(value)

    return fed


def dumps(*values: Any) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


class _Keys(PlatformKeys):
    def __init__(self) -> None:
        self._keys = parse_key_set(KEYS)

    def find(self, url: str, kid: str) -> Any:
        del url
        if kid not in self._keys:
            raise LtiError("key_unknown")
        return self._keys[kid]


def _claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    course = {"id": "c", "title": "Cours", "label": "C", "type": ["CourseSection"]}
    return {
        "iss": HOST, "aud": "tool", "sub": "s", "iat": now, "exp": now + 300, "nonce": "n", "given_name": "Ada",
        "name": "Ada M", "email": "a@example.org", CLAIM + "version": "1.3.0", CLAIM + "deployment_id": "1",
        CLAIM + "message_type": "LtiResourceLinkRequest", CLAIM + "target_link_uri": LAUNCH,
        CLAIM + "roles": [MEMBERSHIP + "Instructor"], CLAIM + "context": course,
        CLAIM + "resource_link": {"id": "l", "title": "Lien"}, CLAIM + "custom": {"track": "decideurs",
        "link_history": "a,b"},
        CLAIM + "launch_presentation": {"locale": "fr", "document_target": "iframe", "return_url": f"{HOST}/back"},
        CLAIM + "lis": {"person_sourcedid": "p"}, CLAIM + "for_user": {"user_id": "u"},
        CLAIM + "lti1p1": {"oauth_consumer_key": "k", "oauth_consumer_key_sign": "x", "user_id": "7"},
        AGS_ENDPOINT: {"scope": [grades.RESULT_SCOPE], "lineitem": f"{HOST}/li/1", "lineitems": f"{HOST}/li"},
        launch.NRPS: {"context_memberships_url": f"{HOST}/m", "service_versions": ["2.0"]},
        launch.GROUPS: {"context_groups_url": f"{HOST}/g", "scope": ["x"]},
        launch.NOTICES: {"platform_notification_service_url": f"{HOST}/n", "notice_types_supported": ["x"]},
        DL_SETTINGS: {"deep_link_return_url": f"{HOST}/dl", "accept_types": ["ltiResourceLink"], "data": "d",
                      "accept_presentation_document_targets": ["iframe"], "accept_multiple": True},
        **more,
    }  # fmt: skip


def _messages() -> list[bytes]:
    admin = ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"]
    privacy = _claims(**{CLAIM + "message_type": "DataPrivacyLaunchRequest", CLAIM + "roles": admin})
    return dumps(
        _claims(), _claims(**{CLAIM + "message_type": "LtiDeepLinkingRequest"}),
        _claims(**{CLAIM + "message_type": "LtiSubmissionReviewRequest"}),
        {name: each for name, each in privacy.items() if name not in {CLAIM + "resource_link", CLAIM + "context"}},
    )  # fmt: skip


def signed(content: bytes, **header: Any) -> str:
    """A token that says that content, whatever it is, signed by the platform."""
    head = b64(json.dumps({"alg": "RS256", "kid": "k", "typ": "JWT", **header})) + "." + b64(content)
    return (
        head
        + "."
        + b64(jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(head.encode(), rsa_key("lms")))
    )


def _launched(content: bytes) -> object:
    return launch.verify(signed(content), PENDING, OURS, _Keys(), "https://tool.example.org")


def _token(content: bytes) -> None:
    text = content.decode("utf-8", "surrogateescape")
    with suppress(LtiError):
        check_claims(strict_part(text, 1), OURS)
    launch.verify(text, PENDING, OURS, _Keys(), "https://tool.example.org")


def _noticed(content: bytes) -> object:
    return notices.read(signed(content), OURS, _Keys())


def _notice_tokens(document: Any) -> None:
    for token in notices.tokens_of(document):
        with suppress(LtiError):
            notices.speaker(token)


class _Answers(ServiceClient):
    """A platform whose every answer is that one."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def call(self, *said: Any, **more: Any) -> httpx.Response:
        del said, more
        return httpx.Response(200, content=self._content)


class _Stream(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), 1000):
            yield self._body[start : start + 1000]


def _roster(content: bytes) -> None:
    for answer in (httpx.Response(200, content=content), httpx.Response(200, stream=_Stream(content))):
        with suppress(LtiError):
            for batch in members.batches(answer):
                for member in batch.members:
                    assert "\0" not in member.full_name
                    member.full_name.encode()


def _groups(content: bytes) -> None:
    groups.groups(_Answers(content), OURS, f"{HOST}/g", f"{HOST}/s")


def _columns(content: bytes) -> None:
    for act in (lineitems.listed, lineitems.create):
        with suppress(LtiError):
            if act is lineitems.listed:
                list(lineitems.listed(_Answers(content), OURS, (lineitems.SCOPE,), f"{HOST}/li"))
            else:
                lineitems.create(_Answers(content), OURS, f"{HOST}/li", lineitems.LineItem("a", 100.0))


def _results(content: bytes) -> None:
    list(grades.results(_Answers(content), OURS, f"{HOST}/li/1?type_id=2"))


def _headers(content: bytes) -> None:
    for name in ("Link", "Retry-After"):
        answer = httpx.Response(503, headers=[(name.encode(), content.replace(b"\n", b" ").replace(b"\r", b" "))])
        after = links.next_link(answer, f"{HOST}/m?page=1")
        retry_after(answer)
        if after is not None:
            host_of(after)
            with suppress(LtiError):
                on_known_host(after, OURS, "next page")
    request_ids.accepted(content.decode("latin-1"))


def _token_answer(content: bytes) -> None:
    for status in (200, 400):
        with suppress(LtiError):
            tokens.read_answer(status, content, "a b")
        with suppress(OidcError):
            read_tokens(status, content)


def _published(document: Any) -> None:
    """Key sets and configurations, of platforms and of the provider."""
    with suppress(LtiError):
        parse_key_set(document)
    with suppress(LtiError):
        read_configuration(document, f"{HOST}/.well-known/openid-configuration")
    with suppress(LtiError):
        read_answer(document)
    with suppress(OidcError):
        read_keys(document)
    with suppress(OidcError):
        read_metadata(document, ISSUER, lambda _url: None)


def _configurations() -> list[bytes]:
    more = {
        "scopes_supported": ["openid"],
        "response_modes_supported": ["form_post"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    endpoints = (
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "registration_endpoint",
        "userinfo_endpoint",
        "end_session_endpoint",
    )
    own = "https://purl.imsglobal.org/spec/lti-platform-configuration"
    platform = {
        own: {
            "product_family_code": "moodle",
            "version": "4.5",
            "name": "M",
            "messages_supported": [{"type": "LtiDeepLinkingRequest"}],
        }
    }
    tool = {"https://purl.imsglobal.org/spec/lti-tool-configuration": {"deployment_id": "1"}}
    elliptic = ECKey.generate_key("P-256").as_dict(private=False)
    return dumps(
        {"issuer": HOST, **{name: f"{HOST}/{name}" for name in endpoints}, **more, **platform},
        {"issuer": ISSUER, **{name: f"{ISSUER}/{name}" for name in endpoints}, **more},
        {"client_id": "tool", **tool}, KEYS, {"keys": [{**elliptic, "kid": "e", "alg": "ES256", "use": "sig"},
        *KEYS["keys"]]},
    )  # fmt: skip


def _members() -> list[bytes]:
    person = {
        "user_id": "1",
        "roles": [MEMBERSHIP + "Learner"],
        "status": "Active",
        "name": "Ada M",
        "given_name": "Ada",
        "family_name": "M",
        "lis_person_sourcedid": "p",
        "group_enrollments": [{"group_id": "g"}],
    }
    return dumps({"id": f"{HOST}/m", "context": {"id": "c"}, "members": [person, {"user_id": 2, "status": "Deleted"}]})


def _services() -> Sequence[bytes]:
    return dumps(
        {"groups": [{"id": "g", "name": "G", "set_id": "s"}], "sets": [{"id": "s", "name": "S"}]},
        [{"id": f"{HOST}/li/1", "label": "D", "scoreMaximum": 100, "resourceId": "d", "tag": "mpia",
        "resourceLinkId": 3}],
        [{"userId": "u", "resultScore": 12.5, "resultMaximum": 20, "id": f"{HOST}/li/1/results/u"}],
        {"access_token": "t", "token_type": "Bearer", "expires_in": 3600, "scope": "a b", "id_token": "a.b.c",
        "error": "x"},
    )  # fmt: skip


def _one(number: int) -> list[bytes]:
    return [_services()[number]]


NOTICE = {"id": "n1", "type": "LtiContextCopyNotice", "timestamp": "2026-11-27T00:00:00Z"}
LTI = (LtiError,)
TARGETS = [
    Target("lti token", _token, LTI, lambda: [signed(each).encode() for each in _messages()], ("lms.lti.token",),
    "jwt"),
    Target("lti messages", _launched, LTI, _messages, ("lms.lti.launch", "lms.lti.reading", "lms.lti.pylti",
    "lms.lti.roles"), "json"),
    Target("lti notices", _noticed, LTI, lambda: dumps(
        {**_claims(), CLAIM + "notice": NOTICE, CLAIM + "origin_contexts": ["a"]}), ("lms.lti.notices",), "json"),
    Target("lti notices, their envelope", parsed(_notice_tokens), LTI, lambda: dumps(
        {"notices": [{"jwt": signed(each)} for each in _messages()[:1]]}), ("lms.lti.notices", "lms.views.notices"),
        "json"),
    Target("lti roster", _roster, (), _members, ("lms.lti.members",), "json"),
    Target("lti groups", _groups, LTI, partial(_one, 0), ("lms.lti.groups",), "json"),
    Target("lti columns", _columns, (), partial(_one, 1), ("lms.lti.lineitems",), "json"),
    Target("lti results", _results, LTI, partial(_one, 2), ("lms.lti.grades",), "json"),
    Target("token answers", _token_answer, (), partial(_one, 3), ("lms.lti.tokens", "lms.oidc.flow"), "json"),
    Target("headers of answers", _headers, (), lambda: [
        f'<{HOST}/m?page=2>; rel="next", <{HOST}/m>; rel="first"'.encode(), b"120", b"Fri, 27 Nov 2026 05:00:00 GMT",
        b"a" * 32,
    ], ("lms.lti.links", "lms.lti.http", "lms.request_ids")),
    Target("configurations and key sets", parsed(_published), (), _configurations,
           ("lms.lti.jwks", "lms.lti.registration", "lms.oidc.published"), "json"),
]  # fmt: skip
