"""The tables ``[[legal]]``, ``[[sources]]`` and ``[[reading]]``, read."""

from typing import Any, cast

from curricula.fields import Fields
from curricula.sourcing import MARKS, LegalReference, Mark, Reading, Source


def read_legal(table: Fields) -> LegalReference:
    """A reference to a text of law; one that is still to be checked (M) says no day."""
    mark = _mark(table) if "mark" in table.table else "V"
    reference = LegalReference(
        key=table.key(),
        reference=table.text("reference"),
        title=table.texts("title"),
        version=table.text("version"),
        checked_on=table.dated("checked_on", required=mark != "M") or "",
        source=table.text("source"),
        in_force_from=table.day("in_force_from"),
        in_force_to=table.day("in_force_to"),
        note=table.texts("note") if "note" in table.table else None,
        mark=mark,
    )
    table.end()
    return reference


def read_source(table: Fields) -> Source:
    """A source."""
    source = Source(**_source(table))
    table.end()
    return source


def read_reading(table: Fields) -> Reading:
    """Something to read further."""
    reading = Reading(**_source(table), note=table.texts("note"))
    table.end()
    return reading


def _source(table: Fields) -> dict[str, Any]:
    mark = _mark(table)
    return {
        "key": table.key(), "title": table.texts("title"), "mark": mark,
        "checked_on": table.dated("checked_on", required=mark != "M"),
        "published_on": table.dated("published_on", required=False), "url": table.optional_text("url"),
    }  # fmt: skip


def _mark(table: Fields) -> Mark:
    return cast(Mark, table.choice("mark", MARKS))
