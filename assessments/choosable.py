"""What can be chosen in a question, and what was: whatever its type, for the figures of its options."""

from dataclasses import dataclass

from assessments.draw import as_written
from assessments.model import Field, Response, Said
from assessments.registry import question_types
from curricula.model import Question


@dataclass(frozen=True)
class Choosable:
    """A value that a field of a question takes: of which field, its text, whether it is right (None: nobody says)."""

    field: Said | None
    text: Said
    right: bool | None


def choosable(question: Question) -> dict[str, Choosable]:
    """Everything that can be chosen, by a key of its own: « field=value »; nothing where answers are written."""
    kind = question_types().get(question.type)
    fields = kind.fields(question, as_written(question)) if kind else ()
    return {
        f"{field.name}={choice.key}": Choosable(field.label, choice.text, _right(question, field, choice.key))
        for field in fields
        if field.kind in {"one", "several", "pick"}
        for choice in field.choices
    }


def chosen(response: Response) -> frozenset[str]:
    """The keys of what a response says, as above, and others where it says something else."""
    return frozenset(f"{name}={value}" for name, values in response.items() for value in values)


def _right(question: Question, field: Field, value: str) -> bool | None:
    """An option is right where another of the field may be; a place, where its option belongs to one."""
    options = {option.key: option for option in question.options}
    if all(choice.key in options for choice in field.choices):
        told = any(options[choice.key].correct for choice in field.choices)
        return options[value].correct if told else None
    placed = options.get(field.name)
    return placed.place == value if placed is not None and placed.place else None
