"""Writing a lesson in one language: its text and its preview, saved as one types, and what two people wrote at once."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    get_template_attribute,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from curricula.beside import beside, both
from curricula.blocks import BLOCKS, REVEAL
from curricula.files import LARGEST
from curricula.model import LessonText, Module
from curricula.pieces import Settings, lesson_path, settings_in, text_in, text_piece
from lms.forms.lessons import ImageForm, LessonTextForm, edition_of
from lms.i18n import clock, current_language, language_names, localized
from lms.i18n import gettext as _
from lms.lesson_preview import preview_values
from lms.models import Draft, DraftPiece, db, utcnow
from lms.pages import wants_json
from lms.security import visitor
from lms.services import drafts, lesson_drafts, lesson_files, outline_files
from lms.services.drafts import Conflict, Frozen
from lms.studio import (
    colleague,
    frozen,
    may_write,
    module_or_404,
    module_title,
    own_draft,
    piece_or_404,
    track_title,
)
from lms.studio_review import said_of

blueprint = Blueprint("lessons", __name__, url_prefix="/author")

ADDRESS = "/<track_key>/<module_key>/lessons/<lesson_key>/<any(fr, en):language>"


@blueprint.get(ADDRESS)
def edit(track_key: str, module_key: str, lesson_key: str, language: str) -> ResponseReturnValue:
    """A lesson's text to write; only to read for a reviewer, and while the draft is being reviewed."""
    draft = own_draft(track_key)
    form = LessonTextForm()
    row = piece_or_404(draft, lesson_path(module_key, lesson_key, language))
    form.show(text_in(row.content), row.edition)
    return _page(draft, module_key, lesson_key, language, form)


@blueprint.post(ADDRESS)
def save(track_key: str, module_key: str, lesson_key: str, language: str) -> ResponseReturnValue:
    """Keep what was written. A script that asks for JSON is told the new edition."""
    draft, person_id = own_draft(track_key, "author"), visitor().person.id
    module, form = module_or_404(draft, module_key), LessonTextForm()
    if not form.validate():
        if wants_json():
            return jsonify(message=" ".join(each for errors in form.errors.values() for each in errors)), 400
        return _page(draft, module_key, lesson_key, language, form, typed=True), 400
    path = lesson_path(module_key, lesson_key, language)
    try:
        if (
            request.form.get("again")
            and lesson_drafts.is_key(lesson_key)
            and drafts.piece(db.session(), draft, path) is None
        ):
            lesson_drafts.put_back(db.session(), draft, module_key, lesson_key, language, form.text, person_id)
            edition = 1
        else:
            edition = edition_of(form.edition.data)
            edition = drafts.save(db.session(), draft, path, text_piece(form.text), edition, person_id).edition
    except Frozen:
        raise frozen() from None
    except Conflict as conflict:
        return _conflict(draft, module, lesson_key, language, form.text, conflict.piece), 409
    db.session.commit()
    message = _("Saved at %(time)s", time=clock(utcnow()))
    if wants_json():
        return jsonify(edition=edition, message=message)
    flash(message, "ok")
    address = _address("edit", track_key, module_key, lesson_key, language)
    return redirect(address, 303)


@blueprint.post(f"{ADDRESS}/preview")
def preview(track_key: str, module_key: str, lesson_key: str, language: str) -> ResponseReturnValue:
    """What was typed as learners would read it; nothing is kept."""
    draft = own_draft(track_key, "author")
    form = LessonTextForm()
    valid = form.validate()
    if not wants_json():
        return _page(draft, module_key, lesson_key, language, form, typed=True), 200 if valid else 400
    if not valid:
        return jsonify(message=" ".join(form.errors.get("body", ()))), 400
    module, settings = module_or_404(draft, module_key), _settings(draft, module_key, lesson_key)
    values = preview_values(draft, module, form.text, settings.sources, language)
    listed = get_template_attribute("author/lesson_parts.html", "problems")(values["problems"])
    return jsonify(**{**values, "problems": listed})


