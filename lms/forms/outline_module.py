"""The forms of a module: a new one, what it says itself."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from wtforms import Field, SelectField, ValidationError
from wtforms.validators import InputRequired

from curricula.fields import KEY
from curricula.graph import loops
from curricula.model import Framework, Module, Objective, Reading, Source
from curricula.outline import Outline
from curricula.problems import N_
from lms.forms.parts import (
    DatedField,
    NumberField,
    PageForm,
    Row,
    Rows,
    both,
    keyed,
    line,
    mark_choices,
    numbered,
    ticked,
    ticks,
    web_address,
    with_held,
)
from lms.forms.quiz_rules import QuizFields
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.services.words import slug

STATUSES = {"published": N_("It can be followed"), "planned": N_("Announced, without lessons yet")}


class ObjectiveRow(Row):
    """One objective."""

    says = ("text",)
    text = both(N_("What one will be able to do"), 300, rows=2, one=True)
    reaches = SelectField(N_("Competency and level it reaches"), default="")


class SourceRow(Row):
    """One source."""

    says: tuple[str, ...] = ("title", "url", "published_on", "checked_on")
    title = both(N_("Title"), 400)
    url = line(N_("Address on the web"), 1000)
    mark = SelectField(N_("How sure it is"), default="M")
    published_on = DatedField(N_("Published on"))
    checked_on = DatedField(N_("Checked on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mark.choices = mark_choices()
        self.url.validators = [*self.url.validators, web_address]


class ReadingRow(SourceRow):
    """One thing to read further."""

    says = (*SourceRow.says, "note")
    note = both(N_("What one finds there, and for whom"), 400, rows=2)


class ModuleForm(QuizFields, PageForm):
    """What a module says itself."""

    title = both(N_("Title"))
    summary = both(N_("Summary"), 1000, rows=3, help_text=N_("Two sentences: the gesture the module leaves."))
    code = line(N_("Code"), 8, description=N_("Shown before its title, for example C1."))
    branch = SelectField(N_("Branch"))
    requires = ticks(N_("Modules to pass first"))
    status = SelectField(N_("State"))
    duration_minutes = NumberField(N_("Duration, in minutes"), 0, 6000)
    workshop_minutes = NumberField(
        N_("Of which in a workshop"), 0, 6000, needed=False, description=N_("Time spent together, with a trainer.")
    )
    objectives = Rows(ObjectiveRow, N_("Objective"))
    sources = Rows(SourceRow, N_("Source"))
    reading = Rows(ReadingRow, N_("Further reading"))
    legal = ticks(N_("Legal references"))
    recommendations = ticks(N_("Recommendations of the white paper"), int)
    CALLED: ClassVar[dict[str, str]] = {"quiz": N_("Assessment"), "order": N_("Place among the modules")}

    def __init__(self, module: Module, plan: Outline, framework: Framework | None = None, **more: Any) -> None:
        track, others = plan.track, {each.module.key: each.module for each in plan.modules}
        here = plan.module(module.key)
        self.others = {key: each for key, each in others.items() if key != module.key}
        self.module_key = module.key
        super().__init__(data={
            **vars(module), **self.quiz_data(module.quiz),
            "objectives": [{**vars(each), "reaches": _reached(each)} for each in module.objectives],
            "sources": [vars(each) for each in module.sources],
            "reading": [vars(each) for each in module.reading], "legal": list(module.legal),
            "requires": list(module.requires), "branch": module.branch or "",
        }, **more)  # fmt: skip
        self.fit_quiz()
        self.status.choices = [(key, _(words)) for key, words in STATUSES.items()]
        self.duration_minutes.description = _(
            "Lessons, practice, assessment and workshop together: %(minutes)s minutes today.",
            minutes=here.counted_minutes if here else 0,
        )
        codes = {key: f"{each.code} · {each.title.get('fr') or key}" for key, each in self.others.items()}
        self.requires.choices = with_held(codes, module.requires)
        branches = {"": _("Common core"), **{each.key: localized(each.title) or each.key for each in track.branches}}
        self.branch.choices = with_held(branches, [module.branch or ""])
        named = {each.key: each.reference for each in track.legal}
        self.legal.choices = with_held(named, module.legal)
        self.recommendations.choices = numbered(module.recommendations)
        levels = with_held(_levels(framework), map(_reached, module.objectives))
        self.objectives.prepare(lambda row: setattr(row.reaches, "choices", levels))
        self.objectives.make_room()
        self.sources.make_room()
        self.reading.make_room()

    def validate_requires(self, field: Field) -> None:
        """No module waits for itself, by whatever way round."""
        waits = {self.module_key: tuple(field.data), **{key: each.requires for key, each in self.others.items()}}
        for loop in loops(waits):
            if self.module_key in loop:
                codes = {key: each.code for key, each in self.others.items()} | {self.module_key: self.code.data}
                raise ValidationError(
                    _("These modules wait for one another: %(loop)s.",
                      loop=" → ".join(codes.get(key) or key for key in loop))
                )  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        """An assessment has all its rules, and they hold together."""
        good = super().validate(extra_validators)
        return self.check_quiz() and bool(good)

    def module(self, now: Module) -> Module:
        """The module as the form has it, what it does not show staying as ``now``."""
        return replace(
            now, quiz=self.quiz() if self.assessed.data else None,
            objectives=tuple(self._objectives(now)), sources=tuple(self._sources(now)),
            reading=tuple(self._reading(now)), workshop_minutes=self.workshop_minutes.data or 0,
            requires=ticked(self.requires, now.requires), branch=self.branch.data or None,
            legal=ticked(self.legal, now.legal), recommendations=ticked(self.recommendations, now.recommendations),
            **{name: self[name].data for name in ("title", "summary", "code", "status", "duration_minutes")},
        )  # fmt: skip

    def _objectives(self, now: Module) -> Iterable[Objective]:
        for row, key, known in keyed(self.objectives, now.objectives, lambda _row: f"{now.key}-o1"):
            objective = replace(known or Objective(key, {}), text=row.text.data)
            if row.reaches.raw_data:  # asked only where the track has a framework
                competency, _slash, level = row.reaches.data.rpartition("/")
                objective = replace(objective, competency=competency or None, level=int(level) if level else None)
            yield objective

    def _sources(self, now: Module) -> Iterable[Source]:
        for row, key, known in keyed(self.sources, now.sources, lambda row: slug(row.title.data["fr"]) or "source"):
            yield replace(known or Source(key, {}, "M"), **_said(row))

    def _reading(self, now: Module) -> Iterable[Reading]:
        for row, key, known in keyed(self.reading, now.reading, lambda row: slug(row.title.data["fr"]) or "reading"):
            yield replace(known or Reading(key, {}, "M"), note=row.note.data, **_said(row))


def _said(row: Any) -> dict[str, Any]:
    """What a row says of a source."""
    return {
        "title": row.title.data, "mark": row.mark.data, "url": row.url.data or None,
        "checked_on": row.checked_on.data, "published_on": row.published_on.data,
    }  # fmt: skip


class NewModuleForm(PageForm):
    """What a module needs to exist: the rest is written in it."""

    title = line(N_("Title, in French"))
    code = line(N_("Code"), 8, description=N_("Shown before its title, for example C1."))
    key = line(
        N_("Key"), 60,
        description=N_("It names the module in addresses, for good: lower-case letters, digits and hyphens."),
    )  # fmt: skip

    def __init__(self, code: str) -> None:
        super().__init__(data={"code": code, "key": slug(code)})
        for field in (self.title, self.code, self.key):
            field.validators = [InputRequired(_("This is needed.")), *field.validators]
            field.flags.required = True

    def validate_key(self, field: Field) -> None:
        """A key, as folders and addresses have it."""
        field.data = (field.data or "").lower()
        if not KEY.fullmatch(field.data):
            raise ValidationError(_("Use lower-case letters, digits and hyphens, for example c1."))


def _reached(objective: Objective) -> str:
    """What an objective names of the framework, as the form has it; empty when it names nothing."""
    named = objective.competency is not None or objective.level is not None
    return f"{objective.competency or ''}/{objective.level or ''}" if named else ""


def _levels(framework: Framework | None) -> dict[str, str]:
    """What objectives may name, in words."""
    found = {"": _("None")}
    for competency in framework.competencies if framework is not None else ():
        for level in competency.levels:
            found[f"{competency.key}/{level.number}"] = _(
                "%(competency)s, level %(number)s: %(criterion)s",
                competency=localized(competency.title) or competency.key, number=level.number,
                criterion=localized(level.criterion),
            ).rstrip(": \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")  # fmt: skip
    return found
