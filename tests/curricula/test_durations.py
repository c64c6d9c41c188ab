"""What things take is counted from what they hold."""

from fractions import Fraction

from curricula.durations import lesson_minutes, minutes_of
from curricula.model import LessonText, QuizRules

QUIZ = QuizRules(10, Fraction(7, 10), 3, 30)


def test_a_lesson_takes_its_reading_and_its_exercises() -> None:
    body = "::: situation\n:::\n::: reveal Pourquoi ?\n:::\n:::: case\n::: method\n:::\n::::\n"
    body += "::: transfer\n:::\n::: casework\n"
    read = "mot " * 360
    assert lesson_minutes(LessonText("", (), read)) == 2
    marks = LessonText("", (), body)
    assert lesson_minutes(marks) == Fraction(marks.words, 180) + Fraction(3, 2) + 6 + 3


def test_a_module_takes_lessons_practice_assessment_and_workshop() -> None:
    assert minutes_of(QUIZ, [10, 12], 14, 20) == 22 + 28 + 15 + 20
    assert minutes_of(None, [10], 0, 0) == 10
    assert minutes_of(None, [], 5_000, 0) == 60, "nobody practises thousands of questions"
