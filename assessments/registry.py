"""Finds the question types: one file of ``assessments.types`` each."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import assessments.types
from assessments.type import QuestionType
from curricula.anatomy import Anatomy


@cache
def question_types() -> dict[str, QuestionType]:
    """Every question type by key; a key used twice stops the start."""
    found: dict[str, QuestionType] = {}
    for info in iter_modules(assessments.types.__path__):
        kind: QuestionType = import_module(f"{assessments.types.__name__}.{info.name}").TYPE
        if kind.key in found:
            raise ValueError(f"Question type « {kind.key} » is defined twice.")
        found[kind.key] = kind
    return found


@cache
def anatomies() -> dict[str, Anatomy]:
    """Question type → what a question of it is made of: what validating and editing a bank need to know."""
    return {key: kind.anatomy for key, kind in question_types().items()}
