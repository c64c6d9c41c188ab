"""The form of a question follows the anatomy of its type, whatever that is; what a type does not use is never lost."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.registry import anatomies
from curricula.model import Option, Question
from curricula.pieces import question_in, question_path
from curricula.texts import texts_in_question
from lms.app import create_app
from lms.bank_changes import arranged, differences
from lms.forms.bank import QuestionForm
from lms.models import db
from lms.services import drafts
from lms.text_names import text_name
from tests.bank_in_test import MODULE, TRACK, Author, fields
from tests.conftest import make_config
from tests.page_in_test import filled
from tests.rich_type_in_test import a_rich_question, rich_questions, rich_type
from tests.tracks_in_test import fixed_tracks

FOUND = fixed_tracks()[TRACK].module(MODULE)
assert FOUND is not None
PUBLISHED = FOUND
FIRST = PUBLISHED.questions[0]
PAGE = f"/questions/{FIRST.key}"
WHOLE = a_rich_question(FIRST)


@pytest.fixture(autouse=True)
def _rich(monkeypatch: pytest.MonkeyPatch) -> None:
    rich_type(monkeypatch)


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application for every example: forms need one to speak."""
    app = create_app(make_config("", tmp_path_factory.mktemp("forms")))
    yield app
    app.extensions["outbound"].close()


@pytest.fixture
def author(app: Flask) -> Author:
    return Author(app)


def kept(app: Flask) -> Question:
    with app.app_context():
        draft = drafts.open_draft(db.session(), TRACK)
        assert draft is not None
        row = drafts.piece(db.session(), draft, question_path(MODULE, FIRST.key))
        assert row is not None
        found = question_in(row.content)
        db.session.remove()
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(question=rich_questions(FIRST))
def test_a_question_of_any_parts_goes_through_its_form_unchanged(forms: Flask, question: Question) -> None:
    with forms.test_request_context("/", method="POST", data=fields(question)):
        sent = QuestionForm(PUBLISHED).kept_question(FIRST.key)
        shown = QuestionForm.of(PUBLISHED, question, 1).kept_question(FIRST.key)
    assert sent == question
    assert shown == question


def test_a_page_that_is_saved_untouched_changes_nothing(app: Flask, author: Author) -> None:
    assert author.write(PAGE, WHOLE).status_code == 303
    assert kept(app) == WHOLE
    page = author.get(PAGE).text
    for said in ("Rich item o1", "Rich place p1", "Critère c1", "Niveau l2", "Order of the items", "As written",
                 "Points of a neighbour", "De 0 à 100"):  # fmt: skip
        assert said in page.replace("\u00a0", " ").replace("\u202f", " "), said
    assert '<option selected value="p2">p2 · Low risk (fr)</option>' in page
    data = filled(page, "type").to_dict()
    assert author.post(PAGE, **{**data, "do": "save"}).status_code == 303
    assert kept(app) == WHOLE


def test_changing_the_type_and_back_loses_nothing(app: Flask, author: Author) -> None:
    author.write(PAGE, WHOLE)
    page = author.post(PAGE, **{**fields(WHOLE), "type": "single", "edition": "2", "do": "apply"})
    assert page.status_code == 200
    assert kept(app) == WHOLE, "nothing is saved"
    assert "pas encore enregistré" in page.text
    seen = page.text
    assert '<section class="stack" aria-labelledby="criteria" hidden>' in seen
    assert '<section class="stack" aria-labelledby="places" hidden>' in seen
    back = author.post(PAGE, **{**filled(seen, "type").to_dict(), "type": "rich", "do": "apply"})
    assert '<section class="stack" aria-labelledby="criteria">' in back.text
    assert author.post(PAGE, **{**filled(back.text, "type").to_dict(), "do": "save"}).status_code == 303
    assert kept(app) == WHOLE
    assert author.write(PAGE, replace(WHOLE, type="single"), 2).status_code == 303
    found = kept(app)
    assert (found.places, found.criteria, found.settings) == ((), (), ())
    assert found.options[0] == Option("o1", WHOLE.options[0].text, WHOLE.options[0].feedback)


