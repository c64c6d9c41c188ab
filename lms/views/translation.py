"""Translation: how the languages of a draft stand, and one side written beside the other."""

from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.agreement import Agreement
from curricula.model import LANGUAGES
from lms.forms.translation import TranslationForm
from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import Draft, db
from lms.pages import wants_json
from lms.security import visitor
from lms.services import agreements, drafts, outline, translation
from lms.services.drafts import Conflict, Frozen
from lms.studio import frozen, may_write, own_draft, own_roles
from lms.studio_review import said_of
from lms.text_names import text_name
from lms.translation_pages import body_html, index_values, piece_values

blueprint = Blueprint("translation", __name__, url_prefix="/author")

#: The language written where none is asked: authors write French first.
USUAL = "en"


@blueprint.get("/<track_key>/translation")
def index(track_key: str) -> ResponseReturnValue:
    """Every text of the draft in both languages, with its state, and how much of each language is up to date."""
    own_roles(track_key)
    draft = drafts.open_draft(db.session(), track_key)
    if draft is None:
        flash(_("Nothing is being written: what is published is in both languages."), "")
        return redirect(url_for("author.track", track_key=track_key), 303)
    return render_template("author/translation.html", **index_values(draft, _language(), request.args))


@blueprint.get("/<track_key>/translation/<path:unit>")
def piece(track_key: str, unit: str) -> ResponseReturnValue:
    """The texts of one piece in the other language, each beside its source; only to read for who may not write."""
    draft = own_draft(track_key)
    return render_template("author/translation_piece.html", **_values(draft, unit, None))


@blueprint.post("/<track_key>/translation/<path:unit>")
def save(track_key: str, unit: str) -> ResponseReturnValue:
    """Write what was typed, or show it as learners would read it (``preview``); then here again, or the next piece."""
    draft, form, language = own_draft(track_key, "author"), TranslationForm(request.form), _language()
    if "preview" in request.form:
        return _preview(draft, unit, form, language)
    if form.errors:
        return render_template("author/translation_piece.html", **_values(draft, unit, form)), 400
    try:
        outcome = translation.save(
            db.session(), draft, unit, language, form.said, form.seen, visitor().person.id, request.form.get("same", "")
        )
    except Frozen:
        raise frozen() from None
    except Conflict:
        if not form.typed:
            abort(404)
        outcome = translation.Outcome([], list(form.typed))
    if outcome.conflicts:
        values = _values(draft, unit, form, outcome.conflicts)
        return render_template("author/translation_piece.html", **values), 409
    db.session.commit()
    names = ", ".join(map(text_name, outcome.written))
    if outcome.written:
        count = len(outcome.written)
        flash(ngettext("Up to date: %(names)s.", "%(num)s texts are up to date: %(names)s.", count, names=names), "ok")
    else:
        flash(_("Nothing was changed."), "")
    if request.form.get("then") == "next":
        found = translation.units(db.session(), draft, list(outline.modules(db.session(), draft)))
        following = translation.following(found, language, unit)
        unit = following.path if following is not None else unit
    return redirect(url_for("translation.piece", track_key=track_key, unit=unit, to=language), 303)


def _preview(draft: Draft, unit: str, form: TranslationForm, language: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(html=body_html(draft, form.typed.get("body", ""), language))
    return render_template("author/translation_piece.html", **_values(draft, unit, form))


def _values(
    draft: Draft, unit: str, form: TranslationForm | None, conflicts: list[str] | None = None
) -> dict[str, Any]:
    rows = agreements.of_unit(db.session(), draft.id, unit)
    agreement = Agreement.of_json(rows[unit].agreed) if unit in rows else Agreement()
    if form is None and not agreement.total:
        abort(404)
    writable = may_write(draft)
    values = piece_values(draft, unit, rows, agreement, _language(), form, conflicts or [])
    paths = [path for path in (f"{unit}/{_language()}", unit) if path in rows]  # of a lesson, the text written first
    return {
        **values, "writable": writable, "memory": f"draft:{visitor().person.id}:{draft.id}:{unit}:{_language()}",
        "said": said_of(draft, *paths, back=values["save_url"]) if paths else None,
    }  # fmt: skip


def _language() -> str:
    asked = request.values.get("to", "")
    return asked if asked in LANGUAGES else USUAL
