"""Finds the question types: one file of ``assessments.types`` each."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import assessments.types
from assessments.type import QuestionType


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


def right_options() -> dict[str, tuple[int, int]]:
    """Question type → how few and how many right options it takes: what validating a bank needs to know."""
    return {key: kind.right_options for key, kind in question_types().items()}
