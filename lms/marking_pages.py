"""What the pages of judgement share: a work as who judges it sees it, its rubric, and what its learner is told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flask import abort, g, url_for
from markupsafe import escape
from sqlalchemy import select

from assessments.model import DrawnQuestion
from assessments.registry import question_types
from curricula.model import Module, Question, Track
from lms import questions
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.lessons import inline_markup
from lms.models import Answer, Attempt, Context, Deposit, Enrolment, Marking, Work, db
from lms.pages import config, tracks
from lms.security import visitor
from lms.services import works
from lms.services.answers import drawn_questions, read_response, recorded
from lms.services.gradings import stored_marks
from lms.services.kept_keys import kept_key
from lms.services.settling import settled_by_question


def to_judge(attempt_id: Any) -> tuple[Attempt, Track, Module]:
    """The submitted attempt that the visitor judges, with the track and module it began in; 404 otherwise."""
    attempt = works.attempt_to_judge(db.session(), attempt_id, visitor().person.id)
    if attempt is None:
        abort(404)
    track = began_in(attempt.enrolment, attempt)
    module = track.module(attempt.module_key) if track else None
    if track is None or module is None or module.quiz is None:
        abort(404)
    return attempt, track, module


def began_in(row: Enrolment, attempt: Attempt) -> Track | None:
    """The revision of the track that an attempt began in."""
    return tracks().followed(row.track_key, attempt.track_digest)


def code(attempt_id: Any) -> str:
    """What a work is called while its author is not to be known."""
    return _("Copy %(code)s", code=bare_code(attempt_id))


def bare_code(attempt_id: Any) -> str:
    """That code alone. One query in a request, however many are asked for."""
    if "key_of_copies" not in g:
        g.key_of_copies = kept_key(db.session(), config().secret_key, "copies")
    return works.code_of(g.key_of_copies, attempt_id)


def course_title(context: Context) -> str:
    """A course as its trainers call it."""
    return context.title or context.label or _("Course without title")


def module_name(track: Track | None, key: str) -> str:
    """A module by its code and title."""
    module = track.module(key) if track else None
    return f"{module.code} · {localized(module.title)}" if module else key


def part_name(part: str) -> str:
    """What a part of a marking is called."""
    return {
        "first": _("First marking"), "second": _("Second marking"), "reconciliation": _("Reconciliation"),
        "moderation": _("Second look"), "appeal": _("Appeal"),
    }[part]  # fmt: skip


def answers_shown(attempt: Attempt, module: Module, *, by_person: bool = False) -> list[dict[str, Any]]:
    """The drawn questions with what was answered, and what came too late, in the order drawn; two queries.

    Files are called by their number: their names may tell who wrote them.
    """
    session = db.session()
    record, marks = recorded(session, attempt.id), stored_marks(attempt)
    query = select(Deposit).filter_by(attempt_id=attempt.id, removed_at=None).order_by(Deposit.added_at, Deposit.id)
    deposits = session.scalars(query).all()
    rows = []
    for number, item in enumerate(drawn_questions(attempt), start=1):
        asked = module.question(item.key)
        if asked is None or (by_person and not question_types()[asked.type].by_person):
            continue
        files = [file for file in deposits if file.question_key == item.key]
        answer = record.kept.get(item.key)
        shown = questions.corrected(asked, item, read_response(answer.response) if answer else {}, marks.get(item.key))
        names = {escape(file.name) for file in files}
        lines = [line for line in shown["lines"] if not line["given"] or not names.issuperset(line["given"])]
        rows.append(
            {
                **shown, "lines": lines, "number": number, "key": item.key, "question": asked,
                "by_person": question_types()[asked.type].by_person,
                "files": [_file(attempt, place, file) for place, file in enumerate(files, start=1)],
                "late": came_late(asked, item, record.late.get(item.key), names),
            }
        )  # fmt: skip
    return rows


def came_late(
    asked: Question, item: DrawnQuestion, answer: Answer | None, unsaid: Collection[str] = ()
) -> dict[str, Any] | None:
    """An answer that came after the end, which does not count: when, and what it says but for what is ``unsaid``."""
    if answer is None:
        return None
    lines = questions.corrected(asked, item, read_response(answer.response), None)["lines"]
    return {"at": answer.saved_at, "said": [text for line in lines for text in line["given"] if text not in unsaid]}


def rubric(question: Question, levels: Mapping[str, str]) -> list[dict[str, Any]]:
    """The criteria of a question, and the level chosen in each."""
    total = sum(criterion.weight for criterion in question.criteria)
    return [
        {
            "key": criterion.key, "title": localized(criterion.title), "share": Fraction(criterion.weight, total),
            "levels": [
                {
                    "key": level.key, "text": inline_markup(level.text), "points": Fraction(level.points, 100),
                    "chosen": levels.get(criterion.key) == level.key,
                }
                for level in criterion.levels
            ],
            "chosen": inline_markup(found.text) if (found := criterion.level(levels.get(criterion.key, ""))) else None,
        }
        for criterion in question.criteria
    ]  # fmt: skip


def markings_shown(question: Question, rows: Iterable[Marking]) -> list[dict[str, Any]]:
    """Finished markings of one question, one beside the other."""
    return [
        {
            "part": part_name(row.part), "points": row.points, "comment": row.comment, "reason": row.reason,
            "done_at": row.done_at, "criteria": rubric(question, row.levels),
        }
        for row in rows
        if row.done_at is not None and row.question_key == question.key
    ]  # fmt: skip


def told(attempt: Attempt, module: Module) -> dict[str, list[dict[str, Any]]]:
    """What a learner is told of each answer that persons marked, once there is a result: levels and words."""
    assert module.quiz is not None
    if attempt.score is None or not any(mark.reason == "marked" for mark in stored_marks(attempt).values()):
        return {}
    found = settled_by_question(db.session(), attempt, module, module.quiz.markers)
    asked: dict[str, Sequence[Marking]] = {key: each.rows for key, each in found.items()}
    return {
        key: markings_shown(question, rows)
        for key, rows in asked.items()
        if (question := module.question(key)) is not None
    }


def work_state(work: Work, rows: Sequence[Marking], person_id: int) -> str:
    """How a work stands for that person: draft, free, reconcile, taken, half, jury, done."""
    if any(row.marker_id == person_id and row.done_at is None for row in rows):
        return "draft"
    if work.state in {"jury", "done"}:
        return work.state
    parts = {row.part for row in rows}
    if work.state == "reconciling":
        return "taken" if "reconciliation" in parts else "reconcile"
    if any(row.marker_id == person_id for row in rows):
        return "half"
    return "free" if len(parts) < work.markers else "taken"


def _file(attempt: Attempt, place: int, file: Deposit) -> dict[str, Any]:
    ending = file.name.rpartition(".")[2].lower()
    return {
        "label": _("File %(number)s", number=place), "kind": ending if ending.isalnum() and len(ending) < 6 else "",
        "size": file.size, "url": url_for("marking.file", attempt_id=attempt.id, deposit_id=file.id),
    }  # fmt: skip
