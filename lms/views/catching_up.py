"""A draft brought on the revision that was published since it began: nothing written in it is lost."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.i18n import gettext as _
from lms.models import Draft, TrackRevision, db
from lms.security import visitor
from lms.services import drafts, merging, revisions
from lms.services.merging import Settled
from lms.studio import frozen, own_draft, own_roles, track_title
from lms.studio_merging import merge_shown, settled

blueprint = Blueprint("catching_up", __name__, url_prefix="/author")


@blueprint.get("/<track_key>/newer")
def show(track_key: str) -> ResponseReturnValue:
    """What was published since the draft began, and what taking it in would ask."""
    draft = own_draft(track_key)
    current = merging.newer(db.session(), draft)
    return _page(draft, current) if current is not None else _nothing(track_key)


@blueprint.post("/<track_key>/newer")
def take_in(track_key: str) -> ResponseReturnValue:
    """Take it in; asks about each piece both changed."""
    draft, session, chosen = own_draft(track_key, "author"), db.session(), settled()
    current = merging.newer(session, draft)
    if current is None:
        return _nothing(track_key)
    if request.form.get("digest") != current.digest:
        flash(_("It was published again meanwhile. Here is what it says now."), "warm")
        return redirect(url_for("catching_up.show", track_key=track_key), 303)
    try:
        merging.catch_up(session, draft, chosen, visitor().person.id)
    except drafts.Frozen:
        session.rollback()
        raise frozen() from None
    except merging.Unsettled:
        page = _page(draft, current, chosen)
        session.rollback()
        return page, 409
    session.commit()
    flash(_("What was published is taken into the draft."), "ok")
    return redirect(url_for("review.show", track_key=track_key), 303)


def _nothing(track_key: str) -> ResponseReturnValue:
    flash(_("There is nothing to take in."), "info")
    return redirect(url_for("review.show", track_key=track_key), 303)


def _page(draft: Draft, current: TrackRevision, chosen: dict[str, Settled] | None = None) -> str:
    key = draft.track_key
    base = revisions.named(db.session(), key, draft.base_digest) if draft.base_digest else None
    return render_template(
        "author/newer.html", key=key, title=track_title(draft), base=base, current=current,
        may_take="author" in own_roles(key), draft=draft, merge=merge_shown(draft, base, current, chosen),
    )  # fmt: skip
