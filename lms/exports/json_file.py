"""JSON: where the file comes from, the columns, one object a row keyed by column, and the number of rows.

Days and moments are ISO 8601, amounts integer cents, rates and decimals numbers, empty cells null.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice

from lms.tables import Export, Table

BATCH = 500


def chunks(table: Table) -> Iterator[bytes]:
    """The file in pieces of ``BATCH`` rows, one row a line; nothing is given before the first rows are read."""
    origin = dict(zip((column.key for column in table.provenance.columns()), table.provenance.values(), strict=True))
    columns = [{"key": item.key, "label": item.label[table.language], "kind": item.kind} for item in table.columns]
    head = {"report": table.key, "title": table.title, "language": table.language}
    piece = _dump({**head, "provenance": origin, "columns": columns})[:-1] + ',"rows":['
    keys = [column.key for column in table.columns]
    rows, count = iter(table.rows), 0
    while batch := list(islice(rows, BATCH)):
        lines = ",\n".join(_dump(dict(zip(keys, row, strict=True))) for row in batch)
        yield f"{piece}\n{lines}".encode()
        piece = ","
        count += len(batch)
    yield f'{"" if count else piece}\n],"count":{count}}}\n'.encode()


def _plain(value: object) -> str | float:
    if isinstance(value, Decimal):
        return float(value)  # printed with the shortest digits that give it back
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A cell cannot hold {type(value).__name__}.")


_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain).encode

EXPORT = Export(
    key="json",
    suffix="json",
    media_type="application/json",
    label="JSON",
    title={"fr": "JSON, pour un autre logiciel", "en": "JSON, for another program"},
    chunks=chunks,
    rank=5,
)
