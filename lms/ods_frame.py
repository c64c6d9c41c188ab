"""What surrounds the rows of an ODS file: its manifest, its styles, its columns; nothing here depends on the data.

Column styles carry the format of their cells, so that a cell says its type and its value and nothing else.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr  # nosec B406 # writes, reads nothing

from lms.tables import Kind

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
#: The sheet of provenance and the headings of its columns.
ORIGIN = {"fr": ("Provenance", "Élément", "Valeur"), "en": ("Provenance", "Element", "Value")}

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}"'
    for short, name in {
        "office": "office:1.0", "table": "table:1.0", "text": "text:1.0", "style": "style:1.0",
        "number": "datastyle:1.0", "fo": "xsl-fo-compatible:1.0", "meta": "meta:1.0", "config": "config:1.0",
    }.items()
)  # fmt: skip

MANIFEST = (
    f'{_HEAD}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    f'manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:version="1.3" '
    f'manifest:media-type="{MEDIA_TYPE}"/>'
    + "".join(
        f'<manifest:file-entry manifest:full-path="{name}.xml" manifest:media-type="text/xml"/>'
        for name in ("content", "meta", "settings", "styles")
    )
    + "</manifest:manifest>"
)
STYLES = (
    f'{_HEAD}<office:document-styles {_NAMES} office:version="1.3"><office:styles>'
    '<style:style style:name="Default" style:family="table-cell"/></office:styles></office:document-styles>'
)

_DAY = (
    '<number:day number:style="long"/><number:text>/</number:text><number:month number:style="long"/>'
    '<number:text>/</number:text><number:year number:style="long"/>'
)
_HOUR = (
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/>'
)
_FORMATS: dict[Kind, str] = {
    "text": '<number:text-style style:name="n-text"><number:text-content/></number:text-style>',
    "int": '<number:number-style style:name="n-int"><number:number number:decimal-places="0" '
    'number:min-integer-digits="1"/></number:number-style>',
    "decimal": '<number:number-style style:name="n-decimal"><number:number number:decimal-places="2" '
    'number:min-decimal-places="2" number:min-integer-digits="1"/></number:number-style>',
    "rate": '<number:number-style style:name="n-rate"><number:number number:decimal-places="4" '
    'number:min-decimal-places="2" number:min-integer-digits="1"/></number:number-style>',
    "cents": '<number:number-style style:name="n-cents"><number:number number:decimal-places="2" '
    'number:min-decimal-places="2" number:min-integer-digits="1" number:grouping="true"/></number:number-style>',
    "date": f'<number:date-style style:name="n-date">{_DAY}</number:date-style>',
    "datetime": f'<number:date-style style:name="n-datetime">{_DAY}{_HOUR}</number:date-style>',
}
_WIDTHS: dict[Kind, float] = {
    "text": 4.4, "int": 2.0, "decimal": 2.0, "rate": 2.0, "date": 2.4, "datetime": 3.4, "cents": 3.2,
}  # fmt: skip


def _styles() -> str:
    columns = {f"c-{kind}": width for kind, width in _WIDTHS.items()} | {"c-label": 6.5, "c-value": 14.0}
    return (
        "".join(_FORMATS.values())
        + "".join(
            f'<style:style style:name="{name}" style:family="table-column">'
            f'<style:table-column-properties style:column-width="{width}cm"/></style:style>'
            for name, width in columns.items()
        )
        + "".join(
            f'<style:style style:name="{kind}" style:family="table-cell" style:parent-style-name="Default" '
            f'style:data-style-name="n-{kind}"/>'
            for kind in _FORMATS
        )
        + '<style:style style:name="head" style:family="table-cell" style:parent-style-name="Default">'
        '<style:text-properties fo:font-weight="bold"/></style:style>'
    )


OPENING = (
    f'{_HEAD}<office:document-content {_NAMES} office:version="1.3"><office:automatic-styles>{_styles()}'
    "</office:automatic-styles><office:body><office:spreadsheet>"
)
ORIGIN_COLUMNS = (
    '<table:table-column table:style-name="c-label" table:default-cell-style-name="text"/>'
    '<table:table-column table:style-name="c-value" table:default-cell-style-name="text"/>'
)


def column(kind: Kind) -> str:
    """A column whose cells are of that kind."""
    return f'<table:table-column table:style-name="c-{kind}" table:default-cell-style-name="{kind}"/>'


def heading(label: str) -> str:
    """The heading of a column; ``label`` is already XML."""
    return (
        f'<table:table-cell table:style-name="head" office:value-type="string"><text:p>{label}</text:p>'
        "</table:table-cell>"
    )


def filtered(number: int, sheet: str, columns: int, lines: int) -> str:
    """The range of a sheet that its headings filter."""
    quoted = "'" + sheet.replace("'", "''") + "'"
    address = quoteattr(f"{quoted}.A1:{quoted}.{_letters(columns)}{lines}")
    return (
        f'<table:database-range table:name="rows{number}" table:display-filter-buttons="true" '
        f"table:target-range-address={address}/>"
    )


def closing(ranges: Iterable[str]) -> str:
    """The end of the content."""
    return (
        f"<table:database-ranges>{''.join(ranges)}</table:database-ranges></office:spreadsheet></office:body>"
        "</office:document-content>"
    )


def meta(title: str, author: str, language: str, at: datetime) -> str:
    """What the file says of itself."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'{_HEAD}<office:document-meta {_NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3">'
        f"<office:meta><dc:title>{_xml(title)}</dc:title><dc:creator>{_xml(author)}</dc:creator>"
        f"<dc:language>{language}</dc:language><dc:date>{moment}</dc:date>"
        "<meta:generator>Manager Public IA</meta:generator></office:meta></office:document-meta>"
    )


def settings(sheet: str) -> str:
    """The headings of the first sheet stay in sight."""
    items = "".join(
        f'<config:config-item config:name="{name}" config:type="{kind}">{value}</config:config-item>'
        for name, kind, value in (
            ("VerticalSplitMode", "short", 2), ("VerticalSplitPosition", "int", 1), ("PositionBottom", "int", 1),
            ("ActiveSplitRange", "short", 2),
        )
    )  # fmt: skip
    return (
        f'{_HEAD}<office:document-settings {_NAMES} office:version="1.3"><office:settings>'
        '<config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed config:name="Views">'
        '<config:config-item-map-entry><config:config-item-map-named config:name="Tables">'
        f"<config:config-item-map-entry config:name={quoteattr(sheet)}>{items}</config:config-item-map-entry>"
        "</config:config-item-map-named></config:config-item-map-entry></config:config-item-map-indexed>"
        "</config:config-item-set></office:settings></office:document-settings>"
    )


def _xml(value: str) -> str:
    return escape("".join(sign if sign >= " " and sign not in "\ufffe\uffff" else " " for sign in value))


def _letters(number: int) -> str:
    """A column as spreadsheets call it: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
