"""What is said is said in the reader's language, with its dates, numbers and plurals."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import flask_babel
import pytest
from babel.support import Translations
from flask import Flask, render_template_string, session
from hypothesis import given
from hypothesis import strategies as st

from curricula.problems import Place
from lms import i18n
from lms.app import create_app
from tests.conftest import make_config

NARROW, WIDE = "\u202f", "\u00a0"
Show = Callable[..., str]


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The service, for what needs no database."""
    return create_app(make_config("", tmp_path_factory.mktemp("i18n")))


@pytest.fixture
def show(speaker: Flask) -> Show:
    """Calls a function of i18n as a reader of a language; spaces that do not break read « ~ » and « _ »."""

    def call(language: str, function: str, /, *values: Any, **words: Any) -> str:
        with speaker.test_request_context(f"/?lang={language}"):
            shown = str(getattr(i18n, function)(*values, **words))
        return shown.replace(WIDE, "~").replace(NARROW, "_")

    return call


AT = datetime(2026, 11, 20, 9, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "french", "english"),
    [
        ("duration", 45, "45~min", "45~min"),
        ("duration", 60, "1~h", "1~h"),
        ("duration", 150, "2~h~30", "2~h~30"),
        ("duration", 605, "10~h~05", "10~h~05"),
        ("duration", 0, "0~min", "0~min"),
        ("percent", Fraction(699, 1000), "69_%", "69%"),
        ("percent", Fraction(7, 10), "70_%", "70%"),
        ("percent", 0.7, "70_%", "70%"),
        ("percent", 0.57, "57_%", "57%"),
        ("percent", 0.29, "29_%", "29%"),
        ("percent", Fraction(2, 3), "66_%", "66%"),
        ("percent", 1, "100_%", "100%"),
        ("percent", 0, "0_%", "0%"),
        ("percent", None, "–", "–"),
        ("day", date(2026, 3, 1), "01/03/2026", "01/03/2026"),
        ("day", datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "01/01/2027", "01/01/2027"),
        ("day", None, "–", "–"),
        ("moment", AT, "20/11/2026 à 10~h~42", "20/11/2026 at 10:42"),
        ("moment", datetime(2026, 7, 1, 7, 5, tzinfo=UTC), "01/07/2026 à 9~h~05", "01/07/2026 at 09:05"),
        ("moment", None, "–", "–"),
        ("clock", AT, "10~h~42", "10:42"),
        ("partial_date", "2026-11-20", "20/11/2026", "20/11/2026"),
        ("partial_date", "2026-11", "novembre 2026", "November 2026"),
        ("partial_date", "2025", "2025", "2025"),
        ("partial_date", None, "–", "–"),
        ("number", 14_400, "14_400", "14,400"),
        ("number", 999, "999", "999"),
        ("filesize", 0, "1~ko", "1~kB"),
        ("filesize", 112_400, "112~ko", "112~kB"),
        ("filesize", 999_499, "999~ko", "999~kB"),
        ("filesize", 999_500, "1~Mo", "1~MB"),
        ("filesize", 2_097_152, "2,1~Mo", "2.1~MB"),
        ("localized", {"fr": "Prêt ?", "en": "Ready?"}, "Prêt_?", "Ready?"),
        ("localized", {"fr": "Prêt ?"}, "Prêt_?", "Prêt ?"),
    ],
)
def test_values_read_as_people_write_them(show: Show, name: str, value: Any, french: str, english: str) -> None:
    assert show("fr", name, value) == french
    assert show("en", name, value) == english


@given(st.fractions(0, 1))
def test_a_percentage_is_never_rounded_up(speaker: Flask, value: Fraction) -> None:
    with speaker.test_request_context("/?lang=en"):
        shown = int(i18n.percent(value).removesuffix("%"))
    assert shown <= value * 100 < shown + 1


@pytest.mark.parametrize(
    ("locale", "language"),
    [("fr-FR", "fr"), ("en_GB", "en"), ("FR", "fr"), ("de-DE", None), ("", None), (None, None), ("x", None)],
)
def test_an_lti_locale_gives_a_language_we_speak(locale: str | None, language: str | None) -> None:
    assert i18n.from_lti_locale(locale) == language


class Somebody:
    """A visitor with a language of their own, or without."""

    is_authenticated = True

    def __init__(self, language: str | None) -> None:
        self.person = self
        self.language = language


