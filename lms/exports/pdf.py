"""PDF on A4, for a file to sign: what it is and where it comes from, the rows, a place for date and signature.

A table of few columns is a table; of more, each row is a paragraph that names its cells, for no sheet of paper is
wide enough. A paper is short: ``LIMIT`` rows, and beyond them it is refused, never cut.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal

from certificates.drawing import drawn, printable
from lms.i18n import ZONE
from lms.tables import Column, Export, Kind, Row, Table, TooManyRows

LIMIT = 500
#: Columns that A4 holds side by side.
WIDE = 8
PAPER = Path(__file__).with_name("pdf.css")
WORDS = {
    "fr": {
        "colon": "\u00a0: ",
        "rows": "Nombre de lignes",
        "nothing": "Aucune ligne.",
        "sign": "Date, nom, qualité et signature",
        "done": "Fait à",
        "on": "le",
        "access": "La version accessible de ce document est le fichier ODS du même rapport.",
    },
    "en": {
        "colon": ": ",
        "rows": "Number of rows",
        "nothing": "No row.",
        "sign": "Date, name, capacity and signature",
        "done": "Done at",
        "on": "on",
        "access": "The accessible version of this document is the ODS file of the same report.",
    },
}


def chunks(table: Table) -> Iterator[bytes]:
    """The file, drawn whole. Raises ``TooManyRows`` before any byte, and ``NotDrawn``."""
    rows = list(islice(table.rows, LIMIT + 1))
    if len(rows) > LIMIT:
        raise TooManyRows(LIMIT)
    yield drawn(printable(_page(table, rows)), PAPER)


def _page(table: Table, rows: list[Row]) -> str:
    say, language, origin = WORDS[table.language], table.language, table.provenance
    facts = [
        (column.label[language], CELLS[column.kind](value, language))
        for column, value in zip(origin.columns(), origin.values(), strict=True)
    ] + [(say["rows"], CELLS["int"](len(rows), language))]
    told = "".join(f"<p><b>{escape(label)}</b>{say['colon']}{escape(value)}</p>" for label, value in facts)
    body = f"<p>{say['nothing']}</p>"
    if rows:
        body = (_grid if len(table.columns) <= WIDE else _notices)(table, rows)
    foot = f"{escape(table.title)} · {escape(facts[0][1])} · <pdf:pagenumber> / <pdf:pagecount>"
    return (
        f'<html><head><meta charset="utf-8"><title>{escape(table.title)}</title>'
        f"<style>{PAPER.read_text('utf-8')}</style></head><body>"
        f'<p class="soft">{escape(origin.scope)}</p><h1>{escape(table.title)}</h1><div class="facts">{told}</div>{body}'
        f'<div class="sign"><h2>{say["sign"]}</h2>'
        f'<p class="line">{say["done"]} ______________________ {say["on"]} ____ / ____ / ________</p>'
        f'<p class="line">____________________________________________________________</p></div>'
        f'<div id="foot"><p class="soft">{foot}</p><p class="soft">{say["access"]}</p></div></body></html>'
    )


def _grid(table: Table, rows: list[Row]) -> str:
    head = "".join(f"<th>{escape(column.label[table.language])}</th>" for column in table.columns)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(value) or '&nbsp;'}</td>" for value in _cells(table, row)) + "</tr>"
        for row in rows
    )
    return f'<table class="rows" repeat="1"><tr>{head}</tr>{lines}</table>'


def _notices(table: Table, rows: list[Row]) -> str:
    colon = WORDS[table.language]["colon"]
    labels = [escape(column.label[table.language]) for column in table.columns]
    return "".join(
        f'<p class="row"><b>{number}.</b> '
        + " · ".join(
            f'<span class="name">{label}</span>{colon}{escape(value)}'
            for label, value in zip(labels, _cells(table, row), strict=True)
            if value
        )
        + "</p>"
        for number, row in enumerate(rows, 1)
    )


def _cells(table: Table, row: Row) -> list[str]:
    def say(column: Column, value: Any) -> str:
        return "" if value is None else CELLS[column.kind](value, table.language)

    return [say(column, value) for column, value in zip(table.columns, row, strict=True)]


def _text(value: str, language: str) -> str:
    del language
    return "".join(sign if sign.isprintable() else " " for sign in value)


def _number(value: int | Decimal, language: str) -> str:
    digits = max(2, -int(value.as_tuple().exponent)) if isinstance(value, Decimal) else 0
    shown: str = format_decimal(value, "#,##0" + "." * bool(digits) + "0" * digits, locale=language)
    return shown.replace("\u202f", "\u00a0")


def _day(value: date, language: str) -> str:
    del language
    return f"{value:%d/%m/%Y}"


def _moment(value: datetime, language: str) -> str:
    return f"{_day(value.astimezone(ZONE), language)} {value.astimezone(ZONE):%H:%M}"


def _euros(value: int, language: str) -> str:
    return f"{_number(Decimal(value).scaleb(-2), language)}\u00a0€"


CELLS: dict[Kind, Callable[[Any, str], str]] = {
    "text": _text, "int": _number, "decimal": _number, "rate": _number, "date": _day, "datetime": _moment,
    "cents": _euros,
}  # fmt: skip

EXPORT = Export(
    key="pdf",
    suffix="pdf",
    media_type="application/pdf",
    label="PDF",
    title={
        "fr": "PDF à signer, 500 lignes au plus",
        "en": "PDF to sign, 500 rows at most",
    },
    chunks=chunks,
    rank=6,
    binary=True,
)
