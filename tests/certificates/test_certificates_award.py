"""Awards: decided exactly, with a reason for each module."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.award import Condition, Rule, decide

RULE = Rule("managers", "label", ("m1", "m2"), Fraction(7, 10), 36)
SCORES = st.fractions(0, 1)


def test_exactly_at_the_threshold_is_enough() -> None:
    assert decide(RULE, {"m1": Fraction(7, 10), "m2": Fraction(70, 100)}).earned


def test_each_module_says_what_it_had_and_needed() -> None:
    decision = decide(RULE, {"m1": Fraction(69, 100), "other": Fraction(1)})
    assert not decision.earned
    assert decision.conditions == (
        Condition("m1", False, Fraction(69, 100), Fraction(7, 10)),
        Condition("m2", False, None, Fraction(7, 10)),
    )
    assert decision.missing == decision.conditions


@given(st.dictionaries(st.sampled_from(["m1", "m2", "m3"]), SCORES))
def test_earned_means_no_condition_is_missing(results: dict[str, Fraction]) -> None:
    decision = decide(RULE, results)
    assert decision.earned == (not decision.missing)
    assert decision.earned == all(results.get(code, -1) >= RULE.threshold for code in RULE.modules)


@given(SCORES, SCORES)
def test_a_better_score_never_loses_an_award(score: Fraction, gain: Fraction) -> None:
    before = decide(RULE, {"m1": score, "m2": score}).earned
    after = decide(RULE, {"m1": min(score + gain, Fraction(1)), "m2": score}).earned
    assert after >= before


@pytest.mark.parametrize(
    "wrong", [{"modules": ()}, {"modules": ("m1", "m1")}, {"threshold": Fraction(2)}, {"valid_months": 0}]
)
def test_a_senseless_rule_is_refused(wrong: dict[str, Any]) -> None:
    values = {"key": "k", "kind": "label", "modules": ("m1",), "threshold": Fraction(1), "valid_months": None}
    with pytest.raises(ValueError):
        Rule(**{**values, **wrong})
