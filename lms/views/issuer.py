"""The issuer's logo and colour, for the pages of verification."""

from flask import Blueprint, Response, abort, make_response, request
from flask.typing import ResponseReturnValue

from lms.branding import look
from lms.pages import config

blueprint = Blueprint("issuer", __name__)


@blueprint.get("/issuer/logo.png")
def logo() -> ResponseReturnValue:
    """The logo; 404 where none is configured."""
    found = look(config().issuer_colour, config().issuer_logo).logo
    return _kept(make_response(found), "image/png") if found else abort(404)


@blueprint.get("/issuer/look.css")
def colour() -> ResponseReturnValue:
    """The colour, as the style sheet reads it: no page carries a style of its own."""
    return _kept(make_response(f":root {{ --issuer: {config().issuer_colour}; }}\n"), "text/css")


def _kept(answer: Response, media_type: str) -> Response:
    """An answer that browsers keep an hour."""
    answer.content_type = media_type
    answer.headers["Cache-Control"] = "public, max-age=3600"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
