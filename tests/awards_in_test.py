"""Awards for tests: facts said in a line, and a track that leads to a label beside another one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from certificates.needs import Evidence, Facts, Result
from curricula.awards import JuryRule, LabelRule, Refresher, Way
from curricula.model import QuizRules, Track
from tests.branching_in_test import part
from tests.learner_in_test import TRACK
from tests.works_in_test import question_of

DAY = datetime(2026, 11, 2, 10, tzinfo=UTC)
LABEL = "manager-in-test"
TITLE = {"fr": "Manager Public IA", "en": "Public Manager AI"}
HEALTH = {"fr": "mention Santé", "en": "Health"}


def result(value: Fraction | int, name: str = "1", days: int = 0) -> Result:
    """A score, so many days after the first one."""
    return Result(Fraction(value), Evidence("attempt", name, DAY + timedelta(days=days), f"{name} {value}"))


def scored(track: str, scores: Mapping[str, Fraction]) -> Facts:
    """One score in each of these modules of a track."""
    return Facts({f"{track}/{key}": (result(score, key),) for key, score in scores.items()})


def labelled(**more: object) -> Track:
    """« chiefs »: c1 and c2, then one of three ways, then the work of c3, which a jury accepts; c4 renews it."""
    core = part("d1", "c3", 3, 120)
    work = replace(
        core, quiz=QuizRules(1, Fraction(7, 10), 0, 0, jury=True), objectives=core.objectives[:1],
        lessons=core.lessons[:1], questions=(question_of("project"),),
    )  # fmt: skip
    ways = (
        Way("health-in-test", HEALTH), Way(modules=("decideurs/d2",), threshold=Fraction(8, 10)),
        Way(modules=("c5",)),
    )  # fmt: skip
    label = LabelRule(
        LABEL, TITLE, ("c1", "c2"), Fraction(7, 10), 36, JuryRule("c3"), Refresher(("c4",), 60), ways
    )  # fmt: skip
    return replace(
        TRACK, key="chiefs", code="C", version="2026.1", certificate=None, label=label, attendance=True, branches=(),
        modules=(
            part("d1", "c1", 1, 100), part("d2", "c2", 2, 100), work, part("d1", "c4", 4, 60), part("d2", "c5", 5, 60),
        ), **more,
    )  # fmt: skip
