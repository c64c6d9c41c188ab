"""Types where options are placed, ordered or accused: the points, computed by hand."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.draw import as_written
from assessments.model import Mark, Response
from assessments.registry import anatomies, question_types
from curricula.lacking import lacking
from curricula.model import Option, Question, Spot


def question(kind: str, places: str = "", belong: Mapping[str, str] | None = None, **setting: str | int) -> Question:
    """A question whose places are letters, and whose options belong where ``belong`` says."""
    both = {"fr": "texte", "en": "text"}
    options = tuple(Option(key, both, both, place=place) for key, place in (belong or {}).items())
    spots = tuple(Spot(letter, both) for letter in places)
    return Question("q", kind, "o", 1, "s", both, options, spots, settings=tuple(setting.items()))


def mark(asked: Question, answer: Mapping[str, str]) -> Mark:
    found = question_types()[asked.type].grade(asked, {key: (value,) for key, value in answer.items()})
    assert found is not None
    return found


def points(asked: Question, answer: Mapping[str, str]) -> Fraction:
    return mark(asked, answer).points


def verdicts(asked: Question, answer: Mapping[str, str]) -> list[str | None]:
    said: Response = {key: (value,) for key, value in answer.items()}
    return [line.verdict for line in question_types()[asked.type].lines(asked, as_written(asked), said)]


PAIRS = {"1": "a", "2": "b", "3": "c", "4": "d"}


@pytest.mark.parametrize("kind", ["matching", "classify"])
def test_each_option_in_its_place_earns_its_share(kind: str) -> None:
    asked = question(kind, "abcde", PAIRS)
    assert points(asked, PAIRS) == 1
    assert points(asked, {"1": "a", "2": "b", "3": "e"}) == Fraction(2, 4)
    assert points(asked, {"1": "e", "2": "a"}) == 0
    assert mark(asked, {"1": "a", "2": "b", "3": "e"}).parts == {
        "1": Fraction(1, 4), "2": Fraction(1, 4), "3": 0, "4": 0,
    }  # fmt: skip
    assert verdicts(asked, {"1": "a", "2": "d"}) == ["right", "wrong", "missed", "missed"]


@pytest.mark.parametrize("kind", ["matching", "classify"])
def test_all_or_nothing_where_the_question_says_so(kind: str) -> None:
    asked = question(kind, "abcde", PAIRS, scoring="all")
    assert points(asked, PAIRS) == 1
    assert points(asked, PAIRS | {"4": "e"}) == 0
    assert mark(asked, PAIRS | {"4": "e"}).reason == "wrong"
    assert points(asked, {"1": "a", "2": "b", "3": "c"}) == 0


def test_a_place_that_the_question_does_not_have_is_no_answer() -> None:
    asked = question("matching", "ab", {"1": "a", "2": "b"})
    assert mark(asked, {"1": "z", "9": "a"}) == Mark(Fraction(0), "none")


def test_categories_are_in_view_up_to_four_then_in_a_list() -> None:
    for places, kind in (("ab", "one"), ("abcd", "one"), ("abcde", "pick")):
        asked = question("classify", places, {"1": "a", "2": "b"})
        fields = question_types()["classify"].sheet(asked, as_written(asked), {}).fields
        assert {field.kind for field in fields} == {kind}
        assert [choice.key for choice in fields[0].choices] == list(places)


#   a b c    the right cell of 1 is e, the middle one
#   d e f
#   g h i
def test_a_cell_beside_the_right_one_earns_what_the_question_says() -> None:
    asked = question("matrix", "abcdefghi", {"1": "e", "2": "c"}, columns=3, near=40)
    assert points(asked, {"1": "e", "2": "c"}) == 1
    for cell, earned in {"b": 40, "d": 40, "f": 40, "h": 40, "a": 0, "c": 0, "g": 0, "i": 0}.items():
        assert points(asked, {"1": cell}) == Fraction(earned, 200), cell
    # The end of a row is not beside the beginning of the next one.
    assert points(asked, {"2": "d"}) == 0
    assert points(asked, {"1": "b", "2": "c"}) == Fraction(70, 100)
    assert verdicts(asked, {"1": "b", "2": "i"}) == ["partial", "wrong"]
    plain = replace(asked, settings=(("columns", 3),))
    assert points(plain, {"1": "b", "2": "c"}) == Fraction(1, 2)
    assert verdicts(plain, {"1": "b", "2": "c"}) == ["wrong", "right"]


def test_a_matrix_that_is_being_written_has_two_columns() -> None:
    for columns in ("many", 0, 9):
        asked = question("matrix", "abcd", {"1": "a"}, columns=columns)
        assert question_types()["matrix"].sheet(asked, as_written(asked), {}).columns == 2


ORDER = dict.fromkeys("abcd", "")


def ranked(ranks: str) -> dict[str, str]:
    """The ranks given to a, b, c and d; « - » for none."""
    return {key: rank for key, rank in zip("abcd", ranks, strict=True) if rank != "-"}


@pytest.mark.parametrize(
    ("ranks", "earned"),
    [
        ("1234", 6), ("2134", 5 - 1), ("2143", 4 - 2), ("4123", 3 - 3), ("4321", 0), ("1243", 5 - 1),
        # Ties and what has no rank are in neither order.
        ("1134", 5), ("1111", 0), ("12--", 1), ("1---", 0), ("-123", 3), ("1334", 5), ("3-12", 1 - 2 + 1),
    ],
)  # fmt: skip
def test_pairs_in_order_count_less_those_that_are_not(ranks: str, earned: int) -> None:
    assert points(question("ordering", belong=ORDER), ranked(ranks)) == Fraction(earned, 6)


def test_the_whole_order_or_nothing_where_the_question_says_so() -> None:
    asked = question("ordering", belong=ORDER, scoring="all")
    assert points(asked, ranked("1234")) == 1
    assert points(asked, ranked("1243")) == points(asked, ranked("123-")) == points(asked, ranked("1133")) == 0


def test_a_rank_that_is_none_is_no_answer() -> None:
    for rank in ("0", "5", "-1", "1.0", "٣", "first", "01"):
        assert mark(question("ordering", belong=ORDER), {"a": rank}) == Mark(Fraction(0), "none")


def test_an_item_out_of_its_rank_may_have_earned_something() -> None:
    asked = question("ordering", belong=ORDER)
    assert verdicts(asked, ranked("2134")) == ["partial", "partial", "right", "right"]
    assert verdicts(asked, ranked("43--")) == ["wrong", "wrong", "missed", "missed"]
    assert verdicts(replace(asked, settings=(("scoring", "all"),)), ranked("2134"))[:2] == ["wrong", "wrong"]


def test_what_has_a_rank_is_shown_by_it() -> None:
    asked = question("ordering", belong=ORDER)
    sheet = question_types()["ordering"].sheet(asked, as_written(asked), {"d": ("1",), "b": ("2",)})
    assert [field.name for field in sheet.fields] == ["d", "b", "a", "c"]


FAULTS = {"s": "", "t": "", "x": "a", "y": "b"}


def test_errors_ticked_count_less_sound_sentences_ticked() -> None:
    asked = question("errors", "a", {"s": "", "t": "", "x": "a", "y": "a"})
    grade = question_types()["errors"].grade

    def ticked(*keys: str) -> Fraction:
        found = grade(asked, {"choice": keys})
        assert found is not None
        return found.points

    assert ticked("x", "y") == 1
    assert ticked("x") == Fraction(1, 2)
    assert ticked("x", "y", "s") == Fraction(1, 2)
    assert ticked("s", "t", "x", "y") == ticked("s", "x") == ticked("s", "t") == 0
    lines = question_types()["errors"].lines(asked, as_written(asked), {"choice": ("x", "s")})
    assert [line.verdict for line in lines] == ["wrong", None, "right", "missed"]


def test_an_error_of_another_kind_counts_half() -> None:
    asked = question("errors", "ab", FAULTS)
    assert points(asked, {"x": "a", "y": "b"}) == 1
    assert points(asked, {"x": "a", "y": "a"}) == Fraction(3, 4)
    assert points(asked, {"x": "b"}) == Fraction(1, 4)
    assert points(asked, {"x": "a", "y": "b", "s": "a"}) == Fraction(1, 2)
    assert points(asked, {"x": "b", "s": "a"}) == 0
    assert mark(asked, {"s": "-"}).reason == "wrong", "saying that a sentence is sound is an answer"
    assert verdicts(asked, {"s": "-", "t": "b", "x": "b"}) == ["right", "wrong", "partial", "missed"]
    assert verdicts(asked, {"x": "-", "y": "b"}) == [None, None, "missed", "right"]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        (question("errors", "a", {"1": "", "2": "z"}), ("option", "2", "place")),
        (question("errors", "a", {"1": "", "2": ""}), ("option",)),
        (question("matching", "ab", {"1": "a", "2": ""}), ("option", "2", "place")),
        (question("matrix", "abcde", {"1": "a"}), ("place",)),
        (question("matrix", "abcd", {"1": "a"}, columns=3), ("place",)),
        (question("matrix", "abcd", {"1": "a"}, columns=5), ("setting", "columns")),
        (question("matrix", "abcd", {"1": "a"}, near=101), ("setting", "near")),
        (question("ordering", "a", {"1": "", "2": ""}), ("place",)),
    ],
)
def test_what_is_missing_is_found(asked: Question, path: tuple[str, ...]) -> None:
    assert [lack.path for lack in lacking(asked, anatomies()[asked.type])] == [path]


PLACED = {
    "matching": question("matching", "abcde", PAIRS),
    "classify": question("classify", "abcde", PAIRS, scoring="all"),
    "matrix": question("matrix", "abcdef", PAIRS, columns=2, near=60),
    "errors": question("errors", "abcde", PAIRS | {"5": "", "6": ""}),
}


@given(data=st.data(), kind=st.sampled_from(sorted(PLACED)))
@settings(max_examples=200, deadline=None)
def test_a_wrong_place_instead_of_the_right_one_never_earns_more(data: st.DataObject, kind: str) -> None:
    asked = PLACED[kind]
    places = st.sampled_from([*(place.key for place in asked.places), "-", ""])
    answer = {option.key: data.draw(places) for option in asked.options}
    option = data.draw(st.sampled_from(asked.options))
    right = answer | {option.key: option.place}
    assert points(asked, right) >= points(asked, answer)


@given(ranks=st.lists(st.integers(1, 6), min_size=6, max_size=6), data=st.data())
@settings(max_examples=200, deadline=None)
def test_exchanging_two_that_are_in_order_never_earns_more(ranks: list[int], data: st.DataObject) -> None:
    asked = question("ordering", belong=dict.fromkeys("abcdef", ""))
    one, other = sorted(data.draw(st.lists(st.integers(0, 5), min_size=2, max_size=2, unique=True)))
    if ranks[one] > ranks[other]:
        ranks[one], ranks[other] = ranks[other], ranks[one]
    exchanged = list(ranks)
    exchanged[one], exchanged[other] = ranks[other], ranks[one]
    before, after = (dict(zip("abcdef", map(str, each), strict=True)) for each in (ranks, exchanged))
    assert points(asked, before) >= points(asked, after)
