"""The bank of a module in a draft: listed and searched a page at a time, never read whole, and written one by one."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session, undefer

from curricula.model import Question
from curricula.pieces import module_path, piece_of_question, question_in, question_path
from lms.models import Draft, DraftChange, DraftPiece
from lms.services import drafts
from lms.services.words import fold

#: Questions of a page.
PAGE = 50
#: Questions of a bank that a list shows whole.
OTHERS = 300
#: What a bank can be narrowed to, besides words and facts.
STATES = ("unfinished", "untranslated")
DIFFICULTIES = (1, 2, 3)


@dataclass(frozen=True)
class Search:
    """What is looked for in a bank; what is empty restricts nothing. ``state`` is one of ``STATES``."""

    text: str = ""
    objective: str = ""
    difficulty: int = 0
    type: str = ""
    state: str = ""


@dataclass(frozen=True)
class Known:
    """The objectives and sources of a module: a question that names none of them is unfinished."""

    objectives: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A page of what was found, from 1; ``total`` counts every page."""

    rows: list[DraftPiece]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE))


def bank_path(module_key: str) -> str:
    """What the paths of a module's questions begin with."""
    return question_path(module_key, "").removesuffix("/")


def find(session: Session, draft: Draft, module_key: str, search: Search, known: Known, page: int = 1) -> Found:
    """A page of the questions that fit, in order; the last page when there are fewer. Reads no content."""
    fitting = and_(*_conditions(draft, module_key, search, known))
    total = session.scalar(select(func.count()).select_from(DraftPiece).where(fitting)) or 0
    page = min(max(1, page), Found([], total, 1).pages)
    query = select(DraftPiece).where(fitting).order_by(DraftPiece.place, DraftPiece.path)
    return Found(list(session.scalars(query.limit(PAGE).offset((page - 1) * PAGE))), total, page)


def counts(session: Session, draft: Draft, module_key: str) -> dict[tuple[str, int], int]:
    """How many questions there are by objective and difficulty."""
    objective, difficulty = _text("objective"), DraftPiece.facts["difficulty"].as_integer()
    query = select(objective, difficulty, func.count()).where(*_here(draft, module_key)).group_by(objective, difficulty)
    return {(key, level): count for key, level, count in session.execute(query).tuples()}


def assessed(session: Session, draft: Draft) -> dict[str, Counter[str]]:
    """How many questions assess each objective, by module."""
    objective = _text("objective")
    query = select(DraftPiece.parent, objective, func.count()).where(
        DraftPiece.draft_id == draft.id, DraftPiece.parent.endswith("/question")
    )
    found: dict[str, Counter[str]] = {}
    for parent, key, count in session.execute(query.group_by(DraftPiece.parent, objective)).tuples():
        found.setdefault(parent.partition("/")[0], Counter())[key or ""] += count
    return found


def stems(session: Session, draft: Draft, module_key: str) -> dict[str, str]:
    """The wording of each question in each language, as lists show it → its key. Reads the labels of the whole bank."""
    query = select(DraftPiece.path, DraftPiece.label).where(*_here(draft, module_key))
    rows = session.execute(query).tuples()
    return {stem: path.rpartition("/")[2] for path, label in rows for stem in label.values() if stem}


def keys(session: Session, draft: Draft, module_key: str) -> list[str]:
    """The keys of a bank, in order."""
    query = select(DraftPiece.path).where(*_here(draft, module_key)).order_by(DraftPiece.place)
    return [path.rpartition("/")[2] for path in session.scalars(query)]


def others(session: Session, draft: Draft, module_key: str, key: str) -> list[tuple[str, dict[str, str]]]:
    """(key, label) of the questions of a bank but one, those of its objective first; ``OTHERS`` at most."""
    own = select(_text("objective")).where(DraftPiece.draft_id == draft.id)
    own = own.where(DraftPiece.path == question_path(module_key, key))
    query = select(DraftPiece.path, DraftPiece.label).where(*_here(draft, module_key))
    query = query.where(DraftPiece.path != question_path(module_key, key))
    same = case((_text("objective") == (session.scalar(own) or ""), 0), else_=1)
    rows = session.execute(query.order_by(same, DraftPiece.place).limit(OTHERS)).tuples()
    return [(path.rpartition("/")[2], label) for path, label in rows]


def next_key(session: Session, draft: Draft, module_key: str) -> str:
    """A key for a new question: the next number that nothing has, or had in this draft."""
    number = session.scalar(select(func.count()).select_from(DraftPiece).where(*_here(draft, module_key))) or 0
    while True:
        number += 1
        key = f"{module_key}-q{number:02}"
        path = question_path(module_key, key)
        if not any(
            session.scalar(select(exists().where(model.draft_id == draft.id, model.path == path)))
            for model in (DraftPiece, DraftChange)
        ):
            return key