def test_a_type_that_is_not_known_keeps_everything(app: Flask, author: Author) -> None:
    strange = replace(WHOLE, type="to-come", settings=(("anything", 12), ("word", "x")))
    assert author.write(PAGE, strange).status_code == 303
    assert kept(app) == strange
    data = filled(author.get(PAGE).text, "type").to_dict()
    assert author.post(PAGE, **{**data, "do": "save"}).status_code == 303
    assert kept(app) == strange


def test_what_is_lacking_is_said_beside_its_field(author: Author) -> None:
    wrong = replace(
        WHOLE, settings=(("near", 400),), instead="gone",
        options=(replace(WHOLE.options[0], place="", accepted={"fr": "x", "en": ""}, value="douze"),),
        places=(replace(WHOLE.places[0], factor="0"),),
        criteria=(replace(WHOLE.criteria[0], levels=()),),
    )  # fmt: skip
    author.write(PAGE, wrong)
    page = author.get(PAGE).text
    for field in ("options-0-place", "options-0-accepted_en", "options-0-value", "places-0-factor", "instead"):
        assert f'id="{field}-lack"' in page, field
    assert 'id="settings-0-value-lack"' in page
    assert "ne distinguent pas" in page


def test_every_text_has_a_name_where_it_is_translated(forms: Flask) -> None:
    with forms.test_request_context("/"):
        names = {name: text_name(name) for name in texts_in_question(WHOLE)}
    assert {name for name, said in names.items() if said == name} == set()
    assert len(set(names.values())) == len(names)


def test_numbers_that_are_none_are_refused_and_shown_again(app: Flask, author: Author) -> None:
    for name in ("options-0-points", "criteria-0-weight", "criteria-0-levels-0-points"):
        answer = author.post(PAGE, **{**fields(WHOLE), name: "beaucoup", "edition": "1", "do": "save"})
        assert answer.status_code == 400, name
        assert 'value="beaucoup"' in answer.text
        assert f'id="{name}-error"' in answer.text
    assert kept(app) == FIRST


def test_a_setting_cannot_smuggle_anything_in(app: Flask, author: Author) -> None:
    odd = {"settings-0-key": 'near = 1 }\nkey = "x"', "settings-0-value": "1", "settings-999999999-value": "2"}
    assert (
        author.post(PAGE, **{**fields(replace(WHOLE, settings=())), **odd, "edition": "1", "do": "save"}).status_code
        == 303
    )
    assert kept(app) == replace(WHOLE, settings=())


def test_places_criteria_and_levels_move_and_go_before_anything_is_saved() -> None:
    assert [each.key for each in arranged(WHOLE, "down-places/p1").places] == ["p2", "p1"]
    assert [each.key for each in arranged(WHOLE, "remove-places/p1").places] == ["p2"]
    assert arranged(WHOLE, "remove-places/p1").options == WHOLE.options, "what named it says so until it is mended"
    assert [each.key for each in arranged(WHOLE, "up-criteria/c1/l2").criteria[0].levels] == ["l2", "l1"]
    assert arranged(WHOLE, "remove-criteria/c1").criteria == ()
    for nothing in ("up-places/zz", "up-places/", "up-criteria", "up-criteria/zz/l1", "remove-x/y/z/t", "apply"):
        assert arranged(WHOLE, nothing) == WHOLE


@settings(max_examples=30, deadline=None)
@given(mine=rich_questions(FIRST), theirs=rich_questions(FIRST))
def test_every_difference_is_shown(forms: Flask, mine: Question, theirs: Question) -> None:
    with forms.test_request_context("/"):
        found = differences(mine, theirs)
    said = {key: value for key, value in vars(mine).items() if value != vars(theirs)[key]}
    assert bool(found) == bool(said)


@given(data=st.data())
@settings(max_examples=20)
def test_what_is_fitted_lacks_nothing_it_had(data: st.DataObject) -> None:
    question = data.draw(rich_questions(FIRST))
    assert anatomies()["rich"].fitted(question) == question
    alone = anatomies()["single"].fitted(question)
    assert [(each.key, each.text, each.feedback) for each in alone.options] == [
        (each.key, each.text, each.feedback) for each in question.options
    ]
