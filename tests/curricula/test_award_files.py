"""A label and statements of attendance in the folder of a track: read, checked, written, compared, cut down."""

import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given

from certificates.rules import rules
from curricula.awards import JuryRule, LabelRule, Refresher, Way, keeping, own_modules
from curricula.diff import compare
from curricula.load import read_track, track_of
from curricula.model import Track
from curricula.pieces import track_in, track_piece
from curricula.quality import blocking, findings
from curricula.readable import readable
from curricula.write import folder_of
from tests.awards_in_test import labelled
from tests.branching_in_test import branching
from tests.drafts_in_test import TRACKS

FORMAT = (Path(__file__).parents[2] / "docs/curriculum-format.md").read_text("utf-8")


def found(change: Callable[[LabelRule], LabelRule]) -> list[str]:
    """What is found wrong once the label is changed so."""
    track = labelled()
    assert track.label is not None
    _track, problems = read_track(folder_of(replace(track, label=change(track.label))))
    assert all(problem.file.endswith("track.toml") and problem.line for problem in problems)
    return [str(problem.what) for problem in problems]


def test_a_label_is_written_and_read_back_equal() -> None:
    track = labelled()
    text = folder_of(track).files["track.toml"].decode()
    assert 'jury = { module = "c3", members = 2 }' in text
    assert 'refresher = { modules = ["c4"], minutes = 60 }' in text
    again = track_of(folder_of(track))
    assert (again.label, again.attendance) == (track.label, True)
    assert folder_of(again) == folder_of(track)


@given(TRACKS)
def test_what_a_draft_says_of_its_awards_is_read_back_equal(track: Track) -> None:
    again = track_in(track_piece(track))
    assert (again.label, again.attendance) == (track.label, track.attendance)
    list(rules(readable(replace(track, modules=labelled().modules))))  # a draft is previewed, whatever it lacks


def test_every_field_is_shown_in_the_documentation() -> None:
    shown = FORMAT[FORMAT.index("[label]") : FORMAT.index("[placement] ")]
    held = [each.name for rule in (LabelRule, Way) for each in fields(rule)]
    assert [name for name in held if not re.search(rf"^(\[\[label\.)?{name}\b", shown, re.MULTILINE)] == []
    for rule in (JuryRule, Refresher):
        assert all(f"{each.name.rstrip('s')}" in shown for each in fields(rule))
    assert "\nattendance = true" in FORMAT


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda rule: replace(rule, modules=("c1", "gone")), "The label asks for « %(key)s »."),
        (lambda rule: replace(rule, one_of=(Way(modules=("gone",)),)), "The label asks for « %(key)s »."),
        (lambda rule: replace(rule, jury=JuryRule("gone")), "The label asks for « %(key)s »."),
        (lambda rule: replace(rule, jury=JuryRule("c1")),
         "The label asks for a work that a jury accepts in « %(key)s », which no jury decides."),
        (lambda rule: replace(rule, refresher=Refresher(("gone",), 1)), "The label asks for « %(key)s »."),
        (lambda rule: replace(rule, refresher=Refresher(("c4", "c4"), 61)),
         "The refresher asks for %(asked)s minutes; its modules last %(least)s."),
        (lambda rule: replace(rule, one_of=(Way(),)), "A way to the label is an award, or modules."),
        (lambda rule: replace(rule, one_of=(Way("x", None, ("c1",)),)), "A way to the label is an award, or modules."),
        (lambda rule: replace(rule, one_of=(Way(rule.key),)), "The label asks for itself."),
        (lambda rule: replace(rule, one_of=(Way(modules=("a/b/c",)),)), "« %(value)s » names no module."),
        (lambda rule: replace(rule, key="k" * 101), "The key « %(key)s » is too long to name an award."),
        (lambda rule: replace(rule, key="chiefs"), "The label has the key of its track, which names its certificate."),
        (lambda rule: replace(rule, modules=(), one_of=(), jury=None), "The label asks for nothing."),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_said(change: Callable[[LabelRule], LabelRule], what: str) -> None:
    assert what in found(change)


def test_a_key_too_long_names_no_statement() -> None:
    track = labelled()
    named = replace(track, modules=(*track.modules, replace(track.modules[0], key="m" * 94, order=9)))
    for attendance in (True, False):
        _track, problems = read_track(folder_of(replace(named, attendance=attendance)))
        assert [problem.what for problem in problems] == [
            "The key « %(key)s » is too long to name an award."] * attendance  # fmt: skip


