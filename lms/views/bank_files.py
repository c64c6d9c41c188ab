"""Questions brought to a bank from files of other tools, and taken there."""

from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.exchange.model import Bank, Given, Note
from curricula.exchange.registry import formats
from curricula.model import LANGUAGES, Module
from lms.bank_pages import preview
from lms.forms.bank_files import BankFileForm, DefaultsForm, ExportForm
from lms.forms.bank_search import difficulty_names, objective_names, source_names
from lms.i18n import filesize, language_names, localized, ngettext
from lms.i18n import gettext as _
from lms.models import BankUpload, Draft, db
from lms.security import visitor
from lms.services import bank, bank_files
from lms.services.bank_files import LARGEST, MOST, TooMany
from lms.services.drafts import Frozen, Taken
from lms.studio import frozen, module_or_404, own_draft, track_title

blueprint = Blueprint("bank_files", __name__, url_prefix="/author")

#: Pages that take files larger than others, and how large.
UPLOADS = {"bank_files.upload": LARGEST}
#: How many of the questions read are shown before they are confirmed.
FIRST = 3


@blueprint.route("/<track_key>/<module_key>/bank/import", methods=["GET", "POST"])
def upload(track_key: str, module_key: str) -> ResponseReturnValue:
    """Send a file of questions; the next page shows what was read of it."""
    draft = own_draft(track_key, "author")
    if draft.state != "draft":
        raise frozen()
    module = module_or_404(draft, module_key)
    form = BankFileForm(list(language_names().items()))
    if form.validate_on_submit():
        content = form.file.data.stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            form.file.errors = [_("The file is larger than %(size)s. Share it into several.", size=filesize(LARGEST))]
        else:
            try:
                kept = bank_files.receive(
                    db.session(), draft, module_key, visitor().person.id, name=form.file.data.filename or "",
                    content=content, key=form.format.data, language=form.language.data,
                )  # fmt: skip
            except Frozen as refusal:
                raise frozen() from refusal
            db.session.commit()
            return redirect(_confirm_url(draft, module_key, kept.id), 303)
    page = render_template("author/bank_import.html", **_place(draft, module), form=form, largest=LARGEST)
    return page, 400 if request.method == "POST" else 200


@blueprint.route("/<track_key>/<module_key>/bank/import/<int:upload_id>", methods=["GET", "POST"])
def confirm(track_key: str, module_key: str, upload_id: int) -> ResponseReturnValue:
    """What was read of a file, line by line; a POST adds all of it, or nothing."""
    draft = own_draft(track_key, "author")
    module = module_or_404(draft, module_key)
    kept = bank_files.waiting(db.session(), draft, module_key, upload_id)
    if kept is None:
        flash(_("This file is no longer here: it was added, replaced, or waited for more than a day."), "warm")
        return redirect(url_for("bank_files.upload", track_key=track_key, module_key=module_key), 303)
    form = DefaultsForm(objective_names(module), difficulty_names(), source_names(module))
    if kept.read_at is None:
        return render_template(
            "author/bank_import_found.html", **_place(draft, module), upload=kept, found=None,
            stamp_url=url_for(
                "bank_files.stamp", track_key=track_key, module_key=module_key, upload_id=upload_id
            ),
        )  # fmt: skip
    if form.validate_on_submit():
        try:
            count = bank_files.confirm(
                db.session(), draft, kept, visitor().person.id, objective=form.objective.data or "",
                source=form.source.data or "", difficulty=int(form.difficulty.data),
            )  # fmt: skip
        except Frozen as refusal:
            raise frozen() from refusal
        except (Taken, TooMany):
            db.session.rollback()
            flash(_("Nothing was added. Look at what is said of this file, then confirm again."), "warm")
            return redirect(_confirm_url(draft, module_key, upload_id), 303)
        db.session.commit()
        flash(ngettext("One question is added.", "%(num)s questions are added.", count), "ok")
        return redirect(url_for("bank.index", track_key=track_key, module_key=module_key), 303)
    page = render_template(
        "author/bank_import_found.html", **_place(draft, module), upload=kept, form=form,
        found=_found(draft, module_key, kept), confirm_url=_confirm_url(draft, module_key, upload_id),
    )  # fmt: skip
    return page, 400 if request.method == "POST" else 200


