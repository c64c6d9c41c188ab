"""Questions made for tests."""

from curricula.model import Option, Question


def question(
    key: str, objective: str = "o1", kind: str = "single", right: str = "a", options: str = "abcd"
) -> Question:
    """A question whose options are the letters of ``options``, those of ``right`` being right."""
    both = {"fr": key, "en": key}
    made = tuple(Option(letter, both, both, correct=letter in right) for letter in options)
    return Question(key, kind, objective, 1, "source", both, made)
