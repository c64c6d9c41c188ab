"""What would make a bank of questions better: what it covers, and what gives its answers away."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction

from curricula.finding import Finding, finding
from curricula.model import LANGUAGES, Module, Option, Question
from curricula.nearly import nearly_alike
from curricula.problems import N_
from curricula.question_quality import question_findings

#: Smallest bank of a module, and of one whose assessment is timed: a second attempt then meets other questions.
BANK, EXAM_BANK = 12, 24
#: From so many questions of one choice on, the right option may not stand at one place, nor be the longest of all,
#: more often than so. By chance, each would happen once in four.
ENOUGH, OFTEN = 6, Fraction(2, 5)
#: Share of words that two questions have in common from which they are nearly the same.
NEARLY = Fraction(3, 5)
_DIFFICULTIES = (1, 2, 3)


def bank_findings(module: Module) -> Iterator[Finding]:
    """What is found in the bank of a module."""
    yield from _covered(module)
    where = (module.key, "question")
    least = EXAM_BANK if module.quiz and module.quiz.minutes else BANK
    if len(module.questions) < least:
        message = N_("The bank holds %(count)s questions; with %(least)s a second attempt differs from the first.")
        yield finding(where, "advice", message, count=len(module.questions), least=least)
    missing = [str(level) for level in _DIFFICULTIES if level not in {each.difficulty for each in module.questions}]
    if module.questions and missing:
        message = N_("No question is of difficulty %(levels)s.")
        yield finding(where, "advice", message, levels=", ".join(missing))
    yield from _given_away(where, [question for question in module.questions if question.type == "single"])
    stems = Counter(stem for question in module.questions for stem in set(question.stem.values()) if stem)
    near = _nearly(module.questions)
    for question in module.questions:
        yield from question_findings((*where, question.key), question)
        if any(stems[stem] > 1 for stem in question.stem.values()):
            yield finding((*where, question.key), "advice", N_("Another question has the same wording."))
        elif question.key in near:
            message = N_("It is nearly the same question as « %(other)s ».")
            yield finding((*where, question.key), "advice", message, other=near[question.key])


def _covered(module: Module) -> Iterator[Finding]:
    taught = {key for lesson in module.lessons for key in lesson.objectives}
    assessed = Counter(question.objective for question in module.questions)
    # A work is one's own: made again at a second attempt, it is another.
    works = {question.objective for question in module.questions if question.criteria}
    for objective in module.objectives:
        where = (module.key, "objective", objective.key)
        if objective.key not in taught:
            yield finding(where, "blocking", N_("No lesson works towards this objective."))
        if not assessed[objective.key]:
            yield finding(where, "blocking", N_("No question assesses this objective."))
        elif assessed[objective.key] < 2 and objective.key not in works:
            message = N_("A single question assesses this objective: a second attempt meets it again.")
            yield finding(where, "advice", message)


def _given_away(where: tuple[str, ...], questions: Sequence[Question]) -> Iterator[Finding]:
    """What the whole bank gives away, though no question does by itself."""
    if len(questions) < ENOUGH:
        return
    most = len(questions) * OFTEN
    places = Counter(next(i for i, each in enumerate(q.options, 1) if each.correct) for q in questions if _right(q))
    for place, count in places.most_common(1):
        if count > most:
            message = N_("The right option of %(count)s of %(all)s questions is number %(place)s: a guess pays.")
            yield finding(where, "advice", message, count=count, all=len(questions), place=place)
    for language in LANGUAGES:
        longest = sum(_longest(question, language) for question in questions)
        if longest > most:
            message = N_("The right option of %(count)s of %(all)s questions is the longest: a guess pays.")
            yield finding((*where, language), "advice", message, count=longest, all=len(questions))


def _right(question: Question) -> Option | None:
    return next((option for option in question.options if option.correct), None)


def _longest(question: Question, language: str) -> bool:
    right = _right(question)
    others = [len(each.text.get(language, "")) for each in question.options if not each.correct]
    return right is not None and len(right.text.get(language, "")) > max(others, default=0)


def _nearly(questions: Sequence[Question]) -> dict[str, str]:
    """Question → an earlier one that it is nearly the same as, in one language at least."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        stems = {question.key: question.stem.get(language, "") for question in questions}
        found |= dict(nearly_alike(stems, NEARLY))
    return found
