"""The versions of a track: who published what and when, what changed, as files; and whether it is still begun."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.diff import compare
from curricula.load import read_track
from curricula.model import Track
from curricula.problems import CurriculumError
from lms.i18n import gettext as _
from lms.models import Curriculum, TrackRevision, db
from lms.pages import tracks
from lms.security import visitor
from lms.services import drafts, following, library, revisions
from lms.services.following import Following
from lms.studio import colleague, own_roles, published_title
from lms.studio_pages import Group, kind_names, labels_of, piece_name, shown

blueprint = Blueprint("versions", __name__, url_prefix="/author")

#: What names the draft among versions to compare.
DRAFT = "draft"
#: Most parts that a comparison shows at once.
SHOWN = 400


@blueprint.get("/<track_key>/versions")
def index(track_key: str) -> ResponseReturnValue:
    """Every version of a track, the last one first, with how many learn and were certified on it."""
    roles, session = own_roles(track_key), db.session()
    rows = revisions.revisions(session, track_key)
    numbers, issued = following.following(session, track_key), following.certificates(session, track_key)
    taught = session.get(Curriculum, track_key)
    return render_template(
        "author/versions.html",
        key=track_key,
        title=published_title(track_key),
        roles=roles,
        draft=drafts.open_draft(session, track_key),
        retired_at=taught.retired_at if taught else None,
        versions=[_row(row, numbers, issued, current=place == 0) for place, row in enumerate(rows)],
    )


@blueprint.get("/<track_key>/versions/compare")
def differences(track_key: str) -> ResponseReturnValue:
    """What changed between two versions, or from one to the draft."""
    own_roles(track_key)
    rows, draft = revisions.revisions(db.session(), track_key), drafts.open_draft(db.session(), track_key)
    named = [(row.digest, _("Version %(version)s", version=row.version)) for row in rows]
    if draft is not None:
        named.insert(0, (DRAFT, _("The draft")))
    known = [name for name, _said in named]
    after = request.args.get("after", known[0] if known else "")
    before = request.args.get("before", known[min(1, len(known) - 1)] if known else "")
    if known and not {before, after} <= set(known):
        abort(404)
    kind = request.args.get("kind", "")
    old, new = _content(track_key, before), _content(track_key, after)
    changes = [] if old is None or new is None else compare(old, new)
    chosen = [change for change in changes if kind in {"", change.kind}]
    labels = labels_of(old) | labels_of(new) if old is not None and new is not None else {}
    modules = [module.key for track in (new, old) if track is not None for module in track.modules]
    groups = shown(chosen[:SHOWN], labels, modules)
    return render_template(
        "author/versions_compare.html",
        key=track_key,
        title=published_title(track_key),
        versions=named,
        before=before,
        after=after,
        readable=old is not None and new is not None,
        kinds=[(name, words, sum(each.kind == name for each in changes)) for name, words in kind_names().items()],
        kind=kind,
        count=len(chosen),
        total=len(changes),
        limit=SHOWN,
        modules=_by_module(groups, labels, modules),
    )


@blueprint.get("/<track_key>/versions/<revision>.zip")
def download(track_key: str, revision: str) -> ResponseReturnValue:
    """The folder of a version, as it was published."""
    own_roles(track_key)
    row = _revision(track_key, revision)
    if row is None:
        abort(404)
    headers = {"Content-Disposition": f'attachment; filename="{track_key}-{row.digest[:12]}.zip"'}
    return Response(row.content, content_type="application/zip", headers=headers)


@blueprint.post("/<track_key>/versions/retire")
def retire(track_key: str) -> ResponseReturnValue:
    """Let nobody new begin the track."""
    return _retire(track_key, _("Nobody new begins this track. Those who follow it go on."), retired=True)


@blueprint.post("/<track_key>/versions/reopen")
def reopen(track_key: str) -> ResponseReturnValue:
    """Let learners begin the track again."""
    return _retire(track_key, _("The track is open to learners again."), retired=False)


def _retire(track_key: str, words: str, *, retired: bool) -> ResponseReturnValue:
    own_roles(track_key, "publisher")
    session = db.session()
    if revisions.named(session, track_key) is None:
        flash(_("This track was never published: there is nothing to withdraw."), "warm")
    else:
        following.retire(session, track_key, visitor().person.id, retired=retired)
        session.commit()
        library.forget(session)
        flash(words, "ok")
    return redirect(url_for("versions.index", track_key=track_key), 303)


def _row(row: TrackRevision, numbers: dict[str, Following], issued: dict[str, int], *, current: bool) -> dict[str, Any]:
    origins = {"shipped": _("came with the product"), "imported": _("imported by command")}
    return {
        "version": row.version,
        "digest": row.digest,
        "at": row.published_at,
        "by": origins.get(row.origin) or colleague(row.published_by),
        "note": row.note,
        "current": current,
        "learners": numbers.get(row.digest, Following()).learners,
        "unfinished": numbers.get(row.digest, Following()).unfinished,
        "certificates": issued.get(row.version, 0),
    }


def _revision(track_key: str, digest: str) -> TrackRevision | None:
    return next((row for row in revisions.revisions(db.session(), track_key) if row.digest == digest), None)


def _content(track_key: str, name: str) -> Track | None:
    """The track of a version, or of the draft as far as it can be read."""
    if name != DRAFT:
        return tracks().revision(track_key, name)
    draft = drafts.open_draft(db.session(), track_key)
    try:
        return read_track(drafts.folder(db.session(), draft))[0] if draft is not None else None
    except CurriculumError:
        return None


def _by_module(groups: list[Group], labels: Any, modules: list[str]) -> list[dict[str, Any]]:
    """Pieces by module, those of the track itself first."""
    found: dict[str, list[Group]] = {}
    for group in groups:
        module = group.path.partition("/")[0]
        found.setdefault(module if module in modules else "", []).append(group)
    order = ["", *dict.fromkeys(modules)]
    return [
        {"name": piece_name(f"{module}/module" if module else "track", labels), "pieces": found[module]}
        for module in sorted(found, key=order.index)
    ]
