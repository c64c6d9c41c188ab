"""The plan of a track in the studio and its forms: written by people, by several at once, by hostile ones."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from curricula.awards import LabelRule, Refresher, Way
from curricula.model import Module, Track
from curricula.outline import ModulePlan
from curricula.pieces import module_in, module_path, module_piece, question_in, settings_in, track_in, track_path
from lms.models import Draft, db
from lms.services import drafts, history, outline
from tests.account_in_test import browser_of
from tests.learner_in_test import statements
from tests.page_in_test import filled
from tests.platform_in_test import form_token

T = TypeVar("T")
PLAN = "/author/decideurs/"
TRACK, MODULE = f"{PLAN}track", f"{PLAN}d1/module"
EN = {"lang": "en"}


@pytest.fixture
def author(app: Flask) -> FlaskClient:
    return browser_of(app, "auteure@example.org", "author", name="Auteure")


@pytest.fixture
def draft(app: Flask) -> None:
    with app.app_context():
        drafts.begin(db.session(), "decideurs", None)
        db.session.commit()
        db.session.remove()


def form(browser: FlaskClient, address: str) -> MultiDict[str, str]:
    page = browser.get(address, query_string=EN)
    assert page.status_code == 200
    return filled(page.text, "edition")


def send(browser: FlaskClient, address: str, data: MultiDict[str, str], **more: str) -> TestResponse:
    sent = MultiDict(data)
    for name, value in more.items():
        sent[name.replace("__", "-").replace("_dot_", ".")] = value
    return browser.post(address, query_string=EN, data=sent)


class Now:
    """What the draft says now. Each look is a transaction of its own: a page must not wait for the test."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, look: Callable[[Session, Draft], T], key: str = "decideurs") -> T:
        with self.app.app_context():
            session = db.session()
            draft = drafts.open_draft(session, key)
            assert draft is not None
            found = look(session, draft)
            session.commit()
            db.session.remove()
        return found

    def content(self, path: str) -> bytes:
        return self(lambda session, draft: drafts.contents(session, draft, path)[0].content)

    def module(self, key: str = "d1") -> Module:
        return module_in(self.content(module_path(key)))

    def track(self) -> Track:
        return track_in(self.content(track_path()))

    def modules(self, key: str = "decideurs") -> list[ModulePlan]:
        return self(lambda session, draft: outline.plan(session, draft).modules, key)

    def under(self, path: str) -> dict[str, bytes]:
        return self(lambda session, draft: {row.path: row.content for row in drafts.contents(session, draft, path)})


@pytest.fixture
def now(app: Flask) -> Now:
    return Now(app)


@pytest.mark.usefixtures("draft")
def test_what_is_not_touched_is_saved_unchanged(author: FlaskClient, now: Now) -> None:
    before = now(drafts.folder)
    for address in (MODULE, TRACK):
        assert send(author, address, form(author, address)).status_code == 303
    assert now(drafts.folder) == before
    assert now.track().version == "2026.2"  # what is published is called 2026.1
    assert now(lambda session, draft: history.changes(session, draft)) == []


