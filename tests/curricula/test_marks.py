"""What changed inside a text: nothing invented, nothing lost, and short enough to be read."""

from hypothesis import given
from hypothesis import strategies as st

from curricula.marks import KEPT, MOST, Mark, marks, shortened

TEXTS = st.text(alphabet="ab é\n.", max_size=60)


def said(found: list[Mark], *kinds: str) -> str:
    return "".join(mark.text for mark in found if mark.kind in kinds)


@given(TEXTS, TEXTS)
def test_both_texts_are_in_the_marks(before: str, after: str) -> None:
    found = marks(before, after)
    assert said(found, "same", "removed") == before
    assert said(found, "same", "added") == after
    assert all(mark.text for mark in found)
    assert [mark.kind for mark in found] != ["removed", "removed"]


@given(TEXTS)
def test_what_is_equal_is_the_same(text: str) -> None:
    assert marks(text, text) == ([Mark("same", text)] if text else [])


def test_words_are_marked_and_not_whole_lines() -> None:
    found = marks("Le seuil est de 70 %.\nReste.\n", "Le seuil est de 80 %.\nReste.\n")
    assert [(mark.kind, mark.text.strip()) for mark in found] == [
        ("same", "Le seuil est de"), ("removed", "70"), ("added", "80"), ("same", "%.\nReste."),
    ]  # fmt: skip


@given(TEXTS, TEXTS)
def test_what_changed_stays_when_it_is_shortened(before: str, after: str) -> None:
    whole, short = marks(before * 40, after * 40), shortened(marks(before * 40, after * 40))
    for kind in ("removed", "added"):
        assert said(short, kind) == said(whole, kind)


def test_what_is_long_and_unchanged_is_left_out() -> None:
    long = "mot " * 500
    found = shortened(marks(long + "avant " + long, long + "après " + long))
    assert [mark.kind for mark in found] == ["skipped", "same", "removed", "added", "same", "skipped"]
    assert all(len(mark.text) <= KEPT for mark in found)


def test_long_passages_are_not_compared_word_by_word() -> None:
    size = int(MOST**0.5) + 1
    found = marks("a " * size, "b " * size)
    assert [mark.kind for mark in found] == ["removed", "added"]
