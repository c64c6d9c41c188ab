"""The studio's first pages: the tracks one may write, a new one, and a track with its draft."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.model import LANGUAGES, Localized, Track
from curricula.outline import Outline, outline_of
from lms.forms.author import NewTrackForm
from lms.i18n import gettext as _
from lms.i18n import language_names, localized
from lms.models import Draft, db
from lms.pages import tracks
from lms.security import visitor
from lms.services import drafts, outline, reviews, revisions, studio
from lms.studio import institution_choices, may_write, own_grants, own_roles

blueprint = Blueprint("author", __name__, url_prefix="/author")

#: What a new track says until its authors say otherwise.
FIRST_VERSION, LICENCE = "1", "CC-BY-SA-4.0"


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """The tracks the visitor may write, review or publish."""
    grants = own_grants()
    if not grants and not visitor().roles & {"author", "trainer"}:
        abort(403)
    session = db.session()
    own = [key for key in studio.known_tracks(session) if grants.roles(key)] if grants else []
    written = drafts.open_titles(session)
    rows = [_row(key, written.get(key), grants.roles(key)) for key in own]
    return render_template("author/index.html", tracks=rows, may_create=bool(grants.institutions()))


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Begin a track from an empty page."""
    grants = own_grants()
    if not grants.institutions():
        abort(403)
    form = NewTrackForm(institution_choices(grants.institutions()))
    if form.validate_on_submit():
        track = _empty(form.key.data, form.code.data.strip(), form.title.data.strip())
        owner = int(form.institution.data) if form.institution.data else None
        try:
            drafts.create(db.session(), track, visitor().person.id, owner)
        except drafts.Taken:
            form.key.errors = [_("« %(key)s » names a track already. Choose another key.", key=track.key)]
        else:
            db.session.commit()
            flash(_("The track is begun. Write its promise, then its first module."), "ok")
            return redirect(url_for("author.track", track_key=track.key), 303)
    page = render_template("author/new.html", form=form)
    return page, 400 if request.method == "POST" else 200


@blueprint.get("/<track_key>/")
def track(track_key: str) -> ResponseReturnValue:
    """The plan of a track: its modules with their lessons and questions, and what to do next."""
    roles = own_roles(track_key)
    session = db.session()
    draft = drafts.open_draft(session, track_key)
    published = revisions.current(session, track_key)
    if draft is not None:
        plan = outline.plan(session, draft)
    elif published is not None and (known := tracks().revision(track_key, published.digest)):
        plan = outline_of(known)
    else:
        abort(404)
    writing = draft is not None and may_write(draft)
    return render_template(
        "author/track.html",
        key=track_key, title=localized(plan.track.title) or track_key, draft=draft, published=published, roles=roles,
        plan=plan, writing=writing, step=_next_step(track_key, plan) if writing else None,
        language_names=language_names(), waiting=reviews.open_comments(session, draft) if draft is not None else 0,
    )  # fmt: skip


@blueprint.post("/<track_key>/begin")
def begin(track_key: str) -> ResponseReturnValue:
    """Begin the next revision of a track that is published."""
    own_roles(track_key, "author")
    try:
        drafts.begin(db.session(), track_key, visitor().person.id)
    except LookupError:
        abort(404)
    db.session.commit()
    return redirect(url_for("author.track", track_key=track_key), 303)


def _row(key: str, written: tuple[Draft, Localized] | None, roles: frozenset[str]) -> dict[str, Any]:
    """A track in the list. ``written``: its draft, with the title there."""
    published = tracks().get(key)
    draft, title = written or (None, published.title if published else {})
    return {
        "key": key, "title": localized(title) or key, "url": url_for("author.track", track_key=key),
        "version": published.version if published else None, "state": draft.state if draft else None,
        "roles": roles,
    }  # fmt: skip


def _next_step(key: str, plan: Outline) -> dict[str, Any] | None:
    """The one thing to do next: what a track needs first comes first."""
    if not any(plan.track.promise.values()):
        said = _("Say in one sentence what the reader will be able to do: everything else follows from it.")
        label, url = _("Write the promise of the track"), url_for("outline.track", track_key=key)
        return {"label": label, "why": said, "url": url}
    if not plan.modules:
        said = _("A module leaves one gesture. Its lessons and its assessment come after.")
        return {"label": _("Add a module"), "why": said, "url": url_for("outline_modules.new", track_key=key)}
    for each in plan.modules:
        name = {"code": each.module.code or each.module.key}
        here: dict[str, Any] = {"track_key": key, "module_key": each.module.key}
        if not each.module.objectives:
            said = _("Lessons work towards objectives, and questions assess them.")
            label, url = _("Write the objectives of %(code)s", **name), url_for("outline.module", **here)
        elif each.module.published and not each.lessons:
            said = _("Its objectives are written, and no lesson yet.")
            label, url = _("Write the first lesson of %(code)s", **name), url_for("lesson_list.index", **here)
        elif each.module.published and not each.questions:
            said = _("Its lessons are begun, and its bank has no question.")
            label, url = _("Write the first question of %(code)s", **name), url_for("bank.index", **here)
        else:
            continue
        return {"label": label, "why": said, "url": url}
    return None


def _empty(key: str, code: str, title: str) -> Track:
    return Track(
        key=key, code=code, version=FIRST_VERSION, title={"fr": title}, promise={}, audience={}, licence=LICENCE,
        languages=LANGUAGES, recommendations=(), modules=(),
    )  # fmt: skip
