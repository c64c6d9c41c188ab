"""What a learner moved from one revision to another keeps: progress follows by the keys both share."""

from dataclasses import dataclass

from curricula.model import Lesson, Module, Track


@dataclass(frozen=True)
class Lost:
    """What there was to do before and is no longer there, and modules that ask for more than they did."""

    modules: tuple[Module, ...]
    lessons: tuple[tuple[Module, Lesson], ...]
    harder: tuple[Module, ...]

    def __bool__(self) -> bool:
        return bool(self.modules or self.lessons or self.harder)


def lost(before: Track, after: Track) -> Lost:
    """What progress in ``before`` counts for nothing in ``after``: its modules and lessons whose keys are gone.

    A module with a higher threshold is no longer passed with a score between the two.
    """
    later = {module.key: module for module in after.published_modules}
    shared = [module for module in before.published_modules if module.key in later]
    return Lost(
        modules=tuple(module for module in before.published_modules if module.key not in later),
        lessons=tuple(
            (module, lesson)
            for module in shared
            for lesson in module.lessons
            if later[module.key].lesson(lesson.key) is None
        ),
        harder=tuple(later[module.key] for module in shared if _harder(module, later[module.key])),
    )


def _harder(before: Module, after: Module) -> bool:
    return after.quiz is not None and before.quiz is not None and after.quiz.threshold > before.quiz.threshold
