"""Parallel forms share nothing, are alike, and are the same each time; what validation lets by can be drawn."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from assessments.draw import redraw
from assessments.forms import parallel_forms
from curricula.folder import Folder
from curricula.model import Module, Question, QuizRules
from curricula.validate import _draw
from tests.assessments.samples import question

banks = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=40).map(
    lambda kinds: [
        replace(question(f"q{number}", f"o{objective}"), difficulty=level)
        for number, (objective, level) in enumerate(kinds)
    ]
)
WHATS: tuple[Callable[[Question], object], ...] = (
    lambda _question: None,
    lambda question: question.objective,
    lambda question: question.difficulty,
    lambda question: (question.objective, question.difficulty),
)


@given(banks, st.integers(1, 9))
def test_forms_part_the_bank(bank: list[Question], count: int) -> None:
    forms = parallel_forms(bank, count)
    assert len(forms) == count
    assert sorted(each.key for form in forms for each in form) == sorted(each.key for each in bank)
    assert forms == parallel_forms(list(reversed(bank)), count)


@given(banks, st.integers(2, 9))
def test_forms_are_alike(bank: list[Question], count: int) -> None:
    forms = parallel_forms(bank, count)
    for what in WHATS:
        counted = [Counter(map(what, form)) for form in forms]
        for kind in set(map(what, bank)):
            sizes = [each[kind] for each in counted]
            assert max(sizes) - min(sizes) <= 1, (kind, sizes)


@given(
    banks, st.integers(1, 4), st.lists(st.integers(-1, 6), max_size=4), st.integers(1, 15), st.text(max_size=4),
    st.booleans(),
)  # fmt: skip
def test_what_validation_lets_by_can_be_drawn(
    bank: list[Question], forms: int, difficulties: list[int], count: int, seed: str, ruled: bool
) -> None:
    quiz = QuizRules(sum(difficulties) if ruled else count, Fraction(1, 2), 0, 0, forms=forms,
                     difficulties=tuple(difficulties) if ruled else ())  # fmt: skip
    assume(quiz.questions > 0)
    both = {"fr": "", "en": ""}
    module = Module("m", "M", 1, "published", both, both, 0, (), (), (), quiz=quiz, questions=tuple(bank))
    place = Folder("t", {"m/module.toml": b"[quiz]\n"}).place("m/module.toml")
    assume(not list(_draw(module, place)) and len(bank) >= quiz.questions)
    level = {each.key: each.difficulty for each in bank}
    for form in range(1, forms + 1):
        drawn = redraw(module, seed, {"seen": [], "exposed": [], "form": form})
        assert len({item.key for item in drawn}) == quiz.questions
        if ruled:
            assert Counter(level[item.key] for item in drawn) == +Counter(dict(enumerate(difficulties, start=1)))
