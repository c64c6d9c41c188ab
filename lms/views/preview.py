"""A draft, or any version of a track, as a learner reads it and is assessed on it; nothing is recorded."""

from itertools import chain
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from assessments.draw import draw
from assessments.model import DrawnQuestion
from curricula.files import media_of, refusals_of
from curricula.load import read_track
from curricula.model import File, Module, Paper, Track
from curricula.papers import KINDS
from curricula.problems import CurriculumError, Place
from curricula.progress import ModuleProgress, progress
from curricula.readable import readable
from lms import questions
from lms.award_pages import previewed
from lms.errors import Refused
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import db
from lms.models.secrets import new_token
from lms.pages import tracks
from lms.papers import paper_links, paper_pdf, paper_values
from lms.services import drafts, revisions
from lms.studio import own_roles
from lms.track_pages import Ways, lesson_values, module_values, track_values

blueprint = Blueprint("preview", __name__, url_prefix="/author")


@blueprint.get("/<track_key>/preview")
def track(track_key: str) -> ResponseReturnValue:
    """The whole track."""
    found = _track(track_key)
    state = progress(found, {}, {})
    values = track_values(found, state, previewed(state), _ways(track_key))
    return _page("author/preview_track.html", track_key, found, **values, resume=None)


@blueprint.get("/<track_key>/preview/<module_key>")
def module(track_key: str, module_key: str) -> ResponseReturnValue:
    """A module: its lessons, its assessment."""
    found, ways = _track(track_key), _ways(track_key)
    step = _step(found, module_key)
    part = step.module
    go_on = {"label": _("Read lesson 1"), "url": ways.lesson(found, part, part.lessons[0])} if part.lessons else None
    values = module_values(found, step, found.version, ways)
    return _page(
        "author/preview_module.html", track_key, found, **values, next=go_on, quiz=_quiz(found, part, ways),
        papers=paper_links(found, part, ways, KINDS),
    )  # fmt: skip


@blueprint.get("/<track_key>/preview/<module_key>/lessons/<lesson_key>")
def lesson(track_key: str, module_key: str, lesson_key: str) -> ResponseReturnValue:
    """A lesson."""
    found, ways = _track(track_key), _ways(track_key)
    step = _step(found, module_key)
    text = step.module.lesson(lesson_key)
    if text is None:
        abort(404)
    values = lesson_values(found, step, text, found.version, ways)
    back = {"title": _("Back to the module"), "url": ways.module(found, step.module), "kind": "track"}
    return _page("author/preview_lesson.html", track_key, found, **values | {"next": values["next"] or back})


@blueprint.get("/<track_key>/preview/<module_key>/papers/<paper_kind>")
def paper(track_key: str, module_key: str, paper_kind: str) -> ResponseReturnValue:
    """A paper of a module, whoever it is for."""
    found, part, told = _paper(track_key, module_key, paper_kind)
    return _page("author/preview_paper.html", track_key, found, **paper_values(found, part, told, _ways(track_key)))


@blueprint.get("/<track_key>/preview/<module_key>/papers/<paper_kind>.pdf")
def paper_file(track_key: str, module_key: str, paper_kind: str) -> ResponseReturnValue:
    """The same to print."""
    return Response(paper_pdf(*_paper(track_key, module_key, paper_kind)), mimetype="application/pdf")


@blueprint.get("/<track_key>/preview/<module_key>/assessment")
def assessment(track_key: str, module_key: str) -> ResponseReturnValue:
    """An assessment of the module, drawn as a learner's is, each question with what is said of each option."""
    found, ways = _track(track_key), _ways(track_key)
    part = _step(found, module_key).module
    asked = min(part.quiz.questions if part.quiz else 0, len(part.questions))
    seed = request.args.get("seed", "")[:64] or new_token()[:16]
    return _page(
        "author/preview_assessment.html",
        track_key,
        found,
        track={"title": localized(found.title), "url": ways.track(found)},
        module={"code": part.code, "title": localized(part.title), "url": ways.module(found, part)},
        threshold=part.quiz.threshold if part.quiz else None,
        bank=len(part.questions),
        questions=[_question(part, number, item) for number, item in enumerate(draw(part.questions, asked, seed), 1)],
        again_url=_url("preview.assessment", track_key=track_key, module_key=module_key),
    )


