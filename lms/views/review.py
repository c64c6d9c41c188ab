"""A draft before it is published: what blocks it, what was said of it, a second person who reads it, publication."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.problems import CurriculumError
from lms.forms.review import CommentForm, PublishForm, SureForm, WordForm
from lms.i18n import gettext as _
from lms.i18n import localized, ngettext
from lms.models import Draft, db, utcnow
from lms.pages import local_path
from lms.security import visitor
from lms.services import drafts, following, library, merging, reviews, revisions
from lms.studio import colleague, own_roles
from lms.studio_pages import Labels, piece_name
from lms.studio_review import comments_shown, policy, quality

blueprint = Blueprint("review", __name__, url_prefix="/author")


@blueprint.get("/<track_key>/review")
def show(track_key: str) -> ResponseReturnValue:
    """What blocks a draft, what would make it better, what was said of it, and the next act."""
    roles = own_roles(track_key)
    draft = drafts.open_draft(db.session(), track_key)
    return _page(draft, roles) if draft is not None else _no_draft(track_key)


@blueprint.post("/<track_key>/review/send")
def send(track_key: str) -> ResponseReturnValue:
    """Ask for a second person to read it."""
    return _act(track_key, "author", lambda draft, me, word: reviews.send(db.session(), draft, me, word),
                _("The draft is sent: a second person can read it. Nobody changes it meanwhile."))  # fmt: skip


@blueprint.post("/<track_key>/review/back")
def take_back(track_key: str) -> ResponseReturnValue:
    """Go on writing."""
    return _act(track_key, "author", lambda draft, me, _word: reviews.take_back(db.session(), draft, me),
                _("The draft is taken back: it can be written again."))  # fmt: skip


@blueprint.post("/<track_key>/review/approve")
def approve(track_key: str) -> ResponseReturnValue:
    """Say that it may be published."""
    return _act(track_key, "reviewer", lambda draft, me, word: reviews.approve(db.session(), draft, me, word),
                _("The draft is approved: it can be published."))  # fmt: skip


@blueprint.post("/<track_key>/review/return")
def send_back(track_key: str) -> ResponseReturnValue:
    """Ask its authors to go on."""
    return _act(track_key, "reviewer", lambda draft, me, word: reviews.send_back(db.session(), draft, me, word),
                _("The draft is sent back to its authors, with your words."), needed=True)  # fmt: skip


@blueprint.post("/<track_key>/review/publish")
def publish(track_key: str) -> ResponseReturnValue:
    """Make it what learners read."""
    roles, session, form = own_roles(track_key, "publisher"), db.session(), PublishForm()
    draft = drafts.open_draft(session, track_key)
    if draft is None:
        return _no_draft(track_key)
    if not form.validate_on_submit():
        return _page(draft, roles, publishing=form), 400
    try:
        row, moved = reviews.publish(
            session, draft, visitor().person.id, form.note.data, moving=form.learners.data == "move"
        )
    except reviews.NotNow:
        return _elsewhere(track_key)
    except (reviews.Outdated, reviews.Unchanged, CurriculumError, revisions.NotPublishable) as refusal:
        session.rollback()
        form.note.errors = [_why(refusal)]
        return _page(drafts.open_draft(session, track_key), roles, publishing=form), 409
    session.commit()
    library.forget(session)
    flash(_("Version %(version)s is published: whoever begins the track reads it.", version=row.version), "ok")
    if form.learners.data == "move":
        flash(ngettext("One learner goes on with it.", "%(num)s learners go on with it.", moved), "ok")
    return redirect(url_for("versions.index", track_key=track_key), 303)


@blueprint.post("/<track_key>/review/again")
def again(track_key: str) -> ResponseReturnValue:
    """Leave the draft for one that begins from what is published now."""
    roles, session = own_roles(track_key, "author"), db.session()
    draft, form = drafts.open_draft(session, track_key), _sure()
    if draft is None:
        return _no_draft(track_key)
    if not form.validate_on_submit():
        return _page(draft, roles, sure=form), 400
    if draft.base_digest is None or merging.newer(session, draft) is None:
        return _elsewhere(track_key)
    try:
        reviews.begin_again(session, draft, visitor().person.id)
    except reviews.NotNow:
        return _elsewhere(track_key)
    session.commit()
    flash(_("A new draft begins from the version that is online."), "ok")
    return redirect(url_for("author.track", track_key=track_key), 303)


@blueprint.post("/<track_key>/review/comments")
def comment(track_key: str) -> ResponseReturnValue:
    """Say something of a piece, or of the whole."""
    roles, session, form = own_roles(track_key), db.session(), CommentForm()
    draft = drafts.open_draft(session, track_key)
    if draft is None:
        return _no_draft(track_key)
    if not form.validate_on_submit():
        return _page(draft, roles, commenting=form), 400
    try:
        reviews.comment(session, draft, form.path.data or "", form.text.data, visitor().person.id)
    except LookupError:
        form.text.errors = [_("What you comment was removed meanwhile. Comment the whole, or copy your text.")]
        form.path.data = ""
        return _page(draft, roles, commenting=form), 409
    session.commit()
    flash(_("Your comment is kept."), "ok")
    return _back(track_key)


@blueprint.post("/<track_key>/review/resolve")
def resolve(track_key: str) -> ResponseReturnValue:
    """Say that a comment is dealt with."""
    own_roles(track_key)
    draft = drafts.open_draft(db.session(), track_key)
    if draft is None:
        return _no_draft(track_key)
    try:
        reviews.resolve(db.session(), draft, request.form.get("comment", 0, int), visitor().person.id)
    except LookupError:
        abort(400)
    db.session.commit()
    flash(_("The comment is marked as dealt with."), "ok")
    return _back(track_key)


def _act(track_key: str, role: str, act: Any, words: str, *, needed: bool = False) -> ResponseReturnValue:
    """One act on the open draft of a track, by who holds that role; its word is checked first."""
    roles, session = own_roles(track_key, role), db.session()
    draft = drafts.open_draft(session, track_key)
    if draft is None:
        return _no_draft(track_key)
    form = _word(needed=needed)
    if not form.validate_on_submit():
        return _page(draft, roles, word=form), 400
    try:
        act(draft, visitor().person.id, form.word.data)
    except reviews.NotNow:
        return _elsewhere(track_key)
    except (reviews.SamePerson, reviews.Blocked, reviews.Outdated) as refusal:
        session.rollback()
        form.word.errors = [_why(refusal)]
        return _page(drafts.open_draft(session, track_key), roles, word=form), 409
    session.commit()
    flash(words, "ok")
    return redirect(url_for("review.show", track_key=track_key), 303)


def _why(refusal: Exception) -> str:
    """Why an act is refused, and what to do."""
    match refusal:
        case reviews.SamePerson():
            return _("You sent this draft: a second person reads it.")
        case reviews.Outdated():
            return _(
                "Version %(version)s was published since this draft began: take it in first.",
                version=refusal.current.version,
            )
        case reviews.Unchanged():
            return _("This draft says what is online already: there is nothing to publish.")
        case revisions.NotPublishable(version=version) if version:
            return _("A version is called %(version)s already: give this one another name.", version=version)
        case _:
            return _("Something is to be mended first: see the list.")


def _elsewhere(track_key: str) -> ResponseReturnValue:
    """Where the draft stands, for whoever acted just after somebody else."""
    db.session.rollback()
    flash(_("Somebody acted just before you: here is where the draft stands now."), "warm")
    return redirect(url_for("review.show", track_key=track_key), 303)


def _no_draft(track_key: str) -> ResponseReturnValue:
    flash(_("There is no draft to review: what was written is published, or was not begun."), "info")
    return redirect(url_for("author.track", track_key=track_key), 303)


def _back(track_key: str) -> ResponseReturnValue:
    """To the page a comment was written on."""
    return redirect(local_path(request.form.get("next"), url_for("review.show", track_key=track_key)), 303)


def _word(*, needed: bool = False) -> WordForm:
    return WordForm(_("What is to be mended") if needed else _("A word for those who read it"), needed=needed)


def _sure() -> SureForm:
    return SureForm(_("I have kept what I need of this draft: it will be gone."))


def _page(
    draft: Draft | None, roles: frozenset[str], *, word: WordForm | None = None, publishing: PublishForm | None = None,
    commenting: CommentForm | None = None, sure: SureForm | None = None,
) -> str:  # fmt: skip
    """The page of a draft, with the form that was refused if one was."""
    assert draft is not None
    session, today, me = db.session(), utcnow().date(), visitor().person.id
    found = reviews.report(session, draft, today)
    labels: Labels = {row.path: row.label for row in drafts.listed(session, draft)}
    newer, numbers = merging.newer(session, draft), following.following(session, draft.track_key)
    about = (commenting.path.data if commenting is not None else "") or ""
    said = comments_shown(draft, reviews.comments(session, draft), labels)
    return render_template(
        "author/review.html",
        key=draft.track_key,
        title=(localized(found.track.title) if found.track else "") or draft.track_key,
        draft=draft,
        roles=roles,
        mine=draft.sent_by == me,
        sent_by=colleague(draft.sent_by),
        approved_by=colleague(draft.approved_by),
        quality=quality(found, labels, today),
        newer=newer,
        comments=[each for each in said if not each["resolved_at"]],
        resolved=[each for each in said if each["resolved_at"]],
        word=word or _word(),
        back=word if word is not None and word.word.flags.required else _word(needed=True),
        publishing=publishing or PublishForm(),
        commenting=commenting or CommentForm(formdata=None),
        commented=piece_name(about, labels) if about else None,
        back_to=local_path(request.form.get("next"), "") if about else None,
        sure=sure or _sure(),
        policy=policy(found.track, numbers) if draft.state == "approved" else None,
    )
