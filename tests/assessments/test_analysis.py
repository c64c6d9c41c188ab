"""The figures of a test: against published ones, against scipy, and against plain Python, whatever was answered."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import ceil, isclose, sqrt
from statistics import mean, stdev, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assessments.analysed import Analysis, ItemFigures
from assessments.analysis import analyse
from assessments.gathered import Cell, Gathered, Item

#: The five questions of section 6 of the Law School Admission Test, 1 000 people (Bock and Lieberman, 1970,
#: Psychometrika 35, 179-197): how many gave each pattern of right answers.
LSAT = {
    "00000": 3, "00001": 6, "00010": 2, "00011": 11, "00100": 1, "00101": 1, "00110": 3, "00111": 4, "01000": 1,
    "01001": 8, "01011": 16, "01101": 3, "01110": 2, "01111": 15, "10000": 10, "10001": 29, "10010": 14, "10011": 81,
    "10100": 3, "10101": 28, "10110": 15, "10111": 80, "11000": 16, "11001": 56, "11010": 21, "11011": 173, "11100": 11,
    "11101": 61, "11110": 28, "11111": 298,
}  # fmt: skip

#: An attempt: what each question that it was asked earned.
Earned = dict[int, float]


def gathered(attempts: Sequence[Earned], size: int) -> Gathered:
    found = Gathered()
    for number in range(size):
        found.item(Item(f"q{number}"))
    for earned in attempts:
        cells = [found.cell(Cell(number, points)) for number, points in earned.items()]
        found.add(cells, mean(earned.values()) if earned else 0.0, passed=False)
    return found


def figures(attempts: Sequence[Earned], size: int) -> Analysis:
    found = analyse(gathered(attempts, size))
    assert found is not None
    return found


def test_the_figures_of_a_published_test() -> None:
    """``descript(LSAT)`` and ``cronbach.alpha(LSAT)`` of R's ltm (Rizopoulos, 2006, J. Stat. Software 17(5))."""
    people = [dict(enumerate(map(float, pattern))) for pattern, count in LSAT.items() for _ in range(count)]
    found = figures(people, 5)
    assert [round(item.difficulty, 3) for item in found.items] == [0.924, 0.709, 0.553, 0.763, 0.870]
    # « Point biserial correlation with total score, excluding the item ».
    published = [0.1128, 0.1532, 0.1728, 0.1444, 0.1216]
    assert [round(item.discrimination or 0, 4) for item in found.items] == published
    assert round(found.reliability.value or 0, 4) == 0.2950
    assert (found.reliability.name, found.reliability.complete) == ("kr20", True)


def test_the_reliability_of_a_worked_example() -> None:
    """KR-20 by its own formula (Kuder and Richardson, 1937): k/(k-1) · (1 - Σpq/σ²)."""
    people = [
        dict(enumerate(map(float, pattern)))
        for pattern in ("11111", "11110", "11100", "11000", "10000", "00000", "11111", "10110")
    ]
    totals = [sum(earned.values()) for earned in people]
    shares = [mean(earned[number] for earned in people) for number in range(5)]
    sigma = mean((total - mean(totals)) ** 2 for total in totals)
    expected = 5 / 4 * (1 - sum(p * (1 - p) for p in shares) / sigma)
    found = figures(people, 5).reliability
    assert found.value == pytest.approx(expected)
    assert found.error == pytest.approx(stdev(total / 5 for total in totals) * sqrt(1 - expected))


points = st.sampled_from([0.0, 0.25, 0.5, 1.0])
everything = st.lists(st.fixed_dictionaries(dict.fromkeys(range(4), points)), min_size=2, max_size=30)
#: Each attempt draws its own questions.
drawn = st.lists(st.dictionaries(st.integers(0, 4), points, min_size=1), min_size=2, max_size=30)


@given(everything)
def test_on_complete_marks_alpha_is_the_classical_one(people: list[Earned]) -> None:
    totals = [sum(earned.values()) for earned in people]
    found = figures(people, 4).reliability
    assert found.complete
    if isclose(variance(totals), 0, abs_tol=1e-9):
        assert found.value is None
        return
    of_items = sum(variance([earned[number] for earned in people]) for number in range(4))
    assert found.value == pytest.approx(4 / 3 * (1 - of_items / variance(totals)))


@given(st.lists(st.tuples(*[st.booleans()] * 4), min_size=3, max_size=40))
def test_discrimination_is_the_point_biserial_correlation_with_the_rest(people: list[tuple[bool, ...]]) -> None:
    found = figures([dict(enumerate(map(float, answers))) for answers in people], 4)
    for number, item in enumerate(found.items):
        own = [answers[number] for answers in people]
        rest = [sum(answers) - answers[number] for answers in people]
        if len(set(own)) < 2 or len(set(rest)) < 2:
            assert item.discrimination is None
        else:
            assert item.discrimination == pytest.approx(stats.pointbiserialr(own, rest).statistic)


