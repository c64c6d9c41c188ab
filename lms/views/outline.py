"""What a track and each of its modules say: two forms of the studio."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.pieces import module_in, module_path, module_piece, track_in, track_path, track_piece
from lms.editing import Collision, more_rows, read_now, reconciled, stale, writable
from lms.forms.outline_module import ModuleForm
from lms.forms.outline_track import TrackForm
from lms.forms.parts import PageForm, wrong
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Draft, DraftPiece, db
from lms.pages import tracks
from lms.security import visitor
from lms.services import drafts, outline, revisions
from lms.services.outline import Use
from lms.studio import colleague, own_draft
from lms.studio_review import said_of

blueprint = Blueprint("outline", __name__, url_prefix="/author")


@blueprint.route("/<track_key>/track", methods=["GET", "POST"])
def track(track_key: str) -> ResponseReturnValue:
    """What the track says: title, promise, audience, certificate, legal references."""
    draft = own_draft(track_key, "author")
    row = writable(draft, track_path())
    session, now = db.session(), track_in(row.content)
    modules = [plan.module for plan in outline.plan(session, draft).modules]
    published = [revision.version for revision in revisions.revisions(session, track_key)]
    version = revisions.next_version(published, now.version)
    others = {key: localized(other.title) for key, other in tracks().items() if key != track_key}
    form = TrackForm(now, modules, others, published, version)
    collisions: list[Collision] = []
    used: list[Use] = []
    fresh = request.method == "GET"
    if request.method == "POST" and not more_rows(form) and form.validate():
        mine, collisions = reconciled(form.track(now), now, row, form)
        used = outline.track_uses(session, draft, now, mine)
        if _kept(draft, row, track_piece(mine), collisions, used):
            return redirect(url_for("author.track", track_key=track_key), 303)
        if fresh := stale(row):  # what the other wrote beside is on the page that asks
            form = TrackForm(mine, modules, others, published, mine.version, formdata=None)
    return _page(
        "author/track_form.html",
        form,
        read_now(now, row, fresh=fresh),
        collisions,
        used,
        draft,
        row,
        key=track_key,
        title=localized(now.title),
    )


@blueprint.route("/<track_key>/<module_key>/module", methods=["GET", "POST"])
def module(track_key: str, module_key: str) -> ResponseReturnValue:
    """What a module says: title, summary, objectives, sources, how it is assessed."""
    draft = own_draft(track_key, "author")
    row = writable(draft, module_path(module_key))
    session, now = db.session(), module_in(row.content)
    plan = outline.plan(session, draft)
    form = ModuleForm(now, plan)
    collisions: list[Collision] = []
    used: list[Use] = []
    fresh = request.method == "GET"
    if request.method == "POST" and not more_rows(form) and form.validate():
        mine, collisions = reconciled(form.module(now), now, row, form)
        used = outline.module_uses(session, draft, now, mine)
        if _kept(draft, row, module_piece(mine), collisions, used):
            return redirect(url_for("author.track", track_key=track_key, _anchor=module_key), 303)
        if fresh := stale(row):
            form = ModuleForm(mine, plan, formdata=None)
    title = localized(now.title) or now.code
    return _page(
        "author/module_form.html", form, read_now(now, row, fresh=fresh), collisions, used, draft, row,
        key=track_key, track=localized(plan.track.title) or track_key, title=title, module=now,
    )  # fmt: skip


def _kept(draft: Draft, row: DraftPiece, content: bytes, collisions: Sequence[Collision], used: Sequence[Use]) -> bool:
    """Save what the form says, unless there is something to ask first; whether it is kept."""
    if collisions or (used and not request.form.get("sure")):
        return False
    session, person_id = db.session(), visitor().person.id
    drafts.save(session, draft, row.path, content, row.edition, person_id)
    outline.forget(session, draft, used, person_id)
    db.session.commit()
    flash(_("Saved."), "ok")
    return True


def _page(
    template: str, form: PageForm, read: Mapping[str, Any], collisions: Sequence[Collision], used: Sequence[Use],
    draft: Draft, row: DraftPiece, **values: Any,
) -> ResponseReturnValue:  # fmt: skip
    shown = render_template(
        template,
        form=form, opened=request.form.get("more", ""), wrong=list(wrong(form)), read=read,
        collisions=collisions,
        other=colleague(row.edited_by) if collisions else None,
        used=[_use(use, values["key"]) for use in used], said=said_of(draft, row.path), **values,
    )  # fmt: skip
    status = 409 if collisions or used else 400 if form.errors else 200
    return shown, status


def _use(use: Use, track_key: str) -> dict[str, Any]:
    """A lesson, question or module that names what goes, as the page says it."""
    module_key, _slash, rest = use.path.partition("/")
    name = rest.partition("/")[2]
    kinds = {"lesson": _("Lesson"), "question": _("Question"), "module": _("Module")}
    here: dict[str, Any] = {"track_key": track_key, "module_key": module_key}
    if use.kind == "lesson":
        url = url_for("lessons.edit", **here, lesson_key=name, language="fr")
    elif use.kind == "question":
        url = url_for("bank.question", **here, question_key=name)
    else:
        url = url_for("outline.module", **here)
    title = localized({"fr": "", **use.label}) or name or module_key
    return {"kind": kinds[use.kind], "title": title, "url": url}
