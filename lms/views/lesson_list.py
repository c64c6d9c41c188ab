"""The lessons of a module: their order, a new one, what each is in every language, and the end of one."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.pieces import Settings, lesson_path, settings_in, settings_piece
from lms.forms.lessons import LessonSettingsForm, NewLessonForm, edition_of
from lms.i18n import gettext as _
from lms.i18n import language_names
from lms.models import Draft, db
from lms.security import visitor
from lms.services import drafts, lesson_drafts
from lms.services.drafts import Conflict, Frozen
from lms.studio import colleague, frozen, may_write, module_or_404, module_title, own_draft, piece_or_404, track_title

blueprint = Blueprint("lesson_list", __name__, url_prefix="/author")

LESSONS = "/<track_key>/<module_key>/lessons"


@blueprint.get(f"{LESSONS}/")
def index(track_key: str, module_key: str) -> ResponseReturnValue:
    """The lessons of a module, in order."""
    return _list(own_draft(track_key), module_key, NewLessonForm(language_names()))


@blueprint.post(f"{LESSONS}/new")
def new(track_key: str, module_key: str) -> ResponseReturnValue:
    """Add a lesson at the end."""
    draft = own_draft(track_key, "author")
    module_or_404(draft, module_key)
    form = NewLessonForm(language_names())
    title = " ".join((form.title.data or "").split())
    if not form.validate():
        return _list(draft, module_key, form), 400
    language, person_id = form.language.data, visitor().person.id
    try:
        key = lesson_drafts.add_lesson(db.session(), draft, module_key, title, language, person_id)
    except Frozen:
        raise frozen() from None
    db.session.commit()
    address = url_for(
        "lessons.edit", track_key=track_key, module_key=module_key, lesson_key=key, language=language
    )  # fmt: skip
    return redirect(address, 303)


@blueprint.post(f"{LESSONS}/<lesson_key>/move")
def move(track_key: str, module_key: str, lesson_key: str) -> ResponseReturnValue:
    """Let a lesson change places with its neighbour."""
    draft = own_draft(track_key, "author")
    by = {"up": -1, "down": 1}.get(request.form.get("by", ""))
    if by is None:
        abort(400)
    try:
        drafts.move(db.session(), draft, lesson_path(module_key, lesson_key), by, visitor().person.id)
    except Frozen:
        raise frozen() from None
    except Conflict:
        flash(_("This lesson is no longer there: somebody removed it."), "warm")
    db.session.commit()
    return redirect(url_for("lesson_list.index", track_key=track_key, module_key=module_key) + f"#{lesson_key}", 303)


@blueprint.route(f"{LESSONS}/<lesson_key>/settings", methods=["GET", "POST"])
def settings(track_key: str, module_key: str, lesson_key: str) -> ResponseReturnValue:
    """Minutes, objectives and sources of a lesson."""
    draft = own_draft(track_key, *(["author"] if request.method == "POST" else []))
    module = module_or_404(draft, module_key)
    row = piece_or_404(draft, lesson_path(module_key, lesson_key))
    now = settings_in(row.content)
    form = LessonSettingsForm(module, now)
    theirs: Settings | None = None
    if request.method == "GET":
        form.show(now, row.edition)
    elif form.validate():
        try:
            edition = edition_of(form.edition.data)
            drafts.save(db.session(), draft, row.path, settings_piece(form.settings), edition, visitor().person.id)
        except Frozen:
            raise frozen() from None
        except Conflict:
            # The form stays as it was filled; saving it again is to choose it.
            theirs, form.edition.data = now, str(row.edition)
        else:
            db.session.commit()
            flash(_("The settings of the lesson are saved."), "ok")
            return redirect(url_for("lesson_list.index", track_key=track_key, module_key=module_key), 303)
    page = render_template(
        "author/lesson_settings.html",
        form=form, theirs=theirs, who=colleague(row.edited_by), when=row.edited_at,
        labels=dict([*form.objectives.choices, *form.sources.choices]),
        writable=may_write(draft),
        **_around(draft, module_key, lesson_key),
    )  # fmt: skip
    return page, 409 if theirs else 200 if request.method == "GET" else 400


@blueprint.route(f"{LESSONS}/<lesson_key>/delete", methods=["GET", "POST"])
def delete(track_key: str, module_key: str, lesson_key: str) -> ResponseReturnValue:
    """Say what goes with a lesson, then remove it: unless somebody saved it since that was said."""
    draft = own_draft(track_key, "author")
    path = lesson_path(module_key, lesson_key)
    piece_or_404(draft, path)
    editions = ",".join(
        f"{row.path}={row.edition}"
        for row in drafts.listed(db.session(), draft, path)
        if row.path == path or row.path.startswith(f"{path}/")
    )
    changed = request.method == "POST" and request.form.get("editions") != editions
    if request.method == "POST" and not changed:
        try:
            drafts.remove(db.session(), draft, path, visitor().person.id)
        except Frozen:
            raise frozen() from None
        db.session.commit()
        flash(_("The lesson is removed. The history of the draft can put it back."), "ok")
        return redirect(url_for("lesson_list.index", track_key=track_key, module_key=module_key), 303)
    values = _around(draft, module_key, lesson_key)
    return render_template("author/lesson_delete.html", editions=editions, changed=changed, **values), (
        409 if changed else 200
    )


def _list(draft: Draft, module_key: str, form: NewLessonForm) -> str:
    module = module_or_404(draft, module_key)
    rows = lesson_drafts.lessons(db.session(), draft, module_key)
    return render_template(
        "author/lessons.html",
        key=draft.track_key, module=module.key, track_title=track_title(draft),
        module_title=module_title(module),
        lessons=rows, tongues=language_names(), form=form, writable=may_write(draft),
    )  # fmt: skip


def _around(draft: Draft, module_key: str, lesson_key: str) -> dict[str, object]:
    """What the pages of one lesson show of it and of where it is."""
    module = module_or_404(draft, module_key)
    rows = lesson_drafts.lessons(db.session(), draft, module_key)
    return {
        "key": draft.track_key,
        "module": module.key,
        "track_title": track_title(draft),
        "module_title": module_title(module),
        "list_url": url_for("lesson_list.index", track_key=draft.track_key, module_key=module.key),
        "lesson": next(row for row in rows if row.key == lesson_key),
        "tongues": language_names(),
    }
