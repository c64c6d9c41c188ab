"""Adapting a track of another institution, and taking in what it publishes afterwards."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.author import AdaptForm
from lms.i18n import gettext as _
from lms.i18n import localized, ngettext
from lms.models import Draft, db
from lms.pages import issuer_name
from lms.security import visitor
from lms.services import drafts, forks, merging
from lms.services.forks import Shared, Upstream
from lms.services.merging import Settled
from lms.studio import frozen, institution_choices, own_grants, own_roles, published_title
from lms.studio_merging import merge_shown, settled

blueprint = Blueprint("forks", __name__, url_prefix="/author")


@blueprint.get("/shared")
def shared() -> ResponseReturnValue:
    """The published tracks that the visitor's institution may adapt."""
    own = own_grants().institutions()
    if not own:
        abort(403)
    rows = [_row(each) for each in forks.shared(db.session()) if _other(own, each)]
    return render_template("author/shared.html", tracks=rows)


@blueprint.route("/<track_key>/adapt", methods=["GET", "POST"])
def adapt(track_key: str) -> ResponseReturnValue:
    """Begin a track of one's own from a published one."""
    own = own_grants().institutions()
    if not own:
        abort(403)
    session = db.session()
    found = next(forks.shared(session, track_key), None)
    if found is None:
        abort(404)
    mine = _other(own, found)
    if not mine:
        abort(403)
    form = AdaptForm(institution_choices(mine))
    if form.validate_on_submit():
        owner = int(form.institution.data) if form.institution.data else None
        try:
            forks.adapt(session, track_key, form.key.data, visitor().person.id, owner)
        except drafts.Taken:
            form.key.errors = [_("« %(key)s » names a track already. Choose another key.", key=form.key.data)]
        except forks.NotAdaptable:
            flash(_("The licence of this track lets nobody adapt it."), "bad")
        else:
            db.session.commit()
            flash(_("Your track begins as a copy of it. Change what differs at yours."), "ok")
            return redirect(url_for("author.track", track_key=form.key.data), 303)
    page = render_template("author/adapt.html", form=form, track=_row(found))
    return page, 400 if request.method == "POST" else 200


@blueprint.get("/<track_key>/upstream")
def upstream(track_key: str) -> ResponseReturnValue:
    """What the adapted track published since, and what taking it in would ask."""
    roles = own_roles(track_key)
    found = forks.upstream(db.session(), track_key)
    return _upstream_page(track_key, found, roles, drafts.open_draft(db.session(), track_key))


@blueprint.post("/<track_key>/upstream")
def take_in(track_key: str) -> ResponseReturnValue:
    """Take in what the adapted track published; asks about each piece both changed."""
    roles = own_roles(track_key, "author")
    session, by = db.session(), visitor().person.id
    found = forks.upstream(session, track_key)
    here = url_for("forks.upstream", track_key=track_key)
    if found is None or not found.behind or not found.adaptable:
        flash(_("There is nothing to take in."), "info")
        return redirect(here, 303)
    draft = drafts.begin(session, track_key, by)
    if request.form.get("digest") != found.current.digest:
        session.rollback()
        flash(_("It was published again meanwhile. Here is what it says now."), "warm")
        return redirect(here, 303)
    chosen = settled()
    try:
        merged = forks.take_in(session, draft, found, chosen, by)
    except drafts.Frozen:
        session.rollback()
        raise frozen() from None
    except merging.Unsettled:
        page = _upstream_page(track_key, found, roles, draft, chosen)
        session.rollback()
        return page, 409
    session.commit()
    count = len(merged.taken)
    flash(ngettext("One part is taken into your draft.", "%(num)s parts are taken into your draft.", count), "ok")
    return redirect(url_for("author.track", track_key=track_key), 303)


@blueprint.app_template_global("fork_of")
def fork_of(track_key: str) -> dict[str, Any] | None:
    """For the page of a track: what it adapts, and whether that one was published since."""
    found = forks.upstream(db.session(), track_key)
    if found is None:
        return None
    return {"title": published_title(found.key), "behind": found.behind, "version": found.current.version,
            "url": url_for("forks.upstream", track_key=track_key)}  # fmt: skip


def _upstream_page(
    track_key: str, found: Upstream | None, roles: frozenset[str], draft: Draft | None,
    chosen: dict[str, Settled] | None = None,
) -> str:  # fmt: skip
    """``chosen``: what was chosen so far, when the form comes back."""
    behind = found is not None and found.behind
    return render_template(
        "author/upstream.html", key=track_key, title=published_title(track_key), upstream=found, draft=draft,
        source=published_title(found.key) if found else "", may_take="author" in roles,
        merge=merge_shown(draft, found.taken, found.current, chosen) if found is not None and behind else None,
    )  # fmt: skip


def _other(own: list[int | None], found: Shared) -> list[int | None]:
    """The visitor's institutions that do not own that track."""
    owner = found.owner.id if found.owner else None
    return [number for number in own if number != owner]


def _row(found: Shared) -> dict[str, Any]:
    return {
        "key": found.track.key, "title": localized(found.track.title), "version": found.track.version,
        "licence": found.track.licence, "owner": found.owner.name if found.owner else issuer_name(),
        "adaptable": found.adaptable, "url": url_for("forks.adapt", track_key=found.track.key),
    }  # fmt: skip