def add(session: Session, draft: Draft, module_key: str, question: Question, person_id: int | None) -> None:
    """Add a question at the end. Raises ``Frozen``, and ``Taken`` where its key names one already."""
    drafts.add(session, draft, [piece_of_question(module_key, question)], person_id)


def copy(session: Session, draft: Draft, module_key: str, key: str, person_id: int | None) -> str:
    """Add the same question under another key, which is given. Raises ``Frozen``, and ``Conflict`` when it is gone."""
    question = _question(session, draft, module_key, key)
    new = next_key(session, draft, module_key)
    add(session, draft, module_key, replace(question, key=new), person_id)
    return new


def transfer(session: Session, draft: Draft, module_key: str, key: str, other: str, person_id: int | None) -> str:
    """Move a question to the end of another module's bank; gives its key there, another one where its own is taken.

    Raises ``Frozen``, ``Conflict`` when the question is gone, and ``LookupError`` for a module that is not there.
    """
    question = _question(session, draft, module_key, key)
    if drafts.piece(session, draft, module_path(other)) is None:
        raise LookupError(other)
    taken = drafts.piece(session, draft, question_path(other, key)) is not None
    new = next_key(session, draft, other) if taken else key
    add(session, draft, other, replace(question, key=new), person_id)
    drafts.remove(session, draft, question_path(module_key, key), person_id)
    return new


def _question(session: Session, draft: Draft, module_key: str, key: str) -> Question:
    found = drafts.piece(session, draft, question_path(module_key, key))
    if found is None:
        raise drafts.Conflict(None)
    return question_in(found.content)


def whole(session: Session, draft: Draft, module_key: str) -> tuple[Question, ...]:
    """Every question of a bank with its content: for what is taken out of it."""
    query = select(DraftPiece).where(*_here(draft, module_key)).order_by(DraftPiece.place, DraftPiece.path)
    return tuple(question_in(row.content) for row in session.scalars(query.options(undefer(DraftPiece.content))))


def modules(session: Session, draft: Draft) -> dict[str, dict[str, str]]:
    """The modules of a draft: key → title in each language."""
    query = select(DraftPiece.parent, DraftPiece.label).where(
        DraftPiece.draft_id == draft.id, DraftPiece.path == DraftPiece.parent + "/module"
    )
    return dict(session.execute(query.order_by(DraftPiece.place)).tuples().all())


def neighbours(session: Session, row: DraftPiece) -> tuple[str, str]:
    """The keys of the questions before and after one; empty at an end."""
    here: Select[Any] = select(DraftPiece.path).filter_by(draft_id=row.draft_id, parent=row.parent)
    before = here.where(DraftPiece.place < row.place).order_by(DraftPiece.place.desc()).limit(1)
    after = here.where(DraftPiece.place > row.place).order_by(DraftPiece.place).limit(1)
    found = [(session.scalar(query) or "").rpartition("/")[2] for query in (before, after)]
    return found[0], found[1]


def _here(draft: Draft, module_key: str) -> tuple[ColumnElement[bool], ...]:
    return DraftPiece.draft_id == draft.id, DraftPiece.parent == bank_path(module_key)


def _conditions(draft: Draft, module_key: str, search: Search, known: Known) -> list[ColumnElement[bool]]:
    wanted = [*_here(draft, module_key)]
    wanted += [DraftPiece.words.contains(word, autoescape=True) for word in fold(search.text).split()]
    if search.objective:
        wanted.append(_text("objective") == search.objective)
    if search.difficulty:
        wanted.append(DraftPiece.facts["difficulty"].as_integer() == search.difficulty)
    if search.type:
        wanted.append(_text("type") == search.type)
    if search.state == "untranslated":
        wanted.append(_flag("untranslated"))
    if search.state == "unfinished":
        strangers = [_unknown("objective", known.objectives), _unknown("source", known.sources)]
        wanted.append(or_(_flag("unfinished"), *strangers))
    return wanted


def unfinished(row: DraftPiece, known: Known) -> bool:
    """Whether a question lacks something that publishing needs, as its list knows it."""
    facts = row.facts
    return bool(
        facts.get("unfinished")
        or facts.get("objective") not in known.objectives
        or facts.get("source") not in known.sources
    )


def _unknown(fact: str, values: Collection[str]) -> ColumnElement[bool]:
    return not_(_text(fact).in_(values))


def _text(fact: str) -> ColumnElement[str]:
    found: ColumnElement[str] = DraftPiece.facts[fact].as_string()
    return found


def _flag(fact: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = DraftPiece.facts[fact].as_boolean()
    return found
