"""Matching, short and numeric questions, between Moodle's files and ours: halves, answers foreseen, a number."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from curricula.exchange.choices import NotTaken, in_each, place_key
from curricula.exchange.html import plain_to_markdown
from curricula.exchange.labels import Labels, labelled, option_key
from curricula.lacking import number
from curricula.model import LANGUAGES, Localized, Option, Question, Spot
from curricula.problems import N_

#: What our types are called in Moodle's files.
MOODLE = {"matching": "matching", "short": "shortanswer", "numeric": "numerical"}
#: Said of what these questions lose.
PATTERN = N_("An answer with « * » stands for many: not taken.")
HALF_RIGHT = N_("An answer that earns a part of the point earns nothing here: « %(text)s »")
OTHER_NUMBER = N_("Feedback on another number has no place here: « %(text)s »")
NOT_SHOWN = N_("The name of its answer is not written: « %(text)s »")
NO_FEEDBACK = N_("Feedback of its options has no place here. Not written.")
FORMATTING = N_("Halves to match and units are plain text there: their formatting is shown as it is written.")
#: After the point.
_DIGITS = 30
#: Short enough for every digit to be kept.
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}(?:\.[0-9]{0,15})?(?:[eE][-+]?[0-9]{1,2})?")
_ANSWER = {"fr": "Réponse", "en": "Answer"}


@dataclass(frozen=True)
class Answer:
    """An answer that is foreseen, as it is typed. ``weight``: its share of the points. ``tolerance`` of a number."""

    text: str
    feedback: Localized
    weight: float
    tolerance: str = ""


def matching(
    key: str, stem: Localized, pairs: Sequence[tuple[Localized, Localized]], feedback: Localized, labels: Labels,
    spoken: Sequence[str],
) -> Question:  # fmt: skip
    """A question of pairs, a half without the other being for nobody; raises ``NotTaken``."""
    places = dict[tuple[str, ...], Spot]()
    options = list[Option]()
    for left, right in pairs:
        said = in_each(right, spoken)
        if not all(said.values()):
            raise NotTaken(N_("A half of a pair has no text. Not taken."))
        place = places.setdefault(tuple(said.values()), Spot(place_key(len(places)), said))
        if any(left.values()):
            name = option_key(len(options))
            misconception = labels.misconceptions.get(name, "")
            options.append(
                Option(name, in_each(left, spoken), in_each(feedback, spoken), False, misconception, place.key)
            )
    if len(options) < 2:
        raise NotTaken(N_("It has fewer than two pairs. Not taken."))
    return _question(key, "matching", stem, options, labels, spoken, tuple(places.values()))


def short(
    key: str, stem: Localized, answers: Sequence[Answer], labels: Labels, spoken: Sequence[str], *, case: bool = False
) -> Question:
    """A question answered in a few words; neighbours of the same worth and feedback are forms of one answer.

    Raises ``NotTaken``. Answers that stand for many (« * ») are to be left out by the caller (``plain``).
    """
    options = list[Option]()
    for answer in answers:
        right = answer.weight > 0.999
        feedback = in_each(answer.feedback, spoken)
        form = " ".join(answer.text.split())
        last = options[-1] if options else None
        if not form or "|" in form:
            raise NotTaken(N_("An answer is empty or has « | » in it. Not taken."))
        if last and (last.correct, last.feedback) == (right, feedback):
            accepted = {language: f"{forms} | {form}" for language, forms in (last.accepted or {}).items()}
            options[-1] = replace(last, accepted=accepted)
            continue
        name = option_key(len(options))
        said, text = dict.fromkeys(spoken, form), dict.fromkeys(spoken, plain_to_markdown(form))
        misconception = labels.misconceptions.get(name, "")
        options.append(Option(name, text, feedback, right, misconception, accepted=said))
    if not any(option.correct for option in options):
        raise NotTaken(N_("No answer is right. Not taken."))
    found = _question(key, "short", stem, options, labels, spoken)
    settings = {**dict(found.settings), **({"case": "counted"} if case else {})}
    return replace(found, settings=tuple(sorted(settings.items())))


def plain(answers: Sequence[Answer]) -> list[Answer]:
    """The answers that stand for themselves alone; « \\* » is a star."""
    return [
        replace(answer, text=answer.text.replace("\\*", "*"))
        for answer in answers
        if "*" not in answer.text.replace("\\*", "")
    ]


def starred(text: str) -> str:
    """An answer as it is written to stand for itself alone."""
    return text.replace("*", "\\*")


def numeric(
    key: str, stem: Localized, answers: Sequence[Answer], units: Sequence[tuple[str, str]], labels: Labels,
    spoken: Sequence[str],
) -> Question:  # fmt: skip
    """A question whose answer is a number; raises ``NotTaken``.

    ``units``: (how many of it make one of the first, its name), as Moodle has it: ours says the inverse.
    """
    right = [answer for answer in answers if answer.weight > 0.999]
    if len(right) != 1:
        raise NotTaken(N_("Not exactly one number is right. Not taken."))
    (answer,) = right
    if _decimal(answer.text) is None or _decimal(answer.tolerance or "0") is None:
        raise NotTaken(N_("« %(value)s » is not a number. Not taken."), value=answer.text[:60])
    places = list[Spot]()
    for multiplier, name in units:
        times = _decimal(multiplier)
        factor = written_number(1 / times) if times else None
        if factor is None or not name.strip():
            raise NotTaken(N_("The unit « %(name)s » cannot be said here. Not taken."), name=name[:60])
        text = dict.fromkeys(spoken, plain_to_markdown(name))
        places.append(Spot(place_key(len(places)), text, "" if factor == "1" else factor))
    said = (answer.text, answer.tolerance or "0")
    value, tolerance = (written_number(_decimal(each) or Fraction(0)) for each in said)
    option = Option(
        option_key(0), {language: _ANSWER[language] for language in spoken}, in_each(answer.feedback, spoken),
        value=value or "", tolerance="" if tolerance in (None, "0") else tolerance or "",
    )  # fmt: skip
    return _question(key, "numeric", stem, [option], labels, spoken, tuple(places))


def _question(
    key: str, kind: str, stem: Localized, options: Sequence[Option], labels: Labels, spoken: Sequence[str],
    places: tuple[Spot, ...] = (),
) -> Question:  # fmt: skip
    said = in_each(stem, spoken)
    if not all(said.values()):
        raise NotTaken(N_("The question has no text. Not taken."))
    return labelled(Question(key, kind, "", 0, "", said, tuple(options), places), labels)


def spoken_of(languages: set[str]) -> list[str]:
    """Languages in our order."""
    return [language for language in LANGUAGES if language in languages]


def forms_of(question: Question, language: str) -> Iterator[Answer]:
    """The answers of a short question, or the number of a numeric one, its tolerance being a number, as typed."""
    for option in question.options:
        if question.type == "numeric":
            yield Answer(option.value, option.feedback, 1.0, tolerance_of(option))
            continue
        for form in (option.accepted or {}).get(language, "").split("|"):
            if form.strip():
                yield Answer(form.strip(), option.feedback, float(option.correct))


def tolerance_of(option: Option) -> str:
    """How far from its number one may be, as a number."""
    said = option.tolerance.strip()
    share = said.endswith("%")
    near = number(said.removesuffix("%").strip() or "0") or Fraction(0)
    value = abs(number(option.value) or Fraction(0))
    return written_number(near * value / 100 if share else near) or "0"


def multiplier_of(place: Spot) -> str | None:
    """How many of a unit make one of the first; None where no decimal says it."""
    factor = number(place.factor or "1")
    return written_number(1 / factor) if factor else None


def unwritable(question: Question, language: str) -> str | None:
    """Why Moodle's files cannot hold this question of a type of theirs, to be translated; None where they can."""
    if question.type == "numeric":
        if len(question.options) != 1 or number(question.options[0].value) is None:
            return N_("Not exactly one number is asked. Not written.")
        if any(multiplier_of(place) is None for place in question.places):
            return N_("A unit cannot be said there. Not written.")
    if question.type == "short" and not any(answer.weight for answer in forms_of(question, language)):
        return N_("No answer is accepted in this language. Not written.")
    if question.type == "matching" and not all(question.place(option.place) for option in question.options):
        return N_("A half of a pair is missing. Not written.")
    return None


