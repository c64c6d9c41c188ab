"""What two people change at once is told apart: nothing is lost, and only what both changed is asked."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.collisions import marks, merged, parts, take
from curricula.model import Module, Objective, Track
from tests.drafts_in_test import MODULES, TRACKS


@given(MODULES, MODULES)
@settings(max_examples=40)
def test_what_one_alone_changed_is_kept(before: Module, after: Module) -> None:
    value, asked = merged(marks(before), before, after)
    assert asked == []
    assert parts(value) == parts(after)  # rows may come in another order: they have no mark of it
    assert merged(marks(before), after, before) == (after, [])
    assert merged(marks(before), after, after) == (after, [])


@given(TRACKS, TRACKS)
@settings(max_examples=25)
def test_theirs_can_be_taken_whole(mine: Track, theirs: Track) -> None:
    assert parts(take(mine, theirs, {**parts(mine), **parts(theirs)})) == parts(theirs)
    assert take(mine, theirs, ["nothing", "title.xx", "digest", "legal.no-such-key", ""]) == mine


@given(MODULES, st.text(max_size=50))
@settings(max_examples=25)
def test_without_marks_every_difference_is_asked(module: Module, read: str) -> None:
    other = replace(module, code=module.code + "x")
    value, asked = merged(read, module, other)
    assert (value, asked) == (module, ["code"])


@given(MODULES)
@settings(max_examples=25)
def test_two_people_write_in_different_places(module: Module) -> None:
    mine = replace(module, code="MINE", objectives=(*module.objectives, Objective("new-1", {"fr": "a", "en": ""})))
    theirs = replace(
        module, title={**module.title, "en": "Theirs"}, objectives=(Objective("new-2", {"fr": "b", "en": ""}),)
    )
    value, asked = merged(marks(module), mine, theirs)
    assert asked == []
    assert (value.code, value.title["en"], value.title["fr"]) == ("MINE", "Theirs", module.title["fr"])
    assert {each.key for each in value.objectives} == {"new-1", "new-2"}


@given(MODULES.filter(lambda module: module.objectives))
@settings(max_examples=25)
def test_the_same_place_is_asked(module: Module) -> None:
    first = module.objectives[0]
    mine = replace(module, objectives=(replace(first, text={"fr": "le mien", "en": ""}), *module.objectives[1:]))
    theirs = replace(module, objectives=module.objectives[1:])
    value, asked = merged(marks(module), mine, theirs)
    assert asked == [f"objectives.{first.key}"]
    assert value == mine
    assert take(value, theirs, asked) == theirs