def test_from_an_empty_page_one_thing_at_a_time(author: FlaskClient, now: Now) -> None:
    begun = {"key": "controle", "code": "C", "title": "Contrôle", "institution": ""}
    author.post("/author/new", data={**begun, "csrf_token": form_token(author.get("/author/new"))})
    plan = "/author/controle/"
    assert "Write the promise of the track" in author.get(plan, query_string=EN).text
    sent = send(author, f"{plan}track", form(author, f"{plan}track"), promise__fr="Vous contrôlez.")
    assert sent.status_code == 303
    page = author.get(plan, query_string=EN).text
    assert "Vous contrôlez." in page
    assert "Write the promise" not in page
    new = f"{plan}modules/new"
    data = filled(author.get(new).text, "key")
    assert (data["code"], data["key"]) == ("C1", "c1")
    made = send(author, new, data, title="Premier")
    assert made.location == f"{plan}c1/module"
    assert "Write the objectives of C1" in author.get(plan, query_string=EN).text
    saved = send(
        author, f"{plan}c1/module", form(author, f"{plan}c1/module"), objectives__0__text__fr="repérer un écart"
    )
    assert saved.status_code == 303
    (each,) = now.modules("controle")
    assert [(goal.key, goal.text["fr"]) for goal in each.module.objectives] == [("c1-o1", "repérer un écart")]
    assert filled(author.get(new).text, "key")["code"] == "C2"
    again = send(author, new, filled(author.get(new).text, "key"), title="Encore", key="c1")
    assert again.status_code == 400
    assert "names a module of this track already" in again.text


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("duration_minutes", "deux heures", "Write a whole number from 0 to 6000."),
        ("questions", "", "Write a whole number from 1 to 200."),
        ("threshold", "101", "Write a whole number from 1 to 100."),
        ("minutes", "une heure", "Write a whole number from 0 to 1440."),
        ("markers", "3", "Write a whole number from 1 to 2."),
        ("difficulty_1", "3", "Write three numbers whose sum is 10."),
        ("correction", "closed", "or choose another moment."),
        ("correction", "whenever", ""),
        ("title-fr", "x" * 201, "200 characters at most"),
        ("sources-0-checked_on", "bientôt", "Write a date, for example 30/09/2026"),
        ("sources-0-url", "javascript:alert(1)", "Write the whole address"),
        ("sources-0-mark", "Z", ""),
        ("status", "secret", ""),
    ],
)
def test_what_cannot_be_kept_is_refused_and_given_back(
    author: FlaskClient, now: Now, name: str, value: str, said: str
) -> None:
    before = now.module()
    data = form(author, MODULE)
    data[name] = value
    data["summary-fr"] = "Écrit avant le refus."
    answer = author.post(MODULE, query_string=EN, data=data)
    assert answer.status_code == 400
    assert said in answer.text
    back = filled(answer.text, "edition")
    assert back["summary-fr"] == "Écrit avant le refus."
    assert name in {"sources-0-mark", "status", "correction"} or back[name] == value
    assert now.module() == before


@pytest.mark.usefixtures("draft")
def test_dates_are_typed_as_people_do(author: FlaskClient, now: Now) -> None:
    data = form(author, TRACK)
    data["legal-0-in_force_from"], data["legal-0-checked_on"] = "1er février 2025", "novembre 2026"
    assert send(author, TRACK, data).status_code == 303
    law = now.track().legal[0]
    assert (str(law.in_force_from), law.checked_on) == ("2025-02-01", "2026-11")
    refused = send(author, TRACK, form(author, TRACK), legal__0__in_force_from="novembre 2026")
    assert "Write a day, for example 30/09/2026." in refused.text


@pytest.mark.usefixtures("draft")
def test_a_version_already_published_names_another_content(author: FlaskClient, now: Now) -> None:
    refused = send(author, TRACK, form(author, TRACK), version="2026.1")
    assert "Version 2026.1 is published already. Name this one otherwise, for example 2026.2." in refused.text
    assert now.track().version == "2026.2"  # as it began


@pytest.mark.usefixtures("draft")
def test_blank_rows_are_given_and_nothing_is_saved(author: FlaskClient, now: Now) -> None:
    before = now.module()
    data = form(author, MODULE)
    data["title-fr"] = "Un titre en cours"
    page = send(author, MODULE, data, more="objectives")
    back = filled(page.text, "edition")
    rows = len(before.objectives)
    assert f"objectives-{rows + 2}-text-fr" in back
    assert back["title-fr"] == "Un titre en cours"
    assert now.module() == before
    back[f"objectives-{rows + 2}-text-fr"] = "dernier"
    assert send(author, MODULE, back).status_code == 303
    assert now.module().objectives[-1].key == f"d1-o{rows + 1}"


