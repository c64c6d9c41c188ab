"""What the page of a question calls its controls, and how what it sends is read: any type, in any order drawn."""

import random
import re

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from assessments.draw import as_shown
from assessments.model import Response
from assessments.registry import question_types
from lms import questions
from lms.app import create_app
from lms.forms.answer import read_answer
from tests.assessments.test_every_type import response, sample
from tests.conftest import make_config

#: Types whose whole answer is on one page, as choices.
CHOSEN = ["classify", "errors", "matching", "matrix", "multiple", "ordering", "single"]


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The service, for what needs no database."""
    return create_app(make_config("", tmp_path_factory.mktemp("controls")))


def sent(shown: dict[str, object]) -> MultiDict[str, str]:
    """What a browser sends of a page that shows an answer."""
    found: MultiDict[str, str] = MultiDict()
    for field in shown["fields"]:  # type: ignore[attr-defined]
        for choice in field["choices"]:
            if choice["chosen"]:
                found.add(field["name"], choice["key"])
    return found


@pytest.mark.parametrize("key", CHOSEN)
def test_what_a_page_shows_as_answered_is_read_as_it_was(speaker: Flask, key: str) -> None:
    kind, question, said = sample(key)
    answer = response(said["right"])
    with speaker.test_request_context():
        for seed in range(8):
            drawn = as_shown(question, random.Random(seed))
            kept = read_answer(sent(questions.asked(question, drawn, answer)), question, drawn).response
            assert {name: sorted(values) for name, values in kept.items() if values} == said["right"]
            assert set(kept) == {field.name for field in kind.fields(question, drawn)}


@pytest.mark.parametrize("key", ["ordering", "matching"])
def test_the_page_says_nothing_of_the_keys_that_would_tell_the_answer(speaker: Flask, key: str) -> None:
    """Items written in order are often named in order, and the halves of a pair alike."""
    _kind, question, said = sample(key)
    drawn = as_shown(question, random.Random(3))
    with speaker.test_request_context():
        page = speaker.jinja_env.get_template("learn/asked.html").module.asked(  # type: ignore[attr-defined]
            questions.asked(question, drawn, response(said["right"]))
        )
    told = re.findall(r' (?:name|id|for|value|aria-\w+|data-\w+)="(?:a\.|f-)?([^"]*)"', page)
    assert len(told) > 10
    assert not {each.key for each in (question.options if key == "ordering" else question.places)} & set(told)


@pytest.mark.parametrize("key", CHOSEN)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_is_sent_only_what_is_offered_is_read(speaker: Flask, key: str, data: st.DataObject) -> None:
    _kind, question, _said = sample(key)
    drawn = as_shown(question, random.Random(data.draw(st.integers(0, 5))))
    with speaker.test_request_context():
        shown = questions.asked(question, drawn, {})
        names = st.sampled_from([*(field["name"] for field in shown["fields"]), "a.", "a.0", "a.99", "a.a", "flag"])
        values = st.sampled_from(["0", "1", "2", "99", "-1", "a", "b", "-", "٣", ""]) | st.text(max_size=8)
        form: MultiDict[str, str] = MultiDict(data.draw(st.lists(st.tuples(names, values), max_size=12)))
        kept: Response = read_answer(form, question, drawn).response
    for field in question_types()[key].fields(question, drawn):
        assert set(kept[field.name]) <= {choice.key for choice in field.choices}
        assert field.kind == "several" or len(kept[field.name]) <= 1
