"""Workbooks written by hand, part by part: what spreadsheets give us at their worst, which no library would write."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


@dataclass(frozen=True)
class Formula:
    """A cell that computes, and the value it had when the file was saved; an error begins with #."""

    text: str
    value: Any = None


@dataclass(frozen=True)
class Page:
    """A sheet: rows of cells (None: nothing there), merged ranges as « A1:C1 », hidden or not."""

    name: str
    rows: Sequence[Sequence[Any]]
    merged: Sequence[str] = ()
    hidden: bool = False
    #: Raw XML of more rows, for what no spreadsheet writes.
    more: str = field(default="", repr=False)


def xlsx(*pages: Page) -> BytesIO:
    """An XLSX file of those sheets."""
    sheets = "".join(
        f'<sheet name="{escape(page.name)}" sheetId="{at}" r:id="r{at}" state="{("visible", "hidden")[page.hidden]}"/>'
        for at, page in enumerate(pages, 1)
    )
    links = "".join(
        f'<Relationship Id="r{at}" Type="{LINKS}/worksheet" Target="worksheets/s{at}.xml"/>'
        for at in range(1, len(pages) + 1)
    )
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    form = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="{form}.worksheet+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{form}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="w" Type="{LINKS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{links}<Relationship Id="s" '
        f'Type="{LINKS}/styles" Target="styles.xml"/></Relationships>',
        # Two formats of cells: the general one, and a date.
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" '
        'applyNumberFormat="1"/></cellXfs></styleSheet>',
    }  # fmt: skip
    for at, page in enumerate(pages, 1):
        rows = "".join(_xlsx_row(line, row) for line, row in enumerate(page.rows, 1))
        merged = "".join(f'<mergeCell ref="{each}"/>' for each in page.merged)
        merged = f'<mergeCells count="{len(page.merged)}">{merged}</mergeCells>' if merged else ""
        parts[f"xl/worksheets/s{at}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData>{rows}{page.more}</sheetData>{merged}</worksheet>'
        )
    return _zip(parts)


def ods(*pages: Page) -> BytesIO:
    """An ODS file of those sheets; hidden ones have the style spreadsheets give them."""
    names = ("office", "table", "text", "style")
    spaces = " ".join(f'xmlns:{each}="urn:oasis:names:tc:opendocument:xmlns:{each}:1.0"' for each in names)
    spaces += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    tables = "".join(
        f'<table:table table:name="{escape(page.name)}" table:style-name="{"off" if page.hidden else "on"}">'
        f"{''.join(_ods_row(row) for row in page.rows)}{page.more}</table:table>"
        for page in pages
    )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table"><style:table-properties table:display="{shown}"/>'
        "</style:style>"
        for name, shown in (("on", "true"), ("off", "false"))
    )
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    return _zip(
        {
            "mimetype": mime,
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
            f'manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/>'
            "</manifest:manifest>",
            "content.xml": f"<office:document-content {spaces}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
            "</office:document-content>",
        }
    )


def _zip(parts: dict[str, str]) -> BytesIO:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def _column(at: int) -> str:
    name = ""
    while at:
        at, letter = divmod(at - 1, 26)
        name = chr(65 + letter) + name
    return name


def _xlsx_row(line: int, row: Sequence[Any]) -> str:
    cells = "".join(_xlsx_cell(f"{_column(at)}{line}", cell) for at, cell in enumerate(row, 1) if cell is not None)
    return f'<row r="{line}">{cells}</row>'


def _xlsx_cell(place: str, cell: Any) -> str:
    if isinstance(cell, Formula):
        formula = f"<f>{escape(cell.text)}</f>"
        if isinstance(cell.value, str):
            kind = "e" if cell.value.startswith("#") else "str"
            return f'<c r="{place}" t="{kind}">{formula}<v>{escape(cell.value)}</v></c>'
        return f'<c r="{place}">{formula}{"" if cell.value is None else f"<v>{cell.value}</v>"}</c>'
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, date):
        return f'<c r="{place}" s="1"><v>{(cell - date(1899, 12, 30)).days}</v></c>'
    return f'<c r="{place}"><v>{cell}</v></c>'


def _ods_row(row: Sequence[Any]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>"


def _ods_cell(cell: Any) -> str:
    formula, words = "", str(cell)
    if isinstance(cell, Formula):
        formula, cell, words = f' table:formula="of:{escape(cell.text)}"', cell.value, str(cell.value)
    if cell is None:
        return f"<table:table-cell{formula}/>"
    if isinstance(cell, bool):
        kind = f'office:value-type="boolean" office:boolean-value="{str(cell).lower()}"'
    elif isinstance(cell, str) and formula and cell.startswith("#"):
        kind = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
    elif isinstance(cell, str):
        kind = 'office:value-type="string"'
    elif isinstance(cell, date):
        kind = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
    else:
        kind = f'office:value-type="float" office:value="{cell}"'
    return f"<table:table-cell{formula} {kind}><text:p>{escape(words)}</text:p></table:table-cell>"