@pytest.mark.usefixtures("draft")
def test_two_people_write_in_different_places(app: Flask, author: FlaskClient, now: Now) -> None:
    mine = form(author, MODULE)
    other = browser_of(app, "autre@example.org", "author", name="Autre")
    assert send(other, MODULE, form(other, MODULE), code="D1bis", sources__0__title__en="Theirs").status_code == 303
    assert send(author, MODULE, mine, title__fr="Le mien").status_code == 303
    kept = now.module()
    assert (kept.code, kept.title["fr"], kept.sources[0].title["en"]) == ("D1bis", "Le mien", "Theirs")


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_two_people_write_in_the_same_place_and_one_chooses(
    app: Flask, author: FlaskClient, now: Now, choice: str
) -> None:
    mine = form(author, MODULE)
    other = browser_of(app, "autre@example.org", "author", name="Autre")
    send(other, MODULE, form(other, MODULE), title__fr="Celui de l'autre", code="X1", questions="9")
    page = send(author, MODULE, mine, title__fr="Le mien", summary__fr="Mon résumé.")
    assert page.status_code == 409
    assert "Autre saved this page while you were writing" in page.text
    assert now.module().title["fr"] == "Celui de l'autre"
    back = filled(page.text, "edition")
    assert (back["title-fr"], back["summary-fr"], back["take.title.fr"]) == ("Le mien", "Mon résumé.", "mine")
    assert send(author, MODULE, back, take_dot_title_dot_fr=choice).status_code == 303
    kept = now.module()
    assert kept.title["fr"] == {"mine": "Le mien", "theirs": "Celui de l'autre"}[choice]
    assert kept.summary["fr"] == "Mon résumé."
    assert kept.quiz is not None
    assert (kept.code, kept.quiz.questions) == ("X1", 9)


@pytest.mark.usefixtures("draft")
def test_a_refusal_does_not_make_what_another_wrote_mine(app: Flask, author: FlaskClient, now: Now) -> None:
    mine = form(author, MODULE)
    other = browser_of(app, "autre@example.org", "author", name="Autre")
    send(other, MODULE, form(other, MODULE), title__fr="Celui de l'autre")
    for refused in ({"duration_minutes": "long"}, {"more": "sources"}):
        mine = filled(send(author, MODULE, mine, **refused).text, "edition")
    mine["duration_minutes"] = "100"
    assert send(author, MODULE, mine).status_code == 303
    kept = now.module()
    assert (kept.title["fr"], kept.duration_minutes) == ("Celui de l'autre", 100)


@pytest.mark.usefixtures("draft")
def test_removing_an_objective_that_is_used_says_where_and_asks(author: FlaskClient, now: Now) -> None:
    data = form(author, MODULE)
    gone = data["objectives-0-key"]
    data["objectives-0-gone"] = "y"
    page = send(author, MODULE, data)
    assert page.status_code == 409
    assert "What you remove is used in" in page.text
    assert gone in {each.key for each in now.module().objectives}
    assert send(author, MODULE, filled(page.text, "edition"), sure="yes").status_code == 303
    assert gone not in {each.key for each in now.module().objectives}
    questions = [question_in(content) for content in now.under("d1/question/").values()]
    assert any(not question.objective for question in questions)
    assert all(question.objective != gone for question in questions)
    lessons = [content for path, content in now.under("d1/lesson/").items() if path.count("/") == 2]
    assert all(gone not in settings_in(content).objectives for content in lessons)


@pytest.mark.usefixtures("draft")
def test_removing_a_legal_reference_reaches_the_modules(author: FlaskClient, now: Now) -> None:
    data = form(author, TRACK)
    gone = data["legal-0-key"]
    data["legal-0-gone"] = "y"
    page = send(author, TRACK, data)
    assert page.status_code == 409
    assert send(author, TRACK, filled(page.text, "edition"), sure="yes").status_code == 303
    assert gone not in {law.key for law in now.track().legal}
    assert all(gone not in each.module.legal for each in now.modules())


@pytest.mark.usefixtures("draft")
def test_modules_that_wait_for_one_another_are_refused_with_the_loop(author: FlaskClient, now: Now) -> None:
    assert send(author, f"{PLAN}d2/module", form(author, f"{PLAN}d2/module"), requires="d1").status_code == 303
    refused = send(author, MODULE, form(author, MODULE), requires="d2")
    assert refused.status_code == 400
    assert "D1 → D2 → D1" in refused.text
    assert now.module().requires == ()