@blueprint.get("/<track_key>/<module_key>/bank/import/<int:upload_id>/stamp")
def stamp(track_key: str, module_key: str, upload_id: int) -> ResponseReturnValue:
    """Whether a large file is read yet, for the page that waits for it."""
    draft = own_draft(track_key, "author")
    kept = bank_files.waiting(db.session(), draft, module_key, upload_id)
    return jsonify(stamp="waiting" if kept is not None and kept.read_at is None else "read")


@blueprint.get("/<track_key>/<module_key>/bank/export")
def export(track_key: str, module_key: str) -> ResponseReturnValue:
    """Choose a format: what it cannot carry is said before the file is taken."""
    draft = own_draft(track_key)
    module = module_or_404(draft, module_key)
    form = ExportForm(request.args, list(language_names().items()))
    chosen = "format" in request.args
    given = _given(draft, module, form.format.data, form.language.data) if chosen else None
    return render_template(
        "author/bank_export.html", **_place(draft, module), form=form, given=given,
        notes=[_said(note) for note in given.notes] if given else [],
        file_url=url_for(
            "bank_files.file", track_key=track_key, module_key=module_key, format_key=form.format.data,
            language=form.language.data,
        ),
    )  # fmt: skip


@blueprint.get("/<track_key>/<module_key>/bank/export/<format_key>")
def file(track_key: str, module_key: str, format_key: str) -> ResponseReturnValue:
    """The bank as a file of another tool, in one language."""
    draft = own_draft(track_key)
    module = module_or_404(draft, module_key)
    form, language = formats().get(format_key), request.args.get("language", LANGUAGES[0])
    if form is None or form.write is None or language not in LANGUAGES:
        abort(404)
    response = Response(_given(draft, module, format_key, language).content, mimetype="application/octet-stream")
    name = f"{track_key}-{module_key}-{language}{form.suffixes[0]}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _given(draft: Draft, module: Module, format_key: str, language: str) -> Given:
    write = formats()[format_key].write
    assert write is not None
    title = module.title.get(language) or module.key
    return write(Bank(title, bank.whole(db.session(), draft, module.key), language))


def _found(draft: Draft, module_key: str, kept: BankUpload) -> dict[str, Any]:
    """What was read of a file, as its page shows it."""
    found = bank_files.found(db.session(), kept)
    if "refusal" in found:
        return {"refusal": _said(found["refusal"])}
    questions = found["questions"]
    about = bank_files.about(db.session(), draft, module_key, questions[:MOST])
    return {
        "count": found["count"], "many": MOST if found["count"] > MOST else 0, "said": found["said"],
        "notes": [_said(note) for note in found["notes"]], "about": [_said(note) for note in about],
        "undecided": {
            "objective": sum(not each.objective for each in questions),
            "difficulty": sum(not each.difficulty for each in questions),
            "source": sum(not each.source for each in questions),
        },
        "first": [
            {"key": each.key, "seen": [seen for seen in preview(each) if each.stem.get(seen["language"])]}
            for each in questions[:FIRST]
        ],
    }  # fmt: skip


def _said(note: Note) -> dict[str, Any]:
    """A note in the reader's language, with its place."""
    return {"line": note.line, "item": note.item, "text": _(note.message, **note.values)}


def _place(draft: Draft, module: Module) -> dict[str, Any]:
    return {
        "key": draft.track_key, "track_title": track_title(draft),
        "module": {"key": module.key, "code": module.code, "title": localized(module.title) or module.key},
    }  # fmt: skip


def _confirm_url(draft: Draft, module_key: str, upload_id: int) -> str:
    return url_for("bank_files.confirm", track_key=draft.track_key, module_key=module_key, upload_id=upload_id)
