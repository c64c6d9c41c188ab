"""The modules of a track: a new one, its place, its end."""

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.awards import own_modules
from curricula.model import Module
from curricula.pieces import module_path
from lms.editing import writable
from lms.forms.outline_module import NewModuleForm
from lms.forms.parts import wrong
from lms.forms.quiz_rules import USUAL_QUIZ
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import db
from lms.security import visitor
from lms.services import drafts, outline
from lms.studio import frozen, own_draft

blueprint = Blueprint("outline_modules", __name__, url_prefix="/author")

_EMPTY = Module(
    key="", code="", order=1, status="published", title={}, summary={}, duration_minutes=0, recommendations=(),
    legal=(), objectives=(), quiz=USUAL_QUIZ,
)  # fmt: skip


@blueprint.route("/<track_key>/modules/new", methods=["GET", "POST"])
def new(track_key: str) -> ResponseReturnValue:
    """Add a module after the others."""
    draft = own_draft(track_key, "author")
    if draft.state != "draft":
        raise frozen()
    plan = outline.plan(db.session(), draft)
    form = NewModuleForm(outline.proposed_code(plan.track, [each.module for each in plan.modules]))
    if form.validate_on_submit():
        made = replace(_EMPTY, key=form.key.data, code=form.code.data, title={"fr": form.title.data})
        try:
            outline.add_module(db.session(), draft, made, visitor().person.id)
        except drafts.Frozen:
            raise frozen() from None
        except drafts.Taken as taken:
            form.key.errors = [
                _("« %(key)s » names a module of this track already. Choose another key.", key=made.key)
                if str(taken) == made.key
                else _("A track has %(count)s modules at most.", count=outline.MOST_MODULES)
            ]
        else:
            db.session.commit()
            flash(_("The module is added. Say what one will be able to do after it."), "ok")
            return redirect(url_for("outline.module", track_key=track_key, module_key=made.key), 303)
    title = localized(plan.track.title) or track_key
    shown = render_template("author/module_new.html", form=form, wrong=list(wrong(form)), key=track_key, title=title)
    return shown, 400 if request.method == "POST" else 200


@blueprint.post("/<track_key>/<module_key>/move")
def move(track_key: str, module_key: str) -> ResponseReturnValue:
    """Move a module up or down."""
    draft = own_draft(track_key, "author")
    by = 1 if request.form.get("to") == "down" else -1
    try:
        moved = outline.move_module(db.session(), draft, module_key, by, visitor().person.id)
    except drafts.Frozen:
        raise frozen() from None
    except LookupError:
        abort(404)
    db.session.commit()
    flash(_("The module has moved.") if moved else _("The module is at the end already."), "ok")
    return redirect(url_for("author.track", track_key=track_key, _anchor=module_key), 303)


@blueprint.route("/<track_key>/<module_key>/delete", methods=["GET", "POST"])
def delete(track_key: str, module_key: str) -> ResponseReturnValue:
    """Remove a module, once the visitor has read what goes with it."""
    draft = own_draft(track_key, "author")
    writable(draft, module_path(module_key))
    session = db.session()
    if request.method == "POST":
        outline.remove_module(session, draft, module_key, visitor().person.id)
        db.session.commit()
        flash(_("The module is removed, with all that was in it."), "ok")
        return redirect(url_for("author.track", track_key=track_key), 303)
    plan = outline.plan(session, draft)
    here = plan.module(module_key)
    if here is None:
        abort(404)
    rule, label = plan.track.certificate, plan.track.label
    return render_template(
        "author/module_delete.html",
        key=track_key, track=localized(plan.track.title) or track_key, plan=here,
        title=localized(here.module.title) or here.module.code, certified=bool(rule and module_key in rule.modules),
        labelled=bool(label and module_key in own_modules(label)),
    )  # fmt: skip
