"""Choice questions of tools that weigh options, as ours: an option is right or not, a wrong choice costs as much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from curricula.exchange.labels import Labels, labelled, option_key
from curricula.exchange.model import Note
from curricula.model import LANGUAGES, Localized, Option, Question
from curricula.problems import N_

#: How far a weight written in decimals may be from its fraction.
_CLOSE = 0.001
#: Said of a question whose weights are others.
WEIGHTS = N_("The weights of its options are not kept: a right one earns its share, a wrong one costs as much.")
#: Said of a question of a type that we have not.
NO_TYPE = N_("Questions of type « %(type)s » have no place here. Not taken.")
#: Said of feedback on the question as a whole.
GENERAL = N_("General feedback has no place here: « %(text)s »")
#: Said of tags that ``Labels`` do not know.
TAGS = N_("Tags that are not ours have no place here: %(names)s.")
#: Said of a group of questions.
CATEGORY = N_("Category « %(name)s » has no place here: %(count)s questions taken from it.")
_NAMES = {"fr": ("Vrai", "Faux"), "en": ("True", "False")}


class NotTaken(ValueError):
    """A question that our types cannot say: ``message`` is to be translated, then given ``values``."""

    def __init__(self, message: str, **values: str) -> None:
        self.message, self.values = message, values
        super().__init__(message)

    def note(self, item: str, line: int) -> Note:
        """This, as a note on the question of that name."""
        return Note(self.message, item, line, self.values)


@dataclass(frozen=True)
class Choice:
    """An option as it came. ``weight``: its share of the points, 1 for all of them, below 0 when it costs some."""

    text: Localized
    feedback: Localized
    weight: float


def true_or_false(true_is_right: bool, true_feedback: Localized, false_feedback: Localized) -> list[Choice]:
    """The two options of a true or false question, named in every language."""
    feedbacks = (true_feedback, false_feedback)
    return [
        Choice({language: names[number] for language, names in _NAMES.items()}, feedback, float(right))
        for number, (feedback, right) in enumerate(zip(feedbacks, (true_is_right, not true_is_right), strict=True))
    ]


def as_question(
    key: str, stem: Localized, choices: Sequence[Choice], *, single: bool, labels: Labels, spoken: Iterable[str]
) -> Question:
    """The question, its texts in each language of ``spoken``; raises ``NotTaken``."""
    if not 2 <= len(choices) <= 8:
        raise NotTaken(N_("It has %(count)s options; ours have 2 to 8. Not taken."), count=str(len(choices)))
    right = _right([choice.weight for choice in choices], single)
    languages = [language for language in LANGUAGES if language in set(spoken)]
    options = []
    for number, choice in enumerate(choices):
        name = option_key(number)
        text, feedback = in_each(choice.text, languages), in_each(choice.feedback, languages)
        if not all(text.values()):
            raise NotTaken(N_("Option %(number)s has no text. Not taken."), number=str(number + 1))
        options.append(Option(name, text, feedback, right[number], labels.misconceptions.get(name, "")))
    said = in_each(stem, languages)
    if not all(said.values()):
        raise NotTaken(N_("The question has no text. Not taken."))
    kind = "single" if single else "multiple"
    return labelled(Question(key, kind, "", 0, "", said, tuple(options)), labels)


def _right(weights: list[float], single: bool) -> list[bool]:
    """Which options are right: what earns points; for one answer among several that do, the one that earns all."""
    right = [weight > 0 for weight in weights]
    if single and sum(right) > 1:
        right = [weight > 1 - _CLOSE for weight in weights]
    if single and sum(right) != 1:
        raise NotTaken(N_("One answer is asked and not exactly one is right. Not taken."))
    if not any(right):
        raise NotTaken(N_("No option is right. Not taken."))
    return right


def in_each(texts: Localized, languages: Iterable[str]) -> dict[str, str]:
    """A text in each language; where one is missing, as it is in another."""
    return {language: texts.get(language) or next(filter(None, texts.values()), "") for language in languages}


def with_general(choices: list[Choice], general: Localized) -> tuple[list[Choice], Localized]:
    """(options, what is left of the general feedback): options take it where none has feedback of its own."""
    if any(any(choice.feedback.values()) for choice in choices):
        return choices, general
    return [replace(choice, feedback=general) for choice in choices], {}


def our_weights(question: Question) -> list[float]:
    """What each option is worth in our rule, as other tools write it."""
    if question.type == "single":
        return [float(option.correct) for option in question.options]
    share = 1 / max(1, sum(option.correct for option in question.options))
    return [share if option.correct else -share for option in question.options]


def weighs_as_ours(question: Question, choices: Sequence[Choice]) -> bool:
    """Whether the options' weights are those of our rule."""
    ours = our_weights(question)
    return all(abs(choice.weight - weight) < _CLOSE for choice, weight in zip(choices, ours, strict=True))


def usual_keys(question: Question) -> Question:
    """The question, its options named a, b, c… and its places p1, p2… as they are when read back.

    Places come in the order options name them, then those that none does.
    """
    used = dict.fromkeys(option.place for option in question.options if question.place(option.place))
    order = [*used, *(place.key for place in question.places if place.key not in used)]
    named = {key: place_key(number) for number, key in enumerate(order)}
    places = tuple(replace(place, key=named[key]) for key in order if (place := question.place(key)))
    options = (
        replace(option, key=option_key(number), place=named.get(option.place, ""))
        for number, option in enumerate(question.options)
    )
    return replace(question, options=tuple(options), places=places)


def place_key(number: int) -> str:
    """The key of a place that has none, from 0."""
    return f"p{number + 1}"
