"""How the check of the demo answers questions of every type that a machine marks, and writes what a person marks."""

from assessments.types.essay import limits
from assessments.types.scenario import best_way
from curricula.model import Option, Question

Form = dict[str, str | list[str]]
#: How many words are written where a question asks for no number of them.
_WORDS = 60


class NotAnswered(Exception):
    """A question of a type that the check does not know how to answer."""


def best_answers(question: Question) -> list[Form]:
    """The answers to send, one after the other, that earn everything: several for a scenario, one otherwise.

    Raises ``NotAnswered``.
    """
    options = question.options
    right = [option.key for option in options if option.correct]
    match question.type:
        case "single" | "multiple":
            return [{"choice": right}]
        case "truefalse":
            return [{"verdict": str(question.setting("statement") or "true"), "reason": right}]
        case "matching" | "classify" | "matrix":
            return [{option.key: option.place for option in options}]
        case "ordering":
            return [{option.key: str(number) for number, option in enumerate(options, 1)}]
        case "errors" if len(question.places) == 1:
            return [{"choice": [option.key for option in options if option.place]}]
        case "errors":
            return [{option.key: option.place or "-" for option in options}]
        case "cloze":
            return [{option.key: option.place or _first_form(option) for option in options}]
        case "short":
            return [{"answer": _first_form(next(option for option in options if option.correct))}]
        case "numeric":
            units: Form = {f"{option.key}.unit": question.places[0].key for option in options if question.places}
            return [{option.key: option.value for option in options} | units]
        case "scenario":
            return [{taken.place: taken.key} for taken in best_way(question)]
        case "essay":
            least, most = limits(question)
            return [{"text": "mot " * max(least, min(most or _WORDS, _WORDS))}]
    raise NotAnswered(question.type)


def _first_form(option: Option) -> str:
    return (option.accepted or {}).get("fr", "").partition("|")[0].strip()
