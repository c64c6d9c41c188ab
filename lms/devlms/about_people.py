"""Messages about someone: reviewing a learner's submission, and an administrator's data-privacy launch."""

import json

from flask import Blueprint, abort, g, request, url_for

from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.launches import Launch
from lms.devlms.opening import open_tool
from lms.devlms.people import Person
from lms.devlms.tools import PRIVACY, REVIEW
from lms.devlms.visitors import know_visitors

about_people = Blueprint("about_people", __name__)
know_visitors(about_people)


def may_review(viewer: Person | None, user_id: str) -> bool:
    """Trainers review anybody's submission, learners their own, where the platform offers reviews."""
    return campus().quirks.submission_review and viewer is not None and (viewer.is_trainer or viewer.id == user_id)


@about_people.get("/review/<int:item_id>/<user_id>")
def review(item_id: int, user_id: str) -> str:
    """Open a learner's submission in its tool (Submission Review 1.0)."""
    if not may_review(g.person, user_id):
        raise Refused(403, "Seul un formateur, ou la personne elle-même, revoit un travail.")
    here = campus()
    item, learner = here.store.line_item(item_id), here.people.get(user_id)
    if item is None or learner is None:
        abort(404, "Cette colonne ou cette personne n'existe pas.")
    course, tool = here.course(item.course_id), here.tool(item.client_id)
    if course is None or tool is None:
        abort(404, "Le cours ou l'outil de cette colonne n'existe plus.")
    asked = json.loads(item.review) if item.review else {}
    launch = Launch(
        person=g.person,
        tool=tool,
        course=course,
        document_target="iframe",
        message_type=REVIEW,
        link=here.link(item.resource_link_id) if item.resource_link_id else None,
        for_user=learner,
        line_item_id=item.id,
        target=asked.get("url", ""),
        custom=asked.get("custom", {}),
    )
    return open_tool(launch, f"{item.label} : travail de {learner.name}", url_for("pages.grades"), "Carnet de notes")


@about_people.get("/privacy/<user_id>")
def privacy(user_id: str) -> str:
    """Open what a tool holds about someone, for an administrator (data-privacy launch)."""
    here = campus()
    if g.person is None or not g.person.is_administrator or not here.quirks.data_privacy:
        raise Refused(403, "Seul un administrateur demande les données d'une personne à un outil.")
    person, tool = here.people.get(user_id), here.tool(request.args.get("tool") or here.settings.client_id)
    if person is None or tool is None:
        abort(404, "Cette personne ou cet outil n'existe pas.")
    launch = Launch(g.person, tool, here.settings.course, "iframe", PRIVACY, for_user=person)
    return open_tool(launch, f"{tool.name} : données de {person.name}", url_for("pages.choose"), "Personnes")
