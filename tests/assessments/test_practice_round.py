"""A round of practice brings back first what was not right, and is the same for the same past."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assessments.practice import ROUND, next_round, practised
from curricula.model import Module
from tests.assessments.samples import question

BANK = [question(f"q{number}") for number in range(14)]
KEYS = [each.key for each in BANK]
pasts = st.lists(st.tuples(st.sampled_from([*KEYS, "gone"]), st.booleans()), max_size=30)


@given(pasts, st.text(max_size=4))
def test_what_was_got_wrong_comes_first_then_what_is_new_then_the_oldest(
    past: list[tuple[str, bool]], seed: str
) -> None:
    drawn = [item.key for item in next_round(BANK, past, seed)]
    assert drawn == [item.key for item in next_round(BANK, iter(past), seed)]
    assert len(drawn) == len(set(drawn)) == ROUND
    last = dict(past)
    rank = {key: 0 if last.get(key) is False else 1 if key not in last else 2 for key in KEYS}
    left = [key for key in KEYS if key not in drawn]
    assert all(rank[here] <= rank[there] for here in drawn for there in left)
    when = {key: place for place, (key, _right) in enumerate(past)}
    assert all(
        when[here] < when[there] for here in drawn for there in left if rank[here] == rank[there] and here in when
    )


def test_what_is_reserved_or_asked_instead_is_never_practised() -> None:
    both = {"fr": "", "en": ""}
    questions = (question("q1"), replace(question("q2"), reserved=True), replace(question("q3"), instead="q1"))
    module = Module("m", "M", 1, "published", both, both, 0, (), (), (), questions=questions)
    assert [each.key for each in practised(module)] == ["q1"]
    assert next_round((), [], "seed") == ()