@pytest.mark.parametrize(
    ("address", "chosen", "own", "browser", "spoken"),
    [
        ("en", "fr", "fr", "fr", "en"),
        (None, "en", "fr", "fr", "en"),
        (None, None, "en", "fr", "en"),
        (None, None, None, "en-GB,en;q=0.9,fr;q=0.5", "en"),
        (None, None, None, "de,fr;q=0.4,en;q=0.3", "fr"),
        (None, None, None, "de", "fr"),
        (None, None, None, None, "fr"),
        ("de", "en", "fr", None, "en"),
        ("de", "de", "en", None, "en"),
        ("<script>", None, None, "en", "en"),
    ],
)
def test_the_language_is_the_nearest_choice(
    speaker: Flask,
    monkeypatch: pytest.MonkeyPatch,
    address: str | None,
    chosen: str | None,
    own: str | None,
    browser: str | None,
    spoken: str,
) -> None:
    monkeypatch.setattr(i18n, "current_user", Somebody(own))
    headers = {"Accept-Language": browser} if browser else {}
    with speaker.test_request_context(f"/?lang={address}" if address else "/", headers=headers):
        if chosen:
            session["language"] = chosen
        assert i18n.language() == spoken
        assert i18n.current_language() == spoken


def test_out_of_a_request_the_service_speaks_french(speaker: Flask) -> None:
    assert i18n.current_language() == "fr"
    with speaker.app_context():
        assert i18n.current_language() == "fr"
        assert i18n.day(date(2026, 1, 2)) == "02/01/2026"
        assert i18n.gettext("Ready to start?") == "Ready to start?"


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of two messages, in French."""
    words = Translations()
    words._catalog = {  # type: ignore[attr-defined]
        "Ready to start, %(name)s?": "Prêt à commencer, %(name)s ?",
        ("One question", 0): "Une question !",
        ("One question", 1): "%(num)s questions !",
    }
    words.plural = lambda n: int(n > 1)  # type: ignore[attr-defined]
    monkeypatch.setattr(flask_babel, "get_translations", lambda: words)


@pytest.mark.usefixtures("catalogue")
def test_a_message_is_translated_filled_and_set(show: Show) -> None:
    assert show("fr", "gettext", "Ready to start, %(name)s?", name="Zoé") == "Prêt à commencer, Zoé_?"


@pytest.mark.usefixtures("catalogue")
def test_what_fills_a_message_is_left_as_it_is(show: Show) -> None:
    assert show("fr", "gettext", "Ready to start, %(name)s?", name="« A » ; 10 %") == (
        "Prêt à commencer, « A » ; 10 %_?"
    )


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(("count", "shown"), [(0, "Une question_!"), (1, "Une question_!"), (2, "2 questions_!")])
def test_plurals_are_those_of_french(show: Show, count: int, shown: str) -> None:
    assert show("fr", "ngettext", "One question", "%(num)s questions", count) == shown


@pytest.mark.usefixtures("catalogue")
def test_a_message_that_also_has_a_plural_is_found_alone(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where Python's own reading of a catalogue finds none, as in 3.11.2."""
    monkeypatch.setattr(Translations, "ugettext", lambda self, text: self._catalog.get(text, text))
    assert show("fr", "gettext", "One question") == "Une question_!"
    assert show("fr", "gettext", "Of no catalogue") == "Of no catalogue"


@pytest.mark.parametrize(("count", "shown"), [(0, "0 questions"), (1, "One question"), (2, "2 questions")])
def test_plurals_are_those_of_english(show: Show, count: int, shown: str) -> None:
    assert show("en", "ngettext", "One question", "%(num)s questions", count) == shown


def test_templates_escape_what_fills_their_messages(speaker: Flask) -> None:
    with speaker.test_request_context("/?lang=en"):
        html = render_template_string("{{ _('Hello %(name)s', name=name) }}", name="<b>Zoé</b>")
    assert html == "Hello &lt;b&gt;Zoé&lt;/b&gt;"


def test_templates_have_the_filters(speaker: Flask) -> None:
    with speaker.test_request_context("/?lang=fr"):
        html = render_template_string(
            "{{ 90|duration }}, {{ share|percent }}, {{ 1200|filesize }}", share=Fraction(1, 3)
        )
    assert html == f"1{WIDE}h{WIDE}30, 33{NARROW}%, 1{WIDE}ko"


@pytest.mark.parametrize("value", ["m1", "50 %", "%(name)s"])
def test_a_problem_of_a_track_is_said_in_the_language_of_its_author(show: Show, value: str) -> None:
    problem = Place("a.toml", "").problem(
        3, "« %(value)s » is not a key.", "Write %(colons)s.", value=value, colons=":"
    )
    said = [show("fr", "gettext", message, **dict(problem.values)) for message in (problem.what, problem.fix)]
    assert said == [f"«_{value}_» n’est pas une clé.", "Écrivez :."]
