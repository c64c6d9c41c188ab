"""What each written or numeric answer is worth, by hand."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from assessments.draw import as_written
from assessments.model import Mark, Plain
from assessments.registry import anatomies, question_types
from curricula.lacking import lacking
from curricula.model import Spot
from tests.assessments.samples import asked, both, line_values, mark, option

HALF = Fraction(1, 2)


# True or false

WHY = asked("truefalse", option("a"), option("b", correct=True), statement="false")


@pytest.mark.parametrize(
    ("verdict", "reason", "points", "why"),
    [
        ("false", "b", Fraction(1), "right"), ("false", "a", Fraction(0), "wrong"), ("true", "b", Fraction(0), "wrong"),
        ("true", "a", Fraction(0), "wrong"), ("false", "", Fraction(0), "wrong"), ("", "b", Fraction(0), "wrong"),
        ("", "", Fraction(0), "none"), ("maybe", "z", Fraction(0), "none"),
    ],
)  # fmt: skip
def test_a_verdict_needs_its_reason(verdict: str, reason: str, points: Fraction, why: str) -> None:
    assert mark(WHY, verdict=verdict, reason=reason) == Mark(points, why)


def test_a_verdict_alone_earns_what_the_question_says_and_a_wrong_one_never_anything() -> None:
    kind = replace(WHY, settings=(("statement", "false"), ("verdict_alone", 30)))
    assert mark(kind, verdict="false") == mark(kind, verdict="false", reason="a") == Mark(Fraction(3, 10), "partial")
    assert mark(kind, verdict="true", reason="b").points == 0
    assert mark(kind, verdict="false", reason="b").points == 1


def test_a_statement_is_true_where_nothing_says_otherwise() -> None:
    assert mark(replace(WHY, settings=()), verdict="true", reason="b").points == 1


def test_the_right_reason_is_explained_to_whoever_chose_another() -> None:
    assert [each[3] for each in line_values(WHY, verdict="false", reason="a")] == [both("about b"), both("about a")]
    assert [each[3] for each in line_values(WHY, verdict="false", reason="b")] == [None, both("about b")]


# Gaps

TYPED = asked(
    "cloze", option("x", accepted={"fr": "déployeur", "en": "deployer"}), option("y", accepted=both("risque | risk")),
    stem="Le [[x]] et le [[y]].",
)  # fmt: skip
LIST = (Spot("one", both("un")), Spot("two", both("deux")))
PICKED = asked("cloze", option("x", place="one"), option("y", place="two"), places=LIST, stem="[[x]] [[y]]")


@pytest.mark.parametrize(
    ("said", "points"),
    [
        ({"x": "Le DEPLOYEUR", "y": "risk."}, 1), ({"x": "deployer"}, HALF), ({"x": "x", "y": "risque"}, HALF),
        ({"x": "risque", "y": "déployeur"}, 0), ({"z": "risque"}, 0),
    ],
)  # fmt: skip
def test_each_gap_earns_its_share(said: dict[str, str], points: Fraction | int) -> None:
    assert mark(TYPED, **said).points == points


def test_gaps_may_earn_together_or_count_accents() -> None:
    together = replace(TYPED, settings=(("scoring", "all"),))
    assert mark(together, x="deployer") == Mark(Fraction(0), "wrong")
    assert mark(together, x="deployer", y="risk") == Mark(
        Fraction(1), "right", {"x": Fraction(1, 2), "y": Fraction(1, 2)}
    )
    counted = replace(TYPED, settings=(("accents", "counted"),))
    assert mark(counted, x="deployeur").points == 0
    assert mark(counted, x="Déployeur").points == Fraction(1, 2)


def test_a_gap_may_be_picked_among_places_and_nothing_else() -> None:
    fields = question_types()["cloze"].sheet(PICKED, as_written(PICKED), {}).fields
    assert [(field.kind, [choice.key for choice in field.choices]) for field in fields] == [
        ("pick", ["one", "two"])
    ] * 2
    assert mark(PICKED, x="one", y="one").points == Fraction(1, 2)
    assert mark(PICKED, x="un") == Mark(Fraction(0), "none"), "the word of a place is not its key"
    assert line_values(PICKED, x="two")[0][:3] == ("wrong", (both("deux"),), (both("un"),))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"stem": {"fr": "[[x]] [[y]] [[z]]", "en": "[[x]] [[y]]"}}, [("stem", "fr")]),
        ({"stem": {"fr": "[[x]] [[y]]", "en": "[[x]]"}}, [("stem", "en")]),
        ({"stem": {"fr": "[[x]] [[y]] [[x]]", "en": "[[x]] [[y]]"}}, [("stem", "fr")]),
        ({"stem": both("aucun")}, [("stem", "fr"), ("stem", "fr"), ("stem", "en"), ("stem", "en")]),
        ({"places": LIST}, [("option", "x", "place"), ("option", "y", "place")]),
    ],
)
def test_gaps_and_options_answer_one_another_in_each_language(
    change: dict[str, Any], found: list[tuple[str, ...]]
) -> None:
    assert list(lacking(TYPED, anatomies()["cloze"])) == []
    assert [lack.path for lack in lacking(replace(TYPED, **change), anatomies()["cloze"])] == found


def test_a_gap_without_accepted_form_is_told_where_there_is_nothing_to_pick_from() -> None:
    broken = replace(PICKED, places=())
    paths = [lack.path for lack in lacking(broken, anatomies()["cloze"])]
    assert paths == [("option", key, "accepted", language) for key in "xy" for language in ("fr", "en")]


# Short text

TERM = asked(
    "short", option("w", accepted=both("biais")),
    option("r", correct=True, accepted={"fr": "hallucination | confabulation", "en": "made-up answer"}),
    option("s", correct=True, accepted=both("invention")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "points"),
    [
        ("Une hallucination.", 1), ("made‑up answer", 1), ("invention", 1), ("biais", 0), ("hallucinations", 0),
        ("hallucination | confabulation", 0), ("   ", 0),
    ],
)  # fmt: skip
def test_a_short_text_is_one_of_the_forms_or_earns_nothing(typed: str, points: int) -> None:
    assert mark(TERM, answer=typed).points == points


def test_what_is_typed_is_answered_by_the_option_it_is_a_form_of() -> None:
    first = (Plain({"fr": "hallucination", "en": "made-up answer"}),)
    assert line_values(TERM, answer="Biais ?") == [("wrong", (Plain("Biais ?"),), first, both("about w"))]
    assert line_values(TERM, answer="invention") == [("right", (Plain("invention"),), first, both("about s"))]
    assert line_values(TERM, answer="*autre*") == [("wrong", (Plain("*autre*"),), first, both("about r"))]
    assert line_values(TERM) == [("missed", (), first, both("about r"))]


def test_a_form_that_is_both_right_and_foreseen_as_wrong_is_right() -> None:
    assert mark(
        replace(TERM, options=(option("w", accepted=both("invention")), *TERM.options)), answer="invention"
    ).points


# Numbers

MINUTES = (Spot("min", both("min")), Spot("h", both("h"), "60"), Spot("d", both("jours"), "420"))
TIME = asked("numeric", option("t", value="90", tolerance="1"), places=MINUTES)


@pytest.mark.parametrize(
    ("typed", "beside", "points"),
    [
        ("90", "min", 1), ("1,5", "h", 1), ("1.5 h", "", 1), ("91", "min", 1), ("91,01", "min", 0),
        ("1,5 h", "min", 1),  # what is typed counts before what is chosen
        ("90", "", HALF), ("1,5", "", HALF), ("90", "h", HALF), ("1.5", "min", HALF), ("90 jours", "", HALF),
        ("89", "", HALF), ("88", "", 0), ("88", "min", 0), ("90 s", "min", 0), ("1e2", "min", 0),
    ],
)  # fmt: skip
def test_a_quantity_is_right_in_any_unit_and_half_right_without(
    typed: str, beside: str, points: Fraction | int
) -> None:
    assert mark(TIME, t=typed, **{"t.unit": beside}).points == points
    needed = replace(TIME, settings=(("unit", "needed"),))
    assert mark(needed, t=typed, **{"t.unit": beside}).points == (points if points == 1 else 0)


def test_a_single_unit_goes_without_saying_and_none_at_all_is_none() -> None:
    one = replace(TIME, places=MINUTES[:1])
    assert mark(one, t="90").points == mark(one, t="90 min").points == 1
    assert mark(one, t="90 h").points == 0
    none = replace(TIME, places=())
    assert mark(none, t="90").points == 1
    assert mark(none, t="9 000 %").points == 1
    assert mark(none, t="90 min").points == 0


def test_lines_share_the_point_and_a_unit_alone_is_no_answer() -> None:
    three = asked("numeric", option("a", value="1"), option("b", value="2"), option("c", value="0.5", tolerance="10%"))
    assert mark(three, a="1", b="3", c="0,45") == Mark(
        Fraction(2, 3), "partial", {"a": Fraction(1, 3), "c": Fraction(1, 3)}
    )
    assert mark(TIME, **{"t.unit": "h"}) == Mark(Fraction(0), "none")


def test_a_number_is_corrected_with_its_unit_and_tolerance() -> None:
    ((verdict, given_, expected, _feedback),) = line_values(TIME, t="1,5", **{"t.unit": "min"})
    assert (verdict, given_) == ("partial", (Plain(both("1,5 min")),))
    assert expected == (Plain(both("90\u00a0min (±\u00a01)")),)


@pytest.mark.parametrize("value", ["", "1e3", "1,5", "9" * 5000, "١"])
def test_an_expected_number_that_cannot_be_read_is_told(value: str) -> None:
    broken = asked("numeric", option("t", value=value))
    assert [lack.path for lack in lacking(broken, anatomies()["numeric"])] == [("option", "t", "value")]
    assert mark(broken, t="1").points == 0


@pytest.mark.parametrize("tolerance", ["-1", "%", "2 percent", "1%%"])
def test_a_tolerance_that_cannot_be_read_is_told(tolerance: str) -> None:
    broken = asked("numeric", option("t", value="1", tolerance=tolerance))
    assert [lack.path for lack in lacking(broken, anatomies()["numeric"])] == [("option", "t", "value")]
