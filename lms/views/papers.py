"""The papers of a module: the page a learner keeps, the guides of a work, what trainers and juries work with."""

from io import BytesIO

from flask import Blueprint, abort, render_template, send_file
from flask.typing import ResponseReturnValue

from curricula.model import Module, Paper, Track
from lms.i18n import current_language
from lms.models import db
from lms.pages import followed, track_or_404
from lms.papers import kinds_for, paper_pdf, paper_values
from lms.resume_pages import WAYS
from lms.security import requires, visitor
from lms.services.learning import enrolment

blueprint = Blueprint("papers", __name__, url_prefix="/learn")


@blueprint.get("/<track_key>/<module_key>/papers/<paper_kind>")
@requires("learner", "trainer", "author")
def show(track_key: str, module_key: str, paper_kind: str) -> ResponseReturnValue:
    """A paper as a page; what is for trainers and juries is not there for learners."""
    return render_template("learn/paper.html", **paper_values(*_paper(track_key, module_key, paper_kind), WAYS))


@blueprint.get("/<track_key>/<module_key>/papers/<paper_kind>.pdf")
@requires("learner", "trainer", "author")
def file(track_key: str, module_key: str, paper_kind: str) -> ResponseReturnValue:
    """The same to print."""
    content = BytesIO(paper_pdf(*_paper(track_key, module_key, paper_kind)))
    name = f"{track_key}-{module_key}-{paper_kind}-{current_language()}.pdf"
    return send_file(content, "application/pdf", as_attachment=True, download_name=name)


def _paper(track_key: str, module_key: str, kind: str) -> tuple[Track, Module, Paper]:
    """The paper of the revision the visitor follows, else of the current one, if it is for them."""
    current = track_or_404(track_key)
    row = enrolment(db.session(), visitor().person.id, current.key)
    track = followed(row) if row else current
    module = track.module(module_key)
    paper = module.paper(kind) if module and module.published and kind in kinds_for(visitor().roles) else None
    if module is None or paper is None:
        abort(404)
    return track, module, paper
