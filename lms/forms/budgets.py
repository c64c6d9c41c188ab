"""Forms of the budget: lines and their years, the baseline, costs, the file, the simulator."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flask_wtf.file import FileRequired
from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from assessments.amounts import cents, quantity
from curricula.problems import N_
from lms.forms.files import FileField
from lms.forms.parts import NumberField, PageForm, Worded, at_most, clean, line
from lms.i18n import gettext as _
from lms.services.baselines import Reference
from lms.services.budgets import AMOUNTS, MOST, YEARS, Amounts
from lms.services.costs import COUNTED, MOST_UNITS, NewCost
from lms.services.indicators import AE, CP, HORIZON

#: What each amount is called.
AMOUNT_NAMES = {
    "ae_opened": N_("Commitments opened (AE)"),
    "ae_committed": N_("Commitments made (AE)"),
    "cp_opened": N_("Payments opened (CP)"),
    "cp_paid": N_("Payments made (CP)"),
    "ai_ae": N_("AI part of commitments (AE)"),
    "ai_cp": N_("AI part of payments (CP)"),
}
KINDS = {
    "session": N_("A session, as a whole"),
    "fixed": N_("A fixed cost, as a whole"),
    "per_head": N_("A price for each learner"),
    "trainer": N_("Trainer time: hours × rate"),
    "licence": N_("Licences: seats × price"),
}
PATH_NAMES = {
    "linear": N_("Linear: the same rise each year"),
    "geometric": N_("Geometric: the same growth each year"),
    "custom": N_("Custom: a target each year"),
}


class MoneyField(StringField):  # type: ignore[misc]
    """An amount of euros as people type it; its data is in cents, None when empty where that is allowed."""

    data: Any

    def __init__(self, label: str, *, needed: bool = True, **more: Any) -> None:
        super().__init__(label, render_kw={"inputmode": "decimal", "autocomplete": "off"}, **more)
        self.needed = needed
        self.flags.required = needed

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        self.data, said = None, clean((valuelist or [""])[0])
        if not said and not self.needed:
            return
        amount = cents(said) if said else None
        if amount is None or not 0 <= amount <= MOST:
            raise ValueError(_("Write an amount in euros, for example 12500,50."))
        self.data = amount

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data // 100},{self.data % 100:02}"


class RateField(StringField):  # type: ignore[misc]
    """A percentage, « 10 » or « -2,5 % »; its data is an exact fraction, None when empty."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        self.data, said = None, clean((valuelist or [""])[0]).removesuffix("%").strip()
        if not said:
            return
        found = quantity(said)
        if found is None or not -100 <= found <= 1000:
            raise ValueError(_("Write a percentage, for example 10 or -2,5."))
        self.data = Fraction(found, 100)

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""


def _year(label: str, **more: Any) -> NumberField:
    return NumberField(label, YEARS[0], YEARS[-1], **more)


class LineForm(PageForm):
    """A new line of the budget; its unit is the page's."""

    programme = line(N_("Programme"), 60)
    bop = line(N_("BOP"), 60)
    uo = line(N_("UO"), 60)
    label = line(N_("Wording"), 300)

    def validate_programme(self, field: StringField) -> None:
        """A line has one part of its code at least, and no slash in any."""
        given = (field.data, self.bop.data, self.uo.data)
        if not any(given):
            raise ValidationError(_("Give the programme, the BOP or the UO."))
        if any("/" in (part or "") for part in given):
            raise ValidationError(_("Programme, BOP and UO hold no slash."))


class YearForm(PageForm):
    """What a year of a line holds."""

    year = _year(N_("Fiscal year"))
    ae_opened = MoneyField(AMOUNT_NAMES["ae_opened"])
    ae_committed = MoneyField(AMOUNT_NAMES["ae_committed"])
    cp_opened = MoneyField(AMOUNT_NAMES["cp_opened"])
    cp_paid = MoneyField(AMOUNT_NAMES["cp_paid"])
    ai_ae = MoneyField(AMOUNT_NAMES["ai_ae"])
    ai_cp = MoneyField(AMOUNT_NAMES["ai_cp"])

    @property
    def amounts(self) -> Amounts:
        """Those typed."""
        return Amounts(**{name: self[name].data for name in AMOUNTS})


