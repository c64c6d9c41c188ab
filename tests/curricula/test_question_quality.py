"""What is found in a question whatever its type: its places, its gaps, its rubric."""

from dataclasses import replace
from typing import Any

from curricula.model import Option, Question, Spot
from curricula.question_quality import question_findings
from tests.rich_type_in_test import a_rich_question

BASE = a_rich_question(Question("q", "rich", "o1", 2, "s1", {"fr": "Quoi ?", "en": "What?"}, ()))


def said(text: str) -> dict[str, str]:
    return {"fr": f"{text} (fr)", "en": f"{text} (en)"}


def found(question: Question) -> list[tuple[tuple[str, ...], str]]:
    return [(each.path, str(each).partition(": ")[2]) for each in question_findings((), question)]


def sorting(*places: str, known: str = "ab") -> Question:
    """Items put in categories, an item for each letter of ``places``."""
    options = tuple(Option(f"o{at}", said(f"item {at}"), said("why"), place=key) for at, key in enumerate(places))
    return replace(
        BASE, options=options, criteria=(), settings=(), places=tuple(Spot(key, said(f"in {key}")) for key in known)
    )


def part(name: str, number: int, **changes: Any) -> Question:
    held = list(getattr(BASE, name))
    held[number] = replace(held[number], **changes)
    return replace(BASE, **{name: tuple(held)})


def test_a_whole_question_of_any_parts_has_nothing_blocking() -> None:
    assert [each for each in question_findings((), BASE) if each.weight == "blocking"] == []


def test_places_criteria_and_levels_are_written_in_both_languages() -> None:
    assert (("place", "p1", "text", "en"), "This is not written in this language.") in found(
        part("places", 0, text={"fr": "Seul", "en": ""})
    )
    criterion = BASE.criteria[0]
    assert (("criterion", "c1", "title", "fr"), "The criterion is not written in this language.") in found(
        replace(BASE, criteria=(replace(criterion, title={"en": "Alone"}),))
    )
    levels = (replace(criterion.levels[0], text={}), criterion.levels[1])
    paths = [path for path, _words in found(replace(BASE, criteria=(replace(criterion, levels=levels),)))]
    assert ("criterion", "c1", "level", "l1", "text", "fr") in paths


def test_two_things_that_say_the_same_are_said() -> None:
    same = BASE.places[0].text
    assert (("place",), "Two places say the same.") in found(part("places", 1, text=same))
    levels = tuple(replace(level, text=said("same")) for level in BASE.criteria[0].levels)
    assert (("criterion", "c1"), "Two levels say the same: works cannot be told apart.") in found(
        part("criteria", 0, levels=levels)
    )
    twice = replace(sorting("a", "b"), options=(Option("x", said("i"), said("w"), place="a"),
                                                Option("y", said("i"), said("w"), place="b")))  # fmt: skip
    assert ((), "Two options say the same.") in [(path, words) for path, words in found(twice)]


def test_the_same_decision_in_two_scenes_is_no_repetition() -> None:
    refuse = Option("x", said("refuse"), said("w"), place="a", leads="b")
    scenes = replace(sorting(), options=(refuse, replace(refuse, key="y", place="b", leads="")))
    assert found(scenes) == []


def test_gaps_that_read_alike_are_no_repetition() -> None:
    gaps = replace(
        sorting(), places=(), stem={"fr": "[[x]] ou [[y]]", "en": "[[x]] or [[y]]"},
        options=(Option("x", said("gap"), said("w")), Option("y", said("gap"), said("w"))),
    )  # fmt: skip
    assert found(gaps) == []


def test_categories_share_the_options_out() -> None:
    assert found(sorting("a", "b", "a", "b")) == []
    assert found(sorting("a", "a")) == [(("place", "b"), "No option belongs here: add one, or remove it.")]
    crowded = found(sorting("a", "a", "a", "b"))
    assert [path for path, _words in crowded] == [("place", "a")]
    assert "3 of 4" in crowded[0][1]
    assert found(sorting("a", known="abcd")) == [], "a matrix has more cells than things to place"
    assert found(sorting("a", "", "a", "")) == [], "what belongs nowhere is part of the answer"
