"""What the applications of a process share, where several threads come to it together."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from flask import Flask
from werkzeug.routing import Map

THREADS = 8


def routes_of(*paths: str) -> Map:
    """The routes of an application that answers at ``paths``, each its own endpoint."""
    app = Flask("some")
    for path in paths:
        app.add_url_rule(f"/{path}/<int:number>", path)
    return app.url_map


def test_threads_that_answer_first_find_every_route() -> None:
    paths = [uuid4().hex for _ in range(200)]  # that no application of this process has had
    routes = routes_of(*paths)
    ready = Barrier(THREADS)

    def look() -> list[str]:
        ready.wait()
        there = routes.bind("learn.example")
        return [there.match(f"/{path}/1")[0] for path in paths]

    with ThreadPoolExecutor(THREADS) as threads:
        found = [each.result() for each in [threads.submit(look) for _ in range(THREADS)]]
    assert found == [paths] * THREADS


def test_applications_with_the_same_routes_share_them_and_others_do_not() -> None:
    path, more = uuid4().hex, uuid4().hex
    first, second, other = routes_of(path), routes_of(path), routes_of(path, more)
    rule, shared, apart = (next(routes.iter_rules(path)) for routes in (first, second, other))
    assert rule is shared
    assert rule is not apart
    assert other.bind("learn.example").build(more, {"number": 1}) == f"/{more}/1"
