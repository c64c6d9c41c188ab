"""What would make a question better, or keeps it from being published, whatever its type."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from curricula.finding import Finding, finding
from curricula.model import LANGUAGES, Criterion, Localized, Option, Question
from curricula.problems import N_

#: A right option longer than every other by so much gives itself away.
GIVEAWAY = Fraction(3, 2)
#: A place that so many of at least so many options belong to is a good guess for all of them.
CROWDED, CROWD = Fraction(2, 3), 4


def question_findings(where: tuple[str, ...], question: Question) -> Iterator[Finding]:
    """What is found in one question, wherever it stands (``where``)."""
    not_written = N_("The question is not written in this language.")
    yield from _unwritten((*where, "stem"), question.stem, not_written)
    told_apart = any(option.correct for option in question.options)
    for option in question.options:
        yield from _option((*where, "option", option.key), option)
        if told_apart and not option.correct and not option.misconception:
            message = N_("Say which misconception this option stands for.")
            yield finding((*where, "option", option.key, "misconception"), "advice", message)
    chosen = [(_scene(question, option), option.text) for option in question.options if not _filled(question, option)]
    if _repeated(chosen):
        yield finding(where, "blocking", N_("Two options say the same."))
    yield from _giveaway(where, question)
    yield from _places(where, question)
    for criterion in question.criteria:
        yield from _criterion((*where, "criterion", criterion.key), criterion)


def _unwritten(where: tuple[str, ...], text: Localized, message: str) -> Iterator[Finding]:
    return (finding((*where, language), "blocking", message) for language in LANGUAGES if not text.get(language))


def _repeated(said: list[tuple[str, Localized]]) -> bool:
    """Whether two things of the same group say the same; one that reads alike in both languages says it once."""
    counts = Counter((group, text) for group, texts in said for text in set(texts.values()) if text)
    return any(count > 1 for count in counts.values())


def _filled(question: Question, option: Option) -> bool:
    """Whether an option is a gap, or something to write: its text is no choice."""
    return option.accepted is not None or any(f"[[{option.key}]]" in text for text in question.stem.values())


def _scene(question: Question, option: Option) -> str:
    """What an option is decided beside: where ways lead from place to place, the options of its own place."""
    return option.place if any(each.leads for each in question.options) else ""


def _option(where: tuple[str, ...], option: Option) -> Iterator[Finding]:
    yield from _unwritten((*where, "text"), option.text, N_("The option is not written in this language."))
    message = N_("Nothing is said to whoever chooses this option.")
    yield from _unwritten((*where, "feedback"), option.feedback, message)


def _giveaway(where: tuple[str, ...], question: Question) -> Iterator[Finding]:
    right = [option for option in question.options if option.correct]
    wrong = [option for option in question.options if not option.correct]
    if len(right) != 1 or not wrong:
        return
    for language in LANGUAGES:
        longest = max(len(option.text.get(language, "")) for option in wrong)
        if len(right[0].text.get(language, "")) > longest * GIVEAWAY and longest > 0:
            message = N_("The right option is much longer than the others: it shows.")
            yield finding((*where, language), "advice", message)


def _places(where: tuple[str, ...], question: Question) -> Iterator[Finding]:
    for place in question.places:
        message = N_("This is not written in this language.")
        yield from _unwritten((*where, "place", place.key, "text"), place.text, message)
    if _repeated([("", place.text) for place in question.places]):
        yield finding((*where, "place"), "blocking", N_("Two places say the same."))
    used = Counter(option.place for option in question.options)
    if not question.options or used[""] or any(option.leads for option in question.options):
        return  # not a question of putting each option somewhere
    if len(question.places) <= len(question.options):
        for place in question.places:
            if not used[place.key]:
                message = N_("No option belongs here: add one, or remove it.")
                yield finding((*where, "place", place.key), "advice", message)
    most, count = used.most_common(1)[0]
    if len(question.options) >= CROWD and len(question.places) > 1 and count >= len(question.options) * CROWDED:
        message = N_("%(count)s of %(all)s belong here: putting everything here earns most of the point.")
        where_most = (*where, "place", most)
        yield finding(where_most, "advice", message, count=count, all=len(question.options))


def _criterion(where: tuple[str, ...], criterion: Criterion) -> Iterator[Finding]:
    yield from _unwritten((*where, "title"), criterion.title, N_("The criterion is not written in this language."))
    for level in criterion.levels:
        message = N_("Say what one sees in a work of this level.")
        yield from _unwritten((*where, "level", level.key, "text"), level.text, message)
    if _repeated([("", level.text) for level in criterion.levels]):
        yield finding(where, "blocking", N_("Two levels say the same: works cannot be told apart."))
