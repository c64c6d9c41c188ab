"""A level is reached when each objective that leads to it is mastered, and not otherwise."""

from dataclasses import replace
from fractions import Fraction

import pytest

from assessments.competencies import CompetencyReached, competencies
from curricula.model import Track
from tests.placed_in_test import placed_track

TRACK = placed_track()
P1, P2 = TRACK.modules


def earned(share: Fraction, *, but: str = "") -> dict[str, Fraction]:
    """Every question of P1 earns that share, and those of one objective nothing."""
    return {q.key: Fraction(0) if q.objective == but else share for q in P1.questions}


def one(found: tuple[CompetencyReached, ...]) -> CompetencyReached:
    (only,) = found
    return only


@pytest.mark.parametrize(("share", "reached"), [(Fraction(7, 10), 1), (Fraction(69, 100), None)])
def test_a_level_is_reached_at_the_threshold_itself(share: Fraction, reached: int | None) -> None:
    found = one(competencies(TRACK, {"p1": earned(share)}))
    assert (found.reached.level.number if found.reached else None) == reached
    assert [level.objectives for level in found.levels] == [len(P1.objectives), 2]


def test_one_objective_not_mastered_holds_its_level_back() -> None:
    found = one(competencies(TRACK, {"p1": earned(Fraction(1), but=P1.objectives[0].key)}))
    assert found.reached is None
    assert found.following is not None
    assert (found.following.level.number, found.following.mastered) == (1, len(P1.objectives) - 1)


def test_an_objective_that_no_question_assessed_is_not_mastered() -> None:
    some = {key: points for key, points in earned(Fraction(1)).items() if key == P1.questions[0].key}
    assert one(competencies(TRACK, {"p1": some | {"gone": Fraction(1)}})).levels[0].mastered == 1


def test_the_mean_of_an_objective_counts() -> None:
    first = [q.key for q in P1.questions if q.objective == P1.objectives[0].key]
    points = dict.fromkeys(first, Fraction(1)) | {first[0]: Fraction(0)}
    mastered = Fraction(len(first) - 1, len(first)) >= Fraction(7, 10)
    assert one(competencies(TRACK, {"p1": points})).levels[0].mastered == int(mastered)


def test_a_module_exempted_from_masters_its_objectives_at_that_score() -> None:
    found = one(competencies(TRACK, {}, {"p1": Fraction(9, 10), "p2": Fraction(1)}))
    assert found.reached is found.levels[1]
    assert found.following is None


def test_without_framework_there_is_none() -> None:
    bare: Track = replace(TRACK, framework=None)
    assert competencies(bare, {"p1": earned(Fraction(1))}) == ()
