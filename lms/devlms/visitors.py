"""Who looks at the pages: anyone may be anyone here, by ``?as=`` or by the cookie that remembers it."""

from flask import Blueprint, Response, abort, g, request
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms.campus import campus
from lms.devlms.people import Person

_COOKIE = "devlms_person"


def know_visitors(blueprint: Blueprint) -> None:
    """Give the pages of a blueprint ``g.person``, None when nobody was chosen."""
    blueprint.before_request(_know)
    blueprint.after_request(_keep_choice)


def enrolled(person_id: str) -> Person:
    """The person of that id, if they are enrolled and still there."""
    person = campus().people.get(person_id)
    if person is None or not person.is_active:
        abort(404, "Cette personne n'est pas inscrite au cours.")
    return person


def remember(response: BaseResponse, person: Person) -> None:
    """Be that person from now on."""
    response.set_cookie(_COOKIE, person.id, httponly=True, samesite="Lax")


def _know() -> None:
    if chosen := request.args.get("as"):
        g.person = enrolled(chosen)
        return
    person = campus().people.get(request.cookies.get(_COOKIE, ""))
    g.person = person if person and person.is_active else None


def _keep_choice(response: Response) -> Response:
    if request.args.get("as") and g.get("person"):
        remember(response, g.person)
    return response
