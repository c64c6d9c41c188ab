"""What things take is counted from what they hold."""

from fractions import Fraction

from curricula.durations import lesson_minutes, module_minutes
from curricula.model import QuizRules

QUIZ = QuizRules(10, Fraction(7, 10), 3, 30)


def test_a_lesson_takes_its_reading_and_its_exercises() -> None:
    body = "::: situation\n:::\n::: reveal Pourquoi ?\n:::\n:::: case\n::: method\n:::\n::::\n"
    body += "::: transfer\n:::\n::: casework\n"
    assert lesson_minutes("", 360) == 2
    assert lesson_minutes(body, 360) == 2 + Fraction(3, 2) + 6 + 3


def test_a_module_takes_lessons_practice_assessment_and_workshop() -> None:
    assert module_minutes(QUIZ, [10, 12], 14, 20) == 22 + 28 + 15 + 20
    assert module_minutes(None, [10], 0, 0) == 10
    assert module_minutes(None, [], 5_000, 0) == 60, "nobody practises thousands of questions"