@pytest.mark.usefixtures("draft")
def test_a_label_is_written_and_loses_a_module_that_goes(author: FlaskClient, now: Now) -> None:
    data = form(author, TRACK)
    typed = {
        "attendance": "y", "labelled": "y", "label_title-fr": "Décideur Public IA", "label_title-en": "Decision maker",
        "label_threshold": "80", "label_months": "36", "label_ways-0-modules": "d2, managers/m1",
        "label_ways-0-mention-fr": "Santé", "label_ways-0-mention-en": "Health", "refresher_minutes": "60",
    }  # fmt: skip
    for name, value in typed.items():
        data[name] = value
    data.setlist("label_modules", ["d1", "d2"])
    data.setlist("refresher_modules", ["d1"])
    for wrong in ({"label_threshold": ""}, {"label_ways-0-modules": "../x"}, {"refresher_minutes": "0"},
                  {"label_ways-0-award": "decideurs"}, {"label_jury": "d1"}):  # fmt: skip
        refused = send(author, TRACK, data, **wrong)
        assert refused.status_code == 400, wrong
        assert "Décideur Public IA" in refused.text
    assert now.track().label is None
    assert send(author, TRACK, data).status_code == 303
    kept = now.track()
    mention = {"fr": "Santé", "en": "Health"}
    assert kept.label == LabelRule(
        "decideur-public-ia", {"fr": "Décideur Public IA", "en": "Decision maker"}, ("d1", "d2"), Fraction(8, 10), 36,
        None, Refresher(("d1",), 60), (Way(None, mention, ("d2", "managers/m1")),),
    )  # fmt: skip
    assert kept.attendance
    again = form(author, TRACK)
    again["label_title-fr"] = "Autrement"
    assert send(author, TRACK, again).status_code == 303
    label = now.track().label
    assert label is not None
    assert (label.key, label.title["fr"]) == ("decideur-public-ia", "Autrement"), "a key is given once"
    assert "The label asks for this module" in author.get(f"{PLAN}d1/delete", query_string=EN).text
    assert author.post(f"{PLAN}d1/delete", data={"csrf_token": form_token(author.get(PLAN))}).status_code == 303
    label = now.track().label
    assert label is not None
    assert (label.modules, label.refresher) == (("d2",), None)


@pytest.mark.usefixtures("draft")
def test_a_module_moves_and_goes(author: FlaskClient, now: Now) -> None:
    def keys() -> list[str]:
        return [each.module.key for each in now.modules()]

    def press(address: str, **data: str) -> int:
        return author.post(address, data={"csrf_token": form_token(author.get(PLAN)), **data}).status_code

    before = keys()
    assert press(f"{PLAN}d1/move", to="down") == 303
    assert keys()[:2] == ["d2", "d1"]
    assert press(f"{PLAN}d2/move", to="up") == 303
    assert keys()[:2] == ["d2", "d1"]
    page = author.get(f"{PLAN}d1/delete", query_string=EN).text
    assert "5 lessons, in every language" in page
    assert "15 questions" in page
    assert "The certificate asks for this module" in page
    assert press(f"{PLAN}d1/delete") == 303
    assert keys() == [key for key in ["d2", *before[2:]] if key != "d1"]
    rule = now.track().certificate
    assert rule is not None
    assert "d1" not in rule.modules
    assert press(f"{PLAN}d1/delete") == 404
    assert press(f"{PLAN}d1/move") == 404


@pytest.mark.usefixtures("draft")
def test_what_is_being_read_is_not_written(author: FlaskClient, now: Now) -> None:
    data = form(author, MODULE)
    before = now.module()
    now(lambda _session, draft: setattr(draft, "state", "review"))
    assert send(author, MODULE, data, title__fr="Non").status_code == 409
    assert author.get(MODULE).status_code == 409
    assert author.get(f"{PLAN}modules/new").status_code == 409
    page = author.get(PLAN)
    assert page.status_code == 200
    assert "/d1/module" not in page.text
    assert now.module() == before


