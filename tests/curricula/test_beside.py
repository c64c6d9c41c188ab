"""Two versions beside one another: no line of either is lost, whatever they say."""

from hypothesis import given
from hypothesis import strategies as st

from curricula.beside import Row, beside, both

texts = st.lists(st.sampled_from(["", "un", "deux", "trois", "::: case", "é"]), max_size=30).map("\n".join)


def test_what_differs_is_beside_its_counterpart() -> None:
    assert beside("a\nb\nc", "a\nB\nc\nd") == [
        Row("same", "a", "a"), Row("differs", "b", "B"), Row("same", "c", "c"), Row("differs", None, "d"),
    ]  # fmt: skip
    assert both("a\nb\nc", "a\nB\nc\nd") == "a\nb\nB\nc\nd"


def test_long_passages_that_are_alike_are_skipped() -> None:
    lines = "\n".join(str(number) for number in range(100))
    rows = beside(lines, lines + "\nmore")
    assert [row.kind for row in rows] == ["same"] * 3 + ["skipped"] + ["same"] * 3 + ["differs"]
    assert rows[3].count == 94


@given(texts, texts)
def test_no_line_is_lost(mine: str, theirs: str) -> None:
    rows = beside(mine, theirs)
    for text, said in ((mine, [row.mine for row in rows]), (theirs, [row.theirs for row in rows])):
        shown = [line for line in said if line is not None]
        skipped = sum(row.count for row in rows)
        assert len(shown) + skipped == len(text.split("\n"))
    united = iter(both(mine, theirs).split("\n"))
    assert all(line in united for line in mine.split("\n"))  # in order: the iterator goes on
    united = iter(both(mine, theirs).split("\n"))
    assert all(line in united for line in theirs.split("\n"))


@given(texts)
def test_a_text_beside_itself_differs_nowhere(text: str) -> None:
    assert {row.kind for row in beside(text, text)} <= {"same", "skipped"}
    assert both(text, text) == text
