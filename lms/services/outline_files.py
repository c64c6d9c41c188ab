"""The competency framework and the glossary of a draft: there once they say something; and what names them.

A level is known by its number, which is its place: objectives name it so.
"""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from curricula.framework import FILE as FRAMEWORK
from curricula.glossary import FILE as GLOSSARY
from curricula.glossary import Glossary
from curricula.model import Framework, Term
from curricula.pieces import framework_in, glossary_in, lesson_path, module_in
from curricula.problems import CurriculumError
from curricula.references import references
from curricula.render import TERM
from lms.models import Draft
from lms.services import drafts, lesson_drafts
from lms.services.outline import Use, module_rows


def framework(session: Session, draft: Draft) -> Framework | None:
    """The competency framework of a draft; None where it has none that can be read."""
    row = drafts.piece(session, draft, FRAMEWORK)
    try:
        return framework_in(row.content) if row is not None else None
    except CurriculumError:
        return None


def glossary(session: Session, draft: Draft) -> tuple[Term, ...]:
    """The terms of a draft; none where it has no glossary that can be read."""
    row = drafts.piece(session, draft, GLOSSARY)
    try:
        return glossary_in(row.content) if row is not None else ()
    except CurriculumError:
        return ()


def framework_uses(session: Session, draft: Draft, before: Framework, after: Framework) -> list[Use]:
    """Which modules have objectives that name a competency, or a level, there was ``before`` and no longer."""
    gone = _named(before) - _named(after)
    found: list[Use] = []
    for row in module_rows(session, draft) if gone else ():
        objectives = module_in(row.content).objectives
        named = {name for each in objectives for name in (each.competency, f"{each.competency}/{each.level}")}
        found += [Use("competencies", key, "module", row.path, row.label) for key in sorted(gone) if key in named]
    return found


def glossary_uses(session: Session, draft: Draft, before: Glossary, after: Glossary) -> list[Use]:
    """Which lessons lead to a term there was ``before`` and no longer."""
    gone = {term.key for term in before.terms} - {term.key for term in after.terms}
    found: list[Use] = []
    for row in module_rows(session, draft) if gone else ():
        module = row.path.partition("/")[0]
        for lesson in lesson_drafts.lessons(session, draft, module):
            titles = {language: text.title for language, text in lesson.texts.items()}
            used = _terms(text.body for text in lesson.texts.values())
            found += [
                Use("terms", key, "lesson", lesson_path(module, lesson.key), titles) for key in sorted(gone & used)
            ]
    return found


def _named(framework: Framework) -> set[str]:
    """What objectives may name: a competency, a competency and its level."""
    return {
        name
        for each in framework.competencies
        for name in (each.key, *(f"{each.key}/{level.number}" for level in each.levels))
    }


def _terms(bodies: Iterable[str]) -> set[str]:
    """The terms that texts lead to."""
    return {
        found.target.removeprefix(TERM)
        for body in bodies
        for found in references(body)
        if found.target.startswith(TERM)
    }
