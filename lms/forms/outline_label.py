"""The part of a track's form about its label and its statements of attendance."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from wtforms import BooleanField, Field, SelectField, ValidationError

from curricula.award_files import MEMBERS, MINUTES, MONTHS
from curricula.awards import JuryRule, LabelRule, Refresher, Way
from curricula.fields import KEY
from curricula.model import Module, Track
from curricula.problems import N_
from curricula.write import percent
from lms.forms.parts import NumberField, PageForm, Row, Rows, both, line, ticked, ticks, with_held
from lms.i18n import gettext as _
from lms.services.words import slug

_EMPTY = LabelRule("", {}, (), Fraction(7, 10), 36)
_APART = re.compile(r"[\s,;]+")


class WayRow(Row):
    """One way to the label: the certificate of a track, or modules."""

    says = ("award", "modules", "mention")
    award = SelectField(N_("Certificate held, and valid"), default="")
    modules = line(
        N_("Or modules passed"), 600, description=N_("Their keys, with spaces between: d7, or decideurs/d7 elsewhere.")
    )
    threshold = NumberField(
        N_("At this score, out of 100"), 1, 100, needed=False, description=N_("Empty: that of the label.")
    )
    mention = both(N_("What the label then says beside its title"), 100)

    def validate_modules(self, field: Field) -> None:
        """Keys alone, and not beside a certificate."""
        if field.data and self.award.data:
            raise ValidationError(_("Choose a certificate or name modules, not both."))
        for name in _names(field.data):
            track, slash, module = name.rpartition("/")
            if not KEY.fullmatch(module) or (slash and not KEY.fullmatch(track)):
                raise ValidationError(_("« %(name)s » names no module. For example: d7, or decideurs/d7.", name=name))


class LabelFields(PageForm):
    """What a track leads to beside its certificate."""

    attendance = BooleanField(N_("Each module read whole gives a statement of attendance to whoever asks"))
    labelled = BooleanField(N_("The track leads to a label"))
    label_title = both(N_("Title of the label"))
    label_modules = ticks(N_("Modules to pass for the label"))
    label_threshold = NumberField(N_("Score to reach in each module for the label, out of 100"), 1, 100, needed=False)
    label_months = NumberField(
        N_("Months the label stays valid"), *MONTHS, needed=False, description=N_("Empty: it has no end.")
    )
    label_ways = Rows(WayRow, N_("Way"))
    label_jury = SelectField(N_("Module whose work a jury accepts"))
    label_members = NumberField(N_("Members of that jury, at least"), *MEMBERS, needed=False)
    refresher_modules = ticks(N_("Modules of the refresher"))
    refresher_minutes = NumberField(
        N_("Minutes of the refresher"), *MINUTES, needed=False,
        description=N_("So many among these modules, passed since the last issue, renew the label."),
    )  # fmt: skip

    @staticmethod
    def label_data(track: Track) -> dict[str, Any]:
        """What these fields show of a track."""
        rule = track.label or _EMPTY
        return {
            "attendance": track.attendance, "labelled": track.label is not None, "label_title": rule.title,
            "label_modules": list(rule.modules), "label_threshold": percent(rule.threshold),
            "label_months": rule.valid_months, "label_jury": rule.jury.module if rule.jury else "",
            "label_members": rule.jury.members if rule.jury else MEMBERS[0],
            "refresher_modules": list(rule.refresher.modules if rule.refresher else ()),
            "refresher_minutes": rule.refresher.minutes if rule.refresher else None,
            "label_ways": [
                {
                    "award": way.award or "", "modules": " ".join(way.modules), "mention": way.mention or {},
                    "threshold": percent(way.threshold) if way.threshold is not None else None,
                }
                for way in rule.one_of
            ],
        }  # fmt: skip

    def choose_label(self, track: Track, known: Mapping[str, str], modules: Collection[Module],
                     tracks: Mapping[str, str]) -> None:  # fmt: skip
        """Say what may be chosen: modules as ``known`` by key, those that a jury decides, other tracks."""
        rule = track.label or _EMPTY
        self.label_modules.choices = with_held(known, rule.modules)
        self.refresher_modules.choices = with_held(known, rule.refresher.modules if rule.refresher else ())
        decided = {module.key: known[module.key] for module in modules if module.quiz and module.quiz.jury}
        held = [rule.jury.module] if rule.jury else []
        self.label_jury.choices = [("", _("None")), *with_held(decided, held)]
        awards = [("", _("None")), *with_held({track.key: _("This track"), **tracks}, _awards(rule))]

        def choose(row: WayRow) -> None:
            row.award.choices = awards

        self.label_ways.prepare(choose)
        self.label_ways.make_room()

    def validate_label_threshold(self, field: Field) -> None:
        """A label has one."""
        if self.labelled.data and field.data is None and not field.errors:
            raise ValidationError(_("Write a whole number from %(low)s to %(high)s.", low=1, high=100))

    def validate_refresher_minutes(self, field: Field) -> None:
        """A refresher says how long."""
        if self.labelled.data and self.refresher_modules.data and field.data is None and not field.errors:
            raise ValidationError(_("Write a whole number from %(low)s to %(high)s.", low=1, high=MINUTES[1]))

    def label_rule(self, now: Track) -> LabelRule | None:
        """The label as the form has it. Its key is given once, from its title, and is never that of the track."""
        if not self.labelled.data:
            return None
        was = now.label or _EMPTY
        key = was.key or slug(self.label_title.data["fr"]) or "label"
        again = ticked(self.refresher_modules, was.refresher.modules if was.refresher else ())
        return replace(
            was, key=f"{key}-label" if key == now.key else key, title=self.label_title.data,
            modules=ticked(self.label_modules, was.modules), threshold=Fraction(self.label_threshold.data, 100),
            valid_months=self.label_months.data, one_of=tuple(_way(row) for row in self.label_ways.kept()),
            jury=JuryRule(self.label_jury.data, self.label_members.data or MEMBERS[0])
            if self.label_jury.data else None,
            refresher=Refresher(again, self.refresher_minutes.data) if again else None,
        )  # fmt: skip


def _awards(rule: LabelRule) -> list[str]:
    return [way.award for way in rule.one_of if way.award]


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, _APART.split(text or "")))


def _way(row: Any) -> Way:
    threshold = row.threshold.data
    return Way(
        row.award.data or None, row.mention.data if any(row.mention.data.values()) else None, _names(row.modules.data),
        None if threshold is None else Fraction(threshold, 100),
    )  # fmt: skip