@pytest.mark.usefixtures("draft")
def test_hostile_forms_are_answered(author: FlaskClient, now: Now) -> None:
    data = form(author, MODULE)
    data["title-fr"] = "<script>alert(1)</script>"
    data["objectives-0-key"] = "../../etc"
    data["objectives-1-key"] = data["objectives-2-key"]
    data["objectives-²-text-fr"] = data["objectives-99999999999999-text-fr"] = "x"
    data["objectives-500-text-fr"] = "far"
    data["read"] = "title.fr=zzzzzzzz " * 500
    data["edition"] = "9" * 5000
    data["take.lessons"] = data["take.digest"] = data["take.title.fr.x"] = "theirs"
    page = send(author, MODULE, data)
    assert page.status_code in {303, 409}
    assert "<script>alert(1)" not in page.text
    many = MultiDict(form(author, MODULE)) | {f"sources-{number}-title-fr": "x" for number in range(3000)}
    assert send(author, MODULE, MultiDict(many)).status_code in {303, 400, 409}
    keys = [each.key for each in now.module().objectives]
    assert len(keys) == len(set(keys))


def test_without_a_draft_the_plan_shows_what_is_online(author: FlaskClient) -> None:
    page = author.get(PLAN, query_string=EN)
    assert page.status_code == 200
    assert "Write the next version" in page.text
    assert "/d1/module" not in page.text
    assert author.get(MODULE).status_code == 404
    assert author.get("/author/nothing/").status_code in {403, 404}


@pytest.mark.usefixtures("draft")
def test_a_module_read_unfinished_is_shown(author: FlaskClient, now: Now) -> None:
    bare = replace(now.module(), title={}, summary={}, code="", objectives=(), sources=(), quiz=None, legal=())
    now(lambda session, draft: drafts.save(session, draft, module_path("d1"), module_piece(bare), 1, None).id)
    assert author.get(PLAN).status_code == 200
    assert send(author, MODULE, form(author, MODULE)).status_code == 303
    assert now.module().objectives == ()


def test_the_list_of_tracks_asks_as_much_of_the_database_however_many_are_written(
    author: FlaskClient, draft: None, app: Flask
) -> None:
    def asked() -> int:
        with app.app_context(), statements() as heard:
            assert "Contrôle 0" in author.get("/author/").text
        return len(heard)

    def begin(number: int) -> None:
        with app.app_context():
            track = Track(
                key=f"controle-{number}", code="X", version="1", title={"fr": f"Contrôle {number}"}, promise={},
                audience={}, licence="", languages=("fr",), recommendations=(), modules=(),
            )  # fmt: skip
            drafts.create(db.session(), track, None)
            db.session.commit()
            db.session.remove()

    begin(0)
    author.get("/author/")
    one = asked()
    for number in range(1, 6):
        begin(number)
    assert asked() == one
    assert "Contrôle 5" in author.get("/author/").text


def test_what_no_browser_could_open_is_no_address(author: FlaskClient, draft: None) -> None:
    answer = send(author, MODULE, form(author, MODULE), sources__0__url="http://[")
    assert answer.status_code == 400
    assert "Write the whole address" in answer.text


@pytest.mark.usefixtures("draft")
def test_what_is_read_further_and_the_workshop_are_written(author: FlaskClient, now: Now) -> None:
    before = now.module()
    sent = send(
        author, MODULE, form(author, MODULE), workshop_minutes="45", reading__0__note__fr="Pour toutes et tous.",
        reading__0__url="https://cnil.fr/",
    )  # fmt: skip
    assert sent.status_code == 303
    saved = now.module()
    assert saved.workshop_minutes == 45
    assert [(each.key, each.note["fr"], each.url) for each in saved.reading] == [
        (before.reading[0].key, "Pour toutes et tous.", "https://cnil.fr/")
    ]
    assert send(author, MODULE, form(author, MODULE), workshop_minutes="").status_code == 303
    assert now.module().workshop_minutes == 0
    refused = send(author, MODULE, form(author, MODULE), reading__0__url="javascript:alert(1)")
    assert refused.status_code == 400
    assert "Write the whole address" in refused.text


@pytest.mark.usefixtures("draft")
def test_a_text_of_law_may_be_still_to_be_checked(author: FlaskClient, now: Now) -> None:
    sent = send(author, TRACK, form(author, TRACK), legal__0__mark="M", legal__0__checked_on="")
    assert sent.status_code == 303
    law = now.track().legal[0]
    assert (law.mark, law.checked_on) == ("M", "")
