"""What the pages of an analysis show: sentences first, then figures, questions to read again, all of them."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from babel.numbers import format_decimal

from assessments.analysed import Analysis, ItemFigures, OptionUse
from assessments.choosable import Choosable, choosable
from assessments.review import LEAST, Signal, masked, signals
from curricula.model import Module, Question
from lms.i18n import current_language, localized, ngettext, percent
from lms.i18n import gettext as _
from lms.lessons import inline_markup
from lms.questions import said
from lms.score_chart import score_chart

#: How questions may be ordered; the first is usual.
SORTS = ("key", "difficulty", "discrimination", "upper_lower", "count")
#: What questions are known by: (key, revision) → the question as it was asked.
Questions = dict[tuple[str, str], Question]


def decimal(value: float | None) -> str:
    """A coefficient with two decimals; a dash where there is none."""
    return "–" if value is None else format_decimal(round(value, 2) + 0.0, "0.00", locale=current_language())


def share(value: float | None) -> str:
    """A share as a whole percentage; a dash where there is none, or it must not be shown."""
    return percent(None if value is None else Fraction(round(value * 100), 100))


def opening(analysis: Analysis, flagged: int) -> str:
    """What the figures say, in two or three sentences."""
    spread = analysis.distribution
    return " ".join([
        ngettext(
            "One attempt has a result.", "%(num)s attempts have a result.", analysis.attempts,
        ),
        _("Half of them reach %(median)s or more, %(passed)s pass.", median=share(spread.quartiles[1]),
          passed=share(spread.passed)),
        ngettext("One question is to be read again.", "%(num)s questions are to be read again.", flagged)
        if flagged else _("No question is to be read again."),
    ])  # fmt: skip


def facts(analysis: Analysis) -> list[dict[str, Any]]:
    """The great figures."""
    spread, reliable = analysis.distribution, analysis.reliability
    name = _("reliability (KR-20)") if reliable.name == "kr20" else _("reliability (Cronbach’s α)")
    quarters = _("a quarter under %(low)s, a quarter over %(high)s", low=share(spread.quartiles[0]),
                 high=share(spread.quartiles[2]))  # fmt: skip
    found: list[dict[str, Any]] = [
        {"value": analysis.attempts, "label": _("attempts")},
        {"value": share(spread.quartiles[1]), "label": _("median score"), "why": quarters},
        {"value": share(spread.passed), "label": _("of the attempts pass")},
        {"value": decimal(reliable.value), "label": name, "why": _trust(reliable.value)},
    ]
    if reliable.error is not None:
        why = _("the error of measurement: two scores that are nearer are the same")
        points = _("± %(points)s points", points=round(reliable.error * 100))
        found.append({"value": points, "label": _("precision of a score"), "why": why})
    return found


def _trust(value: float | None) -> str:
    if value is None:
        return _("there is not enough to tell")
    if value >= 0.8:
        return _("scores tell learners apart well")
    return _("scores tell learners apart") if value >= 0.6 else _("scores depend much on the questions drawn")


def distribution(analysis: Analysis, threshold: Fraction) -> dict[str, Any]:
    """The drawing of the scores, its sentence, its table."""
    spread = analysis.distribution
    bins = masked(spread.bins)
    sentence = _(
        "A quarter of the scores are under %(low)s, half under %(median)s, a quarter over %(high)s. The threshold is "
        "%(threshold)s: %(passed)s pass.",
        low=share(spread.quartiles[0]), median=share(spread.quartiles[1]), high=share(spread.quartiles[2]),
        threshold=percent(threshold), passed=share(spread.passed),
    )  # fmt: skip
    rows = [
        {"range": _("%(first)s to %(last)s points", first=10 * place, last=10 * place + (10 if place == 9 else 9)),
         "count": count if count is not None else _("masked")}
        for place, count in enumerate(bins)
    ]  # fmt: skip
    title = _("How many attempts by score")
    return {"drawing": score_chart(bins, threshold, title, sentence), "sentence": sentence, "rows": rows,
            "title": title, "masked": None in bins}  # fmt: skip


def items(analysis: Analysis, module: Module, questions: Questions, sort: str) -> list[dict[str, Any]]:
    """Every question as the table shows it, in the order asked for."""
    key = {
        "key": lambda each: (each.item.key, each.item.revision),
        "count": lambda each: each.count,
        "difficulty": lambda each: each.difficulty,
        "discrimination": lambda each: (each.discrimination is None, each.discrimination or 0),
        "upper_lower": lambda each: (each.upper_lower is None, each.upper_lower or 0),
    }[sort]
    return [row(figures, module, questions) for figures in sorted(analysis.items, key=key)]


def row(figures: ItemFigures, module: Module, questions: Questions) -> dict[str, Any]:
    """A question: its stem, its figures (none where too few answered), its options, what to look at."""
    asked, shown = questions.get((figures.item.key, figures.item.revision)), figures.count >= LEAST
    options = choosable(asked) if asked else {}
    found = signals(figures, float(module.quiz.exposure) if module.quiz else 1.0)
    return {
        "key": figures.item.key,
        "revision": figures.item.revision,
        "present": asked is not None and module.question(figures.item.key) == asked,
        "stem": inline_markup(asked.stem) if asked else _("Question withdrawn"),
        "count": figures.count,
        "exposure": share(figures.exposure),
        "difficulty": share(figures.difficulty) if shown else "–",
        "discrimination": decimal(figures.discrimination) if shown else "–",
        "upper_lower": decimal(figures.upper_lower) if shown else "–",
        "unanswered": share(figures.unanswered) if shown else "–",
        "options": [_use(use, figures, options[use.option]) for use in figures.uses if use.option in options]
        if shown
        else [],
        "signals": [_signal(signal, options) for signal in found],
        "flagged": any(signal.kind != "few" for signal in found),
    }


def _use(use: OptionUse, figures: ItemFigures, option: Choosable) -> dict[str, Any]:
    sizes, by_third = figures.thirds or (0, 0, 0), use.by_third or (None, None, None)
    thirds = [share(value if size >= LEAST else None) for value, size in zip(by_third, sizes, strict=True)]
    field = said(option.field) if option.field else ""
    return {"text": said(option.text), "field": field, "right": option.right, "share": share(use.share),
            "low": thirds[0], "middle": thirds[1], "high": thirds[2]}  # fmt: skip


def _signal(signal: Signal, options: dict[str, Choosable]) -> str:
    option = said(options[signal.option].text) if signal.option in options else ""
    return {
        "few": _("Too few answers to say anything: 30 are needed."),
        "key": _("Those who do well elsewhere miss it: the key may be wrong."),
        "weak": _("It hardly tells those who know from the others."),
        "easy": _("Nearly everybody is right: it is too easy to tell anything."),
        "hard": _("Fewer than one in four is right: it is too hard, or unclear."),
        "unused": _("Nobody chooses « %(option)s »: this wrong option misleads nobody.", option=option),
        "attracts": _("The strongest choose « %(option)s » more than the weakest.", option=option),
        "exposed": _("More attempts meet it than the module allows."),
    }[signal.kind]


def flagged(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The questions to read again."""
    return [each for each in rows if each["flagged"]]


def module_name(module: Module) -> dict[str, str]:
    """The module as these pages name it."""
    return {"code": module.code, "title": localized(module.title), "key": module.key}
