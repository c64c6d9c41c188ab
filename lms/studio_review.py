"""What the page of a review shows: what is to mend, what was said, what publishing does to those who learn."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from curricula.finding import Finding
from curricula.in_order import in_order
from curricula.model import Lesson, Module, Track
from curricula.places import piece_at, piece_of
from lms.forms.review import CommentForm
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Draft, DraftComment, db
from lms.services import reviews
from lms.services.following import Following, losses
from lms.services.reviews import Report
from lms.studio import colleague, module_title
from lms.studio_pages import Labels, edit_url, piece_name

#: Most findings of a kind that a page lists.
LISTED = 200


def quality(found: Report, labels: Labels, today: date) -> dict[str, Any]:
    """What blocks, what would be better and what is in order, each by module with a link to the piece."""
    blocking = _problems(found, labels) + _findings(found, found.blocking, labels)
    return {
        "blocks": found.blocks,
        "blocking": _groups(found, labels, blocking[:LISTED]),
        "advices": len(found.advice),
        "advice": _groups(found, labels, _findings(found, found.advice, labels)),
        "in_order": [_(kept.message, count=kept.count) for kept in in_order(found.track, today)] if found.track else [],
        "listed": LISTED,
    }


def comments_shown(draft: Draft, rows: Iterable[DraftComment], labels: Labels) -> list[dict[str, Any]]:
    """Comments as ``studio.comments`` shows them."""
    return [
        {
            "id": row.id, "text": row.text, "at": row.at, "who": colleague(row.person_id),
            "name": piece_name(row.path, labels) if row.path else _("The whole draft"),
            "url": edit_url(draft.track_key, row.path) if row.path else None, "resolved_at": row.resolved_at,
        }
        for row in rows
    ]  # fmt: skip


def said_of(draft: Draft, path: str, *others: str, back: str = "") -> dict[str, Any]:
    """What was said of a piece, and of ``others`` written on the same page, as ``studio.said_of`` shows it.

    ``back``: the page to come back to; the piece's own without it.
    """
    rows = comments_shown(draft, reviews.comments(db.session(), draft, path, *others), {})
    return {
        "path": path,
        "waiting": [each for each in rows if not each["resolved_at"]],
        "resolved": [each for each in rows if each["resolved_at"]],
        "form": CommentForm(formdata=None),
        "back": f"{back or edit_url(draft.track_key, path)}#comments",
    }


def policy(track: Track | None, numbers: Mapping[str, Following]) -> dict[str, Any]:
    """What publishing does to those who are learning, in numbers, and what they would lose."""
    rows = losses(db.session(), track, numbers) if track is not None else ()
    return {
        "learners": sum(each.learners for each in numbers.values()),
        "unfinished": sum(each.unfinished for each in numbers.values()),
        "losses": [
            {
                "version": version,
                "unfinished": count.unfinished,
                "modules": [module_title(each) for each in lost.modules],
                "lessons": [_lesson_name(module, lesson) for module, lesson in lost.lessons],
                "harder": [module_title(each) for each in lost.harder],
            }
            for version, count, lost in rows
        ],
    }


def _problems(found: Report, labels: Labels) -> list[dict[str, Any]]:
    rows = []
    for problem in found.problems[:LISTED]:
        path, values = piece_at(found.folder, problem), dict(problem.values)
        rows.append(_row(found, labels, path, _(problem.what, **values)) | {"fix": _(problem.fix, **values)})
    return rows


def _findings(found: Report, some: Iterable[Finding], labels: Labels) -> list[dict[str, Any]]:
    return [_row(found, labels, piece_of(each.path, found.modules), each.said(_)) for each in list(some)[:LISTED]]


def _row(found: Report, labels: Labels, path: str, said: str) -> dict[str, Any]:
    url = edit_url(found.folder.name, path)
    return {"path": path, "said": said, "fix": "", "name": piece_name(path, labels), "url": url}


def _groups(found: Report, labels: Labels, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by module, those of the track itself first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        module = row["path"].partition("/")[0]
        groups.setdefault(module if module in found.modules else "", []).append(row)
    return [
        {"name": piece_name(f"{module}/module" if module else "track", labels), "rows": groups[module]}
        for module in sorted(groups)
    ]


def _lesson_name(module: Module, lesson: Lesson) -> str:
    titles = {language: text.title for language, text in lesson.texts.items()}
    return f"{module.code} · {localized({'fr': lesson.key, **titles})}"
