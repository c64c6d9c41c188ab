"""The form of what a track says itself."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar

from wtforms import BooleanField, Field, SelectField, ValidationError

from curricula.model import Branch, CertificateRule, LegalReference, Localized, Module, PlacementRules, Track
from curricula.problems import N_
from curricula.write import percent
from lms.forms.outline_label import LabelFields
from lms.forms.parts import (
    DatedField,
    NumberField,
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
from lms.i18n import gettext as _
from lms.i18n import language_names
from lms.services.words import slug


class LegalRow(Row):
    """One dated reference to a legal text."""

    says = ("reference", "title", "version", "source", "in_force_from", "in_force_to", "checked_on", "note")
    reference = line(N_("Reference"), description=N_("For example: Règlement (UE) 2024/1689, art. 4"))
    title = both(N_("Title"), 300)
    version = line(
        N_("Version"), 100, description=N_("Of the text that was read: often its date, for example 2024-07-12.")
    )
    in_force_from = DatedField(N_("In force from"), whole=True)
    in_force_to = DatedField(N_("In force until"), whole=True)
    mark = SelectField(N_("How sure it is"), default="M")
    checked_on = DatedField(N_("Checked on"))
    source = line(N_("Address on the web"), 1000)
    note = both(N_("What is moving"), 1000, rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mark.choices = mark_choices()
        self.source.validators = [*self.source.validators, web_address]


class BranchRow(Row):
    """One way on after the common core."""

    says = ("title", "note")
    title = both(N_("Title"))
    note = both(N_("For whom it is"), 600, rows=2)


class TrackForm(LabelFields):
    """What a track says itself."""

    title = both(N_("Title"))
    promise = both(N_("Promise"), 600, rows=3, help_text=N_("One sentence: what the reader will be able to do."))
    audience = both(N_("Audience"), 600, rows=2, help_text=N_("For whom it is."))
    code = line(N_("Code"), 5, description=N_("One or two letters, shown before the number of each module: C1, C2…"))
    version = line(N_("Name of the next version"), 40)
    licence = line(N_("Licence"), 60, description=N_("Its short name, for example CC-BY-SA-4.0."))
    languages = ticks(N_("Languages"))
    recommendations = ticks(N_("Recommendations of the white paper"), int)
    requires = ticks(N_("Tracks to follow first"))
    branches = Rows(BranchRow, N_("Branch"))
    certified = BooleanField(N_("The track leads to a certificate"))
    certificate_title = both(N_("Title of the certificate"))
    certificate_modules = ticks(N_("Modules to pass"))
    threshold = NumberField(N_("Score to reach in each module, out of 100"), 1, 100, needed=False)
    branch_count = NumberField(
        N_("Whole branches to pass"), 0, 99, needed=False, description=N_("0: the common core is enough.")
    )
    valid_months = NumberField(
        N_("Months it stays valid"), 1, 240, needed=False, description=N_("Empty: it has no end.")
    )
    placed = BooleanField(N_("Learners may take a placement test before they begin"))
    placement_questions = NumberField(N_("Questions about each module, at most"), 1, 5, needed=False)
    placement_threshold = NumberField(N_("Score from which a module is known, out of 100"), 1, 100, needed=False)
    placement_exempts = BooleanField(
        N_("Who reaches it is exempted from the module, which counts as passed"),
        description=N_("The score is then no lower than those of the assessments and of the certificate."),
    )
    legal = Rows(LegalRow, N_("Legal reference"))
    CALLED: ClassVar[dict[str, str]] = {
        "certificate": N_("Certificate"),
        "label": N_("Label"),
        "placement": N_("Placement test"),
    }

    def __init__(
        self,
        track: Track,
        modules: Collection[Module],
        tracks: Mapping[str, str],
        published: Collection[str],
        version: str,
        **more: Any,
    ) -> None:
        rule, placement = track.certificate, track.placement or PlacementRules(3, Fraction(3, 4))
        super().__init__(data={
            **vars(track), "version": version, "languages": list(track.languages), "certified": rule is not None,
            "certificate_title": rule.title if rule else {}, "certificate_modules": list(rule.modules if rule else ()),
            "threshold": percent(rule.threshold) if rule else 70, "valid_months": rule.valid_months if rule else 36,
            "placed": track.placement is not None, "placement_questions": placement.questions,
            "placement_threshold": percent(placement.threshold), "placement_exempts": placement.exempts,
            "branch_count": rule.branches if rule else 0, "requires": list(track.requires),
            **self.label_data(track),
            "branches": [{**vars(each), "note": each.note or {}} for each in track.branches],
            "legal": [{**vars(each), "note": each.note or {}} for each in track.legal],
        }, **more)  # fmt: skip
        self.published, self.proposed = published, version
        self.version.description = _(
            "It must differ from the versions already published. Learners see it, and certificates carry it."
        )
        self.languages.choices = list(language_names().items())
        self.recommendations.choices = numbered(track.recommendations)
        known = {module.key: f"{module.code} · {module.title.get('fr') or module.key}" for module in modules}
        self.certificate_modules.choices = with_held(known, rule.modules if rule else ())
        self.choose_label(track, known, modules, tracks)
        self.requires.choices = with_held(tracks, track.requires)
        self.legal.make_room()
        self.branches.make_room()

    def validate_version(self, field: Field) -> None:
        """A version names one content for good."""
        if field.data in self.published:
            raise ValidationError(
                _("Version %(version)s is published already. Name this one otherwise, for example %(proposed)s.",
                  version=field.data, proposed=self.proposed)
            )  # fmt: skip

    def validate_languages(self, field: Field) -> None:
        """At least one."""
        if not field.data:
            raise ValidationError(_("Choose one language at least."))

    def validate_threshold(self, field: Field) -> None:
        """A certificate has one."""
        if self.certified.data and field.data is None and not field.errors:
            raise ValidationError(_("Write a whole number from %(low)s to %(high)s.", low=1, high=100))

    def validate_placement_questions(self, field: Field) -> None:
        """A placement test says how many."""
        if self.placed.data and field.data is None and not field.errors:
            raise ValidationError(_("Write a whole number from %(low)s to %(high)s.", low=1, high=5))

    def validate_placement_threshold(self, field: Field) -> None:
        """It has a threshold too."""
        if self.placed.data and field.data is None and not field.errors:
            raise ValidationError(_("Write a whole number from %(low)s to %(high)s.", low=1, high=100))

    def track(self, now: Track) -> Track:
        """The track as the form has it, what it does not show staying as ``now``."""
        rule, held = None, now.certificate.modules if now.certificate else ()
        if self.certified.data:
            rule = replace(
                now.certificate or CertificateRule({}, (), Fraction(0)),
                title=self.certificate_title.data, modules=ticked(self.certificate_modules, held),
                threshold=Fraction(self.threshold.data, 100), valid_months=self.valid_months.data,
                branches=self.branch_count.data or 0,
            )  # fmt: skip
        placement = None
        if self.placed.data:
            threshold = Fraction(self.placement_threshold.data, 100)
            placement = PlacementRules(self.placement_questions.data, threshold, self.placement_exempts.data)
        return replace(
            now, certificate=rule, label=self.label_rule(now), attendance=self.attendance.data,
            placement=placement, legal=tuple(self._legal(now)),
            branches=tuple(self._branches(now)),
            requires=ticked(self.requires, now.requires),
            languages=ticked(self.languages, now.languages),
            recommendations=ticked(self.recommendations, now.recommendations),
            **{name: self[name].data for name in ("title", "promise", "audience", "code", "version", "licence")},
        )  # fmt: skip

    def _branches(self, now: Track) -> Iterable[Branch]:
        for row, key, known in keyed(self.branches, now.branches, lambda row: slug(row.title.data["fr"]) or "branch"):
            yield replace(known or Branch(key, {}), title=row.title.data, note=_said(row.note.data))

    def _legal(self, now: Track) -> Iterable[LegalReference]:
        for row, key, known in keyed(self.legal, now.legal, lambda row: slug(row.reference.data) or "law"):
            yield replace(
                known or LegalReference(key, "", {}, "", "", ""),
                reference=row.reference.data, title=row.title.data, version=row.version.data,
                checked_on=row.checked_on.data or "", mark=row.mark.data, source=row.source.data,
                in_force_from=row.in_force_from.data, in_force_to=row.in_force_to.data, note=_said(row.note.data),
            )  # fmt: skip


def _said(texts: Localized) -> Localized | None:
    return texts if any(texts.values()) else None
