"""Who may open what in the studio: every route × what one may do with the track. A route that is not here fails."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from lms.models import Draft, Institution, db
from lms.services import drafts, studio
from lms.services.accounts import make_account
from tests.platform_in_test import PlatformInTest, trainer
from tests.test_authorisation import form_token, routes

TRACK = "decideurs"
#: Whom nothing of this track concerns: learners, trainers, and authors of something else.
STRANGERS = ("learner", "trainer", "author elsewhere", "author of another track", "administrator")
EVERY = frozenset({"author", "reviewer", "publisher"})
AUTHOR, REVIEWER, PUBLISHER = frozenset({"author"}), frozenset({"reviewer"}), frozenset({"publisher"})

#: (endpoint, method) → who is let in by their role for the track. The others get 403, strangers 403 or 404.
STUDIO = {
    ("author.track", "GET"): EVERY,
    ("author.begin", "POST"): AUTHOR,
    ("translation.index", "GET"): EVERY,
    ("translation.piece", "GET"): EVERY,
    ("translation.save", "POST"): AUTHOR,
}
#: Pages of no track, and who is let in.
OWN_PAGES = {
    ("author.index", "GET"): EVERY | {"trainer", "author elsewhere", "author of another track"},
    ("author.new", "GET"): AUTHOR | {"author elsewhere"},
    ("author.new", "POST"): AUTHOR | {"author elsewhere"},
}
#: What fills the addresses: a module, a lesson, a question of the track.
PARTS = {"track_key": TRACK, "module_key": "d1", "question_key": "d1-q01", "language": "fr", "unit": "d1/module"}


@dataclass
class Scene:
    """A browser for each kind of visitor."""

    app: Flask
    browsers: dict[str, FlaskClient]
    tokens: dict[str, str]

    def ask(self, visitor: str, endpoint: str, method: str) -> int:
        """The status of an answer, the track having an open draft."""
        with self.app.app_context():
            drafts.begin(db.session(), TRACK, None)
            db.session.query(Draft).filter_by(track_key=TRACK, ended_at=None).update({"state": "draft"})
            db.session.commit()
            db.session.remove()
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)
        with self.app.test_request_context():
            url = url_for(endpoint, **{name: PARTS[name] for name in rule.arguments})
        data = {"csrf_token": self.tokens[visitor]} if method == "POST" else None
        with self.browsers[visitor].open(url, method=method, data=data) as answer:
            return int(answer.status_code)


@pytest.fixture
def scene(app: Flask) -> Iterator[Scene]:
    here = PlatformInTest(app)
    browsers = {"anonymous": app.test_client(), "learner": here.launched(), "trainer": here.launched(**trainer())}
    with app.app_context():
        elsewhere = Institution(name="Another institution")
        db.session.add(elsewhere)
        db.session.flush()
        for role in ("author", "reviewer", "publisher"):
            person = _account(role)
            studio.grant(db.session(), person, [role])
        studio.grant(db.session(), _account("author elsewhere"), ["author", "publisher"], institution_id=elsewhere.id)
        studio.grant(db.session(), _account("author of another track"), ["author"], track_key="another")
        _account("administrator", "administrator")
        db.session.commit()
        db.session.remove()
    for name in (*EVERY, "author elsewhere", "author of another track", "administrator"):
        browsers[name] = _signed_in(app, name)
    return Scene(app, browsers, {name: form_token(browser) for name, browser in browsers.items()})


def _account(name: str, role: str = "author") -> int:
    return make_account(db.session(), _address(name), "a long enough password", [role]).person_id


def _address(name: str) -> str:
    return f"{name.replace(' ', '.')}@example.org"


def _signed_in(app: Flask, name: str) -> FlaskClient:
    browser = app.test_client()
    data = {"username": _address(name), "password": "a long enough password", "csrf_token": form_token(browser)}
    assert browser.post("/account/login", data=data).status_code == 303
    return browser


def test_every_route_of_the_studio_says_who_may_open_it(app: Flask) -> None:
    own = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/author/") and (rule.endpoint, method) in routes(app)
    }
    assert own == STUDIO.keys() | OWN_PAGES.keys()


def test_each_opens_what_their_role_lets_them_and_nothing_else(scene: Scene) -> None:
    wrong = []
    for (endpoint, method), allowed in {**STUDIO, **OWN_PAGES}.items():
        for visitor in scene.browsers:
            status = scene.ask(visitor, endpoint, method)
            if visitor == "anonymous":
                held = status == 401
            elif visitor in allowed:
                held = status not in {401, 403, 404, 500}
            else:
                held = status in ({403, 404} if visitor in STRANGERS else {403})
            if not held:
                wrong.append((endpoint, method, visitor, status))
    assert wrong == []


def test_every_form_asks_for_its_token(scene: Scene) -> None:
    unprotected = []
    for endpoint, method in {**STUDIO, **OWN_PAGES}:
        if method == "POST":
            scene.tokens["author"] = ""
            if scene.ask("author", endpoint, method) != 400:
                unprotected.append(endpoint)
    assert unprotected == []
