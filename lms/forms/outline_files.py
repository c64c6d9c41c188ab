"""The forms of a track's competency framework and of its glossary."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from wtforms import Field, Form, ValidationError

from curricula.fields import KEY
from curricula.glossary import Glossary
from curricula.model import Competency, Framework, Level, Term
from curricula.problems import N_
from lms.forms.parts import PageForm, Row, Rows, both, keyed, line
from lms.i18n import gettext as _
from lms.services.words import slug

#: Levels of a competency, as its file may number them.
MOST_LEVELS = 9


class LevelRow(Row):
    """One level of a competency; its key is its number."""

    says = ("criterion",)
    criterion = both(N_("What shows that it is reached"), 600, rows=2)


def last_ones(competency: Form, field: Field) -> None:
    """Refuses to remove a level that others follow: objectives name levels by their numbers."""
    followed = False
    for entry in reversed(field.entries):
        level = entry.form
        if level.gone.data and level.kept_key and followed and not competency.gone.data:
            message = _("Other levels follow it, and objectives name levels by their numbers: remove the last one.")
            level.gone.errors = [message]
            raise ValidationError(message)
        followed = followed or not (level.blank or level.gone.data)


class CompetencyRow(Row):
    """One competency with its levels."""

    says = ("title",)
    title = both(N_("Title"))
    levels = Rows(LevelRow, N_("Level"), MOST_LEVELS, validators=[last_ones])

    @property
    def blank(self) -> bool:
        """Whether it is new and says nothing, its levels neither."""
        return super().blank and all(entry.form.blank for entry in self.levels.entries)


class FrameworkForm(PageForm):
    """A competency framework."""

    title = both(N_("Title"))
    key = line(N_("Key"), 60, description=N_("It names the framework: lower-case letters, digits and hyphens."))
    version = line(N_("Version"), 40)
    competencies = Rows(CompetencyRow, N_("Competency"))

    def __init__(self, framework: Framework, **more: Any) -> None:
        super().__init__(data={
            **vars(framework),
            "competencies": [
                {**vars(each), "levels": [{**vars(level), "key": str(level.number)} for level in each.levels]}
                for each in framework.competencies
            ],
        }, **more)  # fmt: skip
        self.competencies.prepare(lambda row: row.levels.make_room(3 if row.blank else 1))
        self.competencies.make_room()

    def validate_key(self, field: Field) -> None:
        """A key, as files have it; it may still be missing."""
        field.data = (field.data or "").lower()
        if field.data and not KEY.fullmatch(field.data):
            raise ValidationError(_("Use lower-case letters, digits and hyphens, for example c1."))

    def framework(self, now: Framework) -> Framework:
        """The framework as the form has it."""
        return replace(
            now, title=self.title.data, key=self.key.data, version=self.version.data,
            competencies=tuple(self._competencies(now)),
        )  # fmt: skip

    def _competencies(self, now: Framework) -> Iterable[Competency]:
        rows = keyed(self.competencies, now.competencies, lambda row: slug(row.title.data["fr"]) or "competency")
        for row, key, _known in rows:
            levels = (Level(number, each.criterion.data) for number, each in enumerate(row.levels.kept(), 1))
            yield Competency(key, row.title.data, tuple(levels))


class TermRow(Row):
    """One term, explained."""

    says = ("term", "definition")
    term = both(N_("Term"))
    definition = both(N_("Definition"), 1000, rows=2)


class GlossaryForm(PageForm):
    """The terms of a track."""

    terms = Rows(TermRow, N_("Term"), 500)

    def __init__(self, glossary: Glossary, **more: Any) -> None:
        super().__init__(data={"terms": [vars(each) for each in glossary.terms]}, **more)
        self.terms.make_room()

    def glossary(self, now: Glossary) -> Glossary:
        """The glossary as the form has it."""
        rows = keyed(self.terms, now.terms, lambda row: slug(row.term.data["fr"]) or "term")
        return Glossary(tuple(Term(key, row.term.data, row.definition.data) for row, key, _known in rows))
