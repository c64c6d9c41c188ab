"""What things take, in minutes: counted, so that what is declared is honest."""

import re
from collections.abc import Iterable
from fractions import Fraction

from curricula.model import LessonText, Module, QuizRules
from curricula.reading import reading_minutes

#: What the blocks of a lesson take besides being read: recalling an answer before unfolding it, redoing a method,
#: working on a document of a case. A transfer is done at work, another day: it is not counted.
EXERCISES = {"reveal": Fraction(3, 2), "method": Fraction(3), "case": Fraction(6)}
#: What a question takes: in practice, where its feedback is read, then in the assessment.
PRACTICE_MINUTES, QUESTION_MINUTES = Fraction(2), Fraction(3, 2)
#: Beyond so many questions, nobody practises the whole bank.
PRACTISED = 30
_BLOCK = re.compile(rf"^:{{3,}} *({'|'.join(EXERCISES)})\b", re.MULTILINE)


def lesson_minutes(text: LessonText) -> Fraction:
    """What a lesson takes: reading, then its exercises."""
    exercises = sum((EXERCISES[name] for name in _BLOCK.findall(text.body)), Fraction(0))
    return reading_minutes(text.words) + exercises


def module_minutes(module: Module) -> int:
    """What a module takes, as its lessons declare."""
    lessons = (lesson.minutes for lesson in module.lessons)
    return minutes_of(module.quiz, lessons, len(module.questions), module.workshop_minutes)


def minutes_of(quiz: QuizRules | None, lessons: Iterable[int], bank: int, workshop: int) -> int:
    """What these take together: ``lessons``, a ``bank`` of so many questions practised once, its assessment, a
    ``workshop``.
    """
    practice = PRACTICE_MINUTES * min(bank, PRACTISED)
    assessment = QUESTION_MINUTES * quiz.questions if quiz else 0
    return round(sum(lessons) + practice + assessment + workshop)
