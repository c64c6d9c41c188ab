"""The pages people see: choosing whom to be, the course, an activity, the gradebook."""

from flask import Blueprint, Response, abort, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms.about_people import may_review
from lms.devlms.campus import campus
from lms.devlms.launches import Launch
from lms.devlms.opening import open_tool
from lms.devlms.visitors import enrolled, know_visitors, remember

#: Lines a table of the gradebook shows at most.
SHOWN = 200

pages = Blueprint("pages", __name__)


know_visitors(pages)


@pages.get("/")
def choose() -> str:
    """The people of the demonstration, one button each."""
    here = campus()
    private = here.quirks.data_privacy and g.person is not None and g.person.is_administrator
    tools = [tool for tool in here.tools() if tool.active] if private else []
    return render_template("devlms/choose.html", people=here.people.named(), tools=tools)


@pages.post("/")
def become() -> BaseResponse:
    """Be that person from now on."""
    person = enrolled(request.form.get("person", ""))
    response = redirect(url_for(".course"), code=303)
    remember(response, person)
    return response


@pages.get("/course")
def course() -> str | BaseResponse:
    """The course of the settings and its activities."""
    return one_course(campus().settings.course_id)


@pages.get("/courses/<course_id>")
def one_course(course_id: str) -> str | BaseResponse:
    """A course, its activities, and what its trainers may do."""
    if g.person is None:
        return redirect(url_for(".choose"))
    here = campus()
    shown = here.course(course_id)
    if shown is None:
        abort(404, "Ce cours n'existe pas.")
    tools = [tool for tool in here.tools() if tool.active]
    return render_template(
        "devlms/course.html", course=shown, courses=here.courses(), links=here.links(course_id), tools=tools
    )


@pages.get("/course/<link_id>")
def activity(link_id: str) -> str | BaseResponse:
    """An activity, which opens its tool."""
    if g.person is None:
        return redirect(url_for(".choose"))
    here = campus()
    link = here.link(link_id)
    if link is None:
        abort(404, "Cette activité n'existe pas dans le cours.")
    within, tool = here.course(link.course_id), here.tool(link.client_id)
    if within is None or tool is None:
        abort(404, "Le cours ou l'outil de cette activité n'existe plus.")
    launch = Launch(g.person, tool, within, "iframe", link=link, target=link.url)
    return open_tool(launch, link.title, url_for(".one_course", course_id=within.id), within.title)


@pages.get("/storage")
def storage() -> str:
    """What a named storage frame holds (LTI postMessage Storage)."""
    origins = " ".join(sorted({tool.origin for tool in campus().tools()}))
    return render_template("devlms/storage.html", origins=origins)


@pages.get("/grades")
def grades() -> str:
    """The gradebook: grades in force, then every score received, latest first."""
    store = campus().store
    return render_template(
        "devlms/grades.html",
        items={item.id: item for item in store.line_items()},
        people=campus().people,
        current=store.current_scores(SHOWN),
        received=store.latest_scores(SHOWN),
        most=SHOWN,
        may_review=may_review,
        courses={course.id: course.title for course in campus().courses()},
    )


@pages.get("/grades.json")
def grades_json() -> Response:
    """The gradebook for programs: the score in force of each person and column."""
    store = campus().store
    items = {item.id: item for item in store.line_items()}
    return jsonify(
        [
            {
                "userId": score.user_id,
                "lineItem": items[score.line_item_id].label,
                "resourceLinkId": items[score.line_item_id].resource_link_id,
                "grade": score.grade,
                "maximum": items[score.line_item_id].score_maximum,
                "activityProgress": score.activity_progress,
                "gradingProgress": score.grading_progress,
                "timestamp": score.timestamp,
                "comment": score.comment,
            }
            for score in store.current_scores()
        ]
    )