@given(drawn)
def test_the_figures_are_those_of_plain_python(people: list[Earned]) -> None:
    found = figures(people, 5)
    assert found.attempts == len(people)
    items = {int(item.item.key[1:]): item for item in found.items}
    assert items.keys() == {number for earned in people for number in earned}
    for number, item in items.items():
        plain_item(item, number, [earned for earned in people if number in earned])
    assert found.reliability.value == pytest.approx(plain_alpha(people, 5))
    assert found.distribution.bins == plain_bins(people)


def plain_item(item: ItemFigures, number: int, asked: list[Earned]) -> None:
    assert item.count == len(asked)
    assert item.difficulty == pytest.approx(mean(earned[number] for earned in asked))
    with_others = [earned for earned in asked if len(earned) > 1]
    own = [earned[number] for earned in with_others]
    rest = [(sum(earned.values()) - earned[number]) / (len(earned) - 1) for earned in with_others]
    if len(set(own)) > 1 and len({round(value, 9) for value in rest}) > 1:
        assert item.discrimination == pytest.approx(stats.pearsonr(own, rest).statistic)
    else:
        assert item.discrimination is None
    ranked = sorted(round(mean(earned.values()), 9) for earned in asked)
    size = ceil(Fraction("0.27") * len(ranked))
    low, high = ranked[size - 1], ranked[-size]
    if low >= high:
        assert item.upper_lower is None
        return
    upper = [earned[number] for earned in asked if round(mean(earned.values()), 9) >= high]
    lower = [earned[number] for earned in asked if round(mean(earned.values()), 9) <= low]
    assert item.upper_lower == pytest.approx(mean(upper) - mean(lower))


def plain_alpha(people: list[Earned], size: int) -> float | None:
    columns = {n: [earned[n] for earned in people if n in earned] for n in range(size)}
    own = [(len(values), variance(values)) for values in columns.values() if len(values) > 1]
    pairs = []
    for a, b in combinations(range(size), 2):
        both = [(earned[a], earned[b]) for earned in people if a in earned and b in earned]
        if len(both) > 1:
            means = mean(x for x, _ in both), mean(y for _, y in both)
            shared = sum((x - means[0]) * (y - means[1]) for x, y in both) / (len(both) - 1)
            pairs.append((len(both), shared))
    if not pairs:
        return None
    v, c = (sum(n * value for n, value in each) / sum(n for n, _ in each) for each in (own, pairs))
    length = mean(len(earned) for earned in people)
    return length * c / (v + (length - 1) * c) if v + (length - 1) * c > 1e-12 else None


def plain_bins(people: list[Earned]) -> tuple[int, ...]:
    bins = [0] * 10
    for earned in people:
        score = Fraction(sum(map(Fraction, earned.values()))) / len(earned)
        bins[min(9, int(score * 10))] += 1
    return tuple(bins)


def test_options_are_counted_by_third() -> None:
    """Nine attempts: the strongest three, the middle, the weakest; the distractor « c » draws the weak alone."""
    found = Gathered()
    item = found.item(Item("q", "r1", ("a", "b", "c"), frozenset({"b", "c"})))
    other = found.item(Item("o"))
    for total, chosen in [(1.0, "a")] * 3 + [(0.5, "b")] * 3 + [(0.0, "c")] * 3:
        row = found.cell(Cell(item, float(chosen == "a"), (chosen,))), found.cell(Cell(other, total))
        found.add(row, total, passed=False)
    analysis = analyse(found)
    assert analysis is not None
    uses = {use.option: (use.share, use.by_third) for use in analysis.items[0].uses}
    third = pytest.approx(1 / 3)
    assert uses == {"a": (third, (0, 0, 1)), "b": (third, (0, 1, 0)), "c": (third, (1, 0, 0))}
    assert analysis.items[0].thirds == (3, 3, 3)
    assert analysis.items[1].uses == ()


def test_two_revisions_of_a_question_are_two_items() -> None:
    found = Gathered()
    numbers = [found.item(Item("q", revision)) for revision in ("r1", "r2", "r1")]
    assert numbers == [0, 1, 0]


def test_nothing_answered_has_no_figures() -> None:
    empty = Gathered()
    empty.add([], 0.0, passed=False)
    assert analyse(empty) is None


def test_one_attempt_has_no_reliability() -> None:
    found = figures([{0: 1.0, 1: 0.5}], 2)
    assert (found.reliability.value, found.reliability.error, found.items[0].discrimination) == (None, None, None)
    assert found.distribution.quartiles == (0.75, 0.75, 0.75)


def test_what_was_left_is_counted() -> None:
    found = Gathered()
    item = found.item(Item("q"))
    for answered in (True, False, False, True):
        found.add([found.cell(Cell(item, 0.0, (), answered))], 0.0, passed=answered)
    analysis = analyse(found)
    assert analysis is not None
    assert (analysis.items[0].unanswered, analysis.distribution.passed) == (0.5, 0.5)
