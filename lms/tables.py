"""What a report gives and an export writes: typed columns, streamed rows, and where they come from.

A report knows no format and a format no report; both know only these values. Rounding belongs to the report:
decimals arrive at the precision to be printed.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any, Literal

from sqlalchemy import Select
from sqlalchemy.orm import Session

from curricula.model import Localized
from lms.cells import YEARS, CellRefused, day

#: ``rate`` is a ratio printed as 0,30; ``cents`` an amount in integer cents printed in euros; ``date`` a day as
#: lived in France; ``datetime`` an aware moment.
Kind = Literal["text", "int", "decimal", "rate", "date", "datetime", "cents"]
Value = str | int | Decimal | date | datetime | None
Row = tuple[Value, ...]


@dataclass(frozen=True)
class Column:
    """One column: a stable key, its heading, and the kind of its values (None is an empty cell)."""

    key: str
    label: Localized
    kind: Kind = "text"


@dataclass(frozen=True)
class Provenance:
    """Where a file comes from; every format carries it. ``definitions`` is the version of the indicators."""

    extracted_at: datetime
    scope: str
    author: str
    definitions: str
    filters: str

    #: Key → heading of each element, in the order printed.
    LABELS = {  # noqa: RUF012 - a constant of the class, not a field
        "extracted_at": {"fr": "Date d'extraction", "en": "Extraction date"},
        "scope": {"fr": "Périmètre", "en": "Scope"},
        "author": {"fr": "Auteur de l'extraction", "en": "Extracted by"},
        "definitions": {"fr": "Version des définitions", "en": "Version of the definitions"},
        "filters": {"fr": "Filtres", "en": "Filters"},
    }

    def columns(self) -> tuple[Column, ...]:
        """The elements as columns, for formats whose every line must say where it comes from."""
        return tuple(
            Column(key, label, "datetime" if key == "extracted_at" else "text") for key, label in self.LABELS.items()
        )

    def values(self) -> Row:
        """The elements in the order of ``columns``."""
        return tuple(getattr(self, key) for key in self.LABELS)


@dataclass(frozen=True)
class Selected:
    """The rows of a table as one statement, for a database that writes files itself; days are moments there.

    It has no offset, and no two columns of one name.

    ``told`` hears how many rows are read, as they are.
    """

    session: Session
    statement: Select[Any]
    told: Callable[[int], None] | None = None


@dataclass(frozen=True)
class Table:
    """A report's answer: ``rows`` can be read once, one at a time, each as long as ``columns``; close them after.

    ``selected`` is the same rows as a statement, where they are one.
    """

    key: str
    title: str
    language: str
    columns: tuple[Column, ...]
    rows: Generator[Row, None, None]
    provenance: Provenance
    selected: Selected | None = None


class FilterError(ValueError):
    """A filter that cannot be used: its ``key``, the ``value`` given, and what is ``allowed`` (empty: any)."""

    def __init__(self, key: str, value: str, allowed: Iterable[str] = ()) -> None:
        super().__init__(f"{key}={value}")
        self.key, self.value, self.allowed = key, value, tuple(allowed)


class TooManyRows(ValueError):
    """The table does not fit the format, which holds ``limit`` rows (of such a table, for ODS)."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} rows")
        self.limit = limit


@dataclass(frozen=True)
class Filter:
    """What a report can be narrowed by. ``choices`` gives the values of a choice with their words."""

    key: str
    label: Localized
    kind: Literal["text", "date", "choice"] = "text"
    choices: Callable[[], Mapping[str, Localized]] = field(default=dict)

    def read(self, text: str) -> str | date:
        """The value of the text as typed; a day as files of HR have it (``cells.day``). Raises ``FilterError``."""
        text = text.strip()
        if self.kind == "date":
            try:
                found = day(text)
            except CellRefused:
                found = None
            if found is None:
                raise FilterError(self.key, text, ["AAAA-MM-JJ", f"JJ/MM/AAAA ({YEARS[0]}-{YEARS[-1]})"])
            return found
        if self.kind == "choice" and text not in self.choices():
            raise FilterError(self.key, text, self.choices())
        return text


