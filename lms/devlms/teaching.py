"""What trainers do in a course: add activities through a tool's picker or by hand, and copy the course."""

import secrets

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.gradebook import LineItem
from lms.devlms.launches import Launch
from lms.devlms.notices import announce_copy
from lms.devlms.opening import open_tool
from lms.devlms.settings import Course, CourseLink
from lms.devlms.tools import DEEP_LINKING, Tool
from lms.devlms.variables import from_lines
from lms.devlms.visitors import know_visitors

teaching = Blueprint("teaching", __name__, url_prefix="/courses/<course_id>")
know_visitors(teaching)


@teaching.get("/add")
def add(course_id: str) -> str:
    """The tool's picker, in a frame."""
    course, tool = _course(course_id), _tool()
    data = "" if campus().quirks.no_deep_linking_data else secrets.token_urlsafe(16)
    launch = Launch(g.person, tool, course, "iframe", DEEP_LINKING, data=data)
    back = url_for("pages.one_course", course_id=course.id)
    return open_tool(launch, f"Choisir un contenu de {tool.name}", back, course.title)


@teaching.post("/links")
def add_by_hand(course_id: str) -> BaseResponse:
    """An activity with its column, described in a form as Moodle does: a custom parameter a line."""
    course, tool = _course(course_id), _tool()
    title = request.form.get("title", "").strip()
    if not title:
        raise Refused(400, "Donnez un nom à l'activité.")
    custom = from_lines(request.form.get("custom", ""))
    link = CourseLink("", title, custom, course_id=course.id, client_id=tool.client_id)
    campus().add_links([(link, LineItem(title, link.score_maximum))])
    return redirect(url_for("pages.one_course", course_id=course.id), code=303)


@teaching.post("/copy")
def copy(course_id: str) -> BaseResponse:
    """A copy of the course, with its activities and empty columns."""
    origin = _course(course_id)
    made = campus().copy_course(origin)
    announce_copy(campus(), origin, made)
    return redirect(url_for("pages.one_course", course_id=made.id), code=303)


def _course(course_id: str) -> Course:
    if g.person is None or not g.person.is_trainer:
        raise Refused(403, "Seul un formateur modifie le cours.")
    course = campus().course(course_id)
    if course is None:
        abort(404, "Ce cours n'existe pas.")
    return course


def _tool() -> Tool:
    tool = campus().tool(request.values.get("tool") or campus().settings.client_id)
    if tool is None or not tool.active:
        abort(404, "Cet outil n'existe pas ou attend d'être activé.")
    return tool
