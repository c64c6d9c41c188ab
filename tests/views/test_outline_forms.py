"""The forms of a track and a module: what they show and is not touched comes back equal; dates as people type them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask, render_template_string
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from curricula.glossary import Glossary
from curricula.model import Framework, Module, Track
from curricula.outline import ModulePlan, Outline
from lms.app import create_app
from lms.forms.dates import read_date
from lms.forms.outline_files import FrameworkForm, GlossaryForm
from lms.forms.outline_module import ModuleForm
from lms.forms.outline_track import TrackForm
from lms.i18n import partial_date
from lms.services.outline import keys_after
from lms.services.revisions import next_version
from lms.services.words import slug
from tests.conftest import make_config
from tests.drafts_in_test import FRAMEWORKS, GLOSSARIES, KEY, MODULES, TRACKS
from tests.page_in_test import filled

#: Every field of a form, rows included, as pages draw them.
DRAWN = """<form>{% macro drawn(fields) %}{% for field in fields %}
{%- if field.entries is defined %}{{ drawn(field.entries) }}{% elif field.form is defined %}{{ drawn(field.form) }}
{%- elif field.type == 'SelectMultipleField' %}{% for option in field %}{{ option() }}{% endfor %}
{%- else %}{{ field() }}{% endif %}
{%- endfor %}{% endmacro %}{{ drawn(form) }}</form>"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The service without a database: forms need none."""
    application = create_app(make_config("", tmp_path_factory.mktemp("forms")))
    application.config["WTF_CSRF_ENABLED"] = False
    yield application
    application.extensions["outbound"].close()


def drawn(service: Flask, form: object, speech: str, name: str = "code") -> MultiDict[str, str]:
    return filled(render_template_string(DRAWN, form=form), name)


@settings(max_examples=40)
@given(module=MODULES, speech=st.sampled_from(["fr", "en"]))
def test_any_module_saved_through_its_form_reads_back_equal(service: Flask, module: Module, speech: str) -> None:
    module = replace(module, requires=tuple(key for key in module.requires if key != module.key))
    track = Track(
        key="t", code="T", version="1", title={"fr": "T"}, promise={}, audience={}, licence="", languages=("fr",),
        recommendations=(), modules=(),
    )  # fmt: skip
    plan = Outline(track, [ModulePlan(module)])
    with service.test_request_context(query_string={"lang": speech}):
        data = drawn(service, ModuleForm(module, plan), speech)
    with service.test_request_context(method="POST", data=data, query_string={"lang": speech}):
        form = ModuleForm(module, plan)
        assert form.validate(), form.errors
        assert form.module(module) == module


@settings(max_examples=40)
@given(track=TRACKS, speech=st.sampled_from(["fr", "en"]))
def test_any_track_saved_through_its_form_reads_back_equal(service: Flask, track: Track, speech: str) -> None:
    with service.test_request_context(query_string={"lang": speech}):
        data = drawn(service, TrackForm(track, [], {}, [], track.version), speech)
    with service.test_request_context(method="POST", data=data, query_string={"lang": speech}):
        form = TrackForm(track, [], {}, [], track.version)
        assert form.validate(), form.errors
        assert form.track(track) == track


@settings(max_examples=30)
@given(framework=FRAMEWORKS, glossary=GLOSSARIES, speech=st.sampled_from(["fr", "en"]))
def test_any_framework_and_glossary_saved_through_their_forms_read_back_equal(
    service: Flask, framework: Framework, glossary: Glossary, speech: str
) -> None:
    with service.test_request_context(query_string={"lang": speech}):
        data = drawn(service, FrameworkForm(framework), speech, "key")
        terms = drawn(service, GlossaryForm(glossary), speech, "terms-0-key")
    with service.test_request_context(method="POST", data=data, query_string={"lang": speech}):
        form = FrameworkForm(framework)
        assert form.validate(), form.errors
        assert form.framework(framework) == framework
    with service.test_request_context(method="POST", data=terms, query_string={"lang": speech}):
        words = GlossaryForm(glossary)
        assert words.validate(), words.errors
        assert words.glossary(glossary) == glossary


@given(st.dates(date(1000, 1, 1)).map(str), st.sampled_from([4, 7, 10]), st.sampled_from(["fr", "en"]))
@settings(max_examples=60)
def test_a_date_is_typed_as_it_is_shown(service: Flask, day: str, length: int, speech: str) -> None:
    iso = day[:length]
    with service.test_request_context(query_string={"lang": speech}):
        shown = partial_date(iso)
    assert read_date(shown) == iso
    assert read_date(iso) == iso


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("30/09/2026", "2026-09-30"), ("1er février 2025", "2025-02-01"), ("30 sept. 2026", "2026-09-30"),
        ("Novembre 2026", "2026-11"), ("AOÛT 2026", "2026-08"), ("september 30, 2026", "2026-09-30"),
        (" 2026 ", "2026"), ("9/2026", "2026-09"), ("30.9.2026", "2026-09-30"), ("june 2026", "2026-06"),
    ],
)  # fmt: skip
def test_dates_are_understood(typed: str, iso: str) -> None:
    assert read_date(typed) == iso


@pytest.mark.parametrize(
    "typed", ["", "demain", "31/02/2026", "2026-13", "2026-02-30", "00/2026", "32 mai 2026", "26", "٢٠٢٦", "x" * 9999]
)
def test_other_dates_are_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        read_date(typed)


@given(st.lists(KEY | st.just(""), max_size=6), st.lists(KEY, max_size=4), st.data())
def test_keys_are_given_once_and_kept(kept: list[str], known: list[str], data: st.DataObject) -> None:
    proposed = data.draw(st.lists(KEY, min_size=len(kept), max_size=len(kept)))
    given_keys = keys_after(kept, proposed, known)
    assert len(set(given_keys)) == len(kept)
    for key, was in zip(given_keys, kept, strict=True):
        assert key == was or key not in known


@given(st.sets(st.sampled_from(["1", "2", "2026.1", "2026.2", "v", "v.2", "2026-a"])), st.text(max_size=9))
def test_the_next_version_is_free(published: set[str], version: str) -> None:
    assert next_version(published, version) not in published


def test_versions_go_on() -> None:
    assert next_version(["2026.1"], "2026.1") == "2026.2"
    assert next_version(["2026.1", "2026.2"], "2026.1") == "2026.3"
    assert next_version(["2026.9"], "2026.9") == "2026.10"
    assert next_version(["bêta"], "bêta") == "bêta.2"
    assert next_version([], "2026.1") == "2026.1"


def test_a_key_is_made_of_a_text() -> None:
    assert slug("Règlement (UE) 2024/1689, art. 4") == "reglement-ue-2024-1689-art-4"
    assert slug("日本") == ""
