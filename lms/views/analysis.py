"""What attempts say of a module's questions, for its authors and its trainers: numbers about groups, never a name.

Authors, reviewers and publishers of the track see them, and trainers of a course where it is placed: all learners of
the track together. Pairs of like attempts have names: they are for the trainers of the very course of both.
"""

from collections.abc import Generator
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from assessments import similarity
from assessments.analysed import Analysis, ItemFigures
from assessments.review import LEAST
from curricula.model import Module, Track
from lms import analysis_pages as pages
from lms.exports import exports
from lms.forms.analysis import WhichForm
from lms.i18n import current_language, localized
from lms.i18n import gettext as _
from lms.models import Context, Person, db, utcnow
from lms.pages import tracks
from lms.security import visitor
from lms.services import analysis
from lms.services.analysis import Asked, Read
from lms.services.cohorts import trains
from lms.studio import own_grants
from lms.tables import Column, Provenance, Row, Table

blueprint = Blueprint("analysis", __name__, url_prefix="/teach")

#: The last attempts of a course that are compared with one another, two by two.
COMPARED = 400

COLUMNS = (
    Column("key", {"fr": "Question", "en": "Question"}),
    Column("revision", {"fr": "Révision", "en": "Revision"}),
    Column("count", {"fr": "Réponses", "en": "Answers"}, "int"),
    Column("exposure", {"fr": "Exposition", "en": "Exposure"}, "decimal"),
    Column("difficulty", {"fr": "Difficulté (points moyens)", "en": "Difficulty (mean points)"}, "decimal"),
    Column("discrimination", {"fr": "Discrimination (item-reste)", "en": "Discrimination (item-rest)"}, "decimal"),
    Column("upper_lower", {"fr": "Indice supérieur-inférieur", "en": "Upper-lower index"}, "decimal"),
    Column("unanswered", {"fr": "Sans réponse", "en": "Left unanswered"}, "decimal"),
)


@blueprint.get("/analysis/<track_key>/<module_key>")
def module(track_key: str, module_key: str) -> ResponseReturnValue:
    """The figures of a module's questions, for some revisions and a period."""
    courses, writes = _seen_by(track_key)
    track, part = _module(track_key, module_key)
    form, read, found = _analysed(track, part)
    sort = next((sort for sort in pages.SORTS if sort == request.args.get("sort")), pages.SORTS[0])
    enough = found is not None and found.attempts >= LEAST
    rows = pages.items(found, part, read.questions, sort) if found and enough else []
    assert part.quiz is not None
    here: dict[str, Any] = {"track_key": track_key, "module_key": module_key, **form.asked()}
    page = render_template(
        "teach/analysis.html",
        key=track_key,
        track=localized(track.title),
        module=pages.module_name(part),
        writes=writes,
        courses=[
            (course.title or course.label or _("Course without title"),
             url_for("analysis.alike", context_id=course.id, track_key=track_key, module_key=module_key))
            for course in courses
        ],
        form=form,
        opening=pages.opening(found, len(pages.flagged(rows))) if found and enough else None,
        facts=pages.facts(found) if found and enough else [],
        complete=found.reliability.complete if found else True,
        scores=pages.distribution(found, part.quiz.threshold) if found and enough else None,
        flagged=pages.flagged(rows),
        rows=rows,
        chosen=[row for row in rows if row["key"] == request.args.get("question")],
        sort=sort,
        sorts=[(name, url_for("analysis.module", **here, sort=name, _anchor="questions")) for name in pages.SORTS],
        question_url=lambda key: url_for("analysis.module", **here, sort=sort, question=key, _anchor="question"),
        file_url=url_for("analysis.file", **here),
    )  # fmt: skip
    return page, 400 if form.errors else 200


@blueprint.get("/analysis/<track_key>/<module_key>/questions.csv")
def file(track_key: str, module_key: str) -> ResponseReturnValue:
    """The table of the questions as a file."""
    _seen_by(track_key)
    track, part = _module(track_key, module_key)
    _form, _read, found = _analysed(track, part)
    now = utcnow()
    origin = Provenance(now, localized(track.title), "", track.version, part.code)
    items = found.items if found is not None and found.attempts >= LEAST else ()
    title = _("Questions of %(code)s", code=part.code)
    table = Table("questions", title, current_language(), COLUMNS, _lines(items), origin)
    export = exports()["csv"]
    answer = Response(b"".join(export.chunks(table)), content_type=export.media_type)
    name = f"questions-{track_key}-{module_key}-{now:%Y-%m-%d}.{export.suffix}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.get("/<int:context_id>/similarity/<track_key>/<module_key>")
