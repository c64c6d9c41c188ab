"""Which levels of the competencies of a framework a learner has reached, from what their answers earned."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from curricula.model import Competency, Level, Module, Track

#: Module → question → points earned in the best attempt at the module.
Earned = Mapping[str, Mapping[str, Fraction]]


@dataclass(frozen=True)
class LevelReached:
    """A level of a competency: how many of the objectives that lead to it are mastered."""

    level: Level
    mastered: int
    objectives: int

    @property
    def reached(self) -> bool:
        """Whether every objective that leads to it is mastered; one that no objective leads to is not reached."""
        return 0 < self.objectives == self.mastered


@dataclass(frozen=True)
class CompetencyReached:
    """A competency and its levels, the first one first; those that nothing in the track leads to are left out."""

    competency: Competency
    levels: tuple[LevelReached, ...]

    @property
    def reached(self) -> LevelReached | None:
        """The highest level that is reached."""
        return next((each for each in reversed(self.levels) if each.reached), None)

    @property
    def following(self) -> LevelReached | None:
        """The first level that is not reached."""
        return next((each for each in self.levels if not each.reached), None)


def competencies(
    track: Track, earned: Earned, exempt: Mapping[str, Fraction] | None = None
) -> tuple[CompetencyReached, ...]:
    """What is reached of each competency that the published modules of a track lead to; nothing without a framework.

    An objective is mastered when the questions that assess it earned, in the mean, the threshold of its module; one
    that no question assessed is not, but for a module that the placement test ``exempts`` from, at that score.
    """
    if track.framework is None:
        return ()
    led: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for module in track.published_modules:
        scores = _by_objective(module, earned.get(module.key, {}))
        spared = (exempt or {}).get(module.key)
        for objective in module.objectives:
            if objective.competency is not None and objective.level is not None and module.quiz is not None:
                score = scores.get(objective.key, spared)
                mastered = score is not None and max(score, spared or score) >= module.quiz.threshold
                led[objective.competency, objective.level].append(mastered)
    found = []
    for competency in track.framework.competencies:
        levels = [
            LevelReached(level, sum(led[competency.key, level.number]), len(led[competency.key, level.number]))
            for level in competency.levels
            if (competency.key, level.number) in led
        ]
        if levels:
            found.append(CompetencyReached(competency, tuple(levels)))
    return tuple(found)


def _by_objective(module: Module, points: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The mean points of each objective that was assessed."""
    held: dict[str, list[Fraction]] = defaultdict(list)
    for key, earned in points.items():
        question = module.question(key)
        if question is not None:
            held[question.objective].append(earned)
    return {objective: sum(each, Fraction(0)) / len(each) for objective, each in held.items()}
