"""The placement test adapts, stops as soon as it knows, never asks what is reserved, and can be made again."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from assessments.placement import Step, modules_of, next_question, placed
from curricula.model import Branch, Module, PlacementRules, Question, QuizRules, Track
from tests.assessments.samples import question

BOTH = {"fr": "x", "en": "x"}
QUIZ = QuizRules(3, Fraction(7, 10), 0, 0)


def bank(module: str, reserved: bool = False) -> tuple[Question, ...]:
    """Two questions of each difficulty, of two objectives, and one that is reserved."""
    found = [
        replace(question(f"{module}-{level}{turn}", f"o{turn}"), difficulty=level, reserved=reserved)
        for level in (1, 2, 3)
        for turn in (1, 2)
    ]
    return (*found, replace(question(f"{module}-kept"), difficulty=2, reserved=True))


def part(key: str, order: int, **more: object) -> Module:
    module = Module(key, key.upper(), order, "published", BOTH, BOTH, 60, (), (), (), quiz=QUIZ, questions=bank(key))
    return replace(module, **more)  # type: ignore[arg-type]


def track(questions: int = 3, threshold: Fraction = Fraction(7, 10), *modules: Module) -> Track:
    return Track(
        "t", "T", "1", BOTH, BOTH, BOTH, "x", ("fr", "en"), (), modules or (part("m1", 1), part("m2", 2)),
        placement=PlacementRules(questions, threshold), branches=(Branch("b", BOTH),),
    )  # fmt: skip


def walk(found: Track, seed: str, earns: list[Fraction]) -> list[Step]:
    """The steps of a test where answers earn these points, then nothing."""
    steps: list[Step] = []
    while (asked := next_question(found, seed, steps)) is not None:
        points = earns[len(steps)] if len(steps) < len(earns) else Fraction(0)
        steps.append(Step(asked[0].key, asked[1].key, points))
    return steps


def levels(found: Track, steps: list[Step], key: str) -> list[int]:
    module = found.module(key)
    assert module is not None
    each = (module.question(step.question) for step in steps if step.module == key)
    return [question.difficulty for question in each if question]


def test_it_gets_harder_and_easier_module_by_module() -> None:
    found = track(5, Fraction(1, 2))
    one, none, half = Fraction(1), Fraction(0), Fraction(1, 2)
    steps = walk(found, "s", [one, none, half, one, none, one, one, one])
    # 2, then harder, easier, the same after half a point, of which none is left: the nearest. The next begins at 2.
    assert levels(found, steps, "m1") == [2, 3, 2, 1]
    assert levels(found, steps, "m2") == [2, 1, 2, 3]
    assert [each.reached for each in placed(found, steps)] == [True, True]


def test_it_stops_as_soon_as_the_outcome_is_settled() -> None:
    found = track(3, Fraction(7, 10))
    low = walk(found, "s", [Fraction(0), Fraction(0)])
    assert [(each.asked, each.reached, each.score) for each in placed(found, low)] == [(1, False, 0), (1, False, 0)]
    high = walk(found, "s", [Fraction(1)] * 6)
    assert [(each.asked, each.reached, each.score) for each in placed(found, high)] == [(3, True, 1), (3, True, 1)]
    some = walk(track(5, Fraction(3, 5)), "s", [Fraction(1)] * 6)
    assert [each.asked for each in placed(found, some)] == [3, 3]


@given(
    st.text(max_size=6), st.integers(1, 5), st.integers(1, 100),
    st.lists(st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1)]), max_size=10),
)  # fmt: skip
def test_whatever_is_answered_it_ends_rightly(seed: str, most: int, percent: int, earns: list[Fraction]) -> None:
    found = track(most, Fraction(percent, 100))
    steps = walk(found, seed, earns)
    assert steps == walk(found, seed, earns), "the same seed and answers ask the same"
    keys = [step.question for step in steps]
    assert len(keys) == len(set(keys))
    assert not any(key.endswith("kept") for key in keys)
    for each in placed(found, steps):
        assert 1 <= each.asked <= most
        assert each.reached is (each.score >= found.placement.threshold)  # type: ignore[union-attr]
        done = [step.points for step in steps if step.module == each.module.key]
        if len(done) > 1:  # the answer before the last one settled nothing
            earned, needed = sum(done[:-1]), Fraction(percent, 100) * most
            assert earned < needed <= earned + most - len(done) + 1


def test_it_asks_about_the_common_core_and_what_is_not_reserved() -> None:
    kept = part("m3", 3, questions=bank("m3", reserved=True))
    planned, other = part("m4", 4, status="planned"), part("m5", 5, branch="b")
    assert [module.key for module in modules_of(track(3, Fraction(1, 2), part("m1", 1), kept, planned, other))] == [
        "m1"
    ]
    assert modules_of(replace(track(), placement=None)) == ()
