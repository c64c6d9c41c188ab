"""The images that lessons show, kept by browsers for as long as they like: their digest is in their address."""

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from lms.models import db
from lms.pages import followed, track_or_404
from lms.security import requires, visitor
from lms.services.learning import enrolment

blueprint = Blueprint("lesson_files", __name__, url_prefix="/learn")


@blueprint.get("/<track_key>/<module_key>/files/<digest>/<name>")
@requires("learner", "trainer", "author")
def show(track_key: str, module_key: str, digest: str, name: str) -> ResponseReturnValue:
    """An image of the revision the visitor follows, else of the current one, which they may look at."""
    current = track_or_404(track_key)
    row = enrolment(db.session(), visitor().person.id, current.key)
    parts = [revision.module(module_key) for revision in ([followed(row)] if row else []) + [current]]
    images = [part.file(name) for part in parts if part and part.published]
    image = next((each for each in images if each and each.digest == digest), None)
    if image is None:
        abort(404)
    answer = Response(image.content, mimetype=image.media)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    # Opened alone, a drawing may use its own styles and nothing else.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer
