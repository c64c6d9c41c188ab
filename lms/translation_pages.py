"""What the pages of translation show: the texts of a draft in both languages, and one piece beside its source."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import groupby
from typing import Any

from flask import url_for
from markupsafe import Markup

from curricula.agreement import Agreement
from curricula.model import LANGUAGES
from curricula.render import render
from curricula.structure import differences
from curricula.texts import unit_of
from lms.forms.translation import TranslationForm
from lms.i18n import gettext as _
from lms.i18n import language_names
from lms.models import Draft, DraftPiece, db
from lms.services import outline, outline_files, translation
from lms.services.translation import PAGE, Count, Pair, Unit
from lms.studio import colleague, module_title, track_title
from lms.text_names import text_name, unit_kind, unit_name

#: How much of a long text a list shows.
SHOWN = 240


def index_values(draft: Draft, language: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """The list: counts of each language and module, filters, and the texts of a page."""
    session, key = db.session(), draft.track_key
    modules = outline.modules(session, draft).values()
    titles = {"": _("The track itself"), **{each.key: module_title(each) for each in modules}}
    units = translation.units(session, draft, list(titles)[1:])
    counts = translation.counted(units)
    state = asked.get("state", "") if asked.get("state") in ("missing", "review", "done") else ""
    module = asked.get("module") if asked.get("module") in counts else None
    words = " ".join(asked.get("q", "").split())[:100]
    found = [unit for unit in units if module is None or unit.module == module]
    if words:
        found = translation.with_words(session, draft, found, words)
    total = sum(unit.matching(language, state) for unit in found)
    pages = max(1, -(-total // PAGE))
    number = asked.get("page", "")
    page = min(pages, max(1, int(number))) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    shown = translation.page(session, draft, found, language, state, page)

    def address(**changes: Any) -> str:
        kept = {"to": language, "state": state or None, "module": module, "q": words or None, **changes}
        return url_for("translation.index", track_key=key, **kept)

    return {
        "key": key, "track_title": track_title(draft), "to": language, "names": language_names(),
        "shares": [
            {"code": code, "name": name, "url": address(to=code), **_share(*(each[code] for each in counts.values()))}
            for code, name in language_names().items()
        ],
        "modules": [
            {"key": each, "title": title, "url": address(module=each), **_share(counts[each][language])}
            for each, title in titles.items() if each in counts
        ],
        "state": state, "module": module, "words": words, "narrowed": bool(state or words or module is not None),
        "total": total, "page": page, "pages": pages,
        "previous_url": address(page=page - 1) if page > 1 else None,
        "next_url": address(page=page + 1) if page < pages else None,
        "all_url": url_for("translation.index", track_key=key, to=language),
        "groups": [
            {"title": titles.get(each, each), "units": [_listed(key, unit, pairs, language) for unit, pairs in of_it]}
            for each, of_it in groupby(shown, key=lambda one: one[0].module)
        ],
        "next_piece": _next(key, translation.following(units, language, ""), language),
    }  # fmt: skip


def _share(*counts: Count) -> dict[str, Any]:
    count = sum(counts, Count())
    return {"count": count, "share": Fraction(count.done, count.total) if count.total else Fraction(1)}


def _listed(key: str, unit: Unit, pairs: list[Pair], language: str) -> dict[str, Any]:
    return {
        "kind": unit_kind(unit), "title": unit_name(unit), "url": _address(key, unit.path, language),
        "pairs": [
            {"name": text_name(pair.name), "state": pair.state, **{code: _short(pair.text[code]) for code in LANGUAGES}}
            for pair in pairs
        ],
    }  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN].rsplit(" ", 1)[0] + "…"


def piece_values(
    draft: Draft,
    unit: str,
    rows: Mapping[str, DraftPiece],
    agreement: Agreement,
    language: str,
    form: TranslationForm | None,
    conflicts: list[str],
) -> dict[str, Any]:
    """One piece: each text beside its source, with what was typed and not kept where a ``form`` is told."""
    session, key = db.session(), draft.track_key
    modules = outline.modules(session, draft)
    units = translation.units(session, draft, list(modules))
    here = next((each for each in units if each.path == unit), Unit(unit, {}, agreement))
    home = modules.get(here.module)
    source = next(each for each in LANGUAGES if each != language)
    pairs = translation.pairs({path: row.content for path, row in rows.items()}, agreement, language)
    before = translation.former(session, draft, rows, agreement, source)
    typed, names = (form.typed if form is not None else {}), {pair.name for pair in pairs}
    body = next((pair for pair in pairs if pair.name == "body"), None)
    last = max(rows.values(), key=lambda row: row.edited_at, default=None)
    return {
        "key": key, "track_title": track_title(draft), "unit": unit,
        "title": unit_name(here), "kind": unit_kind(here),
        "module": module_title(home) if home else "",
        "to": language, "source": source, "names": language_names(),
        "index_url": url_for("translation.index", track_key=key, to=language),
        "turned_url": _address(key, unit, source), "save_url": _address(key, unit, language),
        "texts": [
            {
                "name": pair.name, "label": text_name(pair.name), "state": pair.state, "seen": pair.seen,
                "source": pair.text[source], "value": typed.get(pair.name, pair.text[language]),
                "former": before.get(pair.name), "long": pair.name == "body",
                "theirs": pair.text[language] if pair.name in conflicts else None,
                "error": form.errors.get(pair.name) if form is not None else None,
            }
            for pair in pairs
        ],
        "gone": [{"label": text_name(name), "value": typed[name]} for name in conflicts if name not in names],
        "conflict": bool(conflicts),
        "who": colleague(last.edited_by if last is not None else None),
        "unsaved": form is not None,
        "advice": _advice({**body.text, language: typed.get("body", body.text[language])}) if body is not None else [],
        "preview": body_html(draft, typed.get("body", body.text[language]), language) if body is not None else None,
        "next_piece": _next(key, translation.following(units, language, unit), language),
    }  # fmt: skip


def _advice(body: Mapping[str, str]) -> list[str]:
    """What differs in how the two languages of a lesson are built."""
    found = differences(body["en"], body["fr"]) if all(body.values()) else []
    return [_(message, count=count, other=other) for message, count, other in found]


def body_html(draft: Draft, markdown: str, language: str) -> Markup:
    """A lesson's text as learners would read it, images by their words."""
    terms = {
        term.key: (term.term[language], term.definition[language])
        for term in outline_files.glossary(db.session(), draft)
    }
    return Markup(render(markdown, language, terms))  # nosec B704 # noqa: S704 - sanitised by curricula.render


def _next(key: str, unit: Unit | None, language: str) -> dict[str, str] | None:
    return {"title": unit_name(unit), "url": _address(key, unit.path, language)} if unit is not None else None


def _address(key: str, unit: str, language: str) -> str:
    return url_for("translation.piece", track_key=key, unit=unit_of(unit), to=language)