class BaselineForm(PageForm):
    """What the years are to be compared with."""

    reference_year = _year(N_("Reference year (year 0)"))
    base = MoneyField(N_("B₀: training budget of that year (AE)"))
    ai_base = MoneyField(N_("IA₀: what of it trained to AI already (AE)"))
    path = SelectField(N_("Path to the double"), choices=[])
    first = MoneyField(N_("Target of year 1"), needed=False)
    second = MoneyField(N_("Target of year 2"), needed=False)
    third = MoneyField(N_("Target of year 3"), needed=False)
    reason = TextAreaField(N_("Why this baseline"), [InputRequired(), at_most(2000)], render_kw={"rows": 3})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.path.choices = [(name, _(words)) for name, words in PATH_NAMES.items()]
        self.reason.validators[0].message = _("Say why, for whoever decides and for who reads it later.")

    @property
    def proposal(self) -> Reference:
        """What is proposed; targets are those of the custom path alone."""
        targets = [field.data for field in (self.first, self.second, self.third)] if self.path.data == "custom" else []
        year = self.reference_year.data
        return Reference(
            year, AE(self.base.data), AE(self.ai_base.data), self.path.data,
            {year + step: AE(cents) for step, cents in enumerate(targets, 1) if cents is not None},
        )  # fmt: skip


class DecisionForm(PageForm):
    """Why a baseline is approved or refused."""

    answer = TextAreaField(N_("Your reason"), [InputRequired(), at_most(2000)], render_kw={"rows": 3})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answer.validators[0].message = _("Say why, for whoever proposed it and for who reads it later.")


class CostForm(PageForm):
    """A cost, and what it is attached to."""

    year = _year(N_("Fiscal year"))
    kind = SelectField(N_("Kind of cost"), choices=[])
    label = line(N_("Wording"), 300)
    amount = MoneyField(N_("Amount, in euros"))
    quantity = NumberField(N_("Number of hours or seats"), 1, MOST_UNITS, needed=False)
    track = SelectField(N_("Track"), choices=[], default="")
    course = SelectField(N_("Course"), choices=[], default="")
    line = SelectField(N_("Budget line"), choices=[], default="")

    def __init__(
        self, tracks: Sequence[tuple[str, str]], courses: Sequence[tuple[str, str]], lines: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__()
        none = [("", _("None"))]
        self.kind.choices = [(name, _(words)) for name, words in KINDS.items()]
        self.track.choices, self.course.choices, self.line.choices = (
            [*none, *tracks],
            [*none, *courses],
            [*none, *lines],
        )

    def validate_quantity(self, field: NumberField) -> None:
        """Hours and seats are counted."""
        if self.kind.data in COUNTED and field.data is None and not field.errors:
            raise ValidationError(_("Write how many hours or seats."))

    @property
    def cost(self) -> NewCost:
        """What was typed."""
        return NewCost(
            year=self.year.data, kind=self.kind.data, label=self.label.data, amount=self.amount.data,
            quantity=self.quantity.data or 1, track_key=self.track.data or None,
            context_id=int(self.course.data) if self.course.data else None,
            line_id=int(self.line.data) if self.line.data else None,
        )  # fmt: skip


class BudgetImportForm(PageForm):
    """A file of the budget."""

    file = FileField(N_("File of the budget"))
    sheet = line(N_("Sheet of the workbook"), 200)
    dry_run = BooleanField(N_("Only check the file, write nothing"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file.validators = [FileRequired(_("Choose the file to send."))]
        self.file.render_kw = {"accept": ".csv,.txt,.xlsx,.ods"}


class ForecastForm(Worded):
    """How the years to come are foreseen; in the address."""

    growth = RateField(N_("Growth of the budget a year, as a percentage; empty: the last one is carried on"))


class SimulationForm(Worded):
    """More agents to train; in the address."""

    agents = NumberField(N_("Agents to train"), 1, 1_000_000)
    track = SelectField(N_("Track"), choices=[], default="", validate_choice=False)
    cost = MoneyField(N_("Cost of each, in euros; empty: that of the track"), needed=False)
    first = NumberField(N_("From year"), YEARS[0], YEARS[-1])
    last = NumberField(N_("To year"), YEARS[0], YEARS[-1])
    added = BooleanField(N_("The money is added to the budget, instead of taken within it"))

    def __init__(self, values: Any, tracks: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(values, **kwargs)
        self.track.choices = [("", _("None")), *tracks]

    def validate_last(self, field: NumberField) -> None:
        """The years go forward, and are those of the path."""
        if field.data is not None and self.first.data is not None and field.data < self.first.data:
            raise ValidationError(_("The last year comes before the first."))
        if field.data is not None and self.first.data is not None and field.data - self.first.data > HORIZON:
            raise ValidationError(_("The path has four years."))

    def validate_agents(self, field: NumberField) -> None:
        """All of it stays an amount a budget may hold."""
        if field.data and self.cost.data and field.data * self.cost.data > MOST:
            raise ValidationError(_("This costs more than a budget may hold."))


def typed_cost(form: Form) -> CP | None:
    """The cost of each agent that was typed."""
    return None if form.cost.data is None else CP(form.cost.data)
