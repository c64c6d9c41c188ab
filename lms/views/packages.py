"""A draft as an archive: taken away to be worked on elsewhere, brought back whole or not at all."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from curricula.exchange.model import NotReadable
from curricula.problems import CurriculumError
from lms.forms.review import PackageForm
from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import Draft, db
from lms.security import visitor
from lms.services import drafts, packages
from lms.studio import frozen, own_draft, track_title

blueprint = Blueprint("packages", __name__, url_prefix="/author")

#: Largest archive taken, in bytes.
LIMIT = 20_000_000
UPLOADS = {"packages.take": LIMIT}


@blueprint.get("/<track_key>/package")
def show(track_key: str) -> ResponseReturnValue:
    """Take the draft away, or bring a folder."""
    draft = own_draft(track_key)
    return _page(draft, PackageForm(formdata=None))


@blueprint.get("/<track_key>/package/draft.zip")
def download(track_key: str) -> ResponseReturnValue:
    """The draft's folder as it is now."""
    draft = own_draft(track_key)
    content = drafts.folder(db.session(), draft).packed()
    headers = {"Content-Disposition": f'attachment; filename="{track_key}-draft.zip"'}
    return Response(content, content_type="application/zip", headers=headers)


@blueprint.post("/<track_key>/package")
def take(track_key: str) -> ResponseReturnValue:
    """Make the draft what an archive says: all of it, or nothing."""
    draft, session, form = own_draft(track_key, "author"), db.session(), PackageForm()
    if not form.validate_on_submit():
        return _page(draft, form), 400
    try:
        folder = packages.read(form.file.data.read(), track_key)
        taken = packages.take(session, draft, folder, form.state.data or "", visitor().person.id)
    except NotReadable as refusal:
        form.file.errors = [_(refusal.note.message, **dict(refusal.note.values))]
    except CurriculumError as error:
        first = error.problems[0]
        said = " ".join(_(words, **dict(first.values)) for words in (first.what, first.fix))
        place = f"{first.file}:{first.line}" if first.line else first.file
        form.file.errors = [f"{place}: {said}"]
    except packages.Changed:
        form.file.errors = [_("Somebody wrote in the draft since this page was opened. Look at it, then send again.")]
    except drafts.Frozen:
        raise frozen() from None
    else:
        session.commit()
        flash(_outcome(taken), "ok")
        return redirect(url_for("history.show", track_key=track_key), 303)
    session.rollback()
    return _page(own_draft(track_key), form), 400


def _outcome(taken: packages.Taken) -> str:
    count = taken.added + taken.changed + taken.removed
    if not count:
        return _("The draft says the same already: nothing changed.")
    return ngettext(
        "One part of the draft changed: see what it was.",
        "%(num)s parts of the draft changed: see what they were.",
        count,
    )


def _page(draft: Draft, form: PackageForm) -> str:
    form.state.data = packages.state_of(db.session(), draft)
    return render_template(
        "author/package.html",
        key=draft.track_key, title=track_title(draft), draft=draft, form=form, limit=LIMIT,
    )  # fmt: skip
