"""Who may open what in the studio: every route × what one may do with the track. A route that is not here fails."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from curricula.model import File
from curricula.pieces import Piece
from lms.models import Institution, ReviewTask, db
from lms.services import drafts
from tests.account_in_test import make_person, signed_in, token_of
from tests.image_samples import PNG
from tests.platform_in_test import PlatformInTest, trainer
from tests.test_authorisation import routes
from tests.tracks_in_test import fixed_tracks

TRACK = "decideurs"
#: Who may open a page does not depend on the database: each walk is done on one.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
#: Whom nothing of this track concerns: learners, trainers, and authors of something else.
STRANGERS = ("learner", "trainer", "author elsewhere", "author of another track", "administrator")
EVERY = frozenset({"author", "reviewer", "publisher"})
AUTHOR, REVIEWER, PUBLISHER = frozenset({"author"}), frozenset({"reviewer"}), frozenset({"publisher"})

#: (endpoint, method) → who is let in by their role for the track. The others get 403, strangers 403 or 404.
STUDIO = {
    ("author.track", "GET"): EVERY,
    ("author.begin", "POST"): AUTHOR,
    ("module_files.add", "POST"): AUTHOR,
    ("module_files.delete", "POST"): AUTHOR,
    ("module_files.index", "GET"): EVERY,
    ("module_files.replace", "POST"): AUTHOR,
    ("module_files.show", "GET"): EVERY,
    ("lesson_list.delete", "GET"): AUTHOR,
    ("lesson_list.delete", "POST"): AUTHOR,
    ("lesson_list.index", "GET"): EVERY,
    ("lesson_list.move", "POST"): AUTHOR,
    ("lesson_list.new", "POST"): AUTHOR,
    ("lesson_list.settings", "GET"): EVERY,
    ("lesson_list.settings", "POST"): AUTHOR,
    ("lessons.edit", "GET"): EVERY,
    ("lessons.preview", "POST"): AUTHOR,
    ("lessons.save", "POST"): AUTHOR,
    ("bank.index", "GET"): EVERY,
    ("bank.new", "GET"): AUTHOR,
    ("bank.new", "POST"): AUTHOR,
    ("bank.question", "GET"): EVERY,
    ("bank.question", "POST"): AUTHOR,
    ("bank.seen", "POST"): EVERY,
    ("bank.move", "POST"): AUTHOR,
    ("bank.copy", "POST"): AUTHOR,
    ("bank.transfer", "POST"): AUTHOR,
    ("bank.remove", "GET"): AUTHOR,
    ("bank.remove", "POST"): AUTHOR,
    ("regrade.show", "GET"): AUTHOR | REVIEWER,
    ("regrade.ask", "POST"): AUTHOR | REVIEWER,
    ("bank_files.upload", "GET"): AUTHOR,
    ("bank_files.upload", "POST"): AUTHOR,
    ("bank_files.confirm", "GET"): AUTHOR,
    ("bank_files.confirm", "POST"): AUTHOR,
    ("bank_files.stamp", "GET"): AUTHOR,
    ("bank_files.export", "GET"): EVERY,
    ("bank_files.file", "GET"): EVERY,
    ("outline.track", "GET"): AUTHOR,
    ("outline.track", "POST"): AUTHOR,
    ("outline.module", "GET"): AUTHOR,
    ("outline.module", "POST"): AUTHOR,
    ("outline_files.framework", "GET"): AUTHOR,
    ("outline_files.framework", "POST"): AUTHOR,
    ("outline_files.glossary", "GET"): AUTHOR,
    ("outline_files.glossary", "POST"): AUTHOR,
    ("outline_modules.new", "GET"): AUTHOR,
    ("outline_modules.new", "POST"): AUTHOR,
    ("outline_modules.move", "POST"): AUTHOR,
    ("outline_modules.delete", "GET"): AUTHOR,
    ("forks.adapt", "GET"): frozenset({"author elsewhere"}),
    ("forks.adapt", "POST"): frozenset({"author elsewhere"}),
    ("forks.upstream", "GET"): EVERY,
    ("forks.take_in", "POST"): AUTHOR,
    ("catching_up.show", "GET"): EVERY,
    ("catching_up.take_in", "POST"): AUTHOR,
    ("law.close", "POST"): EVERY,
    ("review.show", "GET"): EVERY,
    ("review.send", "POST"): AUTHOR,
    ("review.take_back", "POST"): AUTHOR,
    ("review.approve", "POST"): REVIEWER,
    ("review.send_back", "POST"): REVIEWER,
    ("review.publish", "POST"): PUBLISHER,
    ("review.again", "POST"): AUTHOR,
    ("review.comment", "POST"): EVERY,
    ("review.resolve", "POST"): EVERY,
    ("history.show", "GET"): EVERY,
    ("history.restore", "POST"): AUTHOR,
    ("versions.index", "GET"): EVERY,
    ("versions.differences", "GET"): EVERY,
    ("versions.download", "GET"): EVERY,
    ("versions.retire", "POST"): PUBLISHER,
    ("versions.reopen", "POST"): PUBLISHER,
    ("packages.show", "GET"): EVERY,
    ("packages.download", "GET"): EVERY,
    ("packages.take", "POST"): AUTHOR,
    ("preview.track", "GET"): EVERY,
    ("preview.module", "GET"): EVERY,
    ("preview.lesson", "GET"): EVERY,
    ("preview.file", "GET"): EVERY,
    ("preview.assessment", "GET"): EVERY,
    ("preview.paper", "GET"): EVERY,
    ("preview.paper_file", "GET"): EVERY,
    ("translation.index", "GET"): EVERY,
    ("translation.piece", "GET"): EVERY,
    ("translation.save", "POST"): AUTHOR,
    ("outline_modules.delete", "POST"): AUTHOR,
}
#: Pages of no track, and who is let in.
OWN_PAGES = {
    ("author.index", "GET"): EVERY | {"trainer", "author elsewhere", "author of another track"},
    ("author.new", "GET"): AUTHOR | {"author elsewhere"},
    ("author.new", "POST"): AUTHOR | {"author elsewhere"},
    ("forks.shared", "GET"): AUTHOR | {"author elsewhere"},
    ("law.index", "GET"): EVERY | {"author elsewhere", "author of another track"},
    # Of the tracks of one's own institution, in numbers: a text of law touches them all.
    ("law.show", "GET"): EVERY | {"author of another track"},
    ("law.changed", "POST"): EVERY | {"author of another track"},
}
IMAGE = File("dot.png", "image/png", PNG)
#: What fills the addresses: a module, a lesson, a question of the track.
PARTS = {
    "track_key": TRACK, "module_key": "d1", "question_key": "d1-q01", "language": "fr",
    "lesson_key": fixed_tracks()[TRACK].modules[0].lessons[0].key, "revision": fixed_tracks()[TRACK].digest,
    "name": "dot.png", "digest": IMAGE.digest, "upload_id": 1, "format_key": "gift", "legal_key": "ai-act-4",
    "task_id": 1, "unit": "d1/module", "suffix": "csv", "action": "resume", "key": "agents", "paper_kind": "memo",
}  # fmt: skip


@dataclass
class Scene:
    """A browser for each kind of visitor."""

    app: Flask
    browsers: dict[str, FlaskClient]
    tokens: dict[str, str]

    def ask(self, visitor: str, endpoint: str, method: str) -> int:
        """The status of an answer, the track having an open draft."""
        with self.app.app_context():
            draft = drafts.begin(db.session(), TRACK, None)
            draft.state = "draft"
            db.session.flush()
            if drafts.piece(db.session(), draft, "d1/files/dot.png") is None:
                drafts.add(db.session(), draft, [Piece("d1/files/dot.png", PNG)], None)
            db.session.commit()
            db.session.remove()
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)
        with self.app.test_request_context():
            url = url_for(endpoint, **{name: PARTS[name] for name in rule.arguments})
        data = {"csrf_token": self.tokens[visitor]} if method == "POST" else None
        with self.browsers[visitor].open(url, method=method, data=data) as answer:
            status = int(answer.status_code)
        if method == "POST" and status < 400:
            self._begin_again()
        return status

    def _begin_again(self) -> None:
        """Leave the draft as it was written: the next one asked finds every part there."""
        with self.app.app_context():
            draft = drafts.open_draft(db.session(), TRACK)
            if draft is not None:
                drafts.discard(db.session(), draft, None)
            db.session.commit()
            db.session.remove()


@pytest.fixture
def scene(app: Flask) -> Iterator[Scene]:
    here = PlatformInTest(app)
    browsers = {"anonymous": app.test_client(), "learner": here.launched(), "trainer": here.launched(**trainer())}
    with app.app_context():
        elsewhere = Institution(name="Another institution")
        db.session.add(elsewhere)
        db.session.flush()
        for role in ("author", "reviewer", "publisher"):
            make_person(db.session(), _address(role), role)
        both = ("author", "publisher")
        make_person(db.session(), _address("author elsewhere"), *both, institution_id=elsewhere.id)
        make_person(db.session(), _address("author of another track"), "author", track_key="another")
        db.session.add(ReviewTask(track_key=TRACK, module_key="d1", legal_key="ai-act-4", legal_version="2026"))
        make_person(db.session(), _address("administrator"), account="administrator")
        db.session.commit()
        db.session.remove()
    for name in (*EVERY, "author elsewhere", "author of another track", "administrator"):
        browsers[name] = signed_in(app, _address(name))
    return Scene(app, browsers, {name: token_of(browser) for name, browser in browsers.items()})


def _address(name: str) -> str:
    return f"{name.replace(' ', '.')}@example.org"


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
