"""Languages, dates and numbers: French first, English by choice, LTI locale or browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import floor
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import flask_babel
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, format_percent
from flask import Flask, has_request_context, request, session
from flask_babel import Babel
from flask_login import current_user

import translations
from curricula.model import LANGUAGES, Localized
from curricula.typography import typeset

#: Times are stored in UTC and shown as they are lived in France.
ZONE = ZoneInfo("Europe/Paris")
DEFAULT = "fr"
#: Rows that a page counts, and no further.
COUNTED = 10_000
#: Each language as it calls itself.
OWN_NAMES = {"fr": "Français", "en": "English"}

_typeset = lru_cache(maxsize=4096)(typeset)


def language() -> str:
    """The language of this request: the address's, the one chosen here, the person's, the browser's, French."""
    if not has_request_context():
        return DEFAULT
    for asked in (request.args.get("lang"), session.get("language")):
        if asked in LANGUAGES:
            return str(asked)
    if current_user and current_user.is_authenticated and current_user.person.language in LANGUAGES:
        return str(current_user.person.language)
    return request.accept_languages.best_match(LANGUAGES, DEFAULT) or DEFAULT


def current_language() -> str:
    """The language in force, inside a request or out of one."""
    return _speech()[1]


def gettext(message: str, **values: Any) -> str:
    """The message in the reader's language, with its typography."""
    text = _said(message)
    return text % values if values else text


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """The message in its plural form for ``num``, which the text may name ``%(num)s``."""
    return _said_of(one, many, num) % {"num": num, **values}


def _speech() -> tuple[Any, str]:
    """The catalogue and the language in force, asked for once a request: a page says a hundred messages."""
    if not has_request_context():
        locale = flask_babel.get_locale()
        return flask_babel.get_translations(), locale.language if locale else DEFAULT
    environ = request.environ  # as long-lived as the request, where an application context may hold several
    kept: tuple[Any, str] | None = environ.get("lms.speech")
    if kept is None:
        kept = environ["lms.speech"] = flask_babel.get_translations(), flask_babel.get_locale().language
    return kept


def language_names() -> dict[str, str]:
    """Each language as the reader calls it."""
    return {"fr": gettext("French"), "en": gettext("English")}


@contextmanager
def speaking(speech: str) -> Iterator[None]:
    """Say everything in that language for a while: what its readers would see."""
    if not has_request_context():  # a message that a worker writes
        with flask_babel.force_locale(speech):
            yield
        return
    before = _speech()
    with flask_babel.force_locale(speech):
        request.environ["lms.speech"] = flask_babel.get_translations(), speech
    try:
        yield
    finally:
        request.environ["lms.speech"] = before


def _said(message: str) -> str:
    catalogue, speech = _speech()
    found = catalogue.ugettext(message)
    if found == message:  # the Python of Debian 12 finds no message by its singular alone, which other pages say so
        found = catalogue.ungettext(message, message, 1)
    return _typeset(found, speech)


def _said_of(one: str, many: str, num: int) -> str:
    catalogue, speech = _speech()
    return _typeset(catalogue.ungettext(one, many, num), speech)


def localized(text: Localized) -> str:
    """A text of the curriculum in the reader's language, else in French; empty where it is not written yet."""
    speech = current_language()
    return _typeset(text.get(speech) or text.get(DEFAULT, ""), speech)


def from_lti_locale(locale: str | None) -> str | None:
    """Our language for an LTI ``launch_presentation.locale`` such as ``fr-FR`` or ``en_GB``; None if unknown."""
    short = (locale or "")[:2].lower()
    return short if short in LANGUAGES else None


def duration(minutes: int) -> str:
    """Minutes as people say them: « 2 h 30 », « 45 min »."""
    hours, rest = divmod(int(minutes), 60)
    if not hours:
        return f"{rest}\u00a0min"
    return f"{hours}\u00a0h" + (f"\u00a0{rest:02}" if rest else "")


def percent(value: Fraction | float | None) -> str:
    """A ratio as a percentage without decimals; scores are rounded down so that 69,9 % never shows as 70 %."""
    if value is None:
        return "–"
    exact = Fraction(str(value)) if isinstance(value, float) else Fraction(value)  # 0.7 is meant, not 0.6999…
    whole = floor(exact * 100)
    speech = current_language()
    return _typeset(format_percent(whole / 100, locale=speech), speech)


