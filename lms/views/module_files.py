"""The images of a module that is written: added with their alternative text, shown to authors, replaced or removed."""

from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.files import LARGEST, media_of
from curricula.problems import Problem
from lms.forms.lessons import ImageForm, edition_of
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.lesson_preview import said
from lms.models import Draft, db
from lms.pages import wants_json
from lms.scanning import examined
from lms.security import visitor
from lms.services import lesson_drafts, lesson_files
from lms.services.drafts import Conflict, Frozen
from lms.services.lesson_files import NotTaken, Used
from lms.studio import frozen, may_write, module_or_404, module_title, own_draft, piece_or_404, track_title

blueprint = Blueprint("module_files", __name__, url_prefix="/author")

FILES = "/<track_key>/<module_key>/files"


@blueprint.get(f"{FILES}/")
def index(track_key: str, module_key: str) -> ResponseReturnValue:
    """The images of a module, and where they are shown."""
    return _page(own_draft(track_key), module_key, ImageForm())


@blueprint.post(f"{FILES}/")
def add(track_key: str, module_key: str) -> ResponseReturnValue:
    """Add an image; a script that asks for JSON is told what to write in the lesson."""
    draft, person_id = own_draft(track_key, "author"), visitor().person.id
    module_or_404(draft, module_key)
    form = ImageForm()
    if not form.validate():
        return _refused(draft, module_key, form)
    upload = form.file.data
    try:
        content = upload.read(LARGEST + 1)
        name = lesson_files.keep(db.session(), draft, module_key, upload.filename or "", content, person_id)
    except Frozen:
        raise frozen() from None
    except NotTaken as refusal:
        form.file.errors = _words(refusal.problems)
        return _refused(draft, module_key, form)
    db.session.commit()
    if wants_json():
        return jsonify(name=name, markdown=form.markdown(name))
    return _page(draft, module_key, ImageForm(formdata=None), written=form.markdown(name))


@blueprint.get(f"{FILES}/<name>")
def show(track_key: str, module_key: str, name: str) -> ResponseReturnValue:
    """An image of the draft, for whoever has a role on its track."""
    row = piece_or_404(own_draft(track_key), lesson_files.file_path(module_key, name))
    media = media_of(row.content)
    if media is None:
        abort(404)
    answer = Response(row.content, mimetype=media)
    # Opened alone, a drawing may use its own styles and nothing else.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


@blueprint.post(f"{FILES}/<name>/replace")
def replace(track_key: str, module_key: str, name: str) -> ResponseReturnValue:
    """Put another image in the place of one: lessons that show it show the new one."""
    draft, upload = own_draft(track_key, "author"), request.files.get("file")
    piece_or_404(draft, lesson_files.file_path(module_key, name))
    if upload and (refusal := examined(upload.stream)):
        flash(" ".join(refusal), "bad")
        return redirect(_index(track_key, module_key), 303)
    content = upload.read(LARGEST + 1) if upload else b""
    edition = edition_of(request.form.get("edition", ""))
    try:
        lesson_files.replace(db.session(), draft, module_key, name, content, edition, visitor().person.id)
    except Frozen:
        raise frozen() from None
    except NotTaken as refusal:
        flash(" ".join(_words(refusal.problems)) if content else _("Choose an image first."), "bad")
    except Conflict:
        flash(_("Somebody replaced « %(name)s » meanwhile: look at it again.", name=name), "warm")
    else:
        flash(_("« %(name)s » is replaced.", name=name), "ok")
    db.session.commit()
    return redirect(_index(track_key, module_key), 303)


@blueprint.post(f"{FILES}/<name>/delete")
def delete(track_key: str, module_key: str, name: str) -> ResponseReturnValue:
    """Remove an image that no lesson shows."""
    draft = own_draft(track_key, "author")
    row = piece_or_404(draft, lesson_files.file_path(module_key, name))
    try:
        if row.edition != edition_of(request.form.get("edition", "")):
            flash(_("Somebody replaced « %(name)s » meanwhile: look at it again.", name=name), "warm")
        else:
            lesson_files.remove(db.session(), draft, module_key, name, visitor().person.id)
            flash(_("« %(name)s » is removed. The history of the draft can put it back.", name=name), "ok")
    except Frozen:
        raise frozen() from None
    except Used:
        flash(_("A lesson shows « %(name)s »: take it out of the lesson first.", name=name), "warm")
    db.session.commit()
    return redirect(_index(track_key, module_key), 303)


def _refused(draft: Draft, module_key: str, form: ImageForm) -> ResponseReturnValue:
    if wants_json():
        return jsonify(message=" ".join(error for errors in form.errors.values() for error in errors)), 400
    return _page(draft, module_key, form), 400


def _page(draft: Draft, module_key: str, form: ImageForm, written: str = "") -> str:
    """``written``: what shows in a lesson the image that was just added."""
    module, key = module_or_404(draft, module_key), draft.track_key
    titles = {row.key: row.title for row in lesson_drafts.lessons(db.session(), draft, module.key)}
    shown: list[dict[str, Any]] = [
        {
            "name": image.name, "edition": image.edition,
            "url": url_for("module_files.show", track_key=key, module_key=module.key, name=image.name, v=image.edition),
            "lessons": [(lesson, localized(titles[lesson]) or _("Untitled lesson")) for lesson in image.lessons],
        }
        for image in lesson_files.images(db.session(), draft, module.key)
    ]  # fmt: skip
    return render_template(
        "author/module_files.html",
        key=key, module=module.key, track_title=track_title(draft),
        module_title=module_title(module),
        list_url=url_for("lesson_list.index", track_key=key, module_key=module.key),
        images=shown, form=form, written=written, most=LARGEST,
        writable=may_write(draft),
    )  # fmt: skip


def _words(problems: list[Problem]) -> list[str]:
    return [f"{said(each.what, each.values)} {said(each.fix, each.values)}" for each in problems]


def _index(track_key: str, module_key: str) -> str:
    return url_for("module_files.index", track_key=track_key, module_key=module_key)