@blueprint.get("/<track_key>/preview/<module_key>/files/<digest>/<name>")
def file(track_key: str, module_key: str, digest: str, name: str) -> ResponseReturnValue:
    """An image of a lesson, of the draft or of any version: its digest tells which."""
    own_roles(track_key)
    image = _image(track_key, module_key, digest, name)
    if image is None:
        abort(404)
    answer = Response(image.content, mimetype=image.media)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    # Opened alone, a drawing may use its own styles and nothing else.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


def _paper(track_key: str, module_key: str, kind: str) -> tuple[Track, Module, Paper]:
    found = _track(track_key)
    part = _step(found, module_key).module
    told = part.paper(kind)
    if told is None:
        abort(404)
    return found, part, told


def _image(track_key: str, module_key: str, digest: str, name: str) -> File | None:
    session = db.session()
    draft = drafts.open_draft(session, track_key)
    row = drafts.piece(session, draft, f"{module_key}/files/{name}") if draft is not None else None
    found: list[File | None] = []
    if row is not None and not refusals_of(Place("", ""), name, row.content):
        found.append(File(name, media_of(row.content) or "", row.content))
    parts = (tracks().revision(track_key, each.digest) for each in revisions.revisions(session, track_key))
    modules = (version.module(module_key) for version in parts if version is not None)
    return next(
        (each for each in chain(found, (module.file(name) for module in modules if module))
         if each is not None and each.digest == digest),
        None,
    )  # fmt: skip


def _track(track_key: str) -> Track:
    """What the address names: the draft as it is now, or a version by its digest; 404 where there is none."""
    own_roles(track_key)
    digest = request.args.get("revision", "")
    if digest:
        version = tracks().revision(track_key, digest)
        if version is None:
            abort(404)
        return version
    draft = drafts.open_draft(db.session(), track_key)
    if draft is None:
        current = tracks().get(track_key)
        if current is None:
            abort(404)
        return current
    try:
        return readable(read_track(drafts.folder(db.session(), draft))[0])
    except CurriculumError as error:
        raise Refused(
            _("This draft cannot be read as it is."), _("See what blocks it on the page of its review."),
            status=409, cause="draft_unreadable",
        ) from error  # fmt: skip


def _step(found: Track, module_key: str) -> ModuleProgress:
    """A module that can be followed; 404 otherwise."""
    step = next((each for each in progress(found, {}, {}).modules if each.module.key == module_key), None)
    if step is None or not step.module.published:
        abort(404)
    return step


def _page(template: str, track_key: str, found: Track, **values: Any) -> str:
    digest = request.args.get("revision", "")
    back = url_for("versions.index" if digest else "author.track", track_key=track_key)
    return render_template(
        template, studio_url=back, of_version=found.version if digest else None, studio_title=localized(found.title),
        **values,
    )  # fmt: skip


def _quiz(found: Track, part: Module, ways: Ways) -> dict[str, Any] | None:
    """The assessment of a module as one who begins sees it."""
    if part.quiz is None:
        return None
    return {
        "url": ways.quiz(found, part), "state": "open", "questions": part.quiz.questions,
        "threshold": part.quiz.threshold, "attempts_left": part.quiz.attempts or None, "best": None, "reason": None,
    }  # fmt: skip


def _question(part: Module, number: int, item: DrawnQuestion) -> dict[str, Any]:
    asked = part.question(item.key)
    assert asked is not None
    source, objective = part.source(asked.source), next((o for o in part.objectives if o.key == asked.objective), None)
    return {
        "number": number,
        "key": asked.key,
        "objective": localized(objective.text) if objective else None,
        "source": localized(source.title) if source else None,
        "asked": questions.asked(asked, item, {}),
        "corrected": questions.corrected(asked, item, {}, None),
    }


def _url(endpoint: str, **values: Any) -> str:
    """The address of another page of the same preview."""
    return url_for(endpoint, **values, revision=request.args.get("revision") or None)


def _ways(key: str) -> Ways:
    return Ways(
        track=lambda _found: _url("preview.track", track_key=key),
        module=lambda _found, part: _url("preview.module", track_key=key, module_key=part.key),
        lesson=lambda _found, part, text: _url(
            "preview.lesson", track_key=key, module_key=part.key, lesson_key=text.key
        ),
        quiz=lambda _found, part: _url("preview.assessment", track_key=key, module_key=part.key),
        file="preview.file",
        paper=lambda _found, part, kind, pdf: _url(
            "preview.paper_file" if pdf else "preview.paper", track_key=key, module_key=part.key, paper_kind=kind
        ),
    )