def day(value: date | datetime | None) -> str:
    """A day: 20/11/2026."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(ZONE).date()
    return format_date(value, "dd/MM/yyyy", locale=current_language())


def moment(value: datetime | None) -> str:
    """A day and time: 20/11/2026 à 10 h 42."""
    if value is None:
        return "–"
    pattern = "dd/MM/yyyy 'à' H\u00a0'h'\u00a0mm" if current_language() == "fr" else "dd/MM/yyyy 'at' HH:mm"
    return format_datetime(value, pattern, tzinfo=ZONE, locale=current_language())


def clock(value: datetime) -> str:
    """A time of day: 10 h 42."""
    pattern = "H\u00a0'h'\u00a0mm" if current_language() == "fr" else "HH:mm"
    return format_time(value.astimezone(ZONE), pattern, tzinfo=ZONE, locale=current_language())


def partial_date(value: str | None) -> str:
    """An ISO year, month or day of the curriculum, as people read it: novembre 2026."""
    if not value:
        return "–"
    parts = [int(part) for part in value.split("-")]
    if len(parts) == 3:
        return day(date.fromisoformat(value))
    if len(parts) == 2:
        return format_date(date(parts[0], parts[1], 1), "MMMM yyyy", locale=current_language())
    return value


def checked_on(value: str | None) -> str | None:
    """When a source was last checked, as a phrase: « Vérifié le 20/11/2026 », « Vérifié en novembre 2026 »."""
    if not value:
        return None
    if value.count("-") == 2:
        return gettext("Checked on %(day)s", day=partial_date(value))
    return gettext("Checked in %(month)s", month=partial_date(value))


def number(value: int) -> str:
    """A whole number with the separators of the language: 14 400."""
    return format_decimal(value, locale=current_language())


def counted(value: int) -> str:
    """A number of rows that pages count no further than ``COUNTED``: « more than 10 000 » where there are more."""
    return number(value) if value <= COUNTED else gettext("more than %(number)s", number=number(COUNTED))


def capitalized(sentence: str) -> str:
    """A sentence whose first word may be a number in words."""
    return sentence[:1].upper() + sentence[1:]


def figure(value: Fraction | int) -> str:
    """A number as people read it, two decimals at most: 12 500,5."""
    return format_decimal(_decimal(value, 2), locale=current_language())


def euros(cents: Fraction | int) -> str:
    """An amount given in cents: 12 500,50 €."""
    speech = current_language()
    return _typeset(format_currency(_decimal(Fraction(cents, 100), 2), "EUR", locale=speech), speech)


def ratio(value: Fraction | int) -> str:
    """A ratio that is no score, rounded to a tenth of a hundredth: 22,8 %."""
    speech = current_language()
    return _typeset(format_percent(_decimal(value, 3), "#,##0.0 %" if speech == "fr" else "#,##0.0%", speech), speech)


def _decimal(value: Fraction | int, digits: int) -> Decimal:
    """Half to even, exactly."""
    return Decimal(round(Fraction(value) * 10**digits)).scaleb(-digits)


def filesize(size: int) -> str:
    """A size in bytes as « 112 ko » or « 2,1 Mo »."""
    speech = current_language()
    if size < 999_500:
        value, unit = Decimal(max(1, round(size / 1000))), {"fr": "ko", "en": "kB"}[speech]
    else:
        value, unit = round(Decimal(size) / 1_000_000, 1), {"fr": "Mo", "en": "MB"}[speech]
    return f"{format_decimal(value, locale=speech)}\u00a0{unit}"


def init_i18n(app: Flask) -> None:
    """Bind languages to the application: selection, catalogues, template functions and filters."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(translations.__file__).parent)
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT
    Babel(app, locale_selector=language, default_timezone="Europe/Paris")
    app.jinja_env.install_gettext_callables(_said, _said_of, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(
        duration=duration, percent=percent, date=day, datetime=moment, time=clock,
        filesize=filesize, localized=localized, numberformat=number, counted=counted, euros=euros,
    )  # fmt: skip
