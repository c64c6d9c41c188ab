"""The fastest platform that answers as one must: tokens, scores, and a roster in pages; a process of its own.

It verifies nothing: what is measured is who calls it. Rosters are paged as Moodle does: without ``limit`` everyone
comes at once; with it, a ``Link`` header leads to the next page and keeps the limit. ``/asked`` tells the calls so far.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx

from tests.bench.serving import granian

Start = Callable[[str, list[tuple[str, str]]], object]

MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
FACTORY = "tests.bench.services_platform:platform_app"


def platform_app() -> Callable[[dict[str, Any], Start], list[bytes]]:
    """The platform as a plain WSGI application, its roster of ``BENCH_MEMBERS`` people ready to send."""
    members = [_member(number) for number in range(int(os.environ.get("BENCH_MEMBERS", "0")))]
    asked, lock = Counter[str](), threading.Lock()

    def roster(environ: dict[str, Any]) -> tuple[bytes, list[tuple[str, str]]]:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        limit, page = int(query.get("limit", ["0"])[0]) or len(members), int(query.get("page", ["0"])[0])
        shown = members[page * limit : (page + 1) * limit]
        body = b'{"id":"x","context":{"id":"course-1"},"members":[' + b",".join(shown) + b"]}"
        if (page + 1) * limit >= len(members):
            return body, []
        here = f"http://{environ['HTTP_HOST']}/members?limit={limit}&page={page + 1}"
        return body, [("Link", f'<{here}>; rel="next"')]

    def answer(environ: dict[str, Any], start: Start) -> list[bytes]:
        path, kind, more, body = environ["PATH_INFO"], "application/json", list[tuple[str, str]](), b""
        environ["wsgi.input"].read()
        with lock:
            asked[path.rpartition("/")[2]] += 1
        if path == "/token":
            body = b'{"access_token":"t","token_type":"Bearer","expires_in":3600}'
        elif path == "/members":
            kind, (body, more) = MEMBERS, roster(environ)
        elif path == "/asked":
            body = json.dumps(asked).encode()
        start("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body))), *more])
        return [body]

    return answer


@contextmanager
def services_platform(members: int = 0) -> Iterator[httpx.Client]:
    """The platform, running; its ``base_url`` is its address."""
    with granian(FACTORY, {"BENCH_MEMBERS": str(members)}, threads=4) as (client, _cpu):
        yield client


def asked(client: httpx.Client) -> Counter[str]:
    """Calls so far, by the last word of their address."""
    return Counter(client.get("/asked").json())


def _member(number: int) -> bytes:
    person = {
        "user_id": f"learner-{number}", "status": "Active", "roles": [ROLE], "given_name": "Agent",
        "family_name": f"Numéro {number}", "name": f"Agent Numéro {number}", "email": f"agent{number}@example.org",
        "lis_person_sourcedid": f"A-{number}",
    }  # fmt: skip
    return json.dumps(person).encode()
