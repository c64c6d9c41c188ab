"""Who changed what in a draft, shown as before and after; and each change put back."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.piece_changes import piece_changes
from lms.i18n import gettext as _
from lms.models import Draft, db
from lms.security import visitor
from lms.services import drafts, history
from lms.studio import frozen, own_draft, own_roles, track_title
from lms.studio_pages import Labels, edit_url, piece_name, shown_part

blueprint = Blueprint("history", __name__, url_prefix="/author")


@blueprint.get("/<track_key>/history")
def show(track_key: str) -> ResponseReturnValue:
    """The changes of the last draft of a track, or of one piece of it."""
    roles, session = own_roles(track_key), db.session()
    draft = history.last_draft(session, track_key)
    path, page = request.args.get("path", "")[:300], max(1, request.args.get("page", 1, int))
    lines, more = history.lines(session, draft, path, page) if draft is not None and page < 10_000 else ([], False)
    labels: Labels = {row.path: row.label for row in drafts.listed(session, draft)} if draft is not None else {}
    return render_template(
        "author/history.html",
        key=track_key,
        title=track_title(draft) if draft is not None else track_key,
        draft=draft,
        may_restore=draft is not None and draft.state == "draft" and "author" in roles,
        path=path,
        path_name=piece_name(path, labels) if path else None,
        lines=[_line(track_key, line, labels) for line in lines],
        page=page,
        more=more,
    )


@blueprint.post("/<track_key>/history/restore")
def restore(track_key: str) -> ResponseReturnValue:
    """Put a piece back as it was before a change."""
    draft, session = own_draft(track_key, "author"), db.session()
    change = history.changed(session, draft, request.form.get("change", 0, int))
    if change is None:
        abort(400)
    try:
        row = drafts.restore(session, draft, change, visitor().person.id)
    except drafts.Frozen:
        raise frozen() from None
    except drafts.Conflict:
        session.rollback()
        flash(_("Somebody changed it at the same moment: look at what it says now, then choose again."), "warm")
        return _back(draft, change.path)
    session.commit()
    flash(_("It is put back as it was. This is a change too: it can be undone.") if row else
          _("It was not there before this change: it is removed."), "ok")  # fmt: skip
    return _back(draft, change.path)


def _back(draft: Draft, path: str) -> ResponseReturnValue:
    only = path if request.form.get("only") else None
    return redirect(url_for("history.show", track_key=draft.track_key, path=only), 303)


def _line(track_key: str, line: history.Line, labels: Labels) -> dict[str, Any]:
    change = line.change
    state = "added" if change.before is None else "removed" if line.after is None else "changed"
    person = change.person
    return {
        "id": change.id,
        "at": change.at,
        "who": (person.display_name or _("Somebody")) if person else _("Somebody who left"),
        "path": change.path,
        "name": piece_name(change.path, labels),
        "url": edit_url(track_key, change.path) if line.after is not None else None,
        "state": state,
        "parts": [shown_part(each, change.path) for each in piece_changes(change.path, change.before, line.after)],
    }
