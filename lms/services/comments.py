"""The sentence beside a score in the gradebook."""

from flask_babel import force_locale

from curricula.progress import ModuleProgress, TrackProgress
from lms.i18n import DEFAULT, localized, ngettext, percent
from lms.i18n import gettext as _
from lms.services.results import gradebook_modules


def comment(state: TrackProgress, module_key: str | None, language: str | None) -> str:
    """Which modules the score of a link counts and how much, in the learner's language, else in French."""
    with force_locale(language or DEFAULT):
        counted = gradebook_modules(state.track, module_key)
        steps = [step for step in state.modules if step.module.key in counted]
        if module_key is not None:
            return " ".join(_step(step, localized(step.module.title)) for step in steps)
        passed = sum(step.state == "passed" for step in steps)
        total = ngettext(
            "One module passed out of %(total)s.", "%(num)s modules passed out of %(total)s.", passed, total=len(steps)
        )
        return " ".join([total, *(_step(step, step.module.code) for step in steps if step.best is not None)])


def _step(step: ModuleProgress, name: str) -> str:
    return _("%(module)s: %(share)s.", module=name, share=percent(step.best))
