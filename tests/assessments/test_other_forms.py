"""Questions asked in another form of those who need one."""

from dataclasses import replace

from assessments.draw import draw, with_other_forms
from tests.tracks_in_test import fixed_tracks

BANK = next(module for module in fixed_tracks()["decideurs"].modules if module.key == "d1").questions


def test_a_question_that_has_another_form_is_asked_in_it() -> None:
    drawn = draw(BANK, 10, "seed")
    key = drawn[3].key
    original = next(question for question in BANK if question.key == key)
    other = replace(original, key="other", instead=key)
    unasked = replace(original, key="unasked", instead=next(q.key for q in BANK if q.key not in {d.key for d in drawn}))
    found = with_other_forms(drawn, (*BANK, other, unasked), "seed")
    assert [item.key for item in found] == [item.key if item.key != key else "other" for item in drawn]
    assert [item for item in found if item.key != "other"] == [item for item in drawn if item.key != key]
    assert sorted(found[3].options) == sorted(drawn[3].options)
    assert found == with_other_forms(drawn, (*BANK, other, unasked), "seed"), "it can be made again"
    assert with_other_forms(drawn, BANK, "seed") == drawn
