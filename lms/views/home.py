"""The door of the site: leads each visitor to their room."""

from flask import Blueprint, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

blueprint = Blueprint("home", __name__)

#: Where each role begins, the first that fits.
ROOMS = (
    ("hr", "hr.index"),
    ("administrator", "admin.index"),
    ("trainer", "teach.cohorts"),
    ("learner", "learn.catalogue"),
    ("author", "author.index"),
)


@blueprint.get("/")
def index() -> Response:
    """To the visitor's room, or to signing in."""
    if not current_user.is_authenticated:
        return redirect(url_for("account.login"))
    return redirect(url_for(next(room for role, room in ROOMS if role in current_user.roles)))
