"""The page that switches the platform's habits while it runs."""

from dataclasses import fields

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms.campus import campus
from lms.devlms.quirks import Quirks
from lms.devlms.visitors import know_visitors

settings_pages = Blueprint("settings", __name__)
know_visitors(settings_pages)


@settings_pages.get("/quirks")
def show() -> str:
    """Every switch with its state."""
    quirks = campus().quirks
    switches = [(each.name, each.metadata["label"], getattr(quirks, each.name)) for each in fields(Quirks)]
    return render_template("devlms/quirks.html", switches=switches)


@settings_pages.post("/quirks")
def change() -> BaseResponse:
    """Put the posted set in force."""
    here = campus()
    try:
        here.quirks = here.quirks.changed_by(request.form)
    except ValueError:
        abort(400, "Un nombre est attendu.")
    return redirect(url_for(".show"), code=303)
