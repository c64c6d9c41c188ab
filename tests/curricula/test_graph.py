"""Required modules and branches: what cannot be passed first is told, with the whole loop where there is one."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.registry import anatomies
from curricula.diff import compare
from curricula.folder import Folder
from curricula.graph import loops
from curricula.load import read_track, track_of
from curricula.model import Track
from curricula.quality import findings
from curricula.write import folder_of
from tests.branching_in_test import branching
from tests.curricula.samples import FILES

TODAY = date(2026, 11, 20)
GRAPHS = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=3).map(tuple))


def told(track: Track) -> list[str]:
    """The problems of a track as written."""
    return [str(problem) for problem in read_track(folder_of(track), anatomies())[1]]


def requiring(**requires: tuple[str, ...]) -> Track:
    track = branching()
    changed = (replace(each, requires=requires.get(each.key, each.requires)) for each in track.modules)
    return replace(track, modules=tuple(changed))


def test_a_track_with_branches_is_written_and_read_back() -> None:
    track = branching()
    assert told(track) == []
    assert track_of(folder_of(track), anatomies()) == track
    assert compare(track, track) == []
    assert not [each for each in findings(track, TODAY) if each.path[0] in ("branch", "certificate")]


def test_the_common_core_comes_first_whatever_the_order_says() -> None:
    track = branching()
    shuffled = [replace(each, order=order) for each, order in zip(track.modules, (5, 6, 4, 3, 1), strict=True)]
    read = track_of(folder_of(replace(track, modules=tuple(shuffled))))
    assert [each.key for each in read.modules] == ["a1", "a2", "s2", "s1", "j1"]


@pytest.mark.parametrize(
    ("requires", "said"),
    [
        ({"a2": ("a9",)}, "agents/a2/module.toml:4: « a9 » is not a module of this track."),
        ({"a2": ("d3",)}, "agents/a2/module.toml:4: « d3 » is not a module of this track."),
        ({"a2": ("a2",)}, "agents/a2/module.toml:4: These modules wait for one another: a2 → a2."),
        ({"a1": ("a2",)}, "agents/a1/module.toml:4: These modules wait for one another: a1 → a2 → a1."),
        ({"a2": ("s1",)}, "« s1 » is in the branch « health », which not everyone follows."),
        ({"j1": ("s1",)}, "agents/j1/module.toml:5: « s1 » is in the branch « health »"),
        ({"s1": ("s2",), "s2": ("s1",)}, "These modules wait for one another: s1 → s2 → s1."),
    ],
)
def test_what_cannot_be_passed_first_is_told_at_its_line(requires: dict[str, tuple[str, ...]], said: str) -> None:
    assert any(said in problem for problem in told(requiring(**requires))), told(requiring(**requires))


def test_one_loop_is_one_problem() -> None:
    assert len(told(requiring(a1=("s2",)))) == 2  # the loop, and a branch that the core waits for
    assert sum("wait for one another" in problem for problem in told(requiring(a1=("a2",)))) == 1


def test_a_module_only_announced_cannot_be_asked_for(folder: Path) -> None:
    path = folder / "m1" / "module.toml"
    path.write_text(FILES["m1/module.toml"].replace("order = 1\n", 'order = 1\nrequires = ["m2"]\n'), "utf-8")
    (problem,) = read_track(Folder.read(folder), anatomies())[1]
    assert str(problem).startswith("mini/m1/module.toml:4: « m2 » is only announced")


def test_branches_and_tracks_are_checked() -> None:
    track = branching()
    assert track.certificate is not None
    lost = replace(track, modules=(*track.modules[:4], replace(track.modules[4], branch="law")))
    assert [problem.split(" Fix")[0] for problem in told(lost)] == [
        "agents/j1/module.toml:4: The branch « law » is not in track.toml."
    ]
    assert any("The track requires itself." in each for each in told(replace(track, requires=("agents",))))
    twice = replace(track, branches=(*track.branches, track.branches[0]))
    assert any("« health » is used 2 times in branches." in each for each in told(twice))
    greedy = replace(track, certificate=replace(track.certificate, branches=3))
    assert any("asks for 3 branches; the track has 2." in each for each in told(greedy))


def test_a_branch_nobody_can_follow_is_found() -> None:
    track = branching()
    empty = replace(track, modules=track.modules[:4])
    assert ("branch", "justice") in {each.path for each in findings(empty, TODAY) if each.weight == "blocking"}
    planned = tuple(replace(each, status="planned") if each.branch else each for each in track.modules)
    found = {each.path for each in findings(replace(track, modules=planned), TODAY) if each.weight == "blocking"}
    assert ("certificate", "branches") in found


def test_what_changed_between_branches_is_said() -> None:
    track = branching()
    moved = replace(track, modules=(*track.modules[:4], replace(track.modules[4], branch="health", requires=("a1",))))
    assert {change.path: (change.before, change.after) for change in compare(track, moved)} == {
        ("j1", "branch"): ("justice", "health"),
        ("j1", "requires"): (None, "a1"),
    }


@given(GRAPHS)
def test_every_loop_is_a_way_round_and_none_is_missed(graph: dict[str, tuple[str, ...]]) -> None:
    found = list(loops(graph))
    for loop in found:
        assert loop[0] == loop[-1]
        assert all(after in graph[before] for before, after in pairwise(loop))
    reached = {key: reachable(key, graph) for key in graph}
    assert bool(found) == any(key in reached[key] for key in graph)


def reachable(start: str, graph: dict[str, tuple[str, ...]]) -> set[str]:
    seen, waiting = set[str](), list(graph[start])
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += graph.get(key, ())
    return seen
