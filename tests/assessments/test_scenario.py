"""Scenarios: one decision at a time and for good, measured against every way there is."""

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.draw import as_written
from assessments.model import Mark, Response
from assessments.registry import anatomies, question_types
from curricula.lacking import lacking
from curricula.model import Option, Question, Spot
from tests.assessments.samples import asked, both, line_values, mark, option
from tests.assessments.test_every_type import sample

_KIND, SCENARIO, _SAID = sample("scenario")


def sheet_names(question: Question, said: Response) -> list[str]:
    return [field.name for field in question_types()["scenario"].sheet(question, as_written(question), said).fields]


def test_only_the_scene_reached_is_asked_and_what_was_decided_is_told() -> None:
    kind = question_types()["scenario"]
    assert sheet_names(SCENARIO, {}) == ["debut"]
    assert sheet_names(SCENARIO, {"debut": ("arreter",)}) == ["dpo"]
    assert sheet_names(SCENARIO, {"debut": ("encadrer",)}) == ["bilan"]
    assert sheet_names(SCENARIO, {"debut": ("ignorer",)}) == []
    sheet = kind.sheet(SCENARIO, as_written(SCENARIO), {"debut": ("arreter",), "dpo": ("inventaire",)})
    assert [each.decided for each in sheet.told] == [
        each.text for each in SCENARIO.options if each.key in ("arreter", "inventaire")
    ]
    assert sheet.goes_on
    assert not kind.sheet(SCENARIO, as_written(SCENARIO), {"debut": ("ignorer",)}).goes_on
    assert [field.name for field in kind.fields(SCENARIO, as_written(SCENARIO))] == ["debut", "dpo", "bilan"]


@pytest.mark.parametrize(
    ("kept", "sent", "settled"),
    [
        ({}, {"debut": "arreter"}, {"debut": "arreter"}),
        ({"debut": "arreter"}, {"debut": "ignorer"}, {"debut": "arreter"}),  # a decision stands
        ({"debut": "arreter"}, {}, {"debut": "arreter"}),
        ({"debut": "arreter"}, {"dpo": "inventaire"}, {"debut": "arreter", "dpo": "inventaire"}),
        ({"debut": "encadrer"}, {"dpo": "inventaire"}, {"debut": "encadrer"}),  # never reached
        ({}, {"debut": "arreter", "dpo": "inventaire"}, {"debut": "arreter"}),  # not shown yet
        ({}, {"debut": "besoin"}, {}),  # offered elsewhere
        ({}, {"debut": "?"}, {}),
        ({"debut": "ignorer", "bilan": "besoin"}, {"bilan": "payer"}, {"debut": "ignorer"}),
    ],
)
def test_decisions_are_taken_one_at_a_time_and_for_good(
    kept: dict[str, str], sent: dict[str, str], settled: dict[str, str]
) -> None:
    of = [{name: (value,) for name, value in each.items()} for each in (kept, sent)]
    assert question_types()["scenario"].settle(SCENARIO, *of) == {name: (value,) for name, value in settled.items()}


def test_each_decision_is_weighed_by_what_could_still_be_reached() -> None:
    lines = line_values(SCENARIO, debut="encadrer", bilan="besoin")
    stop, need = (next(each.text for each in SCENARIO.options if each.key == key) for key in ("arreter", "besoin"))
    assert [(verdict, expected) for verdict, _given, expected, _feedback in lines] == [
        ("partial", (stop,)), ("right", (need,)),
    ]  # fmt: skip
    assert [verdict for verdict, *_rest in line_values(SCENARIO, debut="arreter")] == ["right", "missed"]
    assert [verdict for verdict, *_rest in line_values(SCENARIO, debut="ignorer")] == ["wrong"]


def test_a_better_end_may_be_worth_a_poorer_beginning() -> None:
    scenes = (Spot("s", both("s")), Spot("t", both("t")))
    slow = asked(
        "scenario", option("now", place="s", points=40), option("wait", place="s", leads="t"),
        option("well", place="t", points=100), places=scenes,
    )  # fmt: skip
    assert mark(slow, s="now").points == Fraction(2, 5)
    assert mark(slow, s="wait") == Mark(Fraction(0), "wrong")
    assert mark(slow, s="wait", t="well").points == 1
    assert line_values(slow, s="wait")[0][0] == "right"


@st.composite
def scenarios(draw: st.DrawFn) -> Question:
    """Scenes whose decisions lead further on, or end."""
    count = draw(st.integers(1, 6))
    scenes = [f"s{number}" for number in range(count)]
    options = [
        option(
            f"{scene}-{number}", place=scene, points=draw(st.integers(0, 100)),
            leads=draw(st.sampled_from(["", *scenes[at + 1 :]])),
        )
        for at, scene in enumerate(scenes) for number in range(draw(st.integers(1, 3)))
    ]  # fmt: skip
    return asked("scenario", *options, places=tuple(Spot(scene, both(scene)) for scene in scenes))


def ways(question: Question, scene: str) -> Iterator[list[Option]]:
    for each in question.options:
        if each.place == scene:
            yield from ([each, *rest] for rest in ways(question, each.leads)) if each.leads else [[each]]


@given(scenarios())
def test_the_best_way_is_the_best_of_all_ways_and_earns_everything(question: Question) -> None:
    every = list(ways(question, "s0"))
    best = max(sum(each.points for each in way) for way in every)
    for way in every:
        earned = sum(each.points for each in way)
        found = mark(question, **{each.place: each.key for each in way})
        assert found.points == (Fraction(earned, best) if best else 0)
        verdicts = {verdict for verdict, *_rest in line_values(question, **{each.place: each.key for each in way})}
        assert (verdicts == {"right"}) == (earned == best)


def test_a_scenario_where_nothing_earns_is_told_and_a_loop_is_told_without_end() -> None:
    scenes = (Spot("s", both("s")), Spot("t", both("t")))
    loop = asked("scenario", option("a", place="s", leads="t"), option("b", place="t", leads="s"), places=scenes)
    said = [lack.what for lack in lacking(loop, anatomies()["scenario"])]
    assert said == ["No decision earns anything.", "One can come back to « %(key)s »."]
    assert mark(loop, s="a", t="b").points == 0
    many = tuple(Spot(f"s{number}", both("s")) for number in range(5000))
    chain = asked(
        "scenario", *(option(f"o{n}", place=f"s{n}", leads=f"s{n + 1}", points=1) for n in range(4999)), places=many
    )
    assert [lack.path for lack in lacking(chain, anatomies()["scenario"])] == [("option",), ("place",)]