@dataclass(frozen=True)
class Scope:
    """What HR sees. ``paths`` are subtrees of the organisation by the path of their top unit; None is all of it.

    ``platform_id`` narrows people to those of a platform, for whom has the role by that platform's word alone: they
    see neither the organisation nor its budget, unless units were opened to them too.
    """

    paths: tuple[str, ...] | None = None
    platform_id: int | None = None

    @property
    def whole(self) -> bool:
        """Whether it is the whole institution."""
        return self.paths is None and self.platform_id is None


@dataclass(frozen=True)
class Extraction:
    """What is asked of a report, by whom; ``scope_filter`` is what they may see of it.

    ``asked`` holds the filters as typed, ``scope`` and ``author`` the words for the file's provenance.
    """

    at: datetime
    author: str
    scope: str
    scope_filter: Scope = Scope()
    language: str = "fr"
    asked: Mapping[str, str] = field(default_factory=dict)
    #: Counts of people under this are masked where people are only counted.
    mask_below: int = 5
    #: Whether somebody waits for it: then no report counts a day of the past itself where a worker has to (``source``).
    hurried: bool = False


@dataclass(frozen=True)
class Report:
    """A report: its columns, its filters, and the function that reads its rows from the database."""

    key: str
    title: Localized
    description: Localized
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...]
    rows: Callable[[Session, Extraction, Mapping[str, Any]], Generator[Row, None, None]]
    #: Whether rows name people: such a report is for HR alone and its export is journaled as such.
    nominative: bool = False
    #: The statement that gives its rows, where one does (``lms.selected_rows``).
    selecting: Callable[[Extraction, Mapping[str, Any]], Select[Any]] | None = None

    def read_filters(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Key → value of each filter that was given something. Raises ``FilterError``."""
        known = {item.key: item for item in self.filters}
        for key, text in asked.items():
            if key not in known:
                raise FilterError(key, text, known)
        return {key: known[key].read(text) for key, text in asked.items() if text.strip()}

    def table(self, session: Session, extraction: Extraction, definitions: str) -> Table:
        """The report's table for this extraction; rows are read as they are consumed. Raises ``FilterError``."""
        values = self.read_filters(extraction.asked)
        language = extraction.language
        words = [
            f"{item.label[language]}\u00a0: {_shown(item, values[item.key], language)}"
            for item in self.filters
            if item.key in values
        ]
        return Table(
            key=self.key,
            title=self.title[language],
            language=language,
            columns=self.columns,
            rows=self.rows(session, extraction, values),
            provenance=Provenance(
                extracted_at=extraction.at,
                scope=extraction.scope,
                author=extraction.author,
                definitions=definitions,
                filters=", ".join(words) or {"fr": "aucun", "en": "none"}[language],
            ),
            selected=Selected(session, self.selecting(extraction, values)) if self.selecting else None,
        )


@dataclass(frozen=True)
class Export:
    """A file format: ``chunks`` gives the file piece by piece, in bounded memory.

    Formats are offered by ``rank``; a ``binary`` one shows nothing in a terminal.
    """

    key: str
    suffix: str
    media_type: str
    label: str
    title: Localized
    chunks: Callable[[Table], Iterator[bytes]]
    rank: int = 9
    binary: bool = False


def rate(value: Fraction | None) -> Decimal | None:
    """A ratio with two to four decimals, never rounded up: 69,999 % must not read as 70 %."""
    if value is None:
        return None
    digits = Decimal(value.numerator * 10_000 // value.denominator).scaleb(-4)
    short = digits.quantize(Decimal("0.01"), ROUND_DOWN)
    return short if short == digits else digits


def hours(minutes: int) -> Decimal:
    """Minutes as hours with two decimals, half to even."""
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))


def _shown(item: Filter, value: str | date, language: str) -> str:
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return item.choices()[value][language] if item.kind == "choice" else value
