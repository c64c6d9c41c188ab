"""What forms of the studio are made of: texts in two languages, numbers with bounds, dates, rows one may add."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, ClassVar, Protocol, TypeVar
from urllib.parse import urlsplit

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.utils import unset_value
from wtforms.widgets import CheckboxInput, ListWidget

from curricula.fields import KEY
from curricula.problems import N_
from curricula.validate import RECOMMENDATIONS
from lms.forms.dates import read_date
from lms.i18n import gettext as _
from lms.i18n import partial_date
from lms.services.outline import keys_after


class HasKey(Protocol):
    """What a row is about."""

    @property
    def key(self) -> str:
        """Its key, which never changes."""


Keyed = TypeVar("Keyed", bound=HasKey)

#: How sure a source is (``curricula.sourcing``), in words.
MARKS = {
    "W": N_("It is in the white paper"),
    "V": N_("It was seen in a public source"),
    "M": N_("It is still to be checked"),
}
#: A number of a form, or of a row, is never longer.
DIGITS = re.compile(r"[0-9]{1,7}")
#: Rows of a list.
MOST_ROWS = 100
#: What no text of a curriculum holds: signs that cannot be seen or typed.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(text: Any) -> str:
    """A text without the spaces around it, its lines ending alike on every system."""
    return _UNSEEN.sub("", str(text or "").replace("\r\n", "\n").replace("\r", "\n")).strip()


def one_line(text: Any) -> str:
    """The same on one line."""
    return " ".join(clean(text).split("\n"))


def at_most(count: int) -> Callable[[Form, Field], None]:
    """Refuses a text that is longer."""

    def check(_form: Form, field: Field) -> None:
        if len(field.data or "") > count:
            raise ValidationError(_("This is too long: %(count)s characters at most.", count=count))

    return check


def line(label: str, longest: int = 200, **more: Any) -> StringField:
    """A text of one line."""
    return StringField(label, [at_most(longest)], filters=[one_line], **more)


def both(
    label: str, longest: int = 200, *, rows: int = 0, one: bool = False, help_text: str = ""
) -> FormField:  # fmt: skip
    """A text in French and in English, side by side; in ``rows`` lines, of which ``one`` makes a single one."""
    kind = TextAreaField if rows else StringField
    keep = clean if rows and not one else one_line
    shown: dict[str, Any] = {"rows": rows} if rows else {}
    inputs = {
        language: kind(name, [at_most(longest)], filters=[keep], render_kw={**shown, "lang": language})
        for language, name in (("fr", N_("in French")), ("en", N_("in English")))
    }
    return FormField(type("Texts", (Worded,), inputs), label, description=help_text)


def mark_choices() -> list[tuple[str, str]]:
    """How sure a source is, to choose from."""
    return [(key, _(words)) for key, words in MARKS.items()]


def ticks(label: str, coerce: Callable[[Any], Any] = str, **more: Any) -> SelectMultipleField:
    """Boxes to tick."""
    return SelectMultipleField(
        label, coerce=coerce, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), **more
    )


def ticked(field: SelectMultipleField, before: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is ticked, in the order it had ``before``: saving what was not touched changes nothing."""
    return tuple([each for each in before if each in field.data] + [each for each in field.data if each not in before])


def is_web_address(text: str) -> bool:
    """Whether a text is an address of the web."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def web_address(_form: Form, field: Field) -> None:
    """Refuses what is no address of the web."""
    if field.data and not is_web_address(field.data):
        raise ValidationError(_("Write the whole address, for example https://www.legifrance.gouv.fr/."))


def numbered(known: Iterable[int]) -> list[tuple[int, str]]:
    """The recommendations of the white paper, and those ``known`` otherwise."""
    return [(number, str(number)) for number in sorted({*RECOMMENDATIONS, *known})]


def with_held(known: Mapping[str, str], held: Iterable[str]) -> list[tuple[str, str]]:
    """What may be chosen, and what is chosen already though it is there no longer."""
    return [*known.items(), *((key, key) for key in dict.fromkeys(held) if key not in known)]


class WordedMixin:
    """Says the labels and descriptions of a form, messages marked ``N_``, in the reader's language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:  # type: ignore[attr-defined]
            field.label.text = _(field.label.text) if field.label.text else ""
            field.description = _(field.description) if field.description else ""


class Worded(WordedMixin, Form):  # type: ignore[misc]
    """A part of a form."""


class PageForm(WordedMixin, FlaskForm):  # type: ignore[misc]
    """A form of the studio, labelled in the reader's language."""

    #: What parts that are no field are called.
    CALLED: ClassVar[dict[str, str]] = {}

    def rows_named(self, name: str) -> "Rows | None":
        """The list of rows of that name, within a row too (``competencies-0-levels``); None where there is none."""
        return next((rows for rows in _lists(self) if rows.name == name), None)