def losses(question: Question, language: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(message, values) of each thing that Moodle's files lose of this question."""
    names = [(option.text[language], plain_to_markdown(_first(option, language))) for option in question.options]
    for said, usual in names if question.type == "short" else ():
        if said != usual:
            yield NOT_SHOWN, {"text": said}
    if any(plain_to_markdown(place.text[language]) != place.text[language] for place in question.places):
        yield FORMATTING, {}
    if question.type == "matching" and common_feedback(question, language) is None:
        yield NO_FEEDBACK, {}
    if question.type == "numeric" and question.options[0].text[language] != _ANSWER[language]:
        yield NOT_SHOWN, {"text": question.options[0].text[language]}


def common_feedback(question: Question, language: str) -> str | None:
    """What every option says; None where they say different things."""
    said = {option.feedback.get(language, "") for option in question.options}
    return said.pop() if len(said) == 1 else None


def written_number(value: Fraction) -> str | None:
    """A number with digits and a point; None where it takes too many digits, or has no end."""
    for digits in range(_DIGITS):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            whole = f"{abs(scaled.numerator):0{digits + 1}d}"
            said = f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole
            return f"-{said}" if value < 0 else said
    return None


def _first(option: Option, language: str) -> str:
    return " ".join((option.accepted or {}).get(language, "").split("|")[0].split())


def _decimal(text: str) -> Fraction | None:
    """A number as people and Moodle write it: a comma, an exponent."""
    said = text.strip().replace(",", ".")
    return Fraction(said) if _DECIMAL.fullmatch(said) else None
