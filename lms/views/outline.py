"""What a track and each of its modules say: two forms of the studio."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from curricula.pieces import module_in, module_path, module_piece, track_in, track_path, track_piece
from lms.editing import Collision, form_page, kept, more_rows, read_now, reconciled, stale, writable
from lms.forms.outline_module import ModuleForm
from lms.forms.outline_track import TrackForm
from lms.i18n import localized
from lms.models import db
from lms.pages import tracks
from lms.services import outline, outline_files, revisions
from lms.services.outline import Use
from lms.studio import own_draft
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
        if kept(draft, row.path, track_piece(mine), collisions, used):
            return redirect(url_for("author.track", track_key=track_key), 303)
        if fresh := stale(row):  # what the other wrote beside is on the page that asks
            form = TrackForm(mine, modules, others, published, mine.version, formdata=None)
    return form_page(
        "author/track_form.html",
        form,
        read_now(now, row, fresh=fresh),
        collisions,
        used,
        row,
        key=track_key,
        title=localized(now.title),
        said=said_of(draft, row.path),
    )


@blueprint.route("/<track_key>/<module_key>/module", methods=["GET", "POST"])
def module(track_key: str, module_key: str) -> ResponseReturnValue:
    """What a module says: title, summary, objectives, sources, how it is assessed."""
    draft = own_draft(track_key, "author")
    row = writable(draft, module_path(module_key))
    session, now = db.session(), module_in(row.content)
    plan = outline.plan(session, draft)
    framework = outline_files.framework(session, draft)
    form = ModuleForm(now, plan, framework)
    collisions: list[Collision] = []
    used: list[Use] = []
    fresh = request.method == "GET"
    if request.method == "POST" and not more_rows(form) and form.validate():
        mine, collisions = reconciled(form.module(now), now, row, form)
        used = outline.module_uses(session, draft, now, mine)
        if kept(draft, row.path, module_piece(mine), collisions, used):
            return redirect(url_for("author.track", track_key=track_key, _anchor=module_key), 303)
        if fresh := stale(row):
            form = ModuleForm(mine, plan, framework, formdata=None)
    title = localized(now.title) or now.code
    return form_page(
        "author/module_form.html", form, read_now(now, row, fresh=fresh), collisions, used, row,
        key=track_key, track=localized(plan.track.title) or track_key, title=title, module=now,
        said=said_of(draft, row.path),
    )  # fmt: skip