def _page(
    draft: Draft, module_key: str, lesson_key: str, language: str, form: LessonTextForm, *, typed: bool = False
) -> str:
    """``typed``: what the form holds is not saved."""
    module, settings = module_or_404(draft, module_key), _settings(draft, module_key, lesson_key)
    path, key = lesson_path(module_key, lesson_key, language), draft.track_key
    row = drafts.piece(db.session(), draft, path)
    return render_template(
        "author/lesson.html",
        form=form,
        writable=may_write(draft),
        typed=typed,
        saved_at=row.edited_at if row is not None and row.edition > 1 else None,
        draft_key=f"draft:{visitor().person.id}:{draft.id}:{path}",
        save_url=_address("save", key, module_key, lesson_key, language),
        preview_url=_address("preview", key, module_key, lesson_key, language),
        tongues=_tongues(draft, module_key, lesson_key, language),
        blocks=_blocks(language),
        terms=[
            {"label": localized(term.term), "text": f"](term:{term.key})", "sample": term.term[language]}
            for term in outline_files.glossary(db.session(), draft)
        ],
        images=list(lesson_files.files(db.session(), draft, module_key)),
        image_form=ImageForm(formdata=None),
        images_url=url_for("module_files.index", track_key=key, module_key=module_key),
        largest_image=LARGEST,
        said=said_of(draft, path, lesson_path(module_key, lesson_key)),
        **_around(draft, module, lesson_key, language),
        **preview_values(draft, module, form.text, settings.sources, language),
    )


def _conflict(
    draft: Draft, module: Module, lesson_key: str, language: str, mine: LessonText, row: DraftPiece | None
) -> str | Response:
    """What somebody else saved meanwhile beside what the visitor wrote; to a script, only that there is something."""
    if wants_json():
        return jsonify(conflict=True, message=_meanwhile(row))
    path = lesson_path(module.key, lesson_key, language)
    theirs = text_in(row.content) if row is not None else None
    united = LessonText(
        mine.title, tuple(dict.fromkeys([*mine.able, *theirs.able])), both(mine.body, theirs.body)
    ) if theirs is not None else mine  # fmt: skip
    return render_template(
        "author/lesson_conflict.html",
        meanwhile=_meanwhile(row),
        mine=mine, theirs=theirs, united=united, edition=row.edition if row is not None else 0,
        parts=_differences(mine, theirs) if theirs is not None else [],
        draft_key=f"draft:{visitor().person.id}:{draft.id}:{path}",
        save_url=_address("save", draft.track_key, module.key, lesson_key, language),
        edit_url=_address("edit", draft.track_key, module.key, lesson_key, language),
        **_around(draft, module, lesson_key, language),
    )  # fmt: skip


def _meanwhile(row: DraftPiece | None) -> str:
    if row is None:
        return _("Somebody removed this lesson while you were writing it.")
    name, time = colleague(row.edited_by), clock(row.edited_at)
    if row.edited_by == visitor().person.id:
        return _("You saved this lesson elsewhere at %(time)s, in another tab or on another machine.", time=time)
    return _("%(name)s saved this lesson at %(time)s, while you were writing it.", name=name, time=time)


def _differences(mine: LessonText, theirs: LessonText) -> list[dict[str, Any]]:
    pairs = (
        (_("Title"), mine.title, theirs.title),
        (_("What one will be able to do"), "\n".join(mine.able), "\n".join(theirs.able)),
        (_("Text"), mine.body, theirs.body),
    )
    return [{"label": label, "rows": beside(one, other)} for label, one, other in pairs if one != other]


def _around(draft: Draft, module: Module, lesson_key: str, language: str) -> dict[str, Any]:
    """What every page of a lesson says of where it is."""
    key = draft.track_key
    return {
        "key": key,
        "track_title": track_title(draft),
        "module_title": module_title(module),
        "list_url": url_for("lesson_list.index", track_key=key, module_key=module.key),
        "settings_url_of_lesson": url_for(
            "lesson_list.settings", track_key=key, module_key=module.key, lesson_key=lesson_key
        ),
        "language": language,
        "language_name": language_names()[language],
    }


def _tongues(draft: Draft, module_key: str, lesson_key: str, language: str) -> list[dict[str, Any]]:
    found = next(row for row in lesson_drafts.lessons(db.session(), draft, module_key) if row.key == lesson_key)
    return [
        {
            "name": name, "code": code, "current": code == language, "state": found.state(code),
            "url": _address("edit", draft.track_key, module_key, lesson_key, code),
        }
        for code, name in language_names().items()
    ]  # fmt: skip


def _blocks(language: str) -> list[dict[str, str]]:
    """The blocks one may insert: the name an author reads, and what is written."""
    speech = current_language()
    named = [{"label": titles[speech], "text": f"{name}\n"} for name, titles in BLOCKS.items()]
    question = {"fr": "La question ?", "en": "The question?"}[language]
    return [*named, {"label": _("Question with a folded answer"), "text": f"{REVEAL} {question}\n"}]


def _settings(draft: Draft, module_key: str, lesson_key: str) -> Settings:
    return settings_in(piece_or_404(draft, lesson_path(module_key, lesson_key)).content)


def _address(endpoint: str, track_key: str, module_key: str, lesson_key: str, language: str) -> str:
    return url_for(
        f"lessons.{endpoint}",
        track_key=track_key, module_key=module_key, lesson_key=lesson_key, language=language,
    )  # fmt: skip
