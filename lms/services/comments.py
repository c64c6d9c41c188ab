"""The sentence beside a score in the gradebook."""

from fractions import Fraction
from functools import lru_cache

from flask_babel import force_locale

from curricula.progress import TrackProgress
from lms.i18n import DEFAULT, ngettext, percent
from lms.i18n import gettext as _
from lms.services.results import gradebook_modules


def comment(state: TrackProgress, module_key: str | None, language: str | None) -> str:
    """Which modules the score of a link counts and how much, in the learner's language, else in French."""
    speech = language or DEFAULT
    counted = gradebook_modules(state, module_key)
    steps = [step for step in state.modules if step.module.key in counted]
    tried = [step for step in steps if step.best is not None]
    if module_key is not None:
        named = [(step.module.title.get(speech) or step.module.title[DEFAULT], step.best) for step in tried]
        return _said(speech, tuple(named))
    passed = sum(step.state == "passed" for step in steps)
    return _said(speech, tuple((step.module.code, step.best) for step in tried), passed, len(steps))


@lru_cache(maxsize=4096)  # many learners have the same scores, and speaking costs as much as sending
def _said(speech: str, shares: tuple[tuple[str, Fraction | None], ...], passed: int = 0, total: int = 0) -> str:
    with force_locale(speech):
        words = [_("%(module)s: %(share)s.", module=name, share=percent(share)) for name, share in shares]
        if total:
            words.insert(
                0,
                ngettext(
                    "One module passed out of %(total)s.",
                    "%(num)s modules passed out of %(total)s.",
                    passed,
                    total=total,
                ),
            )
    return " ".join(words)
