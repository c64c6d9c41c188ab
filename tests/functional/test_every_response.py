"""What every response says to browsers, whatever it is: a page, a file, a redirection, an error, what machines read."""

from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter
from werkzeug.test import TestResponse

from tests.test_authorisation import routes, stage

LMS = "https://lms.example.org"
BOUNDED = {"object-src 'none'", "base-uri 'none'"}


def policy(answer: TestResponse) -> set[str]:
    """The directives of the one policy of a response."""
    (said,) = answer.headers.getlist("Content-Security-Policy")
    return {directive.strip() for directive in said.split(";")}


def framers(answer: TestResponse) -> list[str]:
    return [directive for directive in policy(answer) if directive.startswith("frame-ancestors ")]


def everything(app: Flask) -> Iterator[tuple[str, str, TestResponse]]:
    """Each address asked by each way, by nobody and by some people: (route, who, answer)."""
    scene = stage(app)
    given = {
        **scene.values(),
        "code": "AAAA",
        "token": "x",
        "name": "x.png",
        "digest": "0" * 64,
        "list_id": "1",
        "language": "en",
    }
    known = {endpoint for endpoint, _method in routes(app)} - {"account.logout"}
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in known:
            continue
        choices = {name: kind for name, kind in rule._converters.items() if isinstance(kind, AnyConverter)}
        values = {name: given.get(name, 1) for name in rule.arguments}
        values |= {name: min(kind.items) for name, kind in choices.items()}
        url = rule.build(values, append_unknown=False)
        if url is None:
            continue
        for who in ("anonymous", "owner", "administrator"):
            for method in ("GET", "POST", *(("HEAD", "OPTIONS", "PUT") if who == "anonymous" else ())):
                with scene.browsers[who].open(url[1], method=method, headers={"Accept": "*/*"}) as answer:
                    yield f"{method} {rule.endpoint}", who, answer


def test_none_may_be_framed_but_by_the_lms_of_its_session(app: Flask) -> None:
    wrong, kinds = [], set()
    for route, who, answer in everything(app):
        kinds.add(answer.status_code)
        # A login and a registration are opened in the frame of a platform that nobody knows yet, and hold nothing.
        allowed = {"'none'", *([LMS] if who == "owner" else [])}
        allowed |= {"*"} if route.split()[1].startswith(("lti.", "register.")) else set()
        if {each.removeprefix("frame-ancestors ") for each in framers(answer)} - allowed or len(framers(answer)) != 1:
            wrong.append((route, who, answer.status_code, framers(answer)))
        elif not policy(answer) >= BOUNDED or answer.headers["X-Content-Type-Options"] != "nosniff":
            wrong.append((route, who, answer.status_code, sorted(policy(answer))))
    assert wrong == []
    assert kinds >= {200, 302, 303, 400, 401, 403, 404, 405}


def test_nor_what_answers_before_any_page(app: Flask, client: FlaskClient) -> None:
    asked = (
        client.get("/learn"), client.get("/nowhere"), client.get("/%00"), client.open("/learn/", method="TRACE"),
        client.get("/static/look.css"), client.get("/static/nothing.css"), client.get("/robots.txt"),
        client.post("/account/login", data=b"x" * 3_000_000),
    )  # fmt: skip
    for answer in asked:
        assert framers(answer) == ["frame-ancestors 'none'"], answer.request.path
        answer.close()
    with client.get("/static/look.css", headers={"If-None-Match": asked[4].headers["ETag"]}) as same:
        assert same.status_code == 304
        assert framers(same) == ["frame-ancestors 'none'"]