def alike(context_id: int, track_key: str, module_key: str) -> ResponseReturnValue:
    """Pairs of attempts of a course that share many identical wrong answers, for its trainers alone."""
    if "trainer" not in visitor().roles:
        abort(403)
    context = trains(db.session(), visitor().person.id, context_id)
    if context is None:
        abort(404)
    track, part = _module(track_key, module_key)
    wrong = analysis.wrong_answers(db.session(), context_id, track_key, module_key, COMPARED)
    pairs = similarity.similar([answers for _who, _number, answers in wrong], [who for who, _n, _answers in wrong])
    people = {wrong[place][0] for pair in pairs for place in (pair.one, pair.other)}
    names = _names(db.session.scalars(db.select(Person).where(Person.id.in_(people))))
    return render_template(
        "teach/similarity.html",
        track=localized(track.title),
        module=pages.module_name(part),
        course=_title(context),
        course_url=url_for("teach.cohort", context_id=context_id, track=track_key),
        back_url=url_for("analysis.module", track_key=track_key, module_key=module_key),
        compared=len(wrong),
        enough=similarity.ENOUGH,
        pairs=[
            {
                "people": [_attempt(context_id, track_key, names, wrong[place]) for place in (pair.one, pair.other)],
                "same": pair.same, "missed": pair.missed, "expected": pages.decimal(pair.expected),
            }
            for pair in pairs
        ],
    )  # fmt: skip


def _seen_by(track_key: str) -> tuple[list[Context], bool]:
    """(the courses the visitor trains with this track, whether they may have it marked again); 404 for the others."""
    who = visitor()
    roles = own_grants().roles(track_key)
    courses = analysis.trains_track(db.session(), who.person.id, track_key) if "trainer" in who.roles else []
    if not roles and not courses:
        abort(404)
    return courses, bool(roles & {"author", "reviewer"})


def _module(track_key: str, module_key: str) -> tuple[Track, Module]:
    track = tracks().get(track_key)
    part = track.module(module_key) if track else None
    if track is None or part is None or part.quiz is None:
        abort(404)
    return track, part


def _analysed(track: Track, part: Module) -> tuple[WhichForm, Read, Analysis | None]:
    """What is asked for, what was read, and its figures."""
    from assessments.analysis import analyse  # once there is something to compute: docs/adr/0056

    known = analysis.followed(db.session(), Asked(track.key, part.key))
    labels = {row.digest: _("Version %(version)s", version=row.version) for row in known}
    form = WhichForm(request.args, labels.items())
    since, until = form.period() if form.validate() else (None, None)
    read = analysis.gather(db.session(), Asked(track.key, part.key, form.digests(), since, until), tracks())
    return form, read, analyse(read.gathered)


def _lines(items: tuple[ItemFigures, ...]) -> Generator[Row, None, None]:
    for each in sorted(items, key=lambda figures: (figures.item.key, figures.item.revision)):
        shown = each.count >= LEAST
        figures = (each.difficulty, each.discrimination, each.upper_lower, each.unanswered)
        yield (each.item.key, each.item.revision, each.count, _places(each.exposure),
               *(_places(value) if shown else None for value in figures))  # fmt: skip


def _places(value: float | None) -> Decimal | None:
    return None if value is None else round(Decimal(value), 4)


def _names(people: Any) -> dict[int, str]:
    return {person.id: person.display_name or _("Name withheld by the platform") for person in people}


def _attempt(context_id: int, track_key: str, names: dict[int, str], attempt: tuple[int, int, Any]) -> dict[str, Any]:
    person_id, number, _answers = attempt
    url = url_for("evidence.learner", context_id=context_id, person_id=person_id, track=track_key)
    return {"name": names[person_id], "number": number, "url": url}


def _title(context: Context) -> str:
    return context.title or context.label or _("Course without title")