def test_a_label_that_holds_together_has_no_problem() -> None:
    assert found(lambda rule: rule) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('jury = { module = "c3", members = 1 }', "« %(name)s » is %(value)s."),
        ('jury = "c3"', "« %(name)s » is not of the right form."),
        ('refresher = { modules = ["c4"] }', "« %(name)s » is missing."),
        ("threshold = 101", "« %(name)s » is %(value)s."),
        ('mention = "Santé"', "« %(name)s » is not a field of this table."),
        ("one_of = 3", "« %(name)s » is not of the right form."),
    ],
)
def test_what_is_of_another_form_is_said(text: str, what: str) -> None:
    track = labelled()
    assert track.label is not None
    folder = folder_of(replace(track, certificate=None, label=replace(track.label, one_of=())))
    before, label = folder.files["track.toml"].decode().split("[label]\n")
    kept = [line for line in label.splitlines() if not line.startswith(text.partition(" ")[0])]
    content = "\n".join([before, "[label]", text, *kept]).encode()
    _track, problems = read_track(replace(folder, files={**folder.files, "track.toml": content}))
    assert what in [problem.what for problem in problems]


def test_what_changes_in_a_label_is_told_part_by_part() -> None:
    before = labelled()
    assert before.label is not None
    rule = replace(before.label, threshold=Fraction(8, 10), jury=JuryRule("c3", 3), one_of=before.label.one_of[:1])
    told = {change.path: (change.before, change.after) for change in compare(before, replace(before, label=rule))}
    assert told[("label", "threshold")] == ("70 %", "80 %")
    assert told[("label", "jury", "members")] == ("2", "3")
    assert told[("label", "one_of", "2", "modules")] == ("decideurs/d2", None)
    assert compare(before, replace(before, attendance=False))[0].path == ("attendance",)


def test_a_module_that_goes_is_asked_for_no_longer() -> None:
    track = labelled()
    assert track.label is not None
    assert own_modules(track.label) == ("c1", "c2", "c5", "c3", "c4")
    _none, rule = keeping(None, track.label, lambda key: key not in {"c2", "c3", "c4", "c5"})
    assert rule is not None
    assert (rule.modules, rule.jury, rule.refresher) == (("c1",), None, None)
    assert [way.key for way in rule.one_of] == ["health-in-test", "decideurs-d2"], "other tracks’ are none of these"


def test_a_label_without_end_needs_no_refresher() -> None:
    track = labelled()
    assert track.label is not None
    endless = replace(track, label=replace(track.label, valid_months=None))
    advice = [each for each in findings(endless, date(2026, 11, 26)) if each.path == ("label", "refresher")]
    assert [each.weight for each in advice] == ["advice"]
    assert not [each for each in findings(track, date(2026, 11, 26)) if each.path[0] == "label"]


HIGHER = Fraction(8, 10)


def too_high(track: Track) -> list[tuple[str, ...]]:
    """Where more is asked for than passing a module, with the module."""
    assert read_track(folder_of(track))[1] == [], "what is published already stays readable"
    found = [each for each in blocking(findings(track, date(2026, 11, 26))) if each.path[-1] == "threshold"]
    return [(*each.path[:-1], dict(each.values)["key"]) for each in found]


def test_an_award_asks_for_no_more_than_passing_a_module_that_nobody_takes_again() -> None:
    track = branching()
    assert track.certificate is not None
    assert too_high(track) == []
    higher = replace(track.certificate, threshold=HIGHER)
    assert too_high(replace(track, certificate=higher)) == [
        ("certificate", key) for key in ("a1", "a2", "s1", "s2", "j1")
    ]
    alone = replace(higher, branches=0)
    assert too_high(replace(track, certificate=alone)) == [("certificate", key) for key in ("a1", "a2")]


def test_a_label_asks_for_no_more_either_in_its_modules_its_ways_or_its_refresher() -> None:
    track = labelled()
    assert track.label is not None
    assert too_high(track) == []
    rule = replace(track.label, threshold=HIGHER, one_of=(Way("x"), Way(modules=("c5",), threshold=Fraction(7, 10))))
    assert too_high(replace(track, label=rule)) == [("label", key) for key in ("c1", "c2", "c4")]
    ways = (Way("x"), Way(modules=("chiefs/c5", "decideurs/d1"), threshold=HIGHER))
    assert too_high(replace(track, label=replace(track.label, one_of=ways))) == [("label", "one_of", "2", "chiefs/c5")]
    follows = replace(track.label, threshold=HIGHER, modules=(), refresher=None, one_of=(Way(modules=("c5",)),))
    assert too_high(replace(track, label=follows)) == [("label", "one_of", "1", "c5")]
