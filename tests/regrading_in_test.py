"""A question that was wrong, the revision that mends it, and learners who answered it."""

from dataclasses import replace

from sqlalchemy.orm import Session

from curricula.model import Module, Question, Track
from curricula.write import folder_of
from lms.services import revisions
from lms.services.library import Library
from lms.services.regrading import Wanted
from tests.learner_in_test import TRACK, module

D1 = module("d1")
QUESTION: Question = next(question for question in D1.questions if question.type == "single")
#: The option that the mended question holds for right; the key of the other was wrong.
RIGHT_NOW = next(option.key for option in QUESTION.options if not option.correct)


def mended(session: Session, version: str = "2099.1") -> Wanted:
    """Publish a revision where another option of that question is right; gives the question to mark again by it."""
    options = tuple(replace(option, correct=option.key == RIGHT_NOW) for option in QUESTION.options)
    questions = tuple(replace(each, options=options) if each is QUESTION else each for each in D1.questions)
    first = replace(TRACK.modules[0], questions=questions)
    assert first.key == D1.key
    revisions.publish(
        session, folder_of(replace(TRACK, version=version, modules=(first, *TRACK.modules[1:]))), "imported"
    )
    session.commit()
    track = Library(session)[TRACK.key]
    session.commit()  # what was read holds no page back
    return Wanted(track, module_of(track), QUESTION.key)


def module_of(track: Track) -> Module:
    """The first module of a revision."""
    found = track.module(D1.key)
    assert found is not None
    return found
