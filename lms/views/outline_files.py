"""A track's competency framework and its glossary: two forms of the studio."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from curricula.framework import FILE as FRAMEWORK
from curricula.glossary import FILE as GLOSSARY
from curricula.glossary import Glossary
from curricula.model import Framework
from curricula.pieces import framework_piece, glossary_piece, track_in, track_path
from lms.editing import Collision, form_page, kept, more_rows, read_now, reconciled, stale, written
from lms.forms.outline_files import FrameworkForm, GlossaryForm
from lms.models import Draft, db
from lms.services import outline_files
from lms.services.outline import Use
from lms.studio import own_draft, piece_or_404, track_title

blueprint = Blueprint("outline_files", __name__, url_prefix="/author")


@blueprint.route("/<track_key>/framework", methods=["GET", "POST"])
def framework(track_key: str) -> ResponseReturnValue:
    """The competency framework: competencies and what shows that each of their levels is reached."""
    draft = own_draft(track_key, "author")
    row = written(draft, FRAMEWORK)
    now = outline_files.framework(db.session(), draft) or _proposed(draft)
    form = FrameworkForm(now)
    collisions: list[Collision] = []
    used: list[Use] = []
    fresh = request.method == "GET"
    if request.method == "POST" and not more_rows(form) and form.validate():
        mine, collisions = reconciled(form.framework(now), now, row, form)
        used = outline_files.framework_uses(db.session(), draft, now, mine)
        says = any(mine.title.values()) or mine.competencies
        if kept(draft, FRAMEWORK, framework_piece(mine) if says else None, collisions, used):
            return redirect(url_for("author.track", track_key=track_key), 303)
        if fresh := stale(row):  # what the other wrote beside is on the page that asks
            form = FrameworkForm(mine, formdata=None)
    return form_page(
        "author/framework.html", form, read_now(now, row, fresh=fresh), collisions, used, row,
        key=track_key, title=track_title(draft),
    )  # fmt: skip


@blueprint.route("/<track_key>/glossary", methods=["GET", "POST"])
def glossary(track_key: str) -> ResponseReturnValue:
    """The glossary: terms that lessons lead to, each explained in a sentence or two."""
    draft = own_draft(track_key, "author")
    row = written(draft, GLOSSARY)
    now = Glossary(outline_files.glossary(db.session(), draft))
    form = GlossaryForm(now)
    collisions: list[Collision] = []
    used: list[Use] = []
    fresh = request.method == "GET"
    if request.method == "POST" and not more_rows(form) and form.validate():
        mine, collisions = reconciled(form.glossary(now), now, row, form)
        used = outline_files.glossary_uses(db.session(), draft, now, mine)
        content = glossary_piece(mine.terms) if mine.terms else None
        if not used and kept(draft, GLOSSARY, content, collisions, used):
            return redirect(url_for("author.track", track_key=track_key), 303)
        if fresh := stale(row):
            form = GlossaryForm(mine, formdata=None)
    return form_page(
        "author/glossary.html", form, read_now(now, row, fresh=fresh), collisions, used, row,
        key=track_key, title=track_title(draft),
    )  # fmt: skip


def _proposed(draft: Draft) -> Framework:
    """What a framework is called until its authors say otherwise."""
    version = track_in(piece_or_404(draft, track_path()).content).version
    return Framework(draft.track_key, version, {"fr": "", "en": ""}, ())
