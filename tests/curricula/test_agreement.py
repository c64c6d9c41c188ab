"""Whether two languages say the same, as writing goes on."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from curricula.agreement import Agreement, followed
from curricula.texts import Texts


def said(fr: str, en: str) -> Texts:
    return {"title": {"fr": fr, "en": en}} if fr or en else {}


def after(*steps: Texts) -> Agreement:
    """How a text stands after these states, each saved in a stretch of work of its own."""
    agreement = followed(Agreement(), steps[0], steps[0], steps[0])
    for before, now in pairwise(steps):
        agreement = followed(agreement, before, now, before)
    return agreement


def stands(agreement: Agreement) -> tuple[str, str]:
    return agreement.state("title", "fr"), agreement.state("title", "en")


def test_what_is_new_agrees_or_lacks_a_language() -> None:
    assert stands(after(said("Un", "One"))) == ("done", "done")
    assert stands(after(said("Un", ""))) == ("done", "missing")
    assert stands(after(said("", "One"))) == ("missing", "done")
    assert after(said("", "")).as_json() == {}


def test_one_side_alone_leaves_the_other_to_read_again() -> None:
    assert stands(after(said("Un", "One"), said("Deux", "One"))) == ("done", "review")
    assert stands(after(said("Un", "One"), said("Un", "Two"))) == ("review", "done")
    assert stands(after(said("Un", "One"), said("Deux", "One"), said("Deux", "Two"))) == ("review", "review")


def test_both_sides_at_once_or_the_missing_one_agree() -> None:
    assert stands(after(said("Un", "One"), said("Deux", "Two"))) == ("done", "done")
    assert stands(after(said("Un", "One"), said("Deux", "One"), said("Trois", "Three"))) == ("done", "done")
    assert stands(after(said("Un", ""), said("Un", "One"))) == ("done", "done")


def test_written_back_as_it_was_agrees_again() -> None:
    assert stands(after(said("Un", "One"), said("Deux", "One"), said("Un", "One"))) == ("done", "done")


def test_a_missing_side_agrees_while_it_is_being_written() -> None:
    first = said("Un", "")
    agreement = followed(Agreement(), first, first, first)
    before = first
    for typed in ("O", "On", "One"):
        agreement = followed(agreement, before, said("Un", typed), first)  # the same stretch of work
        before = said("Un", typed)
    assert stands(agreement) == ("done", "done")
    assert stands(followed(agreement, before, said("Un", "Another"), before)) == ("review", "done")


def test_saying_that_it_still_holds_is_enough() -> None:
    agreement = after(said("Un", "One"), said("Deux", "One")).agreed({"title"})
    assert stands(agreement) == ("done", "done")
    assert agreement.last == {}


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from(["", "x", "y"])), min_size=1, max_size=6))
def test_every_text_is_in_one_state_and_is_kept_as_json(steps: list[tuple[str, str]]) -> None:
    agreement = after(*(said(*step) for step in steps))
    fr, en = steps[-1]
    assert agreement.total == bool(fr or en)
    assert (agreement.state("title", "fr") == "missing") == (not fr and bool(en))
    assert (agreement.state("title", "en") == "missing") == (not en and bool(fr))
    assert Agreement.of_json(agreement.as_json()) == agreement
    assert set(agreement.open("fr")) | set(agreement.open("en")) == {*agreement.missing, *agreement.late}
