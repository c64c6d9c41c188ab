"""Awards: decided exactly, whatever they ask for; each condition says what was had, needed, and what it rests on."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.award import Refresher, Rule, decide
from certificates.needs import (
    Accepted,
    Condition,
    Evidence,
    Facts,
    Followed,
    Group,
    Holds,
    Passed,
    Refreshed,
    Result,
    SomeOf,
)
from tests.awards_in_test import DAY, result, scored

SEVEN = Fraction(7, 10)
CORE = (Passed("t/m1", SEVEN), Passed("t/m2", SEVEN))
SIMPLE = Rule("t", "certificate", {"fr": "Certificat"}, CORE, SEVEN, 36)
HEALTH = {"fr": "Santé", "en": "Health"}
WAYS = SomeOf(
    "way", 1,
    (Group("0", (Holds("health"),), HEALTH), Group("1", (Passed("d/d7", Fraction(8, 10)), Passed("d/d6", SEVEN)))),
)  # fmt: skip
LABEL = Rule(
    "label", "label", {"fr": "Manager", "en": "Manager", "xx": "M"}, (*CORE, WAYS, Accepted("t/m6", 2)), SEVEN, 36,
    Refresher({"t/m7": 120, "t/m8": 60}, 180),
)  # fmt: skip
HELD = Evidence("certificate", "MPIA-2026-000001", DAY, "held")
JURY = Evidence("jury", "12", DAY, "jury")
SCORES = st.fractions(0, 1)
MODULES = ("t/m1", "t/m2", "t/m6", "d/d6", "d/d7")
RESULTS = st.lists(SCORES.map(result), min_size=1, max_size=3).map(tuple)
JURIES = st.lists(st.builds(Result, st.integers(1, 4).map(Fraction), st.just(JURY)), max_size=2).map(tuple)
FACTS = st.builds(
    Facts,
    st.dictionaries(st.sampled_from(MODULES), RESULTS),
    accepted=st.dictionaries(st.just("t/m6"), JURIES),
    held=st.dictionaries(st.just("health"), st.just(HELD)),
)


def test_exactly_at_the_threshold_is_enough() -> None:
    assert decide(SIMPLE, scored("t", {"m1": SEVEN, "m2": Fraction(70, 100)})).earned


def test_each_module_says_what_it_had_needed_and_rests_on() -> None:
    decision = decide(SIMPLE, scored("t", {"m1": Fraction(69, 100), "other": Fraction(1)}))
    assert not decision.earned
    first, second = decision.conditions
    assert (first.met, first.have, first.need) == (False, Fraction(69, 100), CORE[0])
    assert [each.reference for each in first.evidence] == ["m1"]
    assert second == Condition(CORE[1], met=False, modules=("t/m2",))
    assert decision.missing == decision.conditions


def test_the_first_of_the_best_results_counts() -> None:
    facts = Facts({"t/m1": (result(SEVEN, "a"), result(1, "b", 1), result(1, "c", 2))})
    assert [each.reference for each in decide(SIMPLE, facts).evidence] == ["b"]


@given(FACTS)
def test_earned_means_exactly_that_no_condition_is_missing(facts: Facts) -> None:
    decision = decide(LABEL, facts)
    best = {module: max(each.value for each in results) for module, results in facts.results.items()}
    core = all(best.get(module, Fraction(-1)) >= SEVEN for module in ("t/m1", "t/m2"))
    way = "health" in facts.held or (best.get("d/d7", 0) >= Fraction(8, 10) and best.get("d/d6", 0) >= SEVEN)
    jury = any(each.value >= 2 for each in facts.accepted.get("t/m6", ()))
    assert decision.earned == (not decision.missing) == (core and way and jury)
    missing = {type(each.need) for each in decision.missing}
    assert (Passed in missing, SomeOf in missing, Accepted in missing) == (not core, not way, not jury)
    # Acting on what is missing, and on that alone, earns the award.
    mended = replace(
        facts,
        results={**facts.results, **{name: (result(1),) for each in decision.missing for name in _modules(each)}},
        accepted={"t/m6": (replace(result(2), evidence=JURY),)} if Accepted in missing else facts.accepted,
        held={"health": HELD} if SomeOf in missing else facts.held,
    )
    assert decide(LABEL, mended).earned


def _modules(condition: Condition) -> tuple[str, ...]:
    return condition.modules if isinstance(condition.need, Passed) else ()


@given(FACTS, st.sampled_from(MODULES), SCORES)
def test_one_more_result_never_loses_an_award(facts: Facts, module: str, score: Fraction) -> None:
    more = replace(facts, results={**facts.results, module: (*facts.results.get(module, ()), result(score, "new"))})
    before, after = decide(LABEL, facts), decide(LABEL, more)
    assert after.earned >= before.earned
    assert all(now.met >= was.met for was, now in zip(before.conditions, after.conditions, strict=True))


@given(FACTS, st.fractions(0, 1))
def test_raising_every_score_never_loses_an_award(facts: Facts, gain: Fraction) -> None:
    raised = {
        module: tuple(replace(each, value=min(each.value + gain, Fraction(1))) for each in results)
        for module, results in facts.results.items()
    }
    assert decide(LABEL, replace(facts, results=raised)).earned >= decide(LABEL, facts).earned


def test_a_mention_is_said_where_its_way_is_met() -> None:
    plain = scored("d", {"d7": Fraction(1), "d6": Fraction(1)})
    assert decide(LABEL, plain).mention is None
    both = decide(LABEL, replace(plain, held={"health": HELD}))
    assert both.mention == HEALTH
    assert both.conditions[2].evidence[0] == HELD
    assert both.modules == ("t/m1", "t/m2", "d/d7", "d/d6", "t/m6")


def test_a_jury_too_small_has_not_accepted() -> None:
    facts = Facts(accepted={"t/m6": (replace(result(1), evidence=JURY),)})
    condition = decide(LABEL, facts).conditions[-1]
    assert (condition.met, condition.have, condition.evidence) == (False, 1, (JURY,))


def test_a_module_is_followed_once_every_lesson_is_read() -> None:
    rule = Rule("t/m1", "attendance", {"fr": "M1"}, (Followed("t/m1", ("a", "b")),), Fraction(0))
    assert not decide(rule, Facts()).earned
    half = decide(rule, Facts(read={"t/m1": {"a": DAY, "gone": DAY}}))
    assert (half.earned, half.conditions[0].have) == (False, 1)
    whole = decide(rule, Facts(read={"t/m1": {"b": DAY + timedelta(days=1), "a": DAY}}))
    assert whole.earned
    assert whole.evidence[0].at == DAY + timedelta(days=1)


@given(st.permutations(["a", "b", "c"]))
def test_what_was_read_is_told_alike_in_any_order(order: list[str]) -> None:
    rule = Rule("t/m1", "attendance", {"fr": "M1"}, (Followed("t/m1", ("a", "b", "c")),), Fraction(0))
    assert decide(rule, Facts(read={"t/m1": dict.fromkeys(order, DAY)})) == decide(
        rule, Facts(read={"t/m1": dict.fromkeys("abc", DAY)})
    )


@pytest.mark.parametrize(
    ("results", "minutes"),
    [({}, 0), ({"t/m7": -1}, 0), ({"t/m7": 1}, 120), ({"t/m7": 0, "t/m8": 1}, 60), ({"t/m7": 1, "t/m8": 1}, 180)],
)
def test_renewing_asks_for_a_refresher_passed_since(results: dict[str, int], minutes: int) -> None:
    facts = Facts(
        {"t/m1": (result(1),), "t/m2": (result(1),)} | {key: (result(1, key, days),) for key, days in results.items()},
        accepted={"t/m6": (replace(result(2), evidence=JURY),)}, held={"health": HELD},
    )  # fmt: skip
    assert decide(LABEL, facts).earned, "the first issue asks for none"
    decision = decide(LABEL, facts, since=DAY)
    last = decision.conditions[-1]
    assert isinstance(last.need, Refreshed)
    assert (last.have, decision.earned) == (minutes, minutes == 180)


def test_what_has_no_refresher_is_not_renewed() -> None:
    with pytest.raises(ValueError, match="renewed"):
        decide(SIMPLE, Facts(), since=DAY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"needs": ()},
        {"needs": (CORE[0], CORE[0])},
        {"threshold": Fraction(2)},
        {"valid_months": 0},
        {"needs": (SomeOf("way", 1, (Group("0", ()),)),)},
    ],
)
def test_a_senseless_rule_is_refused(wrong: dict[str, Any]) -> None:
    values = {"key": "k", "kind": "label", "title": {}, "needs": CORE, "threshold": Fraction(1), "valid_months": None}
    with pytest.raises(ValueError):
        Rule(**{**values, **wrong})
