"""A type of question that has everything an anatomy may have, and questions of it."""

from dataclasses import replace

import pytest
from hypothesis import strategies as st

from assessments.registry import anatomies, question_types
from curricula.anatomy import Anatomy, Setting
from curricula.model import Criterion, CriterionLevel, Option, Question, Spot

RICH = Anatomy(
    options=(1, 6), right=(0, 6), places=(1, 4), criteria=(1, 3),
    parts=frozenset({"place", "leads", "points", "value", "accepted"}),
    settings=(
        Setting("order", ("free", "given"), "Order of the items", "How they are shown.", ("Any", "As written")),
        Setting("near", range(101), "Points of a neighbour", "What a cell beside the right one earns."),
    ),
    option_name="Rich item", place_name="Rich place",
)  # fmt: skip

_TEXT = st.text("aé’ *|", max_size=6).map(str.strip)
_TEXTS = st.fixed_dictionaries({"fr": _TEXT, "en": _TEXT})
_SAID = st.fixed_dictionaries({"fr": _TEXT.map(lambda text: text or "x"), "en": _TEXT})
_WORD = st.text("a.5%", max_size=4)


def rich_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the type « rich » for the time of a test."""
    kind = replace(question_types()["multiple"], key="rich", name="Rich", anatomy=RICH)
    monkeypatch.setitem(question_types(), "rich", kind)
    monkeypatch.setitem(anatomies(), "rich", RICH)


def named(count: int, letter: str) -> list[str]:
    """As many keys."""
    return [f"{letter}{number + 1}" for number in range(count)]


@st.composite
def rich_questions(draw: st.DrawFn, base: Question) -> Question:
    """That question as one of the type « rich », whole or not, its parts saying anything."""
    places = named(draw(st.integers(0, 4)), "p")
    place = st.sampled_from(["", *places])
    options = tuple(
        Option(
            key, draw(_SAID), draw(_TEXTS), draw(st.booleans()), draw(_TEXT), draw(place), draw(place),
            draw(st.integers(0, 100)), draw(_WORD), draw(_WORD),
            draw(st.none() | _SAID),
        )
        for key in named(draw(st.integers(0, 5)), "o")
    )  # fmt: skip
    criteria = tuple(
        Criterion(
            key, draw(_SAID), draw(st.integers(1, 100)),
            tuple(
                CriterionLevel(level, draw(_SAID), draw(st.integers(0, 100)))
                for level in named(draw(st.integers(0, 4)), "l")
            ),
        )
        for key in named(draw(st.integers(0, 3)), "c")
    )  # fmt: skip
    found = {"order": draw(st.none() | st.sampled_from(["free", "given", "else"])),
             "near": draw(st.none() | st.integers(0, 200))}  # fmt: skip
    return replace(
        base, type="rich", options=options, criteria=criteria,
        places=tuple(Spot(key, draw(_SAID), draw(_WORD)) for key in places),
        settings=tuple(sorted((key, value) for key, value in found.items() if value is not None)),
        reserved=draw(st.booleans()), instead=draw(st.sampled_from(["", "d1-q02", "gone"])),
    )  # fmt: skip


def a_rich_question(base: Question) -> Question:
    """A question of the type « rich » that lacks nothing."""

    def said(text: str) -> dict[str, str]:
        return {"fr": f"{text} (fr)", "en": f"{text} (en)"}

    return replace(
        base, type="rich", settings=(("near", 50), ("order", "given")),
        places=(Spot("p1", said("High risk")), Spot("p2", said("Low risk"), "1000")),
        options=(
            Option("o1", said("A chatbot"), said("It talks."), place="p1", leads="p2", points=100, value="12.5",
                   tolerance="2%", accepted=said("chatbot")),
            Option("o2", said("A sorter"), said("It sorts."), correct=True, place="p2", value="3",
                   accepted=said("sorter")),
        ),
        criteria=(
            Criterion("c1", said("Method"), 2, (
                CriterionLevel("l1", said("None"), 0), CriterionLevel("l2", said("Clear"), 100),
            )),
        ),
    )  # fmt: skip
