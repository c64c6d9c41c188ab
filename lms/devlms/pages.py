"""The pages people see: choosing whom to be, the course, an activity, the gradebook."""

from flask import Blueprint, Response, abort, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms.campus import campus
from lms.devlms.people import Person

COOKIE = "devlms_person"
#: Lines a table of the gradebook shows at most.
SHOWN = 200

pages = Blueprint("pages", __name__)


@pages.before_request
def know_the_person() -> None:
    """Who is here: ``?as=`` chooses, else the cookie remembers."""
    chosen = request.args.get("as")
    g.person = _enrolled(chosen or request.cookies.get(COOKIE, ""))
    if chosen and g.person is None:
        abort(404, "Cette personne n'est pas inscrite au cours.")


@pages.after_request
def remember_the_person(response: Response) -> Response:
    """Keep a choice made by ``?as=``."""
    if request.args.get("as") and g.get("person"):
        _remember(response, g.person)
    return response


@pages.get("/")
def choose() -> str:
    """The people of the demonstration, one button each."""
    return render_template("devlms/choose.html", people=campus().people.named())


@pages.post("/")
def become() -> BaseResponse:
    """Be that person from now on."""
    person = _enrolled(request.form.get("person", ""))
    if person is None:
        abort(404, "Cette personne n'est pas inscrite au cours.")
    response = redirect(url_for(".course"), code=303)
    _remember(response, person)
    return response


@pages.get("/course")
def course() -> str | BaseResponse:
    """The course and its activities."""
    if g.person is None:
        return redirect(url_for(".choose"))
    return render_template("devlms/course.html", settings=campus().settings)


@pages.get("/course/<link_id>")
def activity(link_id: str) -> str | BaseResponse:
    """An activity: the page starts the tool's login in a frame, or in a new tab on demand."""
    if g.person is None:
        return redirect(url_for(".choose"))
    here = campus()
    link = here.settings.link(link_id)
    if link is None:
        abort(404, "Cette activité n'existe pas dans le cours.")

    def initiation(document_target: str) -> dict[str, str]:
        """Third-party initiated login (LTI Security Framework, section 5.1.1.1)."""
        return {
            "iss": here.settings.issuer,
            "login_hint": g.person.id,
            "target_link_uri": here.settings.launch_url,
            "lti_message_hint": here.launches.begin(g.person, link, document_target),
            "client_id": here.settings.client_id,
            "lti_deployment_id": here.settings.deployment_id,
        }

    return render_template(
        "devlms/activity.html",
        link=link,
        settings=here.settings,
        framed=initiation("iframe"),
        windowed=initiation("window"),
    )


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


def _enrolled(person_id: str) -> Person | None:
    person = campus().people.get(person_id)
    return person if person and person.is_active else None


def _remember(response: BaseResponse, person: Person) -> None:
    response.set_cookie(COOKIE, person.id, httponly=True, samesite="Lax")