class Row(Worded):
    """One thing of a list. Its key is given when it is first kept, and never changes."""

    key = HiddenField()
    gone = BooleanField(N_("Remove"))
    #: The fields by which a row says something.
    says: tuple[str, ...] = ()

    @property
    def kept_key(self) -> str:
        """Its key; empty for a new one."""
        key = self.key.data or ""
        return key if len(key) <= 100 and KEY.fullmatch(key) else ""

    @property
    def blank(self) -> bool:
        """Whether it is new and says nothing."""
        said = (self[name].data for name in self.says)
        return not self.kept_key and not any(any(each.values()) if isinstance(each, dict) else each for each in said)


class Rows(FieldList):  # type: ignore[misc]
    """A list of rows, with a blank one to add something."""

    def __init__(self, row: type[Row], label: str, most: int = MOST_ROWS, **more: Any) -> None:
        super().__init__(FormField(row), label, max_entries=most, **more)
        self.max_entries: int = most
        self.prepared: Callable[[Any], None] = lambda _row: None

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the rows: never fewer than there are already, even where they are more than one may add."""
        if isinstance(data, (list, tuple)):
            self.max_entries = max(self.max_entries, len(data))
        super().process(formdata, data, extra_filters)

    def _extract_indices(self, prefix: str, formdata: Mapping[str, Any]) -> Iterator[int]:
        for name in formdata:
            found = DIGITS.match(name, len(prefix) + 1) if name.startswith(f"{prefix}-") else None
            if found and name[found.end() :].startswith("-"):
                yield int(found[0])

    def kept(self) -> list[Row]:
        """The rows that say something and stay."""
        return [entry.form for entry in self.entries if not entry.form.blank and not entry.form.gone.data]

    def make_room(self, blank: int = 1) -> None:
        """Have at least so many blank rows at the end."""
        there = sum(1 for entry in self.entries if entry.form.blank)
        for _each in range(min(blank - there, self.max_entries - len(self.entries))):
            self.prepared(self.append_entry().form)

    def prepare(self, change: Callable[[Any], None]) -> None:
        """Change each row so, those still to come too."""
        self.prepared = change
        for entry in self.entries:
            change(entry.form)


def keyed(
    rows: Rows, before: Iterable[Keyed], proposed: Callable[[Row], str]
) -> Iterator[tuple[Row, str, Keyed | None]]:  # fmt: skip
    """Each row that stays, its key, and what it was ``before``; ``proposed`` is the key a new one would like."""
    kept, known = rows.kept(), {each.key: each for each in before}
    keys = keys_after([row.kept_key for row in kept], [proposed(row) for row in kept], known)
    for row, key in zip(kept, keys, strict=True):
        yield row, key, known.get(key)


def _lists(form: Form) -> Iterator[Rows]:
    """The lists of rows of a form, those within its rows too."""
    for field in form:
        if isinstance(field, Rows):
            yield field
            for entry in field.entries:
                yield from _lists(entry.form)


class NumberField(StringField):  # type: ignore[misc]
    """A whole number between two bounds, or None where it may be left empty."""

    data: Any

    def __init__(self, label: str, low: int, high: int, *, needed: bool = True, **more: Any) -> None:
        super().__init__(label, render_kw={"inputmode": "numeric", "autocomplete": "off"}, **more)
        self.low, self.high, self.needed = low, high, needed
        self.flags.required = needed

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        said = "".join((valuelist or [""])[0].split())
        self.data = None
        if not said and not self.needed:
            return
        if not DIGITS.fullmatch(said) or not self.low <= int(said) <= self.high:
            raise ValueError(_("Write a whole number from %(low)s to %(high)s.", low=self.low, high=self.high))
        self.data = int(said)

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else str(self.data)


class DatedField(StringField):  # type: ignore[misc]
    """A year, a month or a day; its data is ISO text, None when empty. ``whole``: a day alone, which is a date."""

    def __init__(self, label: str, *, whole: bool = False, **more: Any) -> None:
        super().__init__(label, render_kw={"autocomplete": "off"}, **more)
        self.whole = whole

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        said = clean((valuelist or [""])[0])
        self.data = None
        if not said:
            return
        try:
            iso = read_date(said)
            self.data = date.fromisoformat(iso) if self.whole else iso
        except ValueError:
            if self.whole:
                raise ValueError(_("Write a day, for example 30/09/2026.")) from None
            raise ValueError(_("Write a date, for example 30/09/2026, november 2026 or 2026.")) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return partial_date(str(self.data)) if self.data else ""


def wrong(form: Form) -> Iterator[tuple[str, str, str]]:
    """(identifier of the field, its label, what is wrong) for each refusal of a form, inside rows too."""
    for field in form:
        yield from _wrong(field, "")


def _wrong(field: Field, within: str) -> Iterator[tuple[str, str, str]]:
    label = ", ".join(part for part in (within, field.label.text) if part)
    if isinstance(field, FormField):
        for part in field.form:
            yield from _wrong(part, within if isinstance(field.form, Row) else label)
    elif isinstance(field, FieldList):
        for number, entry in enumerate(field.entries, 1):
            yield from _wrong(entry, f"{field.label.text} {number}")
    else:
        for message in field.errors:
            yield field.id, label, str(message)
